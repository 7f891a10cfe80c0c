//! Levels, loudness and stereo correlation.
