//! Makes a recording whole again whose writer was killed.

use crate::chunks::layout;
use crate::header::header;
use crate::{PcmHash, ReadError, WavReader, WavSpec};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use units::SampleCount;

/// What an interrupted recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Its length: every whole frame that reached the file.
    pub frames: SampleCount,
    /// The hash over them.
    pub pcm_hash: PcmHash,
    /// Whether something had to be changed.
    pub changed: bool,
}

/// Why a file cannot be repaired. None of these changes it.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The path leads to nothing that can be opened for writing.
    #[error("The recording {path} cannot be opened ({cause}): check the path and its permissions.")]
    Open {
        /// The path as given.
        path: String,
        /// The system's words.
        cause: io::Error,
    },
    /// Its writer died before the header was whole.
    #[error("The recording ends within its header, so there is no sound in it: delete it.")]
    Headless,
    /// Something else than [`WavWriter`](crate::WavWriter) has written it.
    #[error("The file is no recording of this program and stays as it is: open it with the program that made it.")]
    Foreign,
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system refused.
    #[error("The recording cannot be repaired ({0}): check the disk and try again.")]
    Io(#[from] io::Error),
}

/// Repairs what a [`WavWriter`](crate::WavWriter) left at `path`: every whole frame counts, a part of one at the end is
/// cut off, and the header says so. A file that is whole already stays as it is, so repairing twice is harmless, and a
/// kill during the repair too. Reads the whole file for its hash; blocks on the disk.
///
/// # Errors
/// If there is no such file, nothing is in it, or it is not one of ours.
pub fn repair(path: impl AsRef<Path>) -> Result<Repaired, RepairError> {
    let path = path.as_ref();
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let mut file = opened.map_err(|cause| RepairError::Open { path: path.display().to_string(), cause })?;
    let changed = mend(&mut file)?;
    let mut reader = WavReader::new(file)?;
    Ok(Repaired { frames: reader.frames(), pcm_hash: reader.pcm_hash()?, changed })
}

/// Brings the header and the end of the file in line with what is there. Whether it had to.
fn mend(file: &mut File) -> Result<bool, RepairError> {
    let file_bytes = file.metadata()?.len();
    let layout = layout(file).map_err(|error| unreadable(error, file_bytes))?;
    let declared = layout.declared_bytes.unwrap_or(0);
    let data_bytes = whole_bytes(&layout.spec, file_bytes - layout.data_at, declared);
    let header = header(&layout.spec, layout.bext.as_ref(), data_bytes, u64::from(u32::MAX));
    if header.len() as u64 != layout.data_at {
        return Err(RepairError::Foreign);
    }
    let right_bytes = layout.data_at + data_bytes + (data_bytes & 1);
    if (declared, file_bytes) == (data_bytes, right_bytes) {
        return Ok(false);
    }
    file.set_len(right_bytes)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    file.sync_all()?;
    Ok(true)
}

/// How much of `present` bytes are whole frames.
fn whole_bytes(spec: &WavSpec, present: u64, declared: u64) -> u64 {
    let frame = spec.frame_bytes() as u64;
    // With frames of one byte the last one may be the byte that makes the chunk even.
    let padding = u64::from(frame == 1 && present > declared && present.is_multiple_of(2));
    (present - padding) / frame * frame
}

fn unreadable(error: ReadError, file_bytes: u64) -> RepairError {
    match error {
        ReadError::Empty | ReadError::NoFormat | ReadError::NoData => RepairError::Headless,
        ReadError::NotWav if file_bytes < 12 => RepairError::Headless,
        ReadError::NotWav | ReadError::Coding { .. } => RepairError::Foreign,
        other => RepairError::Read(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bext, PcmHasher, SampleFormat, WavWriter};
    use proptest::prelude::*;
    use std::fs;
    use tempfile::TempDir;
    use units::SampleRate;

    fn spec(format: SampleFormat, channels: u16) -> WavSpec {
        WavSpec { rate: SampleRate(48_000), channels, format }
    }

    /// A recording of `blocks` blocks of 7 frames, as it lies on the disk, and its samples.
    fn recording(folder: &TempDir, spec: WavSpec, bext: Option<Bext>, blocks: usize) -> (Vec<u8>, Vec<f32>) {
        let path = folder.path().join("whole.wav");
        let file = File::create(&path).unwrap();
        let mut writer = match bext {
            Some(bext) => WavWriter::with_bext(file, spec, bext).unwrap(),
            None => WavWriter::new(file, spec).unwrap(),
        };
        let values = 7 * usize::from(spec.channels);
        let sound: Vec<f32> = (0..blocks * values).map(|i| ((i * 37) % 251) as f32 / 256.0 - 0.5).collect();
        sound.chunks(values).for_each(|block| writer.write(block).unwrap());
        writer.close().unwrap();
        (fs::read(&path).unwrap(), sound)
    }

    /// What is read from a file after its repair.
    fn repaired(folder: &TempDir, bytes: &[u8]) -> Result<(Repaired, Vec<f32>), RepairError> {
        let path = folder.path().join("cut.wav");
        fs::write(&path, bytes).unwrap();
        let repaired = repair(&path)?;
        assert_eq!(repair(&path).unwrap(), Repaired { changed: false, ..repaired }, "a second repair changes nothing");
        let mut reader = WavReader::open(&path).unwrap();
        assert_eq!((reader.truncated(), reader.frames()), (None, repaired.frames));
        let mut sound = vec![0.0; repaired.frames.0 as usize * usize::from(reader.spec().channels)];
        reader.read(&mut sound).unwrap();
        Ok((repaired, sound))
    }

    #[test]
    fn cut_at_every_byte_a_recording_keeps_every_whole_frame() {
        let bext = Bext { description: "take 3".to_owned(), time_reference: SampleCount(77), ..Bext::default() };
        let cases = [
            (SampleFormat::F32, 2, Some(bext)),
            (SampleFormat::I24, 1, None),
            (SampleFormat::I24, 2, None),
            (SampleFormat::I16, 1, None),
        ];
        for (format, channels, bext) in cases {
            let folder = tempfile::tempdir().unwrap();
            let spec = spec(format, channels);
            let (file, sound) = recording(&folder, spec, bext, 6);
            let head =
                header(&spec, WavReader::open(folder.path().join("whole.wav")).unwrap().bext(), 0, u64::MAX).len();
            for cut in 0..=file.len() {
                let there = repaired(&folder, &file[..cut]);
                let Some(data) = cut.checked_sub(head) else {
                    assert!(matches!(there, Err(RepairError::Headless)), "{format:?} cut at {cut}");
                    continue;
                };
                let (repaired, read) = there.unwrap();
                let frames = (data / spec.frame_bytes()).min(sound.len() / usize::from(channels));
                assert_eq!(repaired.frames, SampleCount(frames as u64), "{format:?} cut at {cut}");
                assert!(read.iter().zip(&sound).all(|(a, b)| (a - b).abs() < 1e-4));
            }
        }
    }

    #[test]
    fn frames_that_the_header_does_not_tell_of_yet_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(SampleFormat::F32, 2);
        let (file, sound) = recording(&folder, spec, None, 5);
        let mut stale = file.clone();
        let head = header(&spec, None, 3 * 7 * 8, u64::MAX);
        stale[..head.len()].copy_from_slice(&head);
        let (repaired, read) = repaired(&folder, &stale).unwrap();
        assert_eq!((repaired.frames, repaired.changed, read), (SampleCount(35), true, sound));
        assert_eq!(fs::read(folder.path().join("cut.wav")).unwrap(), file, "as if it had never been interrupted");
    }

    #[test]
    fn the_byte_that_makes_a_chunk_even_is_no_sample() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(SampleFormat::U8, 1);
        let (mut file, sound) = recording(&folder, spec, None, 3);
        assert_eq!((sound.len(), file.len() % 2), (21, 0));
        assert!(!repaired(&folder, &file).unwrap().0.changed);
        let head = header(&spec, None, 14, u64::MAX);
        file[..head.len()].copy_from_slice(&head);
        assert_eq!(repaired(&folder, &file).unwrap().0.frames, SampleCount(21));
    }

    #[test]
    fn what_is_not_ours_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = recording(&folder, spec(SampleFormat::I16, 2), None, 2);
        let mut foreign = file.clone();
        // Without the reserved chunk, as other programs write it.
        foreign.drain(12..12 + 36);
        foreign.truncate(foreign.len() - 3);
        for bytes in [&foreign[..], &b"OggS\0\0\0\0\0\0\0\0\0\0\0\0"[..]] {
            assert!(matches!(repaired(&folder, bytes), Err(RepairError::Foreign)));
            assert_eq!(fs::read(folder.path().join("cut.wav")).unwrap(), bytes);
        }
        let error = repair(folder.path().join("no.wav")).unwrap_err().to_string();
        assert!(error.contains("no.wav"), "{error}");
    }

    proptest! {
        #[test]
        fn the_hash_of_what_is_left_is_the_hash_of_its_samples(
            channels in 1u16..4, blocks in 0usize..12, cut: prop::sample::Index,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let spec = spec(SampleFormat::F32, channels);
            let (file, sound) = recording(&folder, spec, None, blocks);
            let head = header(&spec, None, 0, u64::MAX).len();
            let cut = head + cut.index(file.len() - head + 1);
            let (repaired, read) = repaired(&folder, &file[..cut]).unwrap();
            let mut hasher = PcmHasher::new(&spec);
            hasher.update(&sound[..read.len()]);
            prop_assert_eq!(repaired.pcm_hash, hasher.finish());
        }
    }
}
