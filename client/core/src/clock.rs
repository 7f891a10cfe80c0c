//! The relay's wall clock, known through pings: every answer bounds the offset, and all bounds together bound it best.

use std::collections::VecDeque;
use units::MonoTime;

/// How fast the two clocks may run apart, in ppm: two crystals at ±50 ppm and a wall clock that is being slewed.
pub const MAX_DRIFT_PPM: i64 = 200;
/// Pings whose answer is awaited at most; older ones are forgotten.
const MAX_UNANSWERED: usize = 8;
/// Answers kept. At one every two seconds they reach back a minute.
const MAX_SAMPLES: usize = 32;

/// A time on the relay's wall clock, with its largest error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayTime {
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    /// The truth is within so many microseconds.
    pub error_us: i64,
}

/// What pings have told about the relay's clock.
#[derive(Clone, Debug, Default)]
pub struct RelayClock {
    unanswered: VecDeque<(u32, MonoTime)>,
    samples: VecDeque<Sample>,
}

/// One answered ping: the relay read `at_us` at some moment between `sent` and `received`.
#[derive(Clone, Copy, Debug)]
struct Sample {
    sent: MonoTime,
    received: MonoTime,
    at_us: i64,
}

/// The offset (relay minus us) lies in here, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    low: i128,
    high: i128,
}

impl RelayClock {
    /// Notes that ping `n` leaves now.
    pub fn handle_ping(&mut self, n: u32, now: MonoTime) {
        if self.unanswered.len() == MAX_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((n, now));
    }

    /// Takes the answer to ping `n`. One that was never asked for is ignored.
    pub fn handle_pong(&mut self, n: u32, at_us: i64, now: MonoTime) {
        let Some(i) = self.unanswered.iter().position(|(asked, _)| *asked == n) else { return };
        let (_, sent) = self.unanswered.remove(i).expect("position is within");
        let sample = Sample { sent, received: now.max(sent), at_us };
        if self.bounds_at(now).is_some_and(|known| known.meet(sample.bounds_at(now)).is_none()) {
            // The relay's wall clock was set: what was known before is about another clock.
            self.samples.clear();
        }
        if self.samples.len() == MAX_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// Forgets everything: another relay, or the same one after a restart.
    pub fn reset(&mut self) {
        *self = RelayClock::default();
    }

    /// Shortest round trip among the answers kept, in milliseconds.
    pub fn round_trip_ms(&self) -> Option<f64> {
        let trips = self.samples.iter().map(|s| s.received.saturating_since(s.sent));
        trips.min().map(|trip| trip.as_secs_f64() * 1e3)
    }

    /// What the relay's clock shows at `when` on ours; none before the first answer.
    pub fn at(&self, when: MonoTime) -> Option<RelayTime> {
        let Bounds { low, high } = self.bounds_at(when)?;
        let middle = i128::from(when.0) + (low + high) / 2;
        let error_us = ((high - low) / 2).div_euclid(1_000) + 2;
        Some(RelayTime { at_us: middle.div_euclid(1_000) as i64, error_us: error_us as i64 })
    }

    fn bounds_at(&self, when: MonoTime) -> Option<Bounds> {
        let mut all = self.samples.iter().rev().map(|sample| sample.bounds_at(when));
        let newest = all.next()?;
        // Samples that contradict each other cannot be here, save by a drift beyond the limit: then the newest count.
        Some(all.try_fold(newest, Bounds::meet).unwrap_or(newest))
    }
}

impl Sample {
    /// The offset at `when`, wider the longer ago (or ahead) this was.
    fn bounds_at(&self, when: MonoTime) -> Bounds {
        let at = i128::from(self.at_us) * 1_000;
        let away = |from: MonoTime| i128::from(when.0.abs_diff(from.0));
        let drift = away(self.sent).max(away(self.received)) * i128::from(MAX_DRIFT_PPM) / 1_000_000;
        // The relay's reading is rounded down to a microsecond.
        Bounds { low: at - i128::from(self.received.0) - drift, high: at + 1_000 - i128::from(self.sent.0) + drift }
    }
}

impl Bounds {
    fn meet(self, other: Bounds) -> Option<Bounds> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (low <= high).then_some(Bounds { low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A relay whose clock is ahead by `offset_us` at our zero and fast by `ppm`.
    fn relay_us(local_ns: u64, offset_us: i64, ppm: i64) -> i64 {
        let local = i128::from(local_ns);
        ((local + local * i128::from(ppm) / 1_000_000).div_euclid(1_000)) as i64 + offset_us
    }

    proptest! {
        #[test]
        fn the_truth_is_always_within_the_bounds(
            offset_us in -1_000_000_000_000i64..1_000_000_000_000_000,
            ppm in -150i64..150,
            trips in prop::collection::vec((1u64..5_000_000_000, 1u64..200_000_000, 1u64..200_000_000), 1..80),
            ahead in 0u64..10_000_000_000,
        ) {
            let mut clock = RelayClock::default();
            let mut now = 0u64;
            for (n, (pause, up, down)) in trips.into_iter().enumerate() {
                now += pause;
                clock.handle_ping(n as u32, MonoTime(now));
                let read = relay_us(now + up, offset_us, ppm);
                now += up + down;
                clock.handle_pong(n as u32, read, MonoTime(now));
                for when in [now, now + ahead] {
                    let told = clock.at(MonoTime(when)).unwrap();
                    let truth = relay_us(when, offset_us, ppm);
                    prop_assert!((told.at_us - truth).abs() <= told.error_us, "{told:?} but {truth}");
                }
            }
        }

        #[test]
        fn more_answers_never_widen_the_bounds(trips in prop::collection::vec((1u64..90_000_000, 1u64..90_000_000), 2..30)) {
            let mut clock = RelayClock::default();
            let (mut now, mut last) = (0u64, i64::MAX);
            let end = MonoTime(20_000_000_000);
            for (n, (up, down)) in trips.into_iter().enumerate() {
                clock.handle_ping(n as u32, MonoTime(now));
                let read = relay_us(now + up, 0, 0);
                now += up + down;
                clock.handle_pong(n as u32, read, MonoTime(now));
                let error = clock.at(end).unwrap().error_us;
                prop_assert!(error <= last);
                last = error;
            }
        }
    }

    #[test]
    fn one_quick_answer_narrows_what_slow_ones_left_open() {
        let mut clock = RelayClock::default();
        clock.handle_ping(0, MonoTime(0));
        clock.handle_pong(0, 80_000, MonoTime(100_000_000));
        assert!(clock.at(MonoTime(100_000_000)).unwrap().error_us >= 50_000);
        clock.handle_ping(1, MonoTime(200_000_000));
        clock.handle_pong(1, 200_500, MonoTime(201_000_000));
        assert!(clock.at(MonoTime(201_000_000)).unwrap().error_us < 700);
        assert_eq!(clock.round_trip_ms(), Some(1.0));
    }

    #[test]
    fn a_relay_that_sets_its_clock_is_believed_again() {
        let mut clock = RelayClock::default();
        for (n, at_us) in [(0u32, 1_000_000), (1, 1_010_000), (2, 900_000_000)] {
            let sent = u64::from(n) * 10_000_000;
            clock.handle_ping(n, MonoTime(sent));
            clock.handle_pong(n, at_us, MonoTime(sent + 1_000_000));
        }
        let told = clock.at(MonoTime(20_500_000)).unwrap();
        assert!((told.at_us - 900_000_000).abs() <= 1_000, "{told:?}");
    }

    #[test]
    fn an_answer_that_was_never_asked_for_tells_nothing() {
        let mut clock = RelayClock::default();
        clock.handle_pong(9, 1, MonoTime(1));
        assert_eq!(clock.at(MonoTime(1)), None);
    }
}
