//! The few building blocks that every instrument is made of. Nothing here allocates or calls the C library per sample.

/// Frames per second of everything synthesised.
pub(crate) const RATE: u32 = 48_000;
const RATE_F: f32 = RATE as f32;

/// White noise and small choices from a seeded xorshift generator; the same seed gives the same values.
#[derive(Clone)]
pub(crate) struct Noise(u32);

impl Noise {
    pub(crate) fn new(seed: u32) -> Noise {
        Noise((seed ^ 0x9E37_79B9) | 1)
    }

    #[inline]
    fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Uniform in −1…1.
    #[inline]
    pub(crate) fn sample(&mut self) -> f32 {
        self.bits() as i32 as f32 / 2_147_483_648.0
    }

    /// Uniform in `from..to`.
    pub(crate) fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * (0.5 + 0.5 * self.sample())
    }

    /// Uniform in `0..n`.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(n)) >> 32) as u32
    }
}

/// `sin(2π·turns)` for `turns` in 0…1, by a polynomial (error below 4e-6), so that it is cheap and the same everywhere.
#[inline]
pub(crate) fn sin_turns(turns: f32) -> f32 {
    let x = 0.5 - turns;
    let folded = if x > 0.25 {
        0.5 - x
    } else if x < -0.25 {
        -0.5 - x
    } else {
        x
    };
    let y = folded * core::f32::consts::TAU;
    let y2 = y * y;
    y * (1.0 - y2 / 6.0 * (1.0 - y2 / 20.0 * (1.0 - y2 / 42.0 * (1.0 - y2 / 72.0))))
}

/// A phase that runs at a frequency, read as a sine or as a band-limited saw.
#[derive(Clone)]
pub(crate) struct Oscillator {
    phase: f32,
    step: f32,
}

impl Oscillator {
    pub(crate) fn new(hz: f32) -> Oscillator {
        Oscillator { phase: 0.0, step: hz / RATE_F }
    }

    pub(crate) fn tune(&mut self, hz: f32) {
        self.step = hz / RATE_F;
    }

    #[inline]
    fn advance(&mut self) -> f32 {
        let now = self.phase;
        self.phase += self.step;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
        now
    }

    #[inline]
    pub(crate) fn sine(&mut self) -> f32 {
        sin_turns(self.advance())
    }

    /// A sine whose phase is pushed by `turns` (phase modulation), |turns| ≤ 1.
    #[inline]
    pub(crate) fn sine_pushed(&mut self, turns: f32) -> f32 {
        let pushed = self.advance() + turns + 1.0;
        sin_turns(pushed - pushed as i32 as f32)
    }

    /// A falling saw in −1…1 whose step is rounded off over one sample (PolyBLEP), so that it hardly aliases.
    #[inline]
    pub(crate) fn saw(&mut self) -> f32 {
        let t = self.advance();
        let raw = 1.0 - 2.0 * t;
        if t < self.step {
            let x = t / self.step - 1.0;
            raw - x * x
        } else if t > 1.0 - self.step {
            let x = (t - 1.0) / self.step + 1.0;
            raw + x * x
        } else {
            raw
        }
    }
}

/// Below this (−100 dBFS) an instrument counts as silent and is not computed.
pub(crate) const SILENT: f32 = 1e-5;

/// The factor per sample by which a level falls 60 dB in `seconds`.
pub(crate) fn fall(seconds: f32) -> f32 {
    0.001f32.powf(1.0 / (seconds * RATE_F))
}

/// A two-pole state variable filter (topology-preserving form): stable under modulation, three outputs at once.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    g: f32,
    k: f32,
    norm: f32,
    s1: f32,
    s2: f32,
}

/// Low, band and high output of one [`Filter`] step.
pub(crate) struct Bands {
    pub(crate) low: f32,
    pub(crate) band: f32,
    pub(crate) high: f32,
}

impl Filter {
    pub(crate) fn new(hz: f32, q: f32) -> Filter {
        let mut filter = Filter::default();
        filter.tune(hz, q);
        filter
    }

    pub(crate) fn tune(&mut self, hz: f32, q: f32) {
        self.g = (core::f32::consts::PI * hz / RATE_F).tan();
        self.k = 1.0 / q;
        self.norm = 1.0 / (1.0 + self.g * (self.g + self.k));
    }

    /// One sample through the filter; `band` has unity gain at the centre.
    #[inline]
    pub(crate) fn step(&mut self, x: f32) -> Bands {
        let high = (x - (self.g + self.k) * self.s1 - self.s2) * self.norm;
        let band = self.g * high + self.s1;
        let low = self.g * band + self.s2;
        self.s1 = self.g * high + band;
        self.s2 = self.g * band + low;
        Bands { low, band: band * self.k, high }
    }
}

/// A note that begins some frames from now, as players do; holds one at a time, the newest wins.
#[derive(Clone, Default)]
pub(crate) struct Cue<T> {
    wait: u32,
    what: Option<T>,
}

impl<T> Cue<T> {
    pub(crate) fn none() -> Cue<T> {
        Cue { wait: 0, what: None }
    }

    pub(crate) fn set(&mut self, wait: u32, what: T) {
        *self = Cue { wait, what: Some(what) };
    }

    /// Call once a frame; the note when its frame has come.
    #[inline]
    pub(crate) fn poll(&mut self) -> Option<T> {
        self.what.as_ref()?;
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        self.what.take()
    }
}

/// The frequency of a MIDI note number.
pub(crate) fn note_hz(midi: f32) -> f32 {
    440.0 * 2f32.powf((midi - 69.0) / 12.0)
}

/// Constant-power gains of a position from −1 (left) to +1 (right).
pub(crate) fn pan(position: f32) -> [f32; 2] {
    let turns = (position + 1.0) / 8.0;
    [sin_turns(0.25 - turns), sin_turns(turns)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_a_sine() {
        for i in 0..1_000 {
            let turns = i as f32 / 1_000.0;
            assert!((sin_turns(turns) - (core::f32::consts::TAU * turns).sin()).abs() < 5e-6, "{turns}");
        }
    }

    #[test]
    fn panning_keeps_the_power() {
        for position in [-1.0, -0.4, 0.0, 0.7, 1.0] {
            let [l, r] = pan(position);
            assert!((l * l + r * r - 1.0).abs() < 1e-4);
            assert_eq!(l > r, position < 0.0);
        }
    }

    #[test]
    fn a_cue_comes_on_its_frame_and_once() {
        let mut cue = Cue::none();
        cue.set(2, 'x');
        assert_eq!([cue.poll(), cue.poll(), cue.poll(), cue.poll()], [None, None, Some('x'), None]);
    }
}
