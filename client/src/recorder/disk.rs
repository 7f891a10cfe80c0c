//! Room on the disk.

use std::path::Path;

/// Bytes that this user can still write where the nearest existing folder of `path` lies; none where the system does
/// not say. Blocks on the disk.
#[cfg(target_os = "linux")]
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let there = path.ancestors().find(|folder| folder.exists())?;
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let name = CString::new(there.as_os_str().as_bytes()).ok()?;
    // SAFETY: `statvfs` is plain data for which all zeroes is a valid value.
    let mut told: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: `name` is terminated and outlives the call, which writes into `told` alone.
    let refused = unsafe { libc::statvfs(name.as_ptr(), &mut told) };
    (refused == 0).then(|| told.f_bavail.saturating_mul(told.f_frsize))
}

/// Not asked for here.
#[cfg(not(target_os = "linux"))]
pub(super) fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).is_some_and(|bytes| bytes > 0));
        assert!(free_bytes(&folder.path().join("not/yet")).is_some());
    }
}
