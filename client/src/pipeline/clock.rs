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

    /// The time at which the system's own monotonic clock showed so many microseconds; other programs of this machine
    /// read it too. Where there is no such clock, the time now.
    #[cfg(target_os = "linux")]
    pub fn at_system_us(&self, system_us: u64) -> MonoTime {
        let mut read = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes one timespec, which lives across the call; this clock always exists.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut read) };
        let now = self.now();
        let ago_ns = i128::from(read.tv_sec) * 1_000_000_000 + i128::from(read.tv_nsec) - i128::from(system_us) * 1_000;
        MonoTime((i128::from(now.0) - ago_ns).clamp(0, i128::from(u64::MAX)) as u64)
    }

    /// The time at which the system's own monotonic clock showed so many microseconds; other programs of this machine
    /// read it too. Where there is no such clock, the time now.
    #[cfg(not(target_os = "linux"))]
    pub fn at_system_us(&self, _system_us: u64) -> MonoTime {
        self.now()
    }

    /// How long it is until `time`, zero when it has passed.
    pub fn until(&self, time: MonoTime) -> Duration {
        time.saturating_since(self.now())
    }
}
