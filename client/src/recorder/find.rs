//! Parts that an earlier run of the program has left.

use super::part::spec;
use super::sidecar::{End, Sidecar, sidecars, sound_of};
use client_core::take::{Found, clip_gaps};
use protocol::ids::SessionId;
use sound_files::{PcmHasher, RepairError, WavWriter, repair};
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use units::SampleCount;

/// Finds every part of a session in `folder` that the journal does not know all of, and repairs what was interrupted.
/// What is being recorded now, by this program or another, is left alone. Reads interrupted files whole: blocks on the
/// disk, for seconds where there is much. What cannot be repaired is logged and tried again at the next call.
pub fn find_parts(folder: &Path, session: SessionId) -> Vec<Found> {
    let look = |path: &Path| match find(path) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(path = %path.display(), error = format!("{error:#}"), "a part of an earlier take stays as it is");
            None
        }
    };
    sidecars(folder, session).iter().filter_map(|path| look(path)).collect()
}

/// Why a part stays as it is for now.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Repair(#[from] RepairError),
    #[error(transparent)]
    Empty(#[from] sound_files::WriteError),
}

fn find(path: &Path) -> Result<Option<Found>, FindError> {
    let known = Sidecar::read(path)?;
    if known.settled {
        return Ok(None);
    }
    let sound = sound_of(path);
    let found = |left| Some(Found { head: known.head(), left, file: sound.display().to_string() });
    let file = match File::open(&sound) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(found(None)),
        opened => opened?,
    };
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Ok(None);
    }
    // It may have ended since it was read.
    let known = Sidecar::read(path)?;
    let known = if known.end.is_some() { known } else { mend(known, &sound)? };
    known.save(path)?;
    Ok(found(known.left()))
}

/// Repairs an interrupted part's sound and notes how it ended.
fn mend(mut known: Sidecar, sound: &Path) -> Result<Sidecar, FindError> {
    let head = known.head();
    let (frames, pcm_hash) = match repair(sound) {
        Ok(repaired) => (repaired.frames, repaired.pcm_hash),
        Err(RepairError::Headless) => {
            // Killed before the first sample: an empty file is what there is.
            WavWriter::create(sound, spec(&head))?.close()?;
            (SampleCount(0), PcmHasher::new(&spec(&head)).finish())
        }
        Err(error) => return Err(error.into()),
    };
    let to = head.from + frames;
    known.gaps = clip_gaps(&known.gaps, head.from, to);
    known.holes = clip_gaps(&known.holes, head.from, to);
    let lost = known.lost();
    let damaged =
        if lost > 0 { format!(", and {lost} samples were lost on the way to the disk") } else { String::new() };
    let reason = Some(format!("its recorder was killed{damaged}"));
    known.end = Some(End { to, pcm_hash: pcm_hash.to_string(), reason });
    Ok(known)
}
