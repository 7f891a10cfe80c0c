//! Segmental signal-to-noise ratio.

use super::stereo::Stereo;
use std::ops::Range;

/// Length of a segment: 20 ms, as in the literature.
const SEGMENT: usize = 960;

/// What a segment's ratio is clamped to, so that neither a perfect nor a hopeless segment rules the mean.
const CLAMP_DB: (f64, f64) = (-10.0, 35.0);

/// Mean square below which a segment is silence and says nothing: −60 dBFS.
const SILENCE: f64 = 1e-6;

/// The ratio of each segment in dB, clamped, over both channels; `None` where the reference is silent.
pub(super) fn segments_db(reference: &Stereo, heard: &Stereo) -> Vec<Option<f64>> {
    let len = reference.len().min(heard.len());
    (0..len / SEGMENT).map(|k| segment_db(reference, heard, k * SEGMENT..(k + 1) * SEGMENT)).collect()
}

fn segment_db(reference: &Stereo, heard: &Stereo, range: Range<usize>) -> Option<f64> {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (reference, heard) in reference.channels().into_iter().zip(heard.channels()) {
        for (x, y) in reference[range.clone()].iter().zip(&heard[range.clone()]) {
            signal += f64::from(*x).powi(2);
            noise += f64::from(x - y).powi(2);
        }
    }
    let loud = signal / (2 * SEGMENT) as f64 > SILENCE;
    loud.then(|| (10.0 * (signal / noise.max(1e-20)).log10()).clamp(CLAMP_DB.0, CLAMP_DB.1))
}

/// The mean over the segments that are not silent; −∞ when all are.
pub(super) fn mean_db(segments: &[Option<f64>]) -> f64 {
    let loud: Vec<f64> = segments.iter().flatten().copied().collect();
    if loud.is_empty() { f64::NEG_INFINITY } else { loud.iter().sum::<f64>() / loud.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_clamped_and_silence_says_nothing() {
        let loud: Stereo = (0..960).map(|n| ((n as f32).sin(), (n as f32).cos())).collect();
        let silent: Stereo = (0..960).map(|_| (0.0, 0.0)).collect();
        let wrong = loud.map(|channel| channel.iter().map(|x| x * -9.0).collect());
        let tenth = loud.map(|channel| channel.iter().map(|x| x * 1.1).collect());
        assert_eq!(segments_db(&loud, &loud), [Some(35.0)]);
        assert_eq!(segments_db(&loud, &wrong), [Some(-10.0)]);
        assert!((segments_db(&loud, &tenth)[0].unwrap() - 20.0).abs() < 1e-3);
        assert_eq!(segments_db(&silent, &loud), [None]);
        assert_eq!(mean_db(&[None]), f64::NEG_INFINITY);
    }
}
