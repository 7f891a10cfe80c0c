//! How often the machine itself stands still: what no program on it can play over without a longer buffer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thread_priority::unix::{RealtimeThreadSchedulePolicy::Fifo, ThreadSchedulePolicy::Realtime};
use thread_priority::{ThreadPriority, set_thread_priority_and_policy, thread_native_id};

/// What the watching thread sleeps each time.
const NAP: Duration = Duration::from_millis(1);
/// From here on an oversleep counts as a stall: about what the shortest buffers hold.
const LONG: Duration = Duration::from_millis(5);

/// A thread above all others that sleeps 1 ms again and again and notes by how much it wakes too late. Ordinary load
/// does not delay it; what does is a hypervisor or firmware that gives the processor to somebody else.
pub struct StallWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Stalls>,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// Oversleeps of more than 5 ms.
    pub count: u32,
    /// The longest oversleep of all.
    pub longest: Duration,
    /// All of them that were counted, together.
    pub whole: Duration,
    /// Whether the watch ran before all ordinary threads; if not, it may have seen load instead of stalls.
    pub real_time: bool,
}

impl StallWatch {
    /// Begins to watch.
    pub fn start() -> StallWatch {
        let stop = Arc::new(AtomicBool::default());
        let seen = Arc::clone(&stop);
        let thread = std::thread::spawn(move || watch(&seen));
        StallWatch { stop, thread }
    }

    /// Ends the watch and tells what it saw.
    ///
    /// # Panics
    /// If the watching thread did.
    pub fn stop(self) -> Stalls {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the watch only sleeps")
    }
}

impl Stalls {
    /// Takes one oversleep in.
    fn add(&mut self, late: Duration) {
        self.longest = self.longest.max(late);
        if late > LONG {
            self.count += 1;
            self.whole += late;
        }
    }
}

impl fmt::Display for Stalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, longest_ms) = (self.count, self.longest.as_secs_f64() * 1e3);
        write!(f, "the machine stood still {count} times for more than {LONG:?}, at most {longest_ms:.1} ms")?;
        if self.real_time { Ok(()) } else { write!(f, " (or was busy: no real-time priority)") }
    }
}

fn watch(stop: &AtomicBool) -> Stalls {
    let priority = ThreadPriority::Max;
    let raised = set_thread_priority_and_policy(thread_native_id(), priority, Realtime(Fifo)).is_ok();
    let mut stalls = Stalls { real_time: raised, ..Stalls::default() };
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        std::thread::sleep(NAP);
        stalls.add(begun.elapsed().saturating_sub(NAP));
    }
    stalls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_oversleeps_count_and_the_longest_is_kept() {
        let mut stalls = Stalls { real_time: true, ..Stalls::default() };
        for late in [Duration::ZERO, LONG, LONG + Duration::from_nanos(1), 3 * LONG, NAP] {
            stalls.add(late);
        }
        assert_eq!((stalls.count, stalls.longest), (2, 3 * LONG));
        assert_eq!(stalls.whole, 4 * LONG + Duration::from_nanos(1));
        assert_eq!(stalls.to_string(), "the machine stood still 2 times for more than 5ms, at most 15.0 ms");
    }
}
