//! The small file beside a part's sound that says what it is.

use client_core::take::{EpochName, Left, PartHead, Seat};
use protocol::ids::{LogId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use protocol::session::limits::MAX_POSITION;
use protocol::session::take::CaptureGap;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use units::{SampleRate, SampleTime};

/// Its content. Later versions only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sidecar {
    session: SessionId,
    log: LogId,
    participant: ParticipantId,
    take: TakeNumber,
    part: PartId,
    stream: StreamId,
    epoch: u32,
    from: SampleTime,
    rate: SampleRate,
    channels: u8,
    /// The first sample that was captured after the roll; none where that is not known.
    #[serde(default)]
    roll: Option<SampleTime>,
    /// What the source never had.
    pub(super) gaps: Vec<CaptureGap>,
    /// What was lost on the way to the disk.
    pub(super) holes: Vec<CaptureGap>,
    /// How it ended; none while it is being recorded, or when nobody could write it any more.
    pub(super) end: Option<End>,
    /// Whether the journal knows all of it.
    pub(super) settled: bool,
}

/// How a part ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) to: SampleTime,
    pub(super) pcm_hash: String,
    pub(super) reason: Option<String>,
}

impl Sidecar {
    pub(super) fn new(head: &PartHead, gaps: Vec<CaptureGap>, holes: Vec<CaptureGap>) -> Sidecar {
        let PartHead { part, take, seat, name, from, rate, channels, roll } = *head;
        Sidecar {
            session: seat.session,
            log: seat.log,
            participant: seat.participant,
            take,
            part,
            stream: name.stream,
            epoch: name.epoch,
            from,
            rate,
            channels,
            roll,
            gaps,
            holes,
            end: None,
            settled: false,
        }
    }

    /// What it is about.
    pub(super) fn head(&self) -> PartHead {
        PartHead {
            part: self.part,
            take: self.take,
            seat: Seat { session: self.session, log: self.log, participant: self.participant },
            name: EpochName { stream: self.stream, epoch: self.epoch },
            from: self.from,
            rate: self.rate,
            channels: self.channels,
            roll: self.roll,
        }
    }

    /// What there is of the part, once it has ended.
    pub(super) fn left(&self) -> Option<Left> {
        let End { to, pcm_hash, reason } = self.end.clone()?;
        Some(Left { to, gaps: self.gaps.clone(), pcm_hash, reason })
    }

    /// Samples per channel that were lost on the way to the disk.
    pub(super) fn lost(&self) -> u64 {
        self.holes.iter().fold(0, |lost, hole| lost.saturating_add(hole.samples.0))
    }

    /// # Errors
    /// When there is none, or it is none that a recorder writes.
    pub(super) fn read(path: &Path) -> io::Result<Sidecar> {
        let read: Sidecar = serde_json::from_slice(&fs::read(path)?)?;
        if read.is_possible() {
            return Ok(read);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "it tells of sound that cannot be; move it elsewhere"))
    }

    /// Whether positions, lengths and format are such as a recorder counts in, so that they can be reckoned with.
    fn is_possible(&self) -> bool {
        let counts = |at: SampleTime| at.0.unsigned_abs() <= MAX_POSITION.unsigned_abs();
        let fits = |gap: &CaptureGap| counts(gap.at) && gap.samples.0 <= MAX_POSITION.unsigned_abs();
        // A part may begin at the very last position and still have a length.
        let ends = self.end.as_ref().is_none_or(|end| end.to.0.unsigned_abs() <= 2 * MAX_POSITION.unsigned_abs());
        let sound = self.rate.0 > 0 && self.channels > 0 && counts(self.from) && ends;
        let rolls = self.roll.is_none_or(|roll| counts(roll) && roll >= self.from);
        sound && rolls && self.gaps.iter().chain(&self.holes).all(fits)
    }

    /// Writes it so that a kill or a power cut leaves the old one or the new one.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let fresh = path.with_extension("json.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    }
}

/// The folder of one take.
pub(super) fn take_folder(folder: &Path, session: SessionId, take: TakeNumber) -> PathBuf {
    folder.join(session.to_string()).join(format!("take-{:03}", take.0))
}

/// The sidecars of all parts of a session, in the order of takes and names. What cannot be read is left out.
pub(super) fn sidecars(folder: &Path, session: SessionId) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(&folder.join(session.to_string())).flat_map(|take| entries(&take)).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    found.sort();
    found
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// Where a part's sound is, by its sidecar.
pub(super) fn sound_of(sidecar: &Path) -> PathBuf {
    sidecar.with_extension("wav")
}

/// Remembers that the journal knows all of a part.
pub(super) fn settle(folder: &Path, session: SessionId, part: PartId) -> io::Result<()> {
    let ending = format!("{part}.json");
    let is_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending));
    let Some(path) = sidecars(folder, session).into_iter().find(is_it) else { return Ok(()) };
    let known = Sidecar::read(&path)?;
    Sidecar { settled: true, ..known }.save(&path)
}
