//! Meters of the house: sample peak, RMS, true peak, stereo correlation and loudness.
//!
//! [`LevelMeter`], [`TruePeak`] and [`Correlation`] run on the audio thread: their `*_rt` methods neither allocate nor
//! lock. [`Loudness`] does not: it belongs on a thread that may be late.
//!
//! *Absent*: clocks (time is counted in samples), drawing, detectors of faults.
//!
//! ```
//! use meter::LevelMeter;
//! use units::SampleRate;
//! let mut meter = LevelMeter::new(SampleRate(48_000), 2);
//! meter.push_rt(&[0.5, -0.25].repeat(3 * 48_000));
//! assert!((meter.channel(0).peak.0 + 6.02).abs() < 0.01);
//! assert!((meter.channel(1).rms.0 + 12.04).abs() < 0.01);
//! ```

mod correlation;
mod level;
mod loudness;
mod true_peak;

pub use correlation::Correlation;
pub use level::{ChannelLevel, LevelMeter, MAX_CHANNELS};
pub use loudness::{Loudness, LoudnessError, LoudnessReading};
pub use true_peak::TruePeak;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

#[cfg(test)]
mod tests {
    use super::*;
    use assert_no_alloc::assert_no_alloc;
    use units::SampleRate;

    #[test]
    fn what_runs_on_the_audio_thread_allocates_nothing() {
        let rate = SampleRate(48_000);
        let (mut level, mut true_peak, mut phase) =
            (LevelMeter::new(rate, 2), TruePeak::new(2), Correlation::new(rate));
        let block = [0.5, -0.25].repeat(240);
        assert_no_alloc(|| {
            level.push_rt(&block);
            level.clear_overs_rt();
            true_peak.push_rt(&block);
            true_peak.clear_rt();
            phase.push_rt(&block);
        });
        assert!(phase.value().is_some_and(|value| value < -0.99));
    }
}
