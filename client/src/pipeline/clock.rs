use std::time::{Duration, Instant};
use units::MonoTime;

/// The one monotonic clock of a client process: capture stamps, arrival times and playout all read it.
///
/// Reading it neither blocks nor allocates nor, on Linux, enters the kernel.
#[derive(Clone, Copy, Debug)]
pub struct MonoClock {
    origin: Instant,
}

impl MonoClock {
    /// A clock that begins a minute ago, so that stamps reaching back before the start stay positive.
    pub fn start() -> MonoClock {
        let now = Instant::now();
        MonoClock { origin: now.checked_sub(Duration::from_secs(60)).unwrap_or(now) }
    }

    /// The time now.
    pub fn now(&self) -> MonoTime {
        self.at(Instant::now())
    }

    /// The time of an instant; zero for one before the clock's start.
    pub fn at(&self, instant: Instant) -> MonoTime {
        MonoTime(instant.saturating_duration_since(self.origin).as_nanos() as u64)
    }

    /// How long it is until `time`, zero when it has passed.
    pub fn until(&self, time: MonoTime) -> Duration {
        time.saturating_since(self.now())
    }
}
