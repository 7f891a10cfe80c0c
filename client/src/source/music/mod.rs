//! A small band that plays for ever: something on which loss, a swap of sides, mono and dulled treble are heard at once.
//!
//! Kick in the centre, snare a little left, hi-hat right, ride left, bass, a plucked guitar far left, an electric piano
//! right, a wide pad, and a singer without words. The hi-hat reaches beyond 18 kHz; drums and strings have edges on
//! which a lost frame clicks; pad and hall have tails in which it leaves a hole.
//!
//! *Absent*: samples, files, clocks; the same seed plays the same music.

mod drums;
pub(crate) mod dsp;
mod hall;
mod keys;
mod score;
mod strings;

use super::voice::Singer;
use super::{Source, SourceError};
use drums::{HiHat, Kick, Ride, Snare};
use dsp::{Noise, RATE, pan};
use hall::Hall;
use keys::{Key, Pad};
use score::{BARS, HARMONY, MELODY, Pattern, STEP_FRAMES, STEPS};
use strings::{Bass, Plucked};
use units::{SampleCount, SampleRate};

/// The band. 48 kHz stereo, endless; peaks never above −3 dBFS, integrated loudness about −18 LUFS. `read` neither
/// blocks nor allocates.
pub struct Music {
    kick: Kick,
    snare: Snare,
    hat: HiHat,
    ride: Ride,
    bass: Bass,
    guitar: [Plucked; 5],
    piano: [Key; 4],
    pad: Pad,
    singer: Singer,
    hall: Hall,
    stage: Stage,
    choice: Noise,
    step: usize,
    frames_left: u32,
}

/// Where each instrument stands: gains for left and right.
struct Stage {
    snare: [f32; 2],
    hat: [f32; 2],
    ride: [f32; 2],
    guitar: [f32; 2],
    piano: [f32; 2],
}

impl Stage {
    fn new() -> Stage {
        let place = |position: f32, level: f32| pan(position).map(|gain| gain * level);
        Stage {
            snare: place(-0.2, 0.52),
            hat: place(0.75, 0.30),
            ride: place(-0.45, 0.15),
            guitar: place(-0.75, 0.52),
            piano: place(0.65, 0.14),
        }
    }
}

/// Brings the band to −18 LUFS.
const MASTER: f32 = 0.81;

impl Music {
    /// The band from its first bar; each seed plays its own variations.
    pub fn new(seed: u64) -> Music {
        let seed = (seed ^ (seed >> 32)) as u32;
        let of = |part: u32| seed.wrapping_mul(0x0100_0193).wrapping_add(part.wrapping_mul(0x85EB_CA6B));
        Music {
            kick: Kick::new(of(1)),
            snare: Snare::new(of(2)),
            hat: HiHat::new(of(3)),
            ride: Ride::new(of(4)),
            bass: Bass::new(),
            guitar: core::array::from_fn(|i| Plucked::new(of(10 + i as u32))),
            piano: core::array::from_fn(|_| Key::new()),
            pad: Pad::new(),
            singer: Singer::new(of(5)),
            hall: Hall::new(1.6),
            stage: Stage::new(),
            choice: Noise::new(of(6)),
            step: 0,
            frames_left: 0,
        }
    }

    fn frame(&mut self) -> [f32; 2] {
        if self.frames_left == 0 {
            self.play_step();
            self.step += 1;
            self.frames_left = STEP_FRAMES;
        }
        self.frames_left -= 1;
        self.mix()
    }

    fn mix(&mut self) -> [f32; 2] {
        let guitar: f32 = self.guitar.iter_mut().map(Plucked::sample).sum();
        let piano: f32 = self.piano.iter_mut().map(Key::sample).sum();
        let (snare, hat, ride) = (self.snare.sample(), self.hat.sample(), self.ride.sample());
        let centre = 0.45 * self.kick.sample() + 0.26 * self.bass.sample();
        let singer = 0.32 * self.singer.sample();
        let pad = self.pad.frame();
        let mut dry = [0.0; 2];
        let mut send = [0.0; 2];
        for side in 0..2 {
            let band = guitar * self.stage.guitar[side] + piano * self.stage.piano[side] + 0.045 * pad[side] + singer;
            let drums = snare * self.stage.snare[side] + ride * self.stage.ride[side];
            dry[side] = band + drums + hat * self.stage.hat[side] + centre;
            send[side] = 0.25 * band + 0.18 * drums;
        }
        let tail = self.hall.frame(send);
        core::array::from_fn(|side| limit(MASTER * (dry[side] + 0.35 * tail[side])))
    }

    fn play_step(&mut self) {
        let (bar, step) = (self.step / STEPS % BARS, self.step % STEPS);
        self.play_drums(bar, step);
        self.play_bass_and_guitar(bar, step);
        self.play_piano_and_pad(bar, step);
        if let Some(sung) = MELODY.iter().find(|sung| (sung.bar, sung.step) == (bar, step)) {
            self.singer.sing(sung.midi, sung.vowel, if sung.midi > 0.0 { 1.0 } else { 0.0 });
        }
    }

    fn play_drums(&mut self, bar: usize, step: usize) {
        let turn = self.step / STEPS;
        if let Some((wait, hard)) = self.strike(&score::KICK[turn % 3], step) {
            self.kick.hit(wait, hard);
        }
        let snare = if bar == BARS - 1 { &score::FILL } else { &score::SNARE[turn % 2] };
        if let Some((wait, hard)) = self.strike(snare, step) {
            self.snare.hit(wait, hard);
        }
        let riding = bar >= BARS / 2;
        if let Some((wait, hard)) = self.strike(&score::RIDE, step).filter(|_| riding) {
            self.ride.hit(wait, hard);
        }
        if let Some((wait, hard)) = self.strike(&score::HAT, step) {
            self.hat.hit(wait, if riding { 0.5 * hard } else { hard }, false);
        }
        if let Some((wait, hard)) = self.strike(&score::OPEN_HAT, step) {
            self.hat.hit(wait, hard, true);
        }
    }

    fn play_bass_and_guitar(&mut self, bar: usize, step: usize) {
        let (turn, harmony) = (self.step / STEPS, &HARMONY[bar]);
        if let Some((wait, hard)) = self.strike(&score::BASS[turn % 2], step) {
            self.bass.play(wait, harmony.bass + score::BASS_STEPS[step], hard);
        }
        let picked = usize::from(score::PICKING[turn % 2][step]);
        if picked > 0 {
            let midi = if picked == 5 { harmony.notes[0] + 12.0 } else { harmony.notes[picked - 1] };
            let (wait, hard) = (self.choice.below(160), self.choice.between(0.55, 1.0));
            self.guitar[picked - 1].pluck(wait, midi, hard);
        }
    }

    fn play_piano_and_pad(&mut self, bar: usize, step: usize) {
        let notes = HARMONY[bar].notes;
        if step == 0 {
            self.pad.chord(notes);
        }
        let form = self.step / (STEPS * BARS);
        let Some((wait, hard)) = self.strike(&score::COMPING[(bar + form) % 3], step) else { return };
        for (i, key) in self.piano.iter_mut().enumerate() {
            let roll = i as u32 * self.choice.below(240);
            key.strike(wait + roll, notes[i] + if i == 0 { 12.0 } else { 0.0 }, hard);
        }
    }

    /// A pattern's step as a player plays it: up to 3 ms late, never twice equally hard.
    fn strike(&mut self, pattern: &Pattern, step: usize) -> Option<(u32, f32)> {
        let hard = f32::from(pattern[step]) / 9.0;
        (hard > 0.0).then(|| (self.choice.below(144), hard * self.choice.between(0.85, 1.0)))
    }
}

/// Leaves everything below −5 dBFS alone and bends what is above so that −3 dBFS is never reached.
fn limit(x: f32) -> f32 {
    const KNEE: f32 = 0.55;
    const ROOM: f32 = 0.707 - KNEE;
    let over = x.abs() - KNEE;
    if over <= 0.0 { x } else { (KNEE + ROOM * over / (ROOM + over)).copysign(x) }
}

impl Source for Music {
    fn rate(&self) -> SampleRate {
        SampleRate(RATE)
    }

    fn channels(&self) -> usize {
        2
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        for frame in out.chunks_exact_mut(2) {
            frame.copy_from_slice(&self.frame());
        }
        Ok(out.len() / 2)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        None
    }
}

#[cfg(test)]
mod tests;
