use units::{Dbfs, SampleRate};

/// Channels that a meter follows at most; further ones are not looked at.
pub const MAX_CHANNELS: usize = 32;
/// How fast the peak falls: 20 dB in 1.7 s (IEC 60268-18).
const FALL_DB_PER_S: f32 = 20.0 / 1.7;
/// How long the highest peak is held.
const HOLD_S: f32 = 2.0;
/// Time constant of the RMS.
const RMS_S: f32 = 0.3;
/// So many samples in a row at full scale are an over.
const OVER_RUN: u32 = 3;
/// A 16-bit converter's highest value counts as full scale.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;

/// Sample peak with hold, RMS and overs of every channel.
///
/// The peak follows instantly and falls 20 dB in 1.7 s; the hold shows the highest peak of the last 2 s; RMS is the
/// square root of a mean with a time constant of 300 ms, so a full-scale sine shows −3.01 dBFS; an over is a run of
/// three samples at full scale, counted until [`LevelMeter::clear_overs_rt`].
#[derive(Clone, Debug)]
pub struct LevelMeter {
    channels: usize,
    states: [State; MAX_CHANNELS],
    fall: f32,
    hold_frames: u32,
    rms_share: f64,
}

/// What one channel's meter shows; −∞ dBFS for silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelLevel {
    /// Sample peak with instant attack and a fall of 20 dB in 1.7 s.
    pub peak: Dbfs,
    /// Highest peak of the last 2 s.
    pub hold: Dbfs,
    /// Root mean square.
    pub rms: Dbfs,
    /// Runs of three or more samples at full scale so far.
    pub overs: u32,
}

#[derive(Clone, Copy, Debug)]
struct State {
    peak: f32,
    hold: f32,
    hold_left: u32,
    mean_square: f64,
    run: u32,
    overs: u32,
}

const SILENT: State = State { peak: 0.0, hold: 0.0, hold_left: 0, mean_square: 0.0, run: 0, overs: 0 };

impl LevelMeter {
    /// A meter at rest for `channels` (1 to [`MAX_CHANNELS`]) interleaved channels.
    pub fn new(rate: SampleRate, channels: usize) -> LevelMeter {
        let rate = rate.0.max(1) as f32;
        LevelMeter {
            channels: channels.clamp(1, MAX_CHANNELS),
            states: [SILENT; MAX_CHANNELS],
            fall: Dbfs(-FALL_DB_PER_S / rate).amplitude(),
            hold_frames: (HOLD_S * rate) as u32,
            rms_share: 1.0 - (-1.0 / f64::from(RMS_S * rate)).exp(),
        }
    }

    /// How many channels it follows.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Takes interleaved frames, full scale ±1.0; a part of a frame at the end is left out, not-a-number is silence.
    pub fn push_rt(&mut self, samples: &[f32]) {
        for frame in samples.chunks_exact(self.channels) {
            for (state, sample) in self.states.iter_mut().zip(frame) {
                state.push(*sample, self.fall, self.hold_frames, self.rms_share);
            }
        }
    }

    /// What channel `n` (from 0) shows now; silence for a channel that is not there.
    pub fn channel(&self, n: usize) -> ChannelLevel {
        self.states.get(n).unwrap_or(&SILENT).show()
    }

    /// Puts the over lights out.
    pub fn clear_overs_rt(&mut self) {
        self.states.iter_mut().for_each(|state| state.overs = 0);
    }
}

impl State {
    #[inline]
    fn push(&mut self, sample: f32, fall: f32, hold_frames: u32, rms_share: f64) {
        let level = if sample.is_finite() { sample.abs() } else { 0.0 };
        self.peak = level.max(self.peak * fall);
        if level >= self.hold {
            self.hold = level;
            self.hold_left = hold_frames;
        } else if self.hold_left == 0 {
            self.hold = self.peak;
        } else {
            self.hold_left -= 1;
        }
        self.mean_square += rms_share * (f64::from(level) * f64::from(level) - self.mean_square);
        self.count_over(level);
    }

    #[inline]
    fn count_over(&mut self, level: f32) {
        self.run = if level >= FULL_SCALE { self.run.saturating_add(1) } else { 0 };
        if self.run == OVER_RUN {
            self.overs = self.overs.saturating_add(1);
        }
    }

    fn show(&self) -> ChannelLevel {
        ChannelLevel {
            peak: shown(self.peak),
            hold: shown(self.hold),
            rms: shown(self.mean_square.sqrt() as f32),
            overs: self.overs,
        }
    }
}

/// What has faded below −140 dBFS, beneath 24 bits, is silence.
fn shown(amplitude: f32) -> Dbfs {
    if amplitude < 1e-7 { Dbfs(f32::NEG_INFINITY) } else { Dbfs::from_amplitude(amplitude) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: SampleRate = SampleRate(48_000);

    fn sine(hz: f64, dbfs: f32, seconds: f64) -> Vec<f32> {
        let amplitude = f64::from(Dbfs(dbfs).amplitude());
        let frames = (48_000.0 * seconds) as usize;
        (0..frames).map(|i| (amplitude * (std::f64::consts::TAU * hz * i as f64 / 48_000.0).sin()) as f32).collect()
    }

    #[test]
    fn a_sine_shows_its_peak_and_three_decibels_less_rms() {
        let mut meter = LevelMeter::new(RATE, 1);
        meter.push_rt(&sine(1_000.0, -18.0, 3.0));
        let level = meter.channel(0);
        assert!((level.peak.0 + 18.0).abs() < 0.05 && (level.hold.0 + 18.0).abs() < 0.05, "{level:?}");
        assert!((level.rms.0 + 21.01).abs() < 0.05, "{level:?}");
        assert_eq!(level.overs, 0);
    }

    #[test]
    fn the_peak_falls_twenty_decibels_in_one_point_seven_seconds_while_the_hold_stays_two() {
        let mut meter = LevelMeter::new(RATE, 1);
        meter.push_rt(&[1.0]);
        meter.push_rt(&vec![0.0; 81_600]);
        assert!((meter.channel(0).peak.0 + 20.0).abs() < 0.05, "{:?}", meter.channel(0));
        assert_eq!(meter.channel(0).hold.0, 0.0);
        meter.push_rt(&vec![0.0; 96_000 - 81_600]);
        assert_eq!(meter.channel(0).hold.0, 0.0);
        meter.push_rt(&[0.0]);
        assert!((meter.channel(0).hold.0 + 23.53).abs() < 0.1, "{:?}", meter.channel(0));
    }

    #[test]
    fn three_samples_at_full_scale_are_an_over_and_two_are_none() {
        let mut meter = LevelMeter::new(RATE, 2);
        meter.push_rt(&[1.0, 1.0, -1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!((meter.channel(0).overs, meter.channel(1).overs), (1, 0));
        meter.clear_overs_rt();
        assert_eq!(meter.channel(0).overs, 0);
    }

    #[test]
    fn silence_is_minus_infinity_and_a_channel_that_is_not_there_is_silent() {
        let mut meter = LevelMeter::new(RATE, 2);
        meter.push_rt(&[f32::NAN, f32::INFINITY, 0.0, 0.0]);
        for n in [0, 1, 99] {
            assert_eq!(meter.channel(n).peak.0, f32::NEG_INFINITY);
            assert_eq!(meter.channel(n).rms.0, f32::NEG_INFINITY);
        }
    }

    proptest! {
        #[test]
        fn channels_do_not_touch_each_other_and_blocks_do_not_matter(
            samples in proptest::collection::vec(-1.2f32..1.2, 2..800), cut in 1usize..50,
        ) {
            let frames = samples.len() / 2;
            let mut stereo = LevelMeter::new(RATE, 2);
            samples[..2 * frames].chunks(2 * cut).for_each(|block| stereo.push_rt(block));
            for side in 0..2 {
                let mut mono = LevelMeter::new(RATE, 1);
                let channel: Vec<f32> = samples[..2 * frames].iter().skip(side).step_by(2).copied().collect();
                mono.push_rt(&channel);
                prop_assert_eq!(stereo.channel(side), mono.channel(0));
                let level = mono.channel(0);
                prop_assert!(level.peak <= level.hold && level.rms <= level.hold);
                let highest = channel.iter().fold(0f32, |high, s| high.max(s.abs()));
                prop_assert_eq!(level.hold, shown(highest));
            }
        }
    }
}
