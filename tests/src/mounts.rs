//! Disks and files of a test's own: mounts that only the calling thread and the programs that it starts can see. They
//! are gone with the thread, whatever happens to it. Linux, and only as root; a test that may not says so by
//! [`not_checked`].

use std::ffi::{CStr, CString};
use std::fs::{File, remove_file};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::null;

/// Takes the calling thread out of the mounts that it shares with everybody.
///
/// # Errors
/// When the system does not let it.
pub fn separate() -> io::Result<()> {
    // SAFETY: plain system call without pointers.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return Err(io::Error::last_os_error());
    }
    mount(Path::new("none"), Path::new("/"), c"", libc::MS_REC | libc::MS_PRIVATE, "")
}

/// A disk in memory, taken away when dropped.
pub struct Disk {
    at: PathBuf,
    name: CString,
}

/// Puts an empty disk with room for so many bytes (rounded up to pages of 4 KiB) at a folder.
///
/// # Errors
/// When the system does not let it.
pub fn small_disk(at: &Path, bytes: u64) -> io::Result<Disk> {
    mount(Path::new("none"), at, c"tmpfs", 0, &format!("size={bytes}"))?;
    Ok(Disk { at: at.to_owned(), name: text(at)? })
}

/// A small disk that only the calling thread and its programs see. None where the system does not let one; it is said then
/// that `what` was [not checked](not_checked).
pub fn own_disk(what: &str, at: &Path, bytes: u64) -> Option<Disk> {
    let made = separate().and_then(|()| small_disk(at, bytes));
    made.inspect_err(|why| not_checked(what, why)).ok()
}

impl Disk {
    /// Fills it to its last page. There is room again once the filler is dropped, which comes before the disk is.
    ///
    /// # Errors
    /// When writing ends otherwise than by a full disk.
    pub fn fill(&self) -> io::Result<Filler> {
        let filler = Filler(self.at.join("filler"));
        let ended = io::copy(&mut io::repeat(0), &mut File::create(&filler.0)?);
        match ended {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => Ok(filler),
            Err(error) => Err(error),
            Ok(bytes) => Err(io::Error::other(format!("it ended after {bytes} bytes without an error"))),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // SAFETY: the path is a zero-ended text that lives across the call.
        unsafe { libc::umount2(self.name.as_ptr(), libc::MNT_DETACH) };
    }
}

/// All the room that a disk had left.
pub struct Filler(PathBuf);

impl Drop for Filler {
    fn drop(&mut self) {
        // It fails only when the file is gone, which is as good.
        let _ = remove_file(&self.0);
    }
}

/// Puts an unreadable nothing in a file's place.
///
/// # Errors
/// When the system does not let it.
pub fn hide(file: &Path) -> io::Result<()> {
    mount(Path::new("/dev/null"), file, c"", libc::MS_BIND, "")
}

/// Where this is set in the environment, what cannot be checked fails.
const CHECK_ALL: &str = "FARFIELD_CHECK_ALL";

/// Says, past the test runner's capture of output, that a test could not check something here, and why.
///
/// # Panics
/// If everything has to be checked: the variable `FARFIELD_CHECK_ALL` is set, as `.ci/run` does.
pub fn not_checked(what: &str, why: &io::Error) {
    assert!(std::env::var_os(CHECK_ALL).is_none(), "{what} has to be checked: {why}");
    let _ = writeln!(io::stderr(), "\nNOT CHECKED: {what}: {why}; run the tests as root with the right to mount");
}

fn mount(source: &Path, target: &Path, kind: &CStr, flags: libc::c_ulong, options: &str) -> io::Result<()> {
    let (source, target, options) = (text(source)?, text(target)?, CString::new(options).map_err(io::Error::other)?);
    let kind = if kind.is_empty() { null() } else { kind.as_ptr() };
    // SAFETY: every pointer is null or to a zero-ended text that lives across the call.
    let done = unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind, flags, options.as_ptr().cast()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn text(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}
