//! Sustained harmony: the electric piano (two-operator FM) and the wide pad.

use super::dsp::{Cue, Filter, Oscillator, RATE, fall, note_hz};

/// One key of the electric piano: a carrier pushed by a tine at its frequency and one far above.
pub(super) struct Key {
    cue: Cue<(f32, f32)>,
    carrier: Oscillator,
    body: Oscillator,
    tine: Oscillator,
    level: f32,
    smooth: f32,
    bright: f32,
    level_fall: f32,
    bright_fall: f32,
}

impl Key {
    pub(super) fn new() -> Key {
        Key {
            cue: Cue::none(),
            carrier: Oscillator::new(440.0),
            body: Oscillator::new(440.0),
            tine: Oscillator::new(440.0),
            level: 0.0,
            smooth: 0.0,
            bright: 0.0,
            level_fall: fall(2.6),
            bright_fall: fall(0.35),
        }
    }

    pub(super) fn strike(&mut self, wait: u32, midi: f32, velocity: f32) {
        self.cue.set(wait, (midi, velocity));
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some((midi, velocity)) = self.cue.poll() {
            let hz = note_hz(midi);
            self.carrier.tune(hz);
            self.body.tune(hz);
            self.tine.tune((hz * 14.0).min(15_000.0));
            self.level = velocity;
            self.bright = velocity;
        }
        self.level *= self.level_fall;
        self.bright *= self.bright_fall;
        self.smooth += 0.02 * (self.level - self.smooth);
        let push = 0.16 * self.smooth * self.body.sine() + 0.06 * self.bright * self.tine.sine();
        self.carrier.sine_pushed(push) * self.smooth
    }
}

/// Four notes, each a saw on the left and one tuned a little apart on the right, under a slowly breathing filter.
pub(super) struct Pad {
    voices: [[Oscillator; 2]; 4],
    filters: [Filter; 2],
    breath: Oscillator,
    swell: f32,
    target: f32,
    countdown: u32,
    pending: Option<[f32; 4]>,
}

/// How far apart the two sides are tuned, in semitones.
const SPREAD: f32 = 0.11;
/// The filters are tuned anew once in so many frames.
const RETUNE: u32 = 64;

impl Pad {
    pub(super) fn new() -> Pad {
        Pad {
            voices: core::array::from_fn(|_| [Oscillator::new(220.0), Oscillator::new(221.0)]),
            filters: [Filter::new(900.0, 0.7), Filter::new(900.0, 0.7)],
            breath: Oscillator::new(0.13 * RETUNE as f32),
            swell: 0.0,
            target: 0.0,
            countdown: 0,
            pending: None,
        }
    }

    /// Fades to a new chord: down for a moment, then up with the new notes.
    pub(super) fn chord(&mut self, notes: [f32; 4]) {
        self.pending = Some(notes);
        self.target = 0.0;
    }

    pub(super) fn frame(&mut self) -> [f32; 2] {
        if self.swell < 0.02
            && let Some(notes) = self.pending.take()
        {
            self.tune(notes);
            self.target = 1.0;
        }
        self.swell += (if self.target > 0.5 { 0.4 } else { 6.0 } / RATE as f32) * 4.0 * (self.target - self.swell);
        self.breathe();
        let mut sides = [0.0; 2];
        for voice in &mut self.voices {
            sides[0] += voice[0].saw();
            sides[1] += voice[1].saw();
        }
        [self.filters[0].step(sides[0]).low * self.swell, self.filters[1].step(sides[1]).low * self.swell]
    }

    fn tune(&mut self, notes: [f32; 4]) {
        for (voice, midi) in self.voices.iter_mut().zip(notes) {
            voice[0].tune(note_hz(midi - SPREAD / 2.0));
            voice[1].tune(note_hz(midi + SPREAD / 2.0));
        }
    }

    fn breathe(&mut self) {
        if self.countdown == 0 {
            let breath = self.breath.sine();
            self.filters[0].tune(1_300.0 + 500.0 * breath, 0.7);
            self.filters[1].tune(1_300.0 - 500.0 * breath, 0.7);
            self.countdown = RETUNE;
        }
        self.countdown -= 1;
    }
}
