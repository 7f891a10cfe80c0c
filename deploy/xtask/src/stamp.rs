//! Work that is skipped while nothing it reads has changed.

use anyhow::{Context, Result};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// Does the work unless the stamp says that it was done for the same inputs.
pub(crate) fn once(stamp: &Path, inputs: u64, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let inputs = format!("{inputs:016x}");
    if fs::read_to_string(stamp).is_ok_and(|done| done == inputs) {
        return Ok(());
    }
    work()?;
    fs::write(stamp, inputs).with_context(|| format!("{} could not be written", stamp.display()))
}

/// A number for the names and the content of files.
pub(crate) fn hash_of(files: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(file).with_context(|| format!("{} could not be read", file.display()))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}
