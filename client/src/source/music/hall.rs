//! A small hall: four delay lines that feed each other (a feedback delay network after Jot), so that everything has a
//! stereo tail.

use super::dsp::fall;

/// Lengths in frames, primes between 30 and 60 ms.
const LENGTHS: [usize; 4] = [1_499, 1_873, 2_311, 2_707];

/// The hall; built once, its lines never grow.
pub(super) struct Hall {
    lines: [Box<[f32]>; 4],
    at: [usize; 4],
    gains: [f32; 4],
    dull: [f32; 4],
}

impl Hall {
    /// A hall whose sound falls 60 dB in `seconds`.
    pub(super) fn new(seconds: f32) -> Hall {
        Hall {
            lines: LENGTHS.map(|length| vec![0.0; length].into_boxed_slice()),
            at: [0; 4],
            gains: LENGTHS.map(|length| fall(seconds).powi(length as i32)),
            dull: [0.0; 4],
        }
    }

    /// Sends one frame in, takes one frame of tail out.
    pub(super) fn frame(&mut self, input: [f32; 2]) -> [f32; 2] {
        let mut taps = [0.0; 4];
        for (i, tap) in taps.iter_mut().enumerate() {
            self.dull[i] += 0.55 * (self.lines[i][self.at[i]] - self.dull[i]);
            *tap = self.dull[i] * self.gains[i];
        }
        let half = 0.5 * taps.iter().sum::<f32>();
        for (i, tap) in taps.iter().enumerate() {
            self.lines[i][self.at[i]] = input[i % 2] + tap - half;
            self.at[i] = if self.at[i] + 1 == LENGTHS[i] { 0 } else { self.at[i] + 1 };
        }
        [taps[0] + taps[2], taps[1] + taps[3]]
    }
}
