//! Speech through echo cancelling and level control comes out as other samples, but with the same syllables at the same
//! places: that is what is compared.

use crate::recording::{read, write};
use anyhow::Result;
use client::source::Source;
use client::source::voice::Voice;
use std::path::Path;

/// Samples per step of an envelope: 10 ms at 48 kHz.
const HOP: usize = 480;
/// Steps of the compared stretch: 4 s.
const STRETCH: usize = 400;

/// Writes so many seconds of the made voice of this seed as stereo at 48 kHz.
pub fn write_voice(path: &Path, seed: u64, seconds: usize) -> Result<()> {
    let mut voice = Voice::new(seed);
    let mut mono = vec![0.0; 48_000 * seconds * voice.channels()];
    voice.read(&mut mono)?;
    let stereo: Vec<f32> = mono.chunks_exact(voice.channels()).flat_map(|frame| [frame[0], frame[0]]).collect();
    write(path, &stereo)
}

/// How much the loudest four seconds of one file are like the best matching four of another, played in a loop: the
/// correlation of their envelopes, 1 for the same.
pub fn likeness(original: &Path, heard: &Path) -> Result<f64> {
    let (original, heard) = (envelope(original)?, envelope(heard)?);
    let looped: Vec<f64> = original.iter().chain(&original).copied().collect();
    let loudest = heard.windows(STRETCH).max_by(|a, b| a.iter().sum::<f64>().total_cmp(&b.iter().sum()));
    let Some(loudest) = loudest else { return Ok(0.0) };
    Ok(looped.windows(STRETCH).map(|stretch| correlation(stretch, loudest)).fold(0.0, f64::max))
}

fn envelope(path: &Path) -> Result<Vec<f64>> {
    let sound = read(path)?;
    let rms = |hop: &[f32]| (hop.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / HOP as f64).sqrt();
    Ok(sound.left.chunks_exact(HOP).map(rms).collect())
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().map(|x| x - mean_a).zip(b.iter().map(|y| y - mean_b)) {
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::source::music::Music;

    #[test]
    fn a_voice_is_like_itself_and_unlike_music() {
        let folder = tempfile::tempdir().unwrap();
        let [voice, music] = ["voice.wav", "music.wav"].map(|name| folder.path().join(name));
        write_voice(&voice, 1, 12).unwrap();
        let mut samples = vec![0.0; 2 * 48_000 * 12];
        Music::new(7).read(&mut samples).unwrap();
        write(&music, &samples).unwrap();
        assert!(likeness(&voice, &voice).unwrap() > 0.99);
        let unlike = likeness(&voice, &music).unwrap();
        assert!(unlike < 0.7, "a voice and music are alike by {unlike}");
    }
}
