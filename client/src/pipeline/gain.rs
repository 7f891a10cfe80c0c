//! Gains that never click.

/// A gain that moves to its target in a straight line, 5 ms for the whole way. At rest at one it changes no bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    now: f32,
    target: f32,
    step: f32,
}

/// Samples per channel that a change takes: 5 ms at 48 kHz.
const RAMP_SAMPLES: f32 = 240.0;

impl Ramp {
    pub(crate) fn at(gain: f32) -> Ramp {
        Ramp { now: gain, target: gain, step: 0.0 }
    }

    /// Sets out for another gain; the same one again changes nothing.
    pub(crate) fn set(&mut self, target: f32) {
        if target != self.target {
            self.target = target;
            self.step = (target - self.now) / RAMP_SAMPLES;
        }
    }

    /// Whether it is silent and stays so.
    pub(crate) fn is_closed(&self) -> bool {
        self.now == 0.0 && self.target == 0.0
    }

    /// Applies the gain to interleaved samples.
    pub(crate) fn apply(&mut self, pcm: &mut [f32], channels: usize) {
        if self.now == self.target && self.now == 1.0 {
            return;
        }
        for frame in pcm.chunks_exact_mut(channels) {
            self.advance();
            frame.iter_mut().for_each(|sample| *sample *= self.now);
        }
    }

    fn advance(&mut self) {
        if self.now == self.target {
            return;
        }
        self.now += self.step;
        if (self.target - self.now) * self.step <= 0.0 {
            self.now = self.target;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_takes_five_milliseconds_and_ends_exactly() {
        let mut ramp = Ramp::at(1.0);
        ramp.set(0.1);
        let mut pcm = [1.0f32; 2 * 241];
        ramp.apply(&mut pcm, 2);
        assert!(pcm[0] < 1.0 && pcm[0] > 0.99, "{}", pcm[0]);
        assert!(pcm.windows(4).all(|w| (w[0] - w[2]).abs() < 0.005), "no step is audible");
        assert_eq!(pcm[2 * 240], 0.1);
    }

    #[test]
    fn unity_at_rest_changes_no_bit() {
        let mut pcm = [f32::MIN_POSITIVE, -0.0, 1.5, 0.3];
        let before = pcm.map(f32::to_bits);
        Ramp::at(1.0).apply(&mut pcm, 2);
        assert_eq!(pcm.map(f32::to_bits), before);
    }

    #[test]
    fn a_turn_back_halfway_arrives_too() {
        let mut ramp = Ramp::at(0.0);
        ramp.set(1.0);
        ramp.apply(&mut [0.0; 100], 1);
        ramp.set(0.0);
        assert!(!ramp.is_closed());
        ramp.apply(&mut [0.0; 241], 1);
        assert!(ramp.is_closed());
    }
}
