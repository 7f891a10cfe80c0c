//! Plucked and bowed things: the guitar (Karplus-Strong) and the bass.

use super::dsp::{Cue, Filter, Noise, Oscillator, RATE, fall, note_hz};

/// Room for the lowest note that is ever plucked, 60 Hz.
const LINE: usize = RATE as usize / 60;

/// One plucked string: a burst of noise in a delay line whose loop loses treble (Karplus and Strong 1983), tuned by a
/// fractional tap.
pub(super) struct Plucked {
    cue: Cue<(f32, f32)>,
    line: [f32; LINE],
    at: usize,
    length: usize,
    fraction: f32,
    last: f32,
    damping: f32,
    noise: Noise,
}

impl Plucked {
    pub(super) fn new(seed: u32) -> Plucked {
        Plucked {
            cue: Cue::none(),
            line: [0.0; LINE],
            at: 0,
            length: 200,
            fraction: 0.0,
            last: 0.0,
            damping: 0.996,
            noise: Noise::new(seed),
        }
    }

    /// Plucks `midi` after `wait` frames.
    pub(super) fn pluck(&mut self, wait: u32, midi: f32, velocity: f32) {
        self.cue.set(wait, (midi, velocity));
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some((midi, velocity)) = self.cue.poll() {
            self.excite(midi, velocity);
        }
        let next = if self.at + 1 == self.length { 0 } else { self.at + 1 };
        let tapped = self.line[self.at] + self.fraction * (self.line[next] - self.line[self.at]);
        let out = self.damping * (0.5 * tapped + 0.5 * self.last);
        self.last = tapped;
        self.line[self.at] = out;
        self.at = next;
        out
    }

    /// Fills the line with noise that is softer for softer plucks. The loop's averaging adds half a sample of delay,
    /// the interpolated tap shortens it by its fraction.
    fn excite(&mut self, midi: f32, velocity: f32) {
        let period = RATE as f32 / note_hz(midi) - 0.5;
        self.length = (period.ceil() as usize).clamp(2, LINE);
        self.fraction = self.length as f32 - period;
        self.at = 0;
        let mut dull = 0.0;
        for cell in &mut self.line[..self.length] {
            dull += (0.35 + 0.5 * velocity) * (self.noise.sample() - dull);
            *cell = velocity * dull;
        }
    }
}

/// A bass: a saw under a filter that closes, with a sine below it.
pub(super) struct Bass {
    cue: Cue<(f32, f32)>,
    saw: Oscillator,
    sub: Oscillator,
    filter: Filter,
    level: f32,
    smooth: f32,
    bright: f32,
    level_fall: f32,
    bright_fall: f32,
    countdown: u32,
}

/// The filter is tuned anew once in so many frames.
const RETUNE: u32 = 32;

impl Bass {
    pub(super) fn new() -> Bass {
        Bass {
            cue: Cue::none(),
            saw: Oscillator::new(55.0),
            sub: Oscillator::new(55.0),
            filter: Filter::new(300.0, 1.1),
            level: 0.0,
            smooth: 0.0,
            bright: 0.0,
            level_fall: fall(1.1),
            bright_fall: fall(0.45),
            countdown: 0,
        }
    }

    pub(super) fn play(&mut self, wait: u32, midi: f32, velocity: f32) {
        self.cue.set(wait, (midi, velocity));
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some((midi, velocity)) = self.cue.poll() {
            self.saw.tune(note_hz(midi));
            self.sub.tune(note_hz(midi));
            self.level = velocity;
            self.bright = velocity;
        }
        self.level *= self.level_fall;
        self.bright *= self.bright_fall;
        self.smooth += 0.01 * (self.level - self.smooth);
        if self.countdown == 0 {
            self.filter.tune(180.0 + 1_300.0 * self.bright, 1.1);
            self.countdown = RETUNE;
        }
        self.countdown -= 1;
        (0.6 * self.filter.step(self.saw.saw()).low + 0.5 * self.sub.sine()) * self.smooth
    }
}
