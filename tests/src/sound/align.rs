//! Where in the reference each moment of a recording comes from.

use super::filter::{Interpolator, windowed_sinc};
use super::stereo::Stereo;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Length of the windows in which the alignment is measured: half a second.
pub(super) const WINDOW: usize = 24_000;

/// How far from its neighbour a window's shift is searched.
const REACH: i64 = 24;

/// Lags either side of the peak from which the fraction is read.
pub(super) const HALF: i64 = 16;

/// The alignment measured in one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Sample of the reference that it holds for.
    pub at: u64,
    /// How many samples later the recording has it.
    pub shift: f64,
    /// Measured less reported position in samples; 0 if nothing was reported.
    pub deviation: f64,
}

/// How much of the recording is looked up in the reference to begin with: 5.5 s.
const PROBE: usize = 1 << 18;

/// The shift of the recording at `from` against the reference to a sample, by one long cross-correlation of the middle
/// signals; which of them is louder or inverted does not matter.
fn coarse_shift(reference: &Stereo, received: &Stereo, from: usize) -> i64 {
    let probe = received.map(|channel| channel.iter().skip(from).take(PROBE).copied().collect());
    let (a, b) = (mid(reference), mid(&probe));
    let len = (a.len() + b.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(len);
    let spectrum = |mut samples: Vec<f32>| {
        samples.resize(len, 0.0);
        let mut out = forward.make_output_vec();
        forward.process(&mut samples, &mut out).expect("both have the planned length");
        out
    };
    let (a, b) = (spectrum(a), spectrum(b));
    let mut cross: Vec<Complex<f32>> = a.iter().zip(&b).map(|(a, b)| a.conj() * b).collect();
    cross[0].im = 0.0;
    cross[len / 2].im = 0.0;
    let mut lags = vec![0.0; len];
    planner.plan_fft_inverse(len).process(&mut cross, &mut lags).expect("both have the planned length");
    let peak = (0..len).max_by(|&i, &j| lags[i].abs().total_cmp(&lags[j].abs())).unwrap_or(0);
    from as i64 + if peak > len / 2 { peak as i64 - len as i64 } else { peak as i64 }
}

fn mid(sound: &Stereo) -> Vec<f32> {
    sound.left.iter().zip(&sound.right).map(|(l, r)| l + r).collect()
}

/// The shift in every window that both signals cover, from the first whose recording begins at `from` or later.
pub(super) fn track(reference: &Stereo, received: &Stereo, from: u64) -> Vec<Alignment> {
    let mut near = coarse_shift(reference, received, from as usize);
    let margin = 2 * REACH + HALF;
    let first = (from as i64 - near).max(0) as usize;
    let starts = (first..reference.len().saturating_sub(WINDOW)).step_by(WINDOW);
    let covered = |start: &usize, near: i64| {
        let begin = *start as i64 + near;
        begin >= margin && begin + WINDOW as i64 + margin <= received.len() as i64
    };
    let mut measured = Vec::new();
    for start in starts {
        if !covered(&start, near) {
            continue;
        }
        if let Some(window) = measure(reference, received, start, near) {
            near = window.shift.round() as i64;
            measured.push(window);
        }
    }
    measured
}

/// The alignment of one window to a fraction of a sample: the peak of its correlation, read between the lags. `None`
/// where the reference is silent.
fn measure(reference: &Stereo, received: &Stereo, start: usize, near: i64) -> Option<Alignment> {
    let tapered = reference.map(|channel| taper(&channel[start..start + WINDOW]));
    let correlation = |shift: i64| -> f64 {
        let begin = (start as i64 + shift) as usize;
        let pairs = tapered.channels().into_iter().zip(received.channels());
        pairs.map(|(a, b)| f64::from(dot(a, &b[begin..begin + WINDOW]))).sum()
    };
    let (_, peak) =
        (near - REACH..=near + REACH).map(|lag| (correlation(lag), lag)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let lags: Vec<f64> = (peak - HALF..=peak + HALF).map(correlation).collect();
    let between = |offset: f64| -> f64 {
        lags.iter().zip(-HALF..).map(|(r, k)| r * windowed_sinc(offset - k as f64, HALF as f64)).sum()
    };
    let at = (start + center(&tapered)) as u64;
    let aligned = || Alignment { at, shift: peak as f64 + maximum(between), deviation: 0.0 };
    (lags[HALF as usize] > 1e-6).then(aligned)
}

/// The sample that a window's alignment holds for while the shift wanders: the centre of what decides the peak, which
/// is the energy of the slope.
fn center(window: &Stereo) -> usize {
    let (mut moment, mut total) = (0.0, 1e-30);
    for channel in window.channels() {
        for (n, pair) in channel.windows(2).enumerate() {
            let slope = f64::from(pair[1] - pair[0]).powi(2);
            moment += slope * n as f64;
            total += slope;
        }
    }
    (moment / total).round() as usize
}

/// Where in −1…1 a function with one peak is greatest, by golden section to 1e-6.
pub(super) fn maximum(f: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_75;
    let (mut low, mut high) = (-1.0, 1.0);
    while high - low > 1e-6 {
        let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if f(a) < f(b) { low = a } else { high = b }
    }
    (low + high) / 2.0
}

/// A Hann window over the samples, so that what enters and leaves at the edges does not pull the peak.
fn taper(samples: &[f32]) -> Vec<f32> {
    let step = std::f32::consts::TAU / samples.len() as f32;
    samples.iter().enumerate().map(|(n, x)| x * 0.5 * (1.0 - (step * n as f32).cos())).collect()
}

/// Eight sums side by side, for accuracy and speed.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// The recording laid onto the reference's samples: from the first window to the last, the shift
/// going straight from one to the next.
pub(super) fn laid_on(received: &Stereo, track: &[Alignment]) -> Stereo {
    let between = Interpolator::new();
    let positions: Vec<f64> = track.windows(2).flat_map(|pair| straight(pair[0], pair[1])).collect();
    received.map(|channel| positions.iter().map(|&position| between.at(channel, position)).collect())
}

fn straight(a: Alignment, b: Alignment) -> impl Iterator<Item = f64> {
    let len = b.at - a.at;
    let slope = (b.shift - a.shift) / len as f64;
    (0..len).map(move |n| (a.at + n) as f64 + a.shift + slope * n as f64)
}
