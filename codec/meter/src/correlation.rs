use units::SampleRate;

/// Time constant of the window.
const WINDOW_S: f64 = 0.3;
/// Below this mean power (about −80 dBFS) in either side there is nothing to correlate.
const SILENT_POWER: f64 = 1e-8;

/// How alike the two sides of a stereo signal are, over a sliding window of 300 ms: +1 the same, 0 unrelated, −1 out of
/// phase (they cancel in mono). Also called phase meter.
#[derive(Clone, Debug)]
pub struct Correlation {
    share: f64,
    left: f64,
    right: f64,
    cross: f64,
}

impl Correlation {
    /// A meter at rest.
    pub fn new(rate: SampleRate) -> Correlation {
        let share = 1.0 - (-1.0 / (WINDOW_S * f64::from(rate.0.max(1)))).exp();
        Correlation { share, left: 0.0, right: 0.0, cross: 0.0 }
    }

    /// Takes interleaved stereo frames; one sample too many at the end is left out, not-a-number is silence.
    pub fn push_rt(&mut self, samples: &[f32]) {
        for frame in samples.chunks_exact(2) {
            let [l, r] = [frame[0], frame[1]].map(|s| if s.is_finite() { f64::from(s) } else { 0.0 });
            self.left += self.share * (l * l - self.left);
            self.right += self.share * (r * r - self.right);
            self.cross += self.share * (l * r - self.cross);
        }
    }

    /// −1…+1; `None` while either side is silent, for there is nothing to say about it then.
    pub fn value(&self) -> Option<f32> {
        let heard = self.left > SILENT_POWER && self.right > SILENT_POWER;
        heard.then(|| (self.cross / (self.left * self.right).sqrt()).clamp(-1.0, 1.0) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn turned(turns: f64) -> Option<f32> {
        let mut meter = Correlation::new(SampleRate(48_000));
        let at = |i: u32, shift: f64| (0.25 * (TAU * (f64::from(i) / 48.0 + shift)).sin()) as f32;
        let frames: Vec<f32> = (0..96_000).flat_map(|i| [at(i, 0.0), 0.5 * at(i, turns)]).collect();
        meter.push_rt(&frames);
        meter.value()
    }

    #[test]
    fn it_is_the_cosine_of_the_angle_between_the_sides_whatever_their_levels() {
        for turns in [0.0, 0.125, 0.25, 0.375, 0.5] {
            let value = f64::from(turned(turns).unwrap());
            assert!((value - (TAU * turns).cos()).abs() < 0.01, "{turns} turns: {value}");
        }
    }

    #[test]
    fn one_silent_side_gives_no_value() {
        let mut meter = Correlation::new(SampleRate(48_000));
        meter.push_rt(&[0.5, 0.0].repeat(4_800));
        assert_eq!(meter.value(), None);
        meter.push_rt(&[0.5, f32::NAN].repeat(4_800));
        assert_eq!(meter.value(), None);
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut meter = Correlation::new(SampleRate(48_000));
        meter.push_rt(&[0.5, -0.5].repeat(48_000));
        assert!(meter.value().unwrap() < -0.99);
        meter.push_rt(&[0.5, 0.5].repeat(96_000));
        assert!(meter.value().unwrap() > 0.98);
    }

    proptest! {
        #[test]
        fn it_stays_within_one_and_does_not_mind_a_swap(samples in proptest::collection::vec(-2f32..2.0, 2..600)) {
            let (mut meter, mut swapped) = (Correlation::new(SampleRate(48_000)), Correlation::new(SampleRate(48_000)));
            meter.push_rt(&samples);
            let other: Vec<f32> = samples.chunks_exact(2).flat_map(|f| [f[1], f[0]]).collect();
            swapped.push_rt(&other);
            prop_assert_eq!(meter.value(), swapped.value());
            prop_assert!(meter.value().is_none_or(|value| (-1.0..=1.0).contains(&value)));
        }
    }
}
