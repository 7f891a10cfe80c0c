//! What the next run of the program needs from this one: who one was, and what the relay has not answered. One file for
//! each invitation and name, readable by its owner only, because it holds the secret with which one comes back.

use client_core::outbox::Kept;
use protocol::grants::Role;
use protocol::ids::{ParticipantId, SessionId};
use protocol::link::InviteLink;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file's contents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Which session.
    pub(super) session: SessionId,
    /// Who one was.
    pub(super) participant: ParticipantId,
    /// As what.
    pub(super) role: Role,
    /// The secret from the last `welcome`.
    pub(super) resume: String,
    /// What is not answered yet, and what was answered to scripts.
    pub(super) outbox: Kept,
}

/// The file, held by this process alone.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    _lock: File,
}

impl Memory {
    /// Opens the file of this invitation and name; what an earlier run left in it, if anything. None when another running
    /// client holds it, who is then the one that comes back. Blocks.
    pub(super) fn open(
        folder: &Path,
        link: &InviteLink,
        name: &str,
    ) -> io::Result<Option<(Memory, Option<Remembered>)>> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(file_name(link, name));
        let lock = private().write(true).create(true).truncate(false).open(path.with_extension("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        // A file that cannot be read is of another version or torn; the session itself has lost nothing by it.
        let left = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Some((Memory { path, _lock: lock }, left)))
    }

    /// Puts `remembered` in the place of what is there, durably: after a kill or a power cut the one or the other is
    /// there, whole. Blocks for a disk flush.
    pub(super) fn write(&self, remembered: &Remembered) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = private().write(true).create(true).truncate(true).open(&fresh)?;
        file.write_all(&serde_json::to_vec(remembered)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Everything is answered and one has left: nobody comes back.
    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Where such files lie unless somebody says otherwise; none when the system names no such place.
pub(super) fn usual_folder(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else {
        set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))
    };
    Some(base?.join("farfield"))
}

fn file_name(link: &InviteLink, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().take(40).map(plain).collect();
    format!("{}-{name}.json", link.invite)
}

fn private() -> OpenOptions {
    #[allow(unused_mut)]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn link() -> InviteLink {
        "http://127.0.0.1:1/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap()
    }

    fn remembered(resume: &str) -> Remembered {
        let (session, participant) = (SessionId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(2)));
        Remembered { session, participant, role: Role::Mentor, resume: resume.into(), outbox: Kept::default() }
    }

    #[test]
    fn the_next_run_finds_what_was_written_last_and_nothing_after_an_orderly_end() {
        let folder = tempfile::tempdir().unwrap();
        let (memory, left) = Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap();
        assert_eq!(left, None);
        memory.write(&remembered("first")).unwrap();
        memory.write(&remembered("second")).unwrap();
        drop(memory);
        let (memory, left) = Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap();
        assert_eq!(left, Some(remembered("second")));
        memory.forget();
        drop(memory);
        assert_eq!(Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap().1, None);
    }

    #[test]
    fn two_clients_at_once_do_not_share_a_memory_and_other_names_have_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let held = Memory::open(folder.path(), &link(), "Ida").unwrap();
        assert!(Memory::open(folder.path(), &link(), "Ida").unwrap().is_none());
        assert!(Memory::open(folder.path(), &link(), "../../Ada").unwrap().is_some());
        drop(held);
        assert!(Memory::open(folder.path(), &link(), "Ida").unwrap().is_some());
    }

    #[test]
    fn a_torn_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file_name(&link(), "Ida")), b"{\"sess").unwrap();
        assert_eq!(Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap().1, None);
    }

    #[test]
    fn any_bytes_in_the_file_are_what_was_left_or_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(&link(), "Ida"));
        let whole = serde_json::to_vec(&remembered("secret")).unwrap();
        bolero::check!().with_type::<(Vec<(u16, u8)>, u16)>().for_each(|(bytes, cut)| {
            let mut text = whole.clone();
            let length = text.len();
            bytes.iter().take(3).for_each(|(at, byte)| text[usize::from(*at) % length] = *byte);
            text.truncate(length - usize::from(*cut) % length);
            std::fs::write(&path, &text).unwrap();
            let (memory, left) = Memory::open(folder.path(), &link(), "Ida").unwrap().expect("nobody else holds it");
            if let Some(left) = left {
                memory.write(&left).unwrap();
                drop(memory);
                assert_eq!(Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap().1, Some(left));
            }
        });
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (memory, _) = Memory::open(folder.path(), &link(), "Ida").unwrap().unwrap();
        memory.write(&remembered("secret")).unwrap();
        assert_eq!(std::fs::metadata(&memory.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_usual_folder_follows_the_systems_word() {
        let home = |name: &str| (name == "HOME").then(|| "/home/ida".to_owned());
        let state = |name: &str| Some(if name == "HOME" { "/home/ida" } else { "/state" }.to_owned());
        if cfg!(unix) {
            assert_eq!(usual_folder(home), Some("/home/ida/.local/state/farfield".into()));
            assert_eq!(usual_folder(state), Some("/state/farfield".into()));
        }
        assert_eq!(usual_folder(|_| None), None);
    }
}
