//! Threads of the sound path: named, and raised above ordinary work where the system allows it.

use std::ffi::CStr;
use std::io;
use std::thread::{Builder, JoinHandle};

/// What a sound thread may count on. Shown in the statistics: without real-time priority, a busy machine is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Runs before all ordinary threads, at this level of `SCHED_FIFO`.
    RealTime(u8),
    /// Shares the processor with everything else: the system refused more, or nothing more is needed.
    Normal,
}

impl Priority {
    /// The priority at this level; 0 is none.
    pub(crate) fn from_level(level: u8) -> Priority {
        if level == 0 { Priority::Normal } else { Priority::RealTime(level) }
    }
}

/// Level of the thread that stands for a device where the source is a file or made up.
pub(crate) const SOURCE_LEVEL: u8 = 45;
/// Level of the encode thread: below the device's own threads (JACK's clients run at 65 by default).
pub(crate) const ENCODE_LEVEL: u8 = 50;
/// Level of the network thread: what it handles takes microseconds, and a late packet may be a lost one.
pub(crate) const NETWORK_LEVEL: u8 = 52;
/// Level of the playout thread: its deadline is one device period.
pub(crate) const PLAYOUT_LEVEL: u8 = 55;

/// Starts a named thread.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(body)
}

/// Names the calling thread, at most 15 characters; for threads that somebody else started.
#[cfg(target_os = "linux")]
pub(crate) fn name_this_thread(name: &CStr) {
    // SAFETY: the kernel copies at most 16 bytes of a string that is terminated and outlives the call.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Names the calling thread where this program knows how: on Linux only.
#[cfg(not(target_os = "linux"))]
pub(crate) fn name_this_thread(_name: &CStr) {}

/// Raises the calling thread; `Normal` if the system refuses.
#[cfg(unix)]
pub(crate) fn raise_this_thread(level: u8) -> Priority {
    use thread_priority::unix::{RealtimeThreadSchedulePolicy::Fifo, ThreadSchedulePolicy::Realtime};
    use thread_priority::{ThreadPriority, set_thread_priority_and_policy, thread_native_id};
    let wanted = level.try_into().map(ThreadPriority::Crossplatform);
    let raised = wanted.is_ok_and(|it| set_thread_priority_and_policy(thread_native_id(), it, Realtime(Fifo)).is_ok());
    if raised { Priority::RealTime(level) } else { Priority::Normal }
}

/// Raises the calling thread where this program knows how: not on this system.
#[cfg(not(unix))]
pub(crate) fn raise_this_thread(_level: u8) -> Priority {
    Priority::Normal
}
