use super::*;
use sound_files::{SampleFormat, WavSpec, WavWriter};
use std::path::PathBuf;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn wav(folder: &TempDir, format: SampleFormat, channels: u16, samples: &[f32]) -> PathBuf {
    let path = folder.path().join("sound.wav");
    let spec = WavSpec { rate: SampleRate(44_100), channels, format };
    WavWriter::create(&path, spec).unwrap().write(samples).unwrap();
    path
}

fn refused(path: impl AsRef<Path>) -> String {
    open(path, &[]).err().expect("this file must be refused").to_string()
}

/// Everything in the file, read in odd blocks, and what was said about it.
fn drain(source: &mut dyn Source) -> (Vec<f32>, Vec<String>) {
    let (mut all, mut block) = (Vec::new(), vec![0.0; 331 * source.channels()]);
    loop {
        let frames = source.read(&mut block).unwrap();
        all.extend_from_slice(&block[..frames * source.channels()]);
        if frames < 331 {
            break;
        }
    }
    assert_eq!(source.read(&mut block).unwrap(), 0, "the end is the end");
    (all, std::iter::from_fn(|| source.poll_warning()).collect())
}

fn cycles(samples: &[f32], side: usize) -> usize {
    let channel: Vec<f32> = samples.iter().skip(side).step_by(2).copied().collect();
    channel.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count()
}

/// Each holds 1 kHz on the left and 1.5 kHz on the right at 44.1 kHz, made by FFmpeg 5.1.
const TONES: [(&str, &[u8], f64); 7] = [
    ("tone.flac", include_bytes!("../testdata/tone.flac"), 0.1),
    ("tone.ogg", include_bytes!("../testdata/tone.ogg"), 0.25),
    ("tone.mp3", include_bytes!("../testdata/tone.mp3"), 0.25),
    ("tone.m4a", include_bytes!("../testdata/tone.m4a"), 0.25),
    ("alac.m4a", include_bytes!("../testdata/alac.m4a"), 0.1),
    ("tone.aiff", include_bytes!("../testdata/tone.aiff"), 0.1),
    ("adpcm.wav", include_bytes!("../testdata/adpcm.wav"), 0.1),
];

fn tone(name: &str) -> (&'static [u8], f64) {
    let (_, bytes, seconds) = TONES.into_iter().find(|(tone, ..)| *tone == name).unwrap();
    (bytes, seconds)
}

#[test]
fn every_usual_format_gives_its_own_rate_both_sides_and_its_whole_length() {
    let folder = folder();
    for (name, bytes, seconds) in TONES {
        let mut source = open(put(&folder, name, bytes), &[]).unwrap();
        assert_eq!((source.rate(), source.channels()), (SampleRate(44_100), 2), "{name}");
        let (samples, warnings) = drain(source.as_mut());
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
        let frames = (44_100.0 * seconds) as usize;
        assert!((frames..frames + 2_500).contains(&(samples.len() / 2)), "{name}: {} frames", samples.len() / 2);
        for (side, hz) in [(0, 1_000.0), (1, 1_500.0)] {
            let counted = cycles(&samples, side) as f64;
            let (least, most) = (0.97 * hz * seconds, hz * samples.len() as f64 / 88_200.0 + 9.0);
            assert!((least..most).contains(&counted), "{name}, side {side}: {counted} cycles");
        }
    }
}

#[test]
fn the_name_of_a_file_does_not_matter() {
    let folder = folder();
    assert!(open(put(&folder, "mix.wav", TONES[0].1), &[]).is_ok());
    assert!(open(put(&folder, "mix", TONES[2].1), &[]).is_ok());
}

#[test]
fn a_missing_file_a_folder_and_an_empty_file_are_refused_in_words() {
    let folder = folder();
    assert!(refused(folder.path().join("no.wav")).starts_with("There is no file at "));
    assert!(refused(folder.path()).contains("is a folder"));
    assert!(refused(put(&folder, "empty.wav", b"")).contains("holds no sound"));
    assert!(refused(wav(&folder, SampleFormat::I16, 2, &[])).contains("holds no sound"));
}

#[test]
fn what_is_no_sound_is_refused_in_words() {
    let folder = folder();
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(500);
    assert!(refused(put(&folder, "notes.txt", text.as_bytes())).contains("is not a sound file"));
    let mut state = 1u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let noise: Vec<u8> = noise.take(200_000).collect();
    assert!(refused(put(&folder, "noise.mp3", &noise)).contains("is not a sound file"));
    assert!(refused(put(&folder, "picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).contains("is not a sound file"));
}

#[test]
fn opus_in_ogg_is_refused_with_the_way_out() {
    let folder = folder();
    let told = refused(put(&folder, "tone.opus", include_bytes!("../testdata/tone.opus")));
    assert!(told.contains("convert it to WAV or FLAC"), "{told}");
}

#[test]
fn a_wav_file_that_ends_in_its_header_is_refused_and_one_that_ends_later_is_played_with_a_warning() {
    let folder = folder();
    let whole = std::fs::read(wav(&folder, SampleFormat::I16, 2, &[0.5; 2_000])).unwrap();
    assert!(refused(put(&folder, "head.wav", &whole[..60])).contains("is cut off"));
    let mut source = open(put(&folder, "half.wav", &whole[..whole.len() - 2_001]), &[]).unwrap();
    let (samples, warnings) = drain(source.as_mut());
    assert_eq!(samples, [0.5; 998]);
    assert!(warnings.len() == 1 && warnings[0].contains("499 of 1000 samples"), "{warnings:?}");
}

#[test]
fn cut_compressed_files_are_played_as_far_as_they_go_with_a_warning() {
    let folder = folder();
    for (name, missing) in [("tone.flac", 1_600), ("tone.ogg", 400), ("tone.mp3", 900)] {
        let (bytes, seconds) = tone(name);
        let path = put(&folder, name, &bytes[..bytes.len() - missing]);
        let mut source = open(path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let (samples, warnings) = drain(source.as_mut());
        let frames = samples.len() / 2;
        assert!(frames > 1_000 && frames < (44_100.0 * seconds) as usize, "{name}: {frames} frames");
        assert!(warnings.iter().any(|warning| warning.contains("cut off")), "{name}: {frames} frames, {warnings:?}");
    }
}

#[test]
fn files_that_cannot_be_used_once_cut_are_refused_in_words() {
    let folder = folder();
    for (name, kept) in [("tone.flac", 6_000), ("tone.aiff", 9_000), ("tone.m4a", 2_000)] {
        let (bytes, _) = tone(name);
        let told = refused(put(&folder, name, &bytes[..kept]));
        assert!(told.contains("is cut off") || told.contains("holds no sound"), "{told}");
    }
}

#[test]
fn eight_bits_and_eight_channels_are_sound_like_any_other() {
    let folder = folder();
    let samples: Vec<f32> = (0..800).map(|i| (i % 8) as f32 / 8.0).collect();
    for format in [SampleFormat::U8, SampleFormat::I24, SampleFormat::F64] {
        let mut source = open(wav(&folder, format, 8, &samples), &[]).unwrap();
        assert_eq!((source.channels(), source.len_hint()), (8, Some(SampleCount(100))));
        assert_eq!(drain(source.as_mut()), (samples.clone(), vec![]));
    }
}

#[test]
fn a_silent_file_is_played_with_one_warning_and_a_quiet_one_without() {
    let folder = folder();
    for (level, said) in [(0.0, 1), (3.0e-5, 1), (3.4e-5, 0)] {
        let mut source = open(wav(&folder, SampleFormat::F32, 1, &vec![level; 11 * 44_100]), &[]).unwrap();
        let (samples, warnings) = drain(source.as_mut());
        assert_eq!((samples.len(), warnings.len()), (11 * 44_100, said), "{level}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains("is silent")));
    }
}

#[test]
fn picked_channels_come_in_the_order_given_and_their_silence_is_told() {
    let folder = folder();
    let samples: Vec<f32> = (0..8_000).map(|i| if i % 8 < 4 { 0.0 } else { (i % 8) as f32 / 8.0 }).collect();
    let path = wav(&folder, SampleFormat::F32, 8, &samples);
    for (pick, values, said) in [(&[7u16, 6][..], &[0.75, 0.625][..], 0), (&[5], &[0.5], 0), (&[1, 2], &[0.0, 0.0], 1)]
    {
        let mut source = open(&path, pick).unwrap();
        assert_eq!((source.channels(), source.len_hint()), (pick.len(), Some(SampleCount(1_000))));
        let (samples, warnings) = drain(source.as_mut());
        assert_eq!(samples, values.repeat(1_000));
        assert_eq!(warnings.len(), said, "{warnings:?}");
    }
    let told = open(&path, &[8, 9]).err().unwrap().to_string();
    assert!(told.contains("has 8 channels, so @8,9 cannot be picked: choose from 1 to 8"), "{told}");
}

/// So many frames of a looped file, read in odd blocks, and what was said about it.
fn looped(path: &Path, frames: usize) -> (Vec<f32>, Vec<String>) {
    let mut source = Looped::open(path, &[]).unwrap();
    let (mut all, channels) = (vec![0.0; frames * source.channels()], source.channels());
    for block in all.chunks_mut(331 * channels) {
        assert_eq!(source.read(block).unwrap(), block.len() / channels);
    }
    (all, std::iter::from_fn(|| source.poll_warning()).collect())
}

#[test]
fn a_looped_file_begins_anew_at_its_end_without_a_sample_between() {
    let folder = folder();
    let samples: Vec<f32> = (0..200).map(|i| i as f32 / 256.0).collect();
    let path = wav(&folder, SampleFormat::F32, 2, &samples);
    assert_eq!(looped(&path, 1_000), (samples.repeat(10), vec![]));
    let flac = put(&folder, "tone.flac", TONES[0].1);
    let (once, _) = drain(open(&flac, &[]).unwrap().as_mut());
    assert_eq!(looped(&flac, once.len()), (once.repeat(2), vec![]));
}

#[test]
fn what_is_wrong_with_a_looped_file_is_told_once() {
    let folder = folder();
    let path = wav(&folder, SampleFormat::F32, 1, &[0.0; 500]);
    let (_, warnings) = looped(&path, 2_000);
    assert!(warnings.len() == 1 && warnings[0].contains("is silent"), "{warnings:?}");
}

#[test]
fn a_looped_file_that_is_taken_away_or_changed_ends_with_the_reason() {
    let folder = folder();
    let begun = || {
        let path = wav(&folder, SampleFormat::F32, 2, &[0.5; 200]);
        (Looped::open(&path, &[]).unwrap(), path)
    };
    let (mut taken, path) = begun();
    std::fs::remove_file(path).unwrap();
    assert!(matches!(taken.read(&mut [0.0; 400]), Err(SourceError::Missing { .. })));
    let (mut changed, path) = begun();
    std::fs::remove_file(path).unwrap();
    wav(&folder, SampleFormat::F32, 1, &[0.5; 200]);
    assert!(matches!(changed.read(&mut [0.0; 400]), Err(SourceError::Changed { .. })));
}
