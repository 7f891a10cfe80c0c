//! A singing and a speaking voice made from a glottal saw and three formants.

use super::music::dsp::{Filter, Noise, Oscillator, RATE, SILENT, note_hz};
use super::{Source, SourceError};
use units::{SampleCount, SampleRate};

/// Formant frequencies in hertz of *a, e, i, o, u* (a tenor's, after Peterson and Barney 1952).
pub(crate) const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1_090.0, 2_440.0],
    [530.0, 1_840.0, 2_480.0],
    [270.0, 2_290.0, 3_010.0],
    [570.0, 840.0, 2_410.0],
    [300.0, 870.0, 2_240.0],
];
/// How loud each formant is.
const FORMANT_LEVELS: [f32; 3] = [1.0, 0.6, 0.35];
/// Formants glide; the filters follow once in so many frames.
const RETUNE: u32 = 48;

/// One voice: a vowel on a pitch while the gate is open, with breath and vibrato.
pub(crate) struct Singer {
    glottis: Oscillator,
    vibrato: Oscillator,
    hz: f32,
    target_hz: f32,
    formants: [Filter; 3],
    now: [f32; 3],
    vowel: usize,
    level: f32,
    gate: f32,
    noise: Noise,
    countdown: u32,
}

impl Singer {
    pub(crate) fn new(seed: u32) -> Singer {
        Singer {
            glottis: Oscillator::new(220.0),
            vibrato: Oscillator::new(5.4 * RETUNE as f32),
            hz: 220.0,
            target_hz: 220.0,
            formants: VOWELS[0].map(|hz| Filter::new(hz, 9.0)),
            now: VOWELS[0],
            vowel: 0,
            level: 0.0,
            gate: 0.0,
            noise: Noise::new(seed),
            countdown: 0,
        }
    }

    /// Glides to a pitch (MIDI number, fractions allowed) and a vowel (index into [`VOWELS`]) at a level; 0 ends it.
    pub(crate) fn sing(&mut self, midi: f32, vowel: usize, level: f32) {
        if level > 0.0 {
            self.target_hz = note_hz(midi);
            self.vowel = vowel % VOWELS.len();
        }
        self.gate = level;
    }

    pub(crate) fn sample(&mut self) -> f32 {
        if self.countdown == 0 {
            self.glide();
            self.countdown = RETUNE;
        }
        self.countdown -= 1;
        self.level += 0.000_7 * (self.gate - self.level);
        if self.level < SILENT {
            return 0.0;
        }
        let breath = 0.06 * self.noise.sample();
        let source = (self.glottis.saw() + breath) * self.level;
        self.formants.iter_mut().zip(FORMANT_LEVELS).map(|(f, level)| f.step(source).band * level).sum()
    }

    fn glide(&mut self) {
        self.hz += 0.06 * (self.target_hz - self.hz);
        self.glottis.tune(self.hz * (1.0 + 0.006 * self.vibrato.sine()));
        for ((filter, now), target) in self.formants.iter_mut().zip(&mut self.now).zip(VOWELS[self.vowel]) {
            *now += 0.03 * (target - *now);
            filter.tune(*now, 9.0);
        }
    }
}

/// Something like speech for talkback tests: syllables of a vowel behind a hiss, in phrases with pauses between them.
/// Mono, 48 kHz, endless, the same for the same seed; peaks stay below −6 dBFS; `read` neither blocks nor allocates.
pub struct Voice {
    singer: Singer,
    choice: Noise,
    hiss: Noise,
    hiss_level: f32,
    hiss_filter: Filter,
    left_in_syllable: u32,
    syllables_left: u32,
}

impl Voice {
    /// A voice that says its own things for each seed, beginning at once.
    pub fn new(seed: u64) -> Voice {
        let seed = (seed ^ (seed >> 32)) as u32;
        Voice {
            singer: Singer::new(seed),
            choice: Noise::new(seed.wrapping_add(1)),
            hiss: Noise::new(seed.wrapping_add(2)),
            hiss_level: 0.0,
            hiss_filter: Filter::new(4_500.0, 1.2),
            left_in_syllable: 0,
            syllables_left: 6,
        }
    }

    fn sample(&mut self) -> f32 {
        if self.left_in_syllable == 0 {
            self.next_syllable();
        }
        self.left_in_syllable -= 1;
        self.hiss_level *= 0.999;
        let hiss = self.hiss_filter.step(self.hiss.sample()).band * self.hiss_level;
        (0.25 * self.singer.sample() + hiss).clamp(-0.5, 0.5)
    }

    fn next_syllable(&mut self) {
        if self.syllables_left == 0 {
            self.singer.sing(0.0, 0, 0.0);
            self.syllables_left = 4 + self.choice.below(6);
            self.left_in_syllable = RATE / 2 + self.choice.below(RATE / 2);
            return;
        }
        self.syllables_left -= 1;
        let midi = self.choice.between(44.0, 52.0);
        self.singer.sing(midi, self.choice.below(5) as usize, self.choice.between(0.6, 1.0));
        self.hiss_level = self.choice.between(0.0, 0.12);
        self.left_in_syllable = RATE / 8 + self.choice.below(RATE / 8);
    }
}

impl Source for Voice {
    fn rate(&self) -> SampleRate {
        SampleRate(RATE)
    }

    fn channels(&self) -> usize {
        1
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        for sample in out.iter_mut() {
            *sample = self.sample();
        }
        Ok(out.len())
    }

    fn len_hint(&self) -> Option<SampleCount> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_talks_in_phrases_with_silence_between() {
        let mut out = vec![0.0; 20 * RATE as usize];
        Voice::new(3).read(&mut out).unwrap();
        let loud = out.chunks(RATE as usize / 10).map(|block| block.iter().fold(0f32, |p, s| p.max(s.abs())));
        let (talking, silent) = (loud.clone().filter(|p| *p > 0.05).count(), loud.filter(|p| *p < 0.003).count());
        assert!(talking > 80 && silent > 10, "{talking} tenths of a second talking, {silent} silent");
        assert!(out.iter().all(|s| s.abs() <= 0.5));
    }
}
