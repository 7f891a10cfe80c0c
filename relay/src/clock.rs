//! The relay's clocks, read in one place.

use relay_core::room::Now;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::time::Instant as Deadline;
use units::{MonoTime, WallTime};

/// Reads the monotonic clock from a start of its own, and the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    /// The monotonic time.
    pub fn mono(&self) -> MonoTime {
        MonoTime(self.start.elapsed().as_nanos() as u64)
    }

    /// Both times.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: WallTime(wall_us() / 1_000) }
    }

    /// A monotonic time as something tokio can sleep until.
    pub fn deadline(&self, at: MonoTime) -> Deadline {
        Deadline::from_std(self.start + at.saturating_since(MonoTime(0)))
    }
}

/// Microseconds since the Unix epoch by the wall clock.
pub fn wall_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
