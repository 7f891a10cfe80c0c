//! The high-pass that all figures are taken behind, and reading between samples.

use std::f64::consts::{PI, TAU};

/// Above this all figures are taken, in Hz.
const CORNER_HZ: f64 = 200.0;

/// Taps either side of a read position, and positions between two samples that are tabled.
const HALF: usize = 32;
const PHASES: usize = 512;

/// Butterworth of the fourth order at 200 Hz. Every signal goes through the same one, so its phase does not matter.
pub(super) fn high_passed(samples: &[f32]) -> Vec<f32> {
    let mut sections = [Biquad::high_pass(0.541_196_1), Biquad::high_pass(1.306_563)];
    let mut pass = |x: &f32| sections.iter_mut().fold(f64::from(*x), |x, section| section.step(x)) as f32;
    samples.iter().map(&mut pass).collect()
}

/// One second-order section, transposed direct form II.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    fn high_pass(q: f64) -> Biquad {
        let (sin, cos) = (TAU * CORNER_HZ / 48_000.0).sin_cos();
        let alpha = sin / (2.0 * q);
        let norm = 1.0 / (1.0 + alpha);
        let b = (1.0 + cos) / 2.0 * norm;
        Biquad { b: [b, -2.0 * b, b], a: [-2.0 * cos * norm, (1.0 - alpha) * norm], state: [0.0; 2] }
    }

    fn step(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Windowed-sinc interpolation from a table; images and error stay below −90 dB up to 18 kHz.
pub(super) struct Interpolator {
    table: Vec<[f32; 2 * HALF]>,
}

impl Interpolator {
    pub(super) fn new() -> Interpolator {
        let row = |phase: usize| {
            let fraction = phase as f64 / PHASES as f64;
            std::array::from_fn(|tap| windowed_sinc(tap as f64 - (HALF - 1) as f64 - fraction, HALF as f64) as f32)
        };
        Interpolator { table: (0..=PHASES).map(row).collect() }
    }

    /// The value at a position between samples; 0 where the kernel reaches over an end.
    pub(super) fn at(&self, samples: &[f32], position: f64) -> f32 {
        let whole = position.floor();
        let from = whole as i64 - (HALF as i64 - 1);
        let Some(window) = usize::try_from(from).ok().and_then(|from| samples.get(from..from + 2 * HALF)) else {
            return 0.0;
        };
        let phase = (position - whole) * PHASES as f64;
        let (row, between) = (phase as usize, phase.fract() as f32);
        let (low, high) = (&self.table[row], &self.table[(row + 1).min(PHASES)]);
        window.iter().zip(low.iter().zip(high)).map(|(x, (l, h))| x * (l + (h - l) * between)).sum()
    }
}

/// sin(πx)/πx under a Kaiser window (β = 9) that ends at ±`half`.
pub(super) fn windowed_sinc(x: f64, half: f64) -> f64 {
    let inside = 1.0 - (x / half) * (x / half);
    if inside <= 0.0 {
        return 0.0;
    }
    let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
    sinc * bessel_i0(9.0 * inside.sqrt()) / bessel_i0(9.0)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let next = |k: i32| {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        term
    };
    1.0 + (1..40).map(next).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, len: usize, delay: f64) -> Vec<f32> {
        (0..len).map(|n| (TAU * hz * (n as f64 - delay) / 48_000.0).sin() as f32).collect()
    }

    fn rms_db(samples: &[f32]) -> f64 {
        10.0 * (samples.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / samples.len() as f64).log10()
    }

    #[test]
    fn the_high_pass_is_3_db_down_at_its_corner_and_24_db_per_octave_below() {
        let gain = |hz| rms_db(&high_passed(&sine(hz, 96_000, 0.0))[48_000..]) - rms_db(&sine(hz, 48_000, 0.0));
        assert!((gain(200.0) + 3.0).abs() < 0.1);
        assert!((gain(50.0) + 48.0).abs() < 1.0);
        assert!(gain(1_000.0).abs() < 0.05);
    }

    #[test]
    fn reading_between_samples_is_exact_to_90_db_up_to_18_khz() {
        let between = Interpolator::new();
        for hz in [997.0, 9_973.0, 18_000.0] {
            let (samples, wanted) = (sine(hz, 4_000, 0.0), sine(hz, 4_000, 0.377));
            let error: Vec<f32> = (100..3_900).map(|n| between.at(&samples, n as f64 - 0.377) - wanted[n]).collect();
            assert!(rms_db(&error) < -90.0, "{hz} Hz: {:.1} dB", rms_db(&error));
        }
    }
}
