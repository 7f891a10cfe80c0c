//! Lost frames, gaps and clicks: places where a recording strays from the offline run by more than the codec's noise.

use super::stereo::Stereo;
use std::ops::Range;

/// Length of the pieces that are looked at: 5 ms.
const PIECE: usize = 240;

/// Mean square below which straying is not heard: −80 dBFS.
const INAUDIBLE: f64 = 1e-8;

/// How much of the codec's own noise a recording of the same frames may stray by. A concealed frame strays by all of it
/// at least, even where it is guessed as well as the codec would have coded it.
const SHARE: f64 = 0.5;

/// A recording may be moved by so many samples for the comparison. It is laid straight between two reports of its
/// position, 100 ms apart; where the player's speed turns from −300 to +300 ppm halfway, it bends away by 0.72 samples.
const MOVED: f64 = 0.75;

/// When the recording's frames lie elsewhere, its noise is another everywhere; a damaged piece stands out by this much.
const STANDS_OUT: f64 = 10.0;

/// The damaged ranges in samples from the start of the three, which are aligned.
pub(super) fn damaged(reference: &Stereo, heard: &Stereo, offline: &Stereo) -> impl Iterator<Item = Range<u64>> {
    let noise = pieces(reference, offline, 0.0);
    let straying = pieces(heard, offline, MOVED);
    let ratios: Vec<f64> = (0..noise.len().min(straying.len())).map(|k| straying[k] / around(&noise, k)).collect();
    let limit = SHARE.max(STANDS_OUT * median(&ratios));
    let marked = ratios.into_iter().enumerate().filter(move |(_, ratio)| *ratio > limit).map(|(k, _)| k);
    runs(marked)
}

/// The mean square of the difference in each piece, over both channels, `a` moved by up to `moved` samples to where that is
/// least.
fn pieces(a: &Stereo, b: &Stereo, moved: f64) -> Vec<f64> {
    let len = a.len().min(b.len());
    let piece = |k: usize| {
        let sums = a.channels().into_iter().zip(b.channels()).fold(Sums::default(), |mut sums, (a, b)| {
            (k * PIECE..(k + 1) * PIECE).for_each(|n| sums.add(f64::from(a[n] - b[n]), slope(&b[..len], n)));
            sums
        });
        sums.least(moved) / (2 * PIECE) as f64
    };
    (0..len / PIECE).map(piece).collect()
}

/// How steep a sound is at a sample.
fn slope(sound: &[f32], n: usize) -> f64 {
    let at = |n: usize| sound.get(n).copied().map_or(0.0, f64::from);
    (at(n + 1) - at(n.saturating_sub(1))) / 2.0
}

/// What a difference and the slope say about each other: for small moves the difference changes by the slope.
#[derive(Default)]
struct Sums {
    difference: f64,
    both: f64,
    slope: f64,
}

impl Sums {
    fn add(&mut self, difference: f64, slope: f64) {
        self.difference += difference * difference;
        self.both += difference * slope;
        self.slope += slope * slope;
    }

    /// The least sum of squares that a move by up to `moved` leaves.
    fn least(&self, moved: f64) -> f64 {
        let by = if self.slope > 0.0 { (self.both / self.slope).clamp(-moved, moved) } else { 0.0 };
        (self.difference - by * (2.0 * self.both - by * self.slope)).max(0.0)
    }
}

/// The codec's noise about a piece: the loudest of it and its neighbours, since frames do not begin where pieces do.
fn around(noise: &[f64], k: usize) -> f64 {
    noise[k.saturating_sub(1)..(k + 2).min(noise.len())].iter().fold(INAUDIBLE, |loudest, x| loudest.max(*x))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Neighbouring pieces as one range.
fn runs(marked: impl Iterator<Item = usize>) -> impl Iterator<Item = Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for k in marked {
        let (begin, end) = ((k * PIECE) as u64, ((k + 1) * PIECE) as u64);
        match runs.last_mut() {
            Some(run) if run.end == begin => run.end = end,
            _ => runs.push(begin..end),
        }
    }
    runs.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four pieces; the offline run is off by 0.01, the recording strays from it as told.
    fn found(straying: [f32; 8]) -> Vec<(u64, u64)> {
        let constant = |values: [f32; 8]| -> Stereo {
            values.into_iter().flat_map(|v| std::iter::repeat_n((v, v), PIECE)).collect()
        };
        let (reference, offline) = (constant([0.0; 8]), constant([0.01; 8]));
        damaged(&reference, &constant(straying.map(|s| 0.01 + s)), &offline).map(|r| (r.start, r.end)).collect()
    }

    #[test]
    fn straying_by_half_the_noise_is_damage_and_less_is_not() {
        assert_eq!(found([0.0, 0.0, 0.0073, 0.0, 0.0, 0.0, 0.0, 0.0]), [(480, 720)]);
        assert_eq!(found([0.0, 0.0, 0.0068, 0.0, 0.0, 0.0, 0.0, 0.0]), []);
    }

    #[test]
    fn neighbouring_pieces_are_one_range() {
        assert_eq!(found([0.0, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.1]), [(240, 720), (1_680, 1_920)]);
    }

    #[test]
    fn a_recording_that_bends_away_between_two_reports_is_not_damaged_and_one_that_jumps_is() {
        let sine = |n: f64| (0.3 * (std::f64::consts::TAU * 1_500.0 * n / 48_000.0).sin()) as f32;
        let moved = |by: f64| -> Stereo {
            (0..8 * PIECE)
                .map(|n| sine(n as f64 + if (720..1_200).contains(&n) { by } else { 0.0 }))
                .map(|x| (x, x))
                .collect()
        };
        let offline = moved(0.0);
        let reference =
            offline.map(|channel| channel.iter().zip([0.01, -0.01].into_iter().cycle()).map(|(x, e)| x + e).collect());
        let found = |by: f64| damaged(&reference, &moved(by), &offline).map(|r| (r.start, r.end)).collect::<Vec<_>>();
        assert_eq!(found(0.3), []);
        assert_eq!(found(3.0), [(720, 1_200)]);
    }

    #[test]
    fn another_noise_everywhere_is_not_damage_but_a_loss_in_it_is() {
        assert_eq!(found([0.012; 8]), []);
        assert_eq!(found([0.012, 0.012, 0.012, 0.1, 0.012, 0.012, 0.012, 0.012]), [(720, 960)]);
    }
}
