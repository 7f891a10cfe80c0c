//! A shard goes before ordinary work where the system allows it.

/// Level of `SCHED_FIFO`: below the sound threads of clients on the same machine (45 and more).
#[cfg(target_os = "linux")]
const LEVEL: libc::c_int = 40;

/// Raises the calling thread; whether the system allowed it. Without it a busy machine delays sound.
#[cfg(target_os = "linux")]
pub(crate) fn raise_this_thread() -> bool {
    // SAFETY: `sched_param` is plain data for which all zeroes is a valid value (some libcs add private fields).
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = LEVEL;
    // SAFETY: `pthread_self` is this live thread and `param` outlives the call, which only reads it.
    unsafe { libc::pthread_setschedparam(libc::pthread_self(), libc::SCHED_FIFO, &param) == 0 }
}

/// Raises the calling thread where this program knows how: on Linux only.
#[cfg(not(target_os = "linux"))]
pub(crate) fn raise_this_thread() -> bool {
    false
}
