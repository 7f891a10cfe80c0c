use ebur128::{EbuR128, Mode};
use units::{Dbfs, Lufs, SampleRate};

/// Loudness by EBU R 128: momentary, short-term, integrated, and the true peak.
///
/// *Not for the audio thread*: a push takes up to 0.2 ms at the 99th percentile and a reading up to 1 ms (measured with
/// `ebur128` 0.1), and both may allocate. Feed it from a ring, read it a few times a second.
pub struct Loudness {
    meter: EbuR128,
    channels: usize,
}

/// What a [`Loudness`] shows. −∞ while there is nothing (or only what the gate leaves out).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoudnessReading {
    /// Over the last 400 ms.
    pub momentary: Lufs,
    /// Over the last 3 s.
    pub short_term: Lufs,
    /// Over everything since the start, gated.
    pub integrated: Lufs,
    /// The highest true peak of any channel since the start, in dBTP.
    pub true_peak: Dbfs,
}

/// Why there can be no loudness meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoudnessError {
    /// The rate or the channel count is out of range.
    #[error("Loudness cannot be measured at {rate_hz} Hz with {channels} channels: give 16 Hz to 2.8 MHz, 1 to 64.")]
    Unsupported {
        /// The rate that was asked for.
        rate_hz: u32,
        /// The channels that were asked for.
        channels: usize,
    },
}

impl Loudness {
    /// A meter at rest for interleaved channels; the first two are left and right, a single one is heard from both.
    pub fn new(rate: SampleRate, channels: usize) -> Result<Loudness, LoudnessError> {
        let unsupported = LoudnessError::Unsupported { rate_hz: rate.0, channels };
        let mode = Mode::M | Mode::S | Mode::I | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        let count = u32::try_from(channels).map_err(|_| unsupported)?;
        let mut meter = EbuR128::new(count, rate.0, mode).map_err(|_| unsupported)?;
        if channels == 1 {
            meter.set_channel(0, ebur128::Channel::DualMono).map_err(|_| unsupported)?;
        }
        Ok(Loudness { meter, channels })
    }

    /// Takes interleaved frames; a part of a frame at the end is left out. May allocate.
    pub fn push(&mut self, samples: &[f32]) {
        let whole = samples.len() / self.channels * self.channels;
        // Only a slice that is not whole frames is refused, and this one is.
        let _ = self.meter.add_frames_f32(&samples[..whole]);
    }

    /// What it shows now. Takes up to 1 ms.
    pub fn read(&self) -> LoudnessReading {
        let lufs = |value: Result<f64, ebur128::Error>| Lufs(value.unwrap_or(f64::NEG_INFINITY));
        let peak = |channel| self.meter.true_peak(channel as u32).unwrap_or(0.0);
        LoudnessReading {
            momentary: lufs(self.meter.loudness_momentary()),
            short_term: lufs(self.meter.loudness_shortterm()),
            integrated: lufs(self.meter.loudness_global()),
            true_peak: Dbfs::from_amplitude((0..self.channels).map(peak).fold(0.0, f64::max) as f32),
        }
    }

    /// Forgets everything heard.
    pub fn reset(&mut self) {
        self.meter.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATE: SampleRate = SampleRate(48_000);

    fn tone(dbfs: f64, seconds: f64, channels: usize) -> Vec<f32> {
        let amplitude = 10f64.powf(dbfs / 20.0);
        let at = |i: usize| (amplitude * (TAU * 1_000.0 * i as f64 / 48_000.0).sin()) as f32;
        (0..(48_000.0 * seconds) as usize).flat_map(|i| std::iter::repeat_n(at(i), channels)).collect()
    }

    fn near(value: Lufs, expected: f64) -> bool {
        (value.0 - expected).abs() <= 0.1
    }

    #[test]
    fn a_stereo_sine_of_minus_twenty_three_reads_minus_twenty_three_everywhere() {
        for dbfs in [-23.0, -33.0] {
            let mut meter = Loudness::new(RATE, 2).unwrap();
            meter.push(&tone(dbfs, 20.0, 2));
            let read = meter.read();
            assert!(
                near(read.momentary, dbfs) && near(read.short_term, dbfs) && near(read.integrated, dbfs),
                "{read:?}"
            );
            assert!((f64::from(read.true_peak.0) - dbfs).abs() < 0.1, "{read:?}");
        }
    }

    #[test]
    fn what_is_far_below_the_rest_is_gated_out_and_what_is_near_counts() {
        let gated = |quiet: f64| {
            let mut meter = Loudness::new(RATE, 2).unwrap();
            for (dbfs, seconds) in [(quiet, 10.0), (-23.0, 60.0), (quiet, 10.0)] {
                meter.push(&tone(dbfs, seconds, 2));
            }
            meter.read().integrated
        };
        assert!(near(gated(-36.0), -23.0), "EBU Tech 3341 case 3: {:?}", gated(-36.0));
        assert!(gated(-30.0).0 < -23.3, "{:?}", gated(-30.0));
    }

    #[test]
    fn one_channel_is_as_loud_as_the_same_on_both_sides() {
        let mut meter = Loudness::new(RATE, 1).unwrap();
        meter.push(&tone(-23.0, 5.0, 1));
        assert!(near(meter.read().integrated, -23.0), "{:?}", meter.read());
    }

    #[test]
    fn before_any_sound_and_after_a_reset_there_is_none() {
        let mut meter = Loudness::new(RATE, 2).unwrap();
        let nothing = meter.read();
        assert_eq!((nothing.integrated.0, nothing.true_peak.0), (f64::NEG_INFINITY, f32::NEG_INFINITY));
        meter.push(&tone(-23.0, 1.0, 2));
        meter.reset();
        assert_eq!(meter.read(), nothing);
    }

    #[test]
    fn no_channels_is_refused_in_words() {
        let refused = Loudness::new(RATE, 0).err().unwrap();
        assert!(refused.to_string().contains("0 channels"), "{refused}");
    }
}
