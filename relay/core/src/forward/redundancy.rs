//! How much redundancy a path needs: more at once when it loses, less when less has long been enough.

use core::time::Duration;
use units::MonoTime;

/// The most earlier frames that are asked for with each one.
const DEEPEST: u8 = 3;
/// Shares of packets lost above which two, or three, earlier frames travel with each one.
const TWO_ABOVE: f64 = 0.05;
const THREE_ABOVE: f64 = 0.08;
/// More than what sums of forgotten counts are off by.
const ROUNDING: f64 = 1e-9;
/// A share is taken of at least so many packets, so that one lost out of the first few is not a poor wire.
const LEAST_PACKETS: f64 = 100.0;
/// What the weight of a report falls to 1/e in.
const MEMORY: Duration = Duration::from_secs(5);
/// How long less must have been enough before one frame less is asked for.
const HOLD: Duration = Duration::from_secs(20);
/// Without a single loss for so long, a wire is clean. Twice as long each time that this turned out to be wrong.
const CLEAN_AFTER: Duration = Duration::from_secs(120);
const LONGEST_CLEAN_AFTER: Duration = Duration::from_secs(32 * 60);

/// What one path (a publisher's uplink, one section of a listener's leg) has lost, and what that asks for.
///
/// | packets lost | depth |
/// |---|---|
/// | none for 20 s and more | 0: the publisher's own depth is enough |
/// | some | at least 1 |
/// | above 5 % | at least 2 |
/// | above 8 % | 3 |
#[derive(Clone, Debug)]
pub struct Redundancy {
    sent: f64,
    lost: f64,
    reported: Option<MonoTime>,
    depth: u8,
    /// When this depth was last needed.
    needed: MonoTime,
    /// Since when nothing was lost.
    whole_since: Option<MonoTime>,
    clean: bool,
    clean_after: Duration,
}

impl Default for Redundancy {
    fn default() -> Redundancy {
        Redundancy {
            sent: 0.0,
            lost: 0.0,
            reported: None,
            depth: 0,
            needed: MonoTime::default(),
            whole_since: None,
            clean: false,
            clean_after: CLEAN_AFTER,
        }
    }
}

impl Redundancy {
    /// Takes in how many packets were sent since the last report, and how many of them were lost.
    pub fn handle_loss(&mut self, now: MonoTime, sent: u64, lost: u64) {
        if sent == 0 {
            return;
        }
        let (sent, lost) = (sent as f64, lost.min(sent) as f64);
        self.weigh(now, sent, lost);
        self.judge_cleanness(now, lost > 0.0);
        let wanted = self.wanted(sent, lost);
        if wanted >= self.depth {
            (self.depth, self.needed) = (wanted, now);
        } else if now.saturating_since(self.needed) >= HOLD {
            (self.depth, self.needed) = (self.depth - 1, now);
        }
    }

    /// How many earlier frames the path needs with each one: 0 to 3.
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// How many of the earlier frames of a stream are worth sending on this path, when its publisher sends `base` of
    /// them by its own choice: none on a clean wire unless safety was chosen, with two or more; else at least as many
    /// as were chosen.
    pub fn passed(&self, base: u8) -> u8 {
        if self.clean && base < 2 { 0 } else { self.depth.max(base) }
    }

    fn weigh(&mut self, now: MonoTime, sent: f64, lost: f64) {
        let age = self.reported.replace(now).map_or(Duration::ZERO, |before| now.saturating_since(before));
        let keep = (-age.as_secs_f64() / MEMORY.as_secs_f64()).exp();
        self.sent = self.sent * keep + sent;
        self.lost = self.lost * keep + lost;
    }

    /// What the last report alone asks for, or all of late, whichever is worse.
    fn wanted(&self, sent: f64, lost: f64) -> u8 {
        let share = |sent: f64, lost: f64| lost / sent.max(LEAST_PACKETS) - ROUNDING;
        match share(sent, lost).max(share(self.sent, self.lost)) {
            share if share > THREE_ABOVE => DEEPEST,
            share if share > TWO_ABOVE => 2,
            _ => u8::from(lost > 0.0),
        }
    }

    fn judge_cleanness(&mut self, now: MonoTime, some: bool) {
        if some {
            if self.clean {
                self.clean_after = (self.clean_after * 2).min(LONGEST_CLEAN_AFTER);
            }
            (self.clean, self.whole_since) = (false, None);
        } else {
            let since = *self.whole_since.get_or_insert(now);
            self.clean |= now.saturating_since(since) >= self.clean_after;
        }
    }
}

/// A receiver's running counts (RFC 3550 section 6.4.1), turned into what is new since the report before.
#[derive(Clone, Debug, Default)]
pub struct Reports(Option<(u64, u32)>);

impl Reports {
    /// How many packets were sent and lost since the last report, when the receiver now says that the highest number
    /// which came is `highest` and that `lost`, a signed count of 24 bits, are missing in all. Nothing for a first
    /// report, one that was seen before, and one from a receiver that counts anew.
    pub fn since_last(&mut self, highest: u64, lost: u32) -> Option<(u64, u64)> {
        let (highest_before, lost_before) = self.0.replace((highest, lost))?;
        let sent = highest.checked_sub(highest_before).filter(|sent| *sent > 0)?;
        let more = (lost.wrapping_sub(lost_before) << 8) as i32 >> 8;
        Some((sent, u64::try_from(more).unwrap_or(0).min(sent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A wire that carries 100 packets a second and is reported on every second.
    #[derive(Default)]
    struct Wire {
        path: Redundancy,
        second: u64,
    }

    impl Wire {
        fn now(&self) -> MonoTime {
            MonoTime(7) + Duration::from_secs(self.second)
        }

        /// One more second in which so many were lost, and the depth after it.
        fn lose(&mut self, lost: u64) -> u8 {
            self.second += 1;
            self.path.handle_loss(self.now(), 100, lost);
            self.path.depth()
        }

        fn lose_each(&mut self, seconds: u32, lost: u64) {
            for _ in 0..seconds {
                self.lose(lost);
            }
        }

        /// How many seconds without loss it takes until `reached`.
        fn whole_until(&mut self, reached: impl Fn(&Redundancy) -> bool) -> u64 {
            let begun = self.second;
            while !reached(&self.path) {
                self.lose(0);
                assert!(self.second < begun + 100_000, "never");
            }
            self.second - begun
        }
    }

    #[test]
    fn depth_follows_the_table_at_each_of_its_limits() {
        for (lost, depth) in [(0, 0), (1, 1), (5, 1), (6, 2), (8, 2), (9, 3), (100, 3)] {
            let mut wire = Wire::default();
            wire.lose_each(30, lost);
            assert_eq!(wire.path.depth(), depth, "{lost} % lost");
        }
    }

    #[test]
    fn more_is_asked_for_with_the_first_report_of_loss() {
        let mut wire = Wire::default();
        wire.lose_each(10, 0);
        assert_eq!(wire.lose(1), 1);
        assert_eq!(Wire::default().lose(20), 3);
    }

    #[test]
    fn one_packet_lost_of_the_first_few_is_not_a_poor_wire() {
        let mut path = Redundancy::default();
        path.handle_loss(MonoTime(0), 3, 1);
        assert_eq!(path.depth(), 1);
    }

    #[test]
    fn less_is_asked_for_one_by_one_after_20_s_in_which_it_was_enough() {
        let mut wire = Wire::default();
        assert_eq!(wire.lose(30), 3);
        wire.whole_until(|path| path.wanted(100.0, 0.0) < 3);
        assert_eq!(wire.whole_until(|path| path.depth() == 2), 19, "the last second before was bad");
        assert_eq!(wire.whole_until(|path| path.depth() == 1), 20);
        assert_eq!(wire.whole_until(|path| path.depth() == 0), 20);
    }

    #[test]
    fn loss_every_nineteen_seconds_keeps_its_depth_and_every_minute_does_not() {
        let mut wire = Wire::default();
        wire.lose(1);
        for _ in 0..10 {
            assert!((0..18).all(|_| wire.lose(0) == 1) && wire.lose(1) == 1);
        }
        assert!((0..59).any(|_| wire.lose(0) == 0));
    }

    #[test]
    fn a_wire_is_clean_after_two_minutes_without_loss_and_later_each_time_that_was_wrong() {
        let mut wire = Wire::default();
        assert_eq!(wire.path.passed(1), 1, "unknown is not clean");
        wire.lose(0);
        for wanted in [120, 240, 480, 960, 1920, 1920] {
            assert_eq!(wire.whole_until(|path| path.passed(1) == 0), wanted);
            wire.lose(1);
            assert_eq!(wire.path.passed(1), 1);
            wire.lose(0);
        }
    }

    #[test]
    fn a_publisher_s_chosen_depth_is_passed_unless_the_wire_is_clean_and_safety_always() {
        let mut wire = Wire::default();
        assert_eq!([0, 1, 2].map(|base| wire.path.passed(base)), [0, 1, 2]);
        wire.lose(9);
        assert_eq!([0, 1, 2].map(|base| wire.path.passed(base)), [3, 3, 3]);
        wire.whole_until(|path| path.passed(1) == 0);
        assert_eq!([0, 1, 2].map(|base| wire.path.passed(base)), [0, 0, 2]);
    }

    #[test]
    fn running_counts_become_differences_over_every_wrap() {
        let mut reports = Reports::default();
        assert_eq!(reports.since_last(1_000, 0xFF_FFFE), None, "the first one has nothing before it");
        assert_eq!(reports.since_last(1_100, 3), Some((100, 5)), "from −2 to 3");
        assert_eq!(reports.since_last(1_100, 3), None, "seen before");
        assert_eq!(reports.since_last(1_200, 1), Some((100, 0)), "late packets are taken back");
        assert_eq!(reports.since_last(1_210, 500), Some((10, 10)), "not more than were sent");
        assert_eq!(reports.since_last(5, 0), None, "the receiver counts anew");
        assert_eq!(reports.since_last(15, 1), Some((10, 1)));
    }

    proptest! {
        #[test]
        fn whatever_is_reported_the_depth_stays_in_its_range(
            reports in proptest::collection::vec((any::<u32>(), any::<u64>(), any::<u64>()), 0..50),
        ) {
            let (mut path, mut now) = (Redundancy::default(), MonoTime(0));
            for (wait_ms, sent, lost) in reports {
                now = now + Duration::from_millis(wait_ms.into());
                path.handle_loss(now, sent, lost);
                prop_assert!(path.depth() <= DEEPEST);
                prop_assert!((0..=3).all(|base| path.passed(base) <= DEEPEST));
            }
        }
    }
}
