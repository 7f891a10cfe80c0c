//! Sound files: broadcast WAV and RF64, peaks, the hash over samples.
