//! Copies of a data folder: [`backup`] of one that a relay may be working in, [`restore`] into a new one.
//!
//! A backup is a folder with the same files as a data folder, private to its owner: the journal, the admission store and
//! the keys. It appears whole under its name or not at all.
//!
//! *Absent*: the audio of takes, copies of single sessions, a way to put a backup over what is there.

use super::verify::{Report, VerifyError, open_to_read, verify};
use super::{FILE, verify};
use crate::auth::KEY_FILES;
use crate::store::{self, StoreError};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where a restore gathers the files inside the data folder. Nothing starts while it is there.
const GATHERING: &str = "restoring";

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is where the backup shall be.
    #[error("{0} is there already; name a folder that does not exist yet")]
    Exists(PathBuf),
    /// Something is where the data shall be.
    #[error("{0} is not empty, and nothing is put over what is there; name a folder that is empty or does not exist")]
    NotEmpty(PathBuf),
    /// A file that a relay needs is not there.
    #[error("{0} is not there; name the folder that a relay has as --data, or a whole backup")]
    Missing(PathBuf),
    /// A file or folder cannot be read or written.
    #[error("cannot write or read {path}: {source}; check the permissions and that the disk has room")]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A database cannot be copied.
    #[error(
        "cannot copy {path}: {source}; check the room on the disk, and the data folder with `farfield-relay verify`"
    )]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The copy cannot be looked through.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The backup is damaged, so it is not put in place.
    #[error("the backup is damaged ({0}); restore another one, or see all of it with `farfield-relay verify`")]
    Damaged(verify::Fault),
}

/// Copies a data folder, also while a relay works in it, to a new folder `to`, and looks the copy through. What was
/// acknowledged before the call is in it. Blocks on the disk; the relay goes on meanwhile.
///
/// A copy of a damaged journal is kept, and the report says what is wrong in it.
///
/// # Errors
/// When `to` exists, a file is missing, or something cannot be read or written. `to` does not exist then.
pub fn backup(data: &Path, to: &Path) -> Result<Report, BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let half_made = HalfMade::make(to.with_file_name(format!("{name}.half-made-{}", std::process::id())))?;
    // An invitation that is revoked meanwhile must not be good again in the copy, so what lets people in comes last.
    for name in [FILE, store::FILE] {
        copy_database(&data.join(name), &half_made.0.join(name))?;
    }
    for name in KEY_FILES {
        copy_file(&data.join(name), &half_made.0.join(name))?;
    }
    let report = verify(&half_made.0)?;
    sync_folder(&half_made.0)?;
    fs::rename(&half_made.0, to).map_err(at(to))?;
    sync_folder(parent_of(to))?;
    Ok(report)
}

/// Puts a backup into a data folder that is empty or does not exist, once it has been looked through. Blocks on the disk.
///
/// # Errors
/// When the backup is damaged or not whole, the folder holds anything, or something cannot be read or written. A relay
/// finds nothing to start with then.
pub fn restore(from: &Path, data: &Path) -> Result<Report, BackupError> {
    make_folder(data).or_else(|error| if data.is_dir() { Ok(()) } else { Err(error) }).map_err(at(data))?;
    if fs::read_dir(data).map_err(at(data))?.next().is_some() {
        return Err(BackupError::NotEmpty(data.to_owned()));
    }
    // Inside, because the folder may be a disk of its own.
    let gathered = HalfMade::make(data.join(GATHERING))?;
    for name in files() {
        copy_file(&from.join(name), &gathered.0.join(name))?;
    }
    let report = verify(&gathered.0)?;
    if let Some(fault) = report.faults.first() {
        return Err(BackupError::Damaged(fault.clone()));
    }
    sync_folder(&gathered.0)?;
    files().try_for_each(|name| fs::rename(gathered.0.join(name), data.join(name))).map_err(at(data))?;
    sync_folder(data)?;
    drop(gathered);
    sync_folder(data)?;
    sync_folder(parent_of(data))?;
    Ok(report)
}

/// Refuses a data folder into which a restore was cut off.
pub(super) fn check_restored(data: &Path) -> Result<(), StoreError> {
    let cut_off = data.join(GATHERING).symlink_metadata().is_ok();
    if cut_off { Err(StoreError::HalfRestored(data.to_owned())) } else { Ok(()) }
}

/// The files of a data folder.
fn files() -> impl Iterator<Item = &'static str> {
    [FILE, store::FILE].into_iter().chain(KEY_FILES)
}

/// A folder that goes away with everything in it unless it was given its name.
struct HalfMade(PathBuf);

impl HalfMade {
    fn make(path: PathBuf) -> Result<HalfMade, BackupError> {
        make_folder(&path).map_err(at(&path))?;
        Ok(HalfMade(path))
    }
}

impl Drop for HalfMade {
    fn drop(&mut self) {
        // It is not there any more when all went well.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Copies what the database is at one moment, its log included, into one file with the same mode.
pub(super) fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    let mode = fs::metadata(from).map_err(|_| BackupError::Missing(from.to_owned()))?.permissions();
    let failed = |source| BackupError::Database { path: from.to_owned(), source };
    let source = open_to_read(from).map_err(failed)?;
    source.execute("VACUUM INTO ?1", [to.as_os_str().to_string_lossy()]).map_err(failed)?;
    fs::set_permissions(to, mode).and_then(|()| File::open(to)?.sync_all()).map_err(at(to))
}

/// Copies a file with its mode.
fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.is_file() {
        return Err(BackupError::Missing(from.to_owned()));
    }
    fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()).map_err(at(from))
}

fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::Files { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
