//! A steady stereo tone for lining up levels and telling the sides apart.

use super::music::dsp::{Oscillator, RATE};
use super::{Source, SourceError};
use units::{SampleCount, SampleRate};

/// 1 kHz on the left and 1.5 kHz on the right, each a sine with peaks at −18 dBFS (EBU R 68 alignment level). Endless,
/// 48 kHz; `read` neither blocks nor allocates.
pub struct Tone {
    left: Oscillator,
    right: Oscillator,
}

/// −18 dBFS as a linear amplitude.
const AMPLITUDE: f32 = 0.125_892_54;

impl Tone {
    /// The tone from its first zero crossing.
    pub fn new() -> Tone {
        Tone { left: Oscillator::new(1_000.0), right: Oscillator::new(1_500.0) }
    }
}

impl Default for Tone {
    fn default() -> Tone {
        Tone::new()
    }
}

impl Source for Tone {
    fn rate(&self) -> SampleRate {
        SampleRate(RATE)
    }

    fn channels(&self) -> usize {
        2
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        for frame in out.chunks_exact_mut(2) {
            frame[0] = AMPLITUDE * self.left.sine();
            frame[1] = AMPLITUDE * self.right.sine();
        }
        Ok(out.len() / 2)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_is_one_kilohertz_and_right_one_and_a_half() {
        let mut tone = Tone::new();
        let mut out = vec![0.0; 2 * 48_000];
        assert_eq!(tone.read(&mut out).unwrap(), 48_000);
        let rises = |side: usize| {
            let channel: Vec<f32> = out.iter().skip(side).step_by(2).copied().collect();
            channel.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count()
        };
        assert!((999..=1_000).contains(&rises(0)), "{}", rises(0));
        assert!((1_499..=1_500).contains(&rises(1)), "{}", rises(1));
        let peak = out.iter().fold(0f32, |p, s| p.max(s.abs()));
        assert!((20.0 * peak.log10() + 18.0).abs() < 0.05, "{peak}");
    }
}
