//! A shard goes before ordinary work where the system allows it.

use thread_priority::unix::{RealtimeThreadSchedulePolicy::Fifo, ThreadSchedulePolicy::Realtime};
use thread_priority::{ThreadPriority, set_thread_priority_and_policy, thread_native_id};

/// Level of `SCHED_FIFO`: below the sound threads of clients on the same machine (45 and more).
const LEVEL: u8 = 40;

/// Raises the calling thread; whether the system allowed it. Without it a busy machine delays sound.
pub(crate) fn raise_this_thread() -> bool {
    let wanted = LEVEL.try_into().map(ThreadPriority::Crossplatform);
    wanted.is_ok_and(|it| set_thread_priority_and_policy(thread_native_id(), it, Realtime(Fifo)).is_ok())
}
