//! One part on its way to the disk.

use super::sidecar::{End, Sidecar, sound_of, take_folder};
use super::{disk, when};
use client_core::take::{Left, PartHead, add_gap};
use protocol::session::take::CaptureGap;
use sound_files::{Bext, PcmHasher, SampleFormat, WavSpec, WavWriter, WriteError};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use units::SampleCount;

/// How often what was written is made to survive a power cut. A kill of the process loses nothing of it anyway.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Values of silence written at once.
const SILENCE: usize = 1 << 16;
/// People are told when the disk has room for less than this.
const SHORT: Duration = Duration::from_secs(30 * 60);

/// A part being written.
pub(super) struct PartFile {
    head: PartHead,
    sidecar: Sidecar,
    sidecar_path: PathBuf,
    reserve_bytes: u64,
    writer: WavWriter<File>,
    hasher: PcmHasher,
    pending: Vec<f32>,
    synced: Instant,
    lock: Lock,
}

/// Tells other programs of ours, and whoever looks for interrupted parts, that a file is being written. It ends with
/// the process at the latest. A file system without locks has one of us only.
struct Lock(Option<File>);

/// Where parts go.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) folder: &'a Path,
    pub(super) label: &'static str,
    pub(super) reserve_bytes: u64,
    /// When the run's sample 0 was captured.
    pub(super) began: SystemTime,
}

/// Why a part is not written, or not written on.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartError {
    #[error("the disk is full: make room in {folder}, then roll another take")]
    Full { folder: String },
    #[error(
        "the folder {folder} cannot be written to ({cause}): check its permissions, or name another by --recordings"
    )]
    Folder { folder: String, cause: io::Error },
    #[error("its description cannot be written ({0}): check the disk, then roll another take")]
    Sidecar(io::Error),
    #[error("{0}")]
    Sound(#[from] WriteError),
}

impl PartFile {
    /// Makes the files of a part that misses these already.
    pub(super) fn create(
        place: Place<'_>,
        head: PartHead,
        (gaps, holes): (Vec<CaptureGap>, Vec<CaptureGap>),
    ) -> Result<PartFile, PartError> {
        let folder = take_folder(place.folder, head.seat.session, head.take);
        let cannot = |cause| PartError::Folder { folder: folder.display().to_string(), cause };
        has_room(&folder, place.reserve_bytes)?;
        fs::create_dir_all(&folder).map_err(cannot)?;
        let sidecar_path = folder.join(format!("{}-{}.json", place.label, head.part));
        let file = File::options().read(true).write(true).create_new(true).open(sound_of(&sidecar_path));
        let file = file.map_err(cannot)?;
        let lock = Lock::take(&file);
        let spec = spec(&head);
        let writer = WavWriter::with_bext(file, spec, bext(&head, place))?;
        let sidecar = Sidecar::new(&head, gaps, holes);
        sidecar.save(&sidecar_path).map_err(PartError::Sidecar)?;
        // The names of both files survive a power cut, too.
        let _ = File::open(&folder).and_then(|folder| folder.sync_all());
        Ok(PartFile {
            hasher: PcmHasher::new(&spec),
            head,
            sidecar,
            sidecar_path,
            reserve_bytes: place.reserve_bytes,
            writer,
            pending: Vec::new(),
            synced: Instant::now(),
            lock,
        })
    }

    pub(super) fn head(&self) -> &PartHead {
        &self.head
    }

    /// Whether something was lost on the way to the disk.
    pub(super) fn is_damaged(&self) -> bool {
        self.sidecar.lost() > 0
    }

    /// A sentence when the disk will be full before long.
    pub(super) fn warning(&self) -> Option<String> {
        let free = disk::free_bytes(&self.sidecar_path)?.saturating_sub(self.reserve_bytes);
        let frames = SampleCount(free / self.writer.spec().frame_bytes() as u64);
        let left = frames.duration(self.head.rate);
        let minutes = left.as_secs() / 60;
        (left < SHORT).then(|| format!("the disk has room for {minutes} minutes of recording; make more"))
    }

    /// Adds what was captured. It is in the file after the next [`PartFile::flush`].
    pub(super) fn push(&mut self, sound: &[f32]) {
        self.pending.extend_from_slice(sound);
    }

    /// Adds silence for what the source never had. It is declared before it is in the file.
    pub(super) fn push_gap(&mut self, samples: SampleCount) -> Result<(), PartError> {
        self.flush()?;
        let at = self.head.from + self.writer.frames();
        add_gap(&mut self.sidecar.gaps, CaptureGap { at, samples });
        self.write_silence(samples)
    }

    /// Adds silence for what was lost on the way to the disk.
    pub(super) fn push_hole(&mut self, samples: SampleCount) -> Result<(), PartError> {
        self.flush()?;
        let at = self.head.from + self.writer.frames();
        add_gap(&mut self.sidecar.holes, CaptureGap { at, samples });
        self.write_silence(samples)
    }

    /// Brings everything into the file, and now and then onto the disk.
    pub(super) fn flush(&mut self) -> Result<(), PartError> {
        let pending = std::mem::take(&mut self.pending);
        let written = self.write(&pending);
        self.pending = pending;
        self.pending.clear();
        written?;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.synced = Instant::now();
            self.writer.sync()?;
            has_room(&self.sidecar_path, self.reserve_bytes)?;
        }
        Ok(())
    }

    /// Ends the part, damaged for this reason or as it should: everything is on the disk afterwards as far as the disk
    /// takes it. A sentence comes with it when that could not be noted; the next start of the program mends that.
    pub(super) fn finish(mut self, reason: Option<String>) -> (PartHead, Left, Option<String>) {
        let unwritten = self.flush().err().map(|error| error.to_string());
        let frames = self.writer.frames();
        let unsafe_yet = self.writer.close().err().map(|error| error.to_string());
        let lost = self.sidecar.lost();
        let damaged = (lost > 0).then(|| format!("{lost} samples were lost on the way to the disk"));
        let reason = reason.or(unwritten).or(unsafe_yet).or(damaged);
        let end = End { to: self.head.from + frames, pcm_hash: self.hasher.finish().to_string(), reason };
        let left = Left {
            to: end.to,
            gaps: client_core::take::clip_gaps(&self.sidecar.gaps, self.head.from, end.to),
            pcm_hash: end.pcm_hash.clone(),
            reason: end.reason.clone(),
        };
        self.sidecar.gaps.clone_from(&left.gaps);
        self.sidecar.end = Some(end);
        let unsaved = self.sidecar.save(&self.sidecar_path).err();
        drop(self.lock);
        (self.head, left, unsaved.map(|error| PartError::Sidecar(error).to_string()))
    }

    fn write(&mut self, sound: &[f32]) -> Result<(), PartError> {
        self.writer.write(sound)?;
        self.hasher.update(sound);
        Ok(())
    }

    fn write_silence(&mut self, samples: SampleCount) -> Result<(), PartError> {
        self.sidecar.save(&self.sidecar_path).map_err(PartError::Sidecar)?;
        let channels = u64::from(self.head.channels);
        let (silence, mut left) = (vec![0.0; SILENCE], samples.0 * channels);
        while left > 0 {
            let now = left.min(SILENCE as u64 / channels * channels);
            self.write(&silence[..now as usize])?;
            left -= now;
        }
        Ok(())
    }
}

impl Lock {
    fn take(file: &File) -> Lock {
        let _ = file.try_lock();
        Lock(file.try_clone().ok())
    }
}

impl Drop for Lock {
    /// By hand: a child process that is just being started may still hold the file open for a moment.
    fn drop(&mut self) {
        self.0.iter().for_each(|file| drop(file.unlock()));
    }
}

/// How parts are stored.
pub(super) fn spec(head: &PartHead) -> WavSpec {
    WavSpec { rate: head.rate, channels: u16::from(head.channels), format: SampleFormat::F32 }
}

fn has_room(path: &Path, reserve_bytes: u64) -> Result<(), PartError> {
    match disk::free_bytes(path) {
        Some(free) if free < reserve_bytes => Err(PartError::Full { folder: folder_of(path) }),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> String {
    let there = path.ancestors().find(|folder| folder.is_dir());
    there.unwrap_or(path).display().to_string()
}

/// Where the part lies in time. Times are UTC.
fn bext(head: &PartHead, place: Place<'_>) -> Bext {
    let from = SampleCount(head.from.0.unsigned_abs()).duration(head.rate);
    let (date, time) = when::date_and_time(place.began + from);
    Bext {
        description: format!("take {} {} part {} from {}", head.take, place.label, head.part, head.from.0),
        originator: "Farfield".to_owned(),
        date,
        time,
        time_reference: when::since_midnight(place.began, head.from, head.rate),
    }
}
