//! Clicks whose distances tell which is which, so that a recording of them says what was heard when.

use crate::rng::Rng;
use std::f64::consts::TAU;

/// Samples a second of all sound here.
pub const RATE: f64 = 48_000.0;
/// Clicks are no nearer to each other, in samples: 120 ms.
const NEAREST: f64 = 5_760.0;
/// And by so much further apart, at random: up to 240 ms.
const SPREAD: f64 = 5_760.0;
/// Length of one click in samples: 3 ms of 2 kHz under a cosine window.
const LENGTH: usize = 144;
/// What counts as a click; it peaks at 0.5.
const THRESHOLD: f32 = 0.12;
/// A click's energy lies within so many samples of its peak, however the codec has smeared it.
const AROUND: usize = 288;
/// Neighbours on each side by which a click is recognised, and how many of them must fit.
const NEIGHBOURS: i64 = 5;
const FIT: usize = 7;
/// Neighbours fit within so many samples: 8 ms, more than a browser's buffer stretches time by between two of them.
const TOLERANCE: f64 = 384.0;

/// So many seconds of clicks, the same for the same seed: interleaved stereo, alike on both sides.
pub fn sound(seed: u64, seconds: u64) -> Vec<f32> {
    let frames = (seconds as f64 * RATE) as usize;
    let mut out = vec![0.0; 2 * frames];
    let mut rng = Rng::new(seed);
    let mut at = NEAREST;
    while (at as usize) + LENGTH < frames {
        for i in 0..LENGTH {
            let window = 0.5 - 0.5 * (TAU * i as f64 / LENGTH as f64).cos();
            let value = (0.5 * window * (TAU * 2_000.0 * i as f64 / RATE).sin()) as f32;
            let frame = 2 * (at as usize + i);
            (out[frame], out[frame + 1]) = (value, value);
        }
        at += NEAREST + SPREAD * rng.uniform();
    }
    out
}

/// The left side of interleaved stereo.
pub fn left(stereo: &[f32]) -> Vec<f32> {
    stereo.iter().step_by(2).copied().collect()
}

/// Where the clicks of a recording (one channel) are, in samples: the middle of each one's energy.
pub fn find(samples: &[f32]) -> Vec<f64> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = samples[at..].iter().position(|sample| sample.abs() > THRESHOLD) {
        let begun = at + next;
        let reach = &samples[begun..samples.len().min(begun + AROUND)];
        let peak = begun + loudest(reach);
        found.push(middle(samples, peak));
        at = samples.len().min(peak + AROUND);
    }
    found
}

/// Which of the `known` clicks each of the `heard` ones is; none where its neighbours do not tell. `may(i, k)`: whether
/// heard click `i` may be known click `k` at all.
pub fn recognise(known: &[f64], heard: &[f64], may: impl Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let place = |i: usize| {
        let score = |k: usize| fitting(known, k as i64, heard, i as i64);
        let best = (0..known.len()).filter(|k| may(i, *k)).max_by_key(|k| score(*k))?;
        (score(best) >= FIT).then_some(best)
    };
    (0..heard.len()).map(place).collect()
}

fn loudest(samples: &[f32]) -> usize {
    let louder = |a: &(usize, &f32), b: &(usize, &f32)| a.1.abs().total_cmp(&b.1.abs());
    samples.iter().enumerate().max_by(louder).map_or(0, |(i, _)| i)
}

fn middle(samples: &[f32], peak: usize) -> f64 {
    let from = peak.saturating_sub(AROUND);
    let near = &samples[from..samples.len().min(peak + AROUND)];
    let weigh = |i: usize, sample: f32| (f64::from(sample).powi(2), i as f64);
    let (energy, moment) = near.iter().enumerate().fold((0.0, 0.0), |(energy, moment), (i, sample)| {
        let (weight, place) = weigh(i, *sample);
        (energy + weight, moment + weight * place)
    });
    from as f64 + moment / energy
}

/// Neighbours of heard click `i` that lie as those of known click `k`.
fn fitting(known: &[f64], k: i64, heard: &[f64], i: i64) -> usize {
    let distance = |clicks: &[f64], from: i64, to: i64| {
        let at = |n: i64| usize::try_from(n).ok().and_then(|n| clicks.get(n));
        Some(at(to)? - at(from)?)
    };
    let fits = |j: &i64| match (distance(known, k, k + j), distance(heard, i, i + j)) {
        (Some(a), Some(b)) => (a - b).abs() < TOLERANCE,
        _ => false,
    };
    (-NEIGHBOURS..=NEIGHBOURS).filter(|j| *j != 0).filter(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_are_found_where_they_are_and_recognised_when_some_are_missing_and_time_was_stretched() {
        let known = find(&left(&sound(3, 30)));
        assert!(known.len() > 120, "{}", known.len());
        let heard: Vec<f64> = known.iter().skip(40).map(|at| at - 1e5 + at * 3e-4 + 17.25).collect();
        let told = recognise(&known, &heard, |_, _| true);
        // The first and the last ones have too few neighbours on one side.
        let inner = 2..told.len() - 2;
        assert!(inner.into_iter().all(|i| told[i] == Some(i + 40)), "{told:?}");
        let mut holes = heard.clone();
        holes.remove(20);
        let told = recognise(&known, &holes, |_, _| true);
        let right = |(i, k): (usize, &Option<usize>)| k.is_none_or(|k| k == i + 40 + usize::from(i >= 20));
        assert!(told.iter().enumerate().all(right), "{told:?}");
        assert!(told.iter().flatten().count() > holes.len() - 12);
    }

    #[test]
    fn other_clicks_are_not_recognised() {
        let (known, other) = (find(&left(&sound(3, 30))), find(&left(&sound(4, 30))));
        assert_eq!(recognise(&known, &other, |_, _| true).iter().flatten().count(), 0);
        assert_eq!(recognise(&known, &known, |i, k| i != k).iter().flatten().count(), 0);
    }
}
