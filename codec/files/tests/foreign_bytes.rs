//! Any bytes give sound or an error, never a panic, and no more memory than they are worth. Runs bounded with the suite;
//! `cargo bolero test NAME` fuzzes on.

use sound_files::{Bext, PcmHasher, RepairError, SampleFormat, WavReader, WavSpec, WavWriter, repair};
use std::io::Cursor;
use std::path::Path;
use units::{SampleCount, SampleRate};

const FORMATS: [SampleFormat; 6] =
    [SampleFormat::U8, SampleFormat::I16, SampleFormat::I24, SampleFormat::I32, SampleFormat::F32, SampleFormat::F64];

/// A recording of eleven frames.
fn recording(kind: u8, with_bext: bool) -> Vec<u8> {
    let (format, channels) = (FORMATS[usize::from(kind) % FORMATS.len()], u16::from(kind / 64) + 1);
    let spec = WavSpec { rate: SampleRate(48_000), channels, format };
    let out = Cursor::new(Vec::new());
    let mut writer = match with_bext {
        true => WavWriter::with_bext(out, spec, Bext { description: "take 3".into(), ..Bext::default() }),
        false => WavWriter::new(out, spec),
    }
    .unwrap();
    let sound: Vec<f32> = (0..11 * usize::from(channels)).map(|n| n as f32 / 64.0 - 0.5).collect();
    writer.write(&sound).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A recording with some bytes changed, most of them in its header, and its end cut off or grown.
fn bent(kind: u8, with_bext: bool, bytes: &[(u16, u8)], cut: u8) -> Vec<u8> {
    let mut file = recording(kind, with_bext);
    let length = file.len();
    bytes.iter().take(4).for_each(|(at, byte)| file[usize::from(*at) % length] = *byte);
    file.resize((length + 8).saturating_sub(usize::from(cut)), 0x55);
    file
}

/// Reads all that is there, which is no more than the file has.
fn read(bytes: &[u8]) {
    let Ok(mut reader) = WavReader::new(Cursor::new(bytes)) else { return };
    let (frames, channels) = (reader.frames().0 as usize, usize::from(reader.spec().channels));
    assert!(frames * reader.spec().frame_bytes() <= bytes.len());
    let mut sound = vec![0.0; frames * channels];
    assert_eq!(reader.read(&mut sound).unwrap(), frames);
    let mut hasher = PcmHasher::new(reader.spec());
    hasher.update(&sound);
    if sound.iter().all(|value| value.is_finite()) {
        assert_eq!(reader.pcm_hash().unwrap(), hasher.finish());
    }
}

/// Repairs a file; what comes out is whole, and repairing it again changes nothing.
fn mend(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    match repair(path) {
        Ok(repaired) => {
            assert_eq!(repair(path).unwrap(), sound_files::Repaired { changed: false, ..repaired });
            let reader = WavReader::open(path).unwrap();
            assert_eq!((reader.truncated(), reader.frames()), (None, repaired.frames));
            assert!(repaired.frames <= SampleCount(bytes.len() as u64));
        }
        Err(RepairError::Open { .. } | RepairError::Io(_)) => panic!("the file is there"),
        Err(_) => assert_eq!(std::fs::read(path).unwrap(), bytes, "what cannot be repaired stays as it is"),
    }
}

#[test]
fn any_bytes_are_sound_or_none() {
    bolero::check!().for_each(|bytes: &[u8]| read(bytes));
}

#[test]
fn a_bent_file_is_sound_or_none() {
    bolero::check!()
        .with_type::<(u8, bool, Vec<(u16, u8)>, u8)>()
        .for_each(|(kind, with_bext, bytes, cut)| read(&bent(*kind, *with_bext, bytes, *cut)));
}

#[test]
fn a_bent_recording_is_repaired_or_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bent.wav");
    bolero::check!()
        .with_type::<(u8, bool, Vec<(u16, u8)>, u8)>()
        .for_each(|(kind, with_bext, bytes, cut)| mend(&path, &bent(*kind, *with_bext, bytes, *cut)));
}
