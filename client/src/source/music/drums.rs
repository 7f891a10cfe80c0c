//! The drum kit: kick, snare, hi-hat, ride. Each drum takes one cue at a time and gives a mono sample per frame.

use super::dsp::{Cue, Filter, Noise, Oscillator, SILENT, fall};

/// A sine that falls from 160 to 48 Hz under a click.
pub(super) struct Kick {
    cue: Cue<f32>,
    body: Oscillator,
    hz: f32,
    level: f32,
    click: f32,
    noise: Noise,
    pitch_fall: f32,
    level_fall: f32,
    click_fall: f32,
}

impl Kick {
    pub(super) fn new(seed: u32) -> Kick {
        Kick {
            cue: Cue::none(),
            body: Oscillator::new(48.0),
            hz: 48.0,
            level: 0.0,
            click: 0.0,
            noise: Noise::new(seed),
            pitch_fall: fall(0.20),
            level_fall: fall(0.55),
            click_fall: fall(0.012),
        }
    }

    pub(super) fn hit(&mut self, wait: u32, velocity: f32) {
        self.cue.set(wait, velocity);
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some(velocity) = self.cue.poll() {
            self.body = Oscillator::new(48.0);
            self.hz = 112.0;
            self.level = velocity;
            self.click = 0.35 * velocity;
        }
        if self.level < SILENT {
            return 0.0;
        }
        self.hz *= self.pitch_fall;
        self.level *= self.level_fall;
        self.click *= self.click_fall;
        self.body.tune(48.0 + self.hz);
        self.body.sine() * self.level + self.noise.sample() * self.click
    }
}

/// Two tuned skin modes under a band of wire noise.
pub(super) struct Snare {
    cue: Cue<f32>,
    skins: [Oscillator; 2],
    skin: f32,
    wire: f32,
    noise: Noise,
    body: Filter,
    air: Filter,
    skin_fall: f32,
    wire_fall: f32,
}

impl Snare {
    pub(super) fn new(seed: u32) -> Snare {
        Snare {
            cue: Cue::none(),
            skins: [Oscillator::new(187.0), Oscillator::new(331.0)],
            skin: 0.0,
            wire: 0.0,
            noise: Noise::new(seed),
            body: Filter::new(2_400.0, 0.6),
            air: Filter::new(7_000.0, 0.7),
            skin_fall: fall(0.16),
            wire_fall: fall(0.28),
        }
    }

    pub(super) fn hit(&mut self, wait: u32, velocity: f32) {
        self.cue.set(wait, velocity);
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some(velocity) = self.cue.poll() {
            self.skin = velocity;
            self.wire = velocity;
        }
        if self.wire < SILENT {
            return 0.0;
        }
        self.skin *= self.skin_fall;
        self.wire *= self.wire_fall;
        let noise = self.noise.sample();
        let wires = self.body.step(noise).band + 0.45 * self.air.step(noise).high;
        let skins = self.skins[0].sine() + 0.5 * self.skins[1].sine();
        0.5 * skins * self.skin + 0.8 * wires * self.wire
    }
}

/// High-passed noise with metal in it, bright to 18 kHz and beyond; closed or open.
pub(super) struct HiHat {
    cue: Cue<(f32, bool)>,
    level: f32,
    falling: f32,
    metal: [Oscillator; 3],
    noise: Noise,
    high: Filter,
    closed_fall: f32,
    open_fall: f32,
}

impl HiHat {
    pub(super) fn new(seed: u32) -> HiHat {
        HiHat {
            cue: Cue::none(),
            level: 0.0,
            falling: 0.0,
            metal: [Oscillator::new(5_137.0), Oscillator::new(8_251.0), Oscillator::new(9_713.0)],
            noise: Noise::new(seed),
            high: Filter::new(8_200.0, 0.8),
            closed_fall: fall(0.07),
            open_fall: fall(0.45),
        }
    }

    pub(super) fn hit(&mut self, wait: u32, velocity: f32, open: bool) {
        self.cue.set(wait, (velocity, open));
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some((velocity, open)) = self.cue.poll() {
            self.level = velocity;
            self.falling = if open { self.open_fall } else { self.closed_fall };
        }
        if self.level < SILENT {
            return 0.0;
        }
        self.level *= self.falling;
        let metal: f32 = self.metal.iter_mut().map(Oscillator::saw).sum();
        self.high.step(self.noise.sample() + 0.25 * metal).high * self.level
    }
}

/// Six partials of a cymbal that are no harmonics, long and bell-like, with a stick on top.
pub(super) struct Ride {
    cue: Cue<f32>,
    partials: [(Oscillator, f32); 6],
    level: f32,
    stick: f32,
    noise: Noise,
    high: Filter,
    level_fall: f32,
    stick_fall: f32,
}

impl Ride {
    pub(super) fn new(seed: u32) -> Ride {
        let partial = |hz: f32, level: f32| (Oscillator::new(hz), level);
        Ride {
            cue: Cue::none(),
            partials: [
                partial(3_121.0, 0.22),
                partial(4_357.0, 0.20),
                partial(5_783.0, 0.18),
                partial(7_411.0, 0.15),
                partial(9_283.0, 0.12),
                partial(12_577.0, 0.10),
            ],
            level: 0.0,
            stick: 0.0,
            noise: Noise::new(seed),
            high: Filter::new(5_500.0, 0.7),
            level_fall: fall(1.4),
            stick_fall: fall(0.05),
        }
    }

    pub(super) fn hit(&mut self, wait: u32, velocity: f32) {
        self.cue.set(wait, velocity);
    }

    pub(super) fn sample(&mut self) -> f32 {
        if let Some(velocity) = self.cue.poll() {
            self.level = (self.level + velocity).min(1.2);
            self.stick = velocity;
        }
        if self.level < SILENT {
            return 0.0;
        }
        self.level *= self.level_fall;
        self.stick *= self.stick_fall;
        let bell: f32 = self.partials.iter_mut().map(|(partial, level)| partial.sine() * *level).sum();
        let wash = self.high.step(self.noise.sample()).high;
        bell * self.level + wash * (0.12 * self.level + 0.5 * self.stick)
    }
}
