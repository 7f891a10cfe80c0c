//! Sound whose player bends time: a browser's jitter buffer leaves out or repeats a few milliseconds whenever it adapts,
//! so that neither place nor signal-to-noise ratio can be asked of it. What can: whether each short piece of what was
//! heard is found in the music, with the right channel in the right place and at the right level.

use super::align::{HALF, maximum};
use super::filter::{Interpolator, high_passed, windowed_sinc};
use super::mixing::{level_difference_db, mixing};
use super::stereo::Stereo;
use super::verdict::{Failure, is_identity};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use units::SampleCount;

/// Length of a piece: 60 ms, so that most of them lie between two adaptations.
const PIECE: usize = 2_880;
/// How far from the piece before it a piece is looked for in the music: 85 ms, several adaptations; as much further for
/// each piece since that was not found.
const REACH: usize = 4_096;
/// A piece counts as found from this correlation on; the codec alone gives 0.99.
const LIKE: f64 = 0.95;
/// The least share of pieces that must be found: a splice spoils the one or two pieces that it lies in.
const LEAST_FOUND: f64 = 0.8;

/// What can be said of a recording from a player that bends time. Limits are in [`Stretched::failures`].
#[derive(Clone, Debug, PartialEq)]
pub struct Stretched {
    /// How much of the recording was judged, per channel.
    pub judged: SampleCount,
    /// The share of it that was found in the music, 0 to 1.
    pub found: f64,
    /// How left and right of what was found were made of the reference's; `None` if that cannot be told.
    pub mixing: Option<[[f64; 2]; 2]>,
    /// How much louder than the reference left and right of what was found are above 200 Hz, in dB.
    pub level_db: [f64; 2],
    /// How often the place moved from one found piece to the next by more than a sample.
    pub moves: usize,
}

impl Stretched {
    /// Everything that is worse than it may be.
    pub fn failures(&self) -> Vec<Failure> {
        let mut found = Vec::new();
        let mut fail = |holds: bool, failure: Failure| found.extend((!holds).then_some(failure));
        fail(self.judged.0 >= 96_000, Failure::TooShort(self.judged));
        fail(self.found >= LEAST_FOUND, Failure::Unlike(self.found));
        match self.mixing {
            Some(mixing) => fail(is_identity(mixing), Failure::Channels(mixing)),
            None => fail(false, Failure::NoWidth),
        }
        fail(self.level_db.iter().all(|db| db.abs() <= 0.1), Failure::Level(self.level_db));
        found
    }
}

/// Looks each 60 ms of the recording after `skip` up in the reference. The first piece is searched everywhere, every
/// other one near the last that was found.
pub fn judge_stretched(reference: &Stereo, received: &Stereo, skip: SampleCount) -> Stretched {
    let [reference, received] = [reference, received].map(|sound| sound.map(high_passed));
    let starts = (skip.0 as usize..received.len().saturating_sub(PIECE)).step_by(PIECE);
    let mut finder = Finder { reference: &reference, received: &received, shift: None, missed: 0 };
    let (mut wanted, mut heard) = (Stereo::default(), Stereo::default());
    let (mut pieces, mut found, mut moves) = (0, 0, 0);
    for start in starts {
        pieces += 1;
        let before = finder.shift;
        let Some((music, piece)) = finder.find(start) else { continue };
        found += 1;
        moves += usize::from(before.zip(finder.shift).is_some_and(|(old, new)| (old - new).abs() > 1.0));
        append(&mut wanted, &music);
        append(&mut heard, &piece);
    }
    Stretched {
        judged: SampleCount((pieces * PIECE) as u64),
        found: f64::from(found) / (pieces as f64).max(1.0),
        mixing: mixing(&wanted, &heard),
        level_db: level_difference_db(&wanted, &heard),
        moves,
    }
}

fn append(to: &mut Stereo, piece: &Stereo) {
    to.left.extend_from_slice(&piece.left);
    to.right.extend_from_slice(&piece.right);
}

struct Finder<'a> {
    reference: &'a Stereo,
    received: &'a Stereo,
    /// How many samples later the recording had the last piece that was found.
    shift: Option<f64>,
    /// Pieces since then.
    missed: usize,
}

impl Finder<'_> {
    /// The music of a piece, and the piece laid on its samples; `None` if it is not in the music.
    fn find(&mut self, start: usize) -> Option<(Stereo, Stereo)> {
        let piece = self.received.map(|channel| channel[start..start + PIECE].to_vec());
        let (from, to) = match self.shift {
            Some(shift) => {
                let near = (start as f64 - shift) as i64;
                let reach = (REACH * (1 + self.missed)) as i64;
                ((near - reach).max(0) as usize, (near + PIECE as i64 + reach).max(0) as usize)
            }
            None => (0, self.reference.len()),
        };
        let to = to.min(self.reference.len());
        self.missed += 1;
        let place = (from + PIECE < to).then(|| from + best_place(&part(self.reference, from, to), &piece))?;
        let music = part(self.reference, place, place + PIECE);
        let offset = self.fraction(start, &music);
        let between = Interpolator::new();
        let heard = self
            .received
            .map(|channel| (start..start + PIECE).map(|at| between.at(channel, at as f64 + offset)).collect());
        (likeness(&music, &heard) >= LIKE).then(|| {
            self.missed = 0;
            self.shift = Some(start as f64 + offset - place as f64);
            (music, heard)
        })
    }

    /// How far behind `start` the music begins in the recording: −1 to 1 sample.
    fn fraction(&self, start: usize, music: &Stereo) -> f64 {
        let end = self.received.len() as i64 - PIECE as i64;
        let correlation = |lag: i64| {
            let begin = (start as i64 + lag).clamp(0, end) as usize;
            product(music, &part(self.received, begin, begin + PIECE))
        };
        let lags: Vec<f64> = (-HALF..=HALF).map(correlation).collect();
        maximum(|offset| lags.iter().zip(-HALF..).map(|(r, k)| r * windowed_sinc(offset - k as f64, HALF as f64)).sum())
    }
}

fn part(sound: &Stereo, from: usize, to: usize) -> Stereo {
    sound.map(|channel| channel[from..to].to_vec())
}

/// Where in the music a piece fits best: the greatest of the correlations of both channels together, each against the
/// loudness of the music there.
fn best_place(music: &Stereo, piece: &Stereo) -> usize {
    let len = music.len().next_power_of_two();
    let mut sums = vec![0.0; len];
    let mut planner = RealFftPlanner::<f32>::new();
    for (a, b) in music.channels().into_iter().zip(piece.channels()) {
        correlate(&mut planner, a, b, &mut sums);
    }
    let energy = running_energy(music);
    let fit = |at: &usize| f64::from(sums[*at]) / energy[*at].max(1e-6).sqrt();
    (0..music.len() - PIECE).max_by(|i, j| fit(i).total_cmp(&fit(j))).unwrap_or(0)
}

/// Adds the circular cross-correlation of two channels to `sums`, scaled by its length.
fn correlate(planner: &mut RealFftPlanner<f32>, a: &[f32], b: &[f32], sums: &mut [f32]) {
    let forward = planner.plan_fft_forward(sums.len());
    let spectrum = |channel: &[f32]| {
        let mut samples = channel.to_vec();
        samples.resize(sums.len(), 0.0);
        let mut out = forward.make_output_vec();
        forward.process(&mut samples, &mut out).expect("both have the planned length");
        out
    };
    let mut cross: Vec<Complex<f32>> = spectrum(a).iter().zip(spectrum(b)).map(|(a, b)| a * b.conj()).collect();
    cross[0].im = 0.0;
    cross[sums.len() / 2].im = 0.0;
    let mut lags = vec![0.0; sums.len()];
    let inverse = planner.plan_fft_inverse(sums.len());
    inverse.process(&mut cross, &mut lags).expect("both have the planned length");
    sums.iter_mut().zip(lags).for_each(|(sum, lag)| *sum += lag);
}

/// The energy of both channels over one piece, from each sample on.
fn running_energy(music: &Stereo) -> Vec<f64> {
    let square = |at: usize| f64::from(music.left[at]).powi(2) + f64::from(music.right[at]).powi(2);
    let mut energy: f64 = (0..PIECE).map(square).sum();
    let mut all = Vec::with_capacity(music.len() - PIECE);
    for at in 0..music.len() - PIECE {
        all.push(energy);
        energy += square(at + PIECE) - square(at);
    }
    all
}

fn product(a: &Stereo, b: &Stereo) -> f64 {
    let one = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    a.channels().into_iter().zip(b.channels()).map(one).sum()
}

/// Correlation of two pieces, −1 to 1. Level does not matter, channels do only as far as the music is wide.
fn likeness(a: &Stereo, b: &Stereo) -> f64 {
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::source::Source;
    use client::source::music::Music;
    use std::sync::LazyLock;

    /// Three seconds of the built-in band from where all of it plays.
    static MUSIC: LazyLock<Stereo> = LazyLock::new(|| {
        let mut samples = vec![0.0; 2 * 23 * 48_000];
        Music::new(1).read(&mut samples).unwrap();
        Stereo::from_interleaved(&samples[2 * 20 * 48_000..])
    });

    /// What a time-bending buffer makes of it: every half second 12 ms are left out or played twice, with a crossfade.
    fn bent() -> Stereo {
        MUSIC.map(|channel| {
            let mut out = vec![0.0; 777];
            for (k, half_second) in channel.chunks(24_000).enumerate() {
                let (tail, jump) = (half_second.len() - 576, if k % 2 == 0 { 576 } else { 0 });
                out.extend_from_slice(&half_second[..tail - 576]);
                let faded = (0..576).map(|n| {
                    let up = n as f32 / 576.0;
                    half_second[tail - 576 + n] * (1.0 - up) + half_second[tail + jump - 576 + n] * up
                });
                out.extend(faded);
                out.extend_from_slice(&half_second[(tail + jump).min(half_second.len())..]);
                if k % 2 == 1 {
                    out.extend_from_slice(&half_second[tail..]);
                }
            }
            out
        })
    }

    fn judged(received: &Stereo) -> Stretched {
        judge_stretched(&MUSIC, received, SampleCount(0))
    }

    #[track_caller]
    fn assert_fails(received: &Stereo, expected: impl Fn(&Failure) -> bool) {
        let failures = judged(received).failures();
        assert!(failures.iter().any(expected), "not among {failures:?}");
    }

    #[test]
    fn music_whose_time_was_bent_passes_and_the_bends_are_counted() {
        let verdict = judged(&bent());
        assert!(verdict.failures().is_empty(), "{verdict:?}");
        assert!(verdict.moves >= 4, "{verdict:?}");
    }

    #[test]
    fn bent_music_fails_when_swapped_mono_quieter_or_inverted() {
        let Stereo { left, right } = bent();
        let mono: Vec<f32> = left.iter().zip(&right).map(|(l, r)| (l + r) / 2.0).collect();
        let inverted: Vec<f32> = right.iter().map(|x| -x).collect();
        let is_wrong = |f: &Failure| matches!(f, Failure::Channels(_) | Failure::Unlike(_));
        assert_fails(&Stereo { left: right.clone(), right: left.clone() }, is_wrong);
        assert_fails(&Stereo { left: mono.clone(), right: mono }, is_wrong);
        assert_fails(&Stereo { left: left.clone(), right: inverted }, is_wrong);
        let quiet = bent().map(|channel| channel.iter().map(|x| x * 10f32.powf(-1.0 / 20.0)).collect());
        assert_fails(&quiet, |f| matches!(f, Failure::Level(_)));
    }

    #[test]
    fn another_sound_silence_and_a_torn_one_fail() {
        let backwards = bent().map(|channel| channel.iter().rev().copied().collect());
        assert_fails(&backwards, |f| matches!(f, Failure::Unlike(_)));
        assert_fails(&bent().map(|channel| vec![0.0; channel.len()]), |f| matches!(f, Failure::Unlike(_)));
        assert_fails(&Stereo::default(), |f| matches!(f, Failure::TooShort(_)));
        let torn = bent()
            .map(|channel| channel.iter().enumerate().map(|(n, x)| if n % 2_400 < 480 { 0.0 } else { *x }).collect());
        assert_fails(&torn, |f| matches!(f, Failure::Unlike(_)));
    }
}
