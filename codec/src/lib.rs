//! Opus, the jitter buffer, drift and resampling: no network, no devices, no clock.
