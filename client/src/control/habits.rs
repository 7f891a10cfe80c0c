//! What somebody has chosen for all sessions, remembered in the state folder.

use client_core::reaction::USUAL_REACTION_MS;
use protocol::session::limits::MAX_REACTION_MS;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const FILE: &str = "habits.json";

/// The file's contents.
#[derive(Serialize, Deserialize)]
struct Habits {
    /// How long before a key press its author means, in ms.
    reaction_ms: u32,
}

/// The reaction offset that was chosen last, in ms; the usual one where none was or the file cannot be read. Blocks.
pub(super) fn load(folder: &Path) -> u32 {
    let read = std::fs::read(folder.join(FILE)).ok();
    let habits = read.and_then(|bytes| serde_json::from_slice::<Habits>(&bytes).ok());
    let chosen = habits.map(|habits| habits.reaction_ms).filter(|ms| *ms <= MAX_REACTION_MS);
    chosen.unwrap_or(USUAL_REACTION_MS)
}

/// Remembers it: whoever reads finds the one before or this one. Blocks.
pub(super) fn save(folder: &Path, reaction_ms: u32) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let fresh = folder.join("habits.new");
    std::fs::write(&fresh, serde_json::to_vec(&Habits { reaction_ms })?)?;
    std::fs::rename(fresh, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reaction_offset_that_was_chosen_last_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("farfield");
        assert_eq!(load(&folder), USUAL_REACTION_MS);
        save(&folder, 1_000).unwrap();
        save(&folder, 0).unwrap();
        assert_eq!(load(&folder), 0);
    }

    #[test]
    fn what_is_no_offset_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{\"reaction_ms\":2001}", "{\"reaction_ms\":-1}"] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            assert_eq!(load(folder.path()), USUAL_REACTION_MS, "{text}");
        }
    }
}
