//! Sample rates: the drift resampler of the ear, the fixed one of the publisher, and whole files at once.
//!
//! All of them are `rubato`'s asynchronous sinc (64 taps per 48 kHz of rate, 128-fold oversampled, cubic, cutoff 0.95 of
//! the lower Nyquist frequency: measured THD+N −138 dB), and all of them know to a fraction of a sample which input
//! position each output sample carries.
//!
//! *Absent*: deciding the ratio (the jitter buffer does), rates of devices, files on disk.

mod drift;
mod fixed;

pub use drift::DriftResampler;
pub use fixed::{FixedResampler, Progress, resample_whole};

use units::SampleRate;

/// Why a resampler could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// No such sound device.
    #[error("{} Hz cannot be resampled: use a rate from 8 000 to 384 000 Hz", .0.0)]
    Rate(SampleRate),
    /// No channels, or more than any device has.
    #[error("{0} channels cannot be resampled: use 1 to 64")]
    Channels(usize),
}

/// Whether a rate and a channel count are in range.
fn check(rate: SampleRate, channels: usize) -> Result<(), ResampleError> {
    if !(8_000..=384_000).contains(&rate.0) {
        return Err(ResampleError::Rate(rate));
    }
    if !(1..=64).contains(&channels) {
        return Err(ResampleError::Channels(channels));
    }
    Ok(())
}
