//! Carries one listener's RTP source over every change of what feeds it.

use protocol::ids::StreamId;
use units::{MonoTime, RtpTimestamp, Ssrc, Ticks};

/// Shortest step of the listener's clock at a change of source: one joined packet.
const LEAST_STEP: Ticks = Ticks(480);
/// Longest step of the listener's clock at a change of source: a longer silence does not need to be counted out, and
/// a timestamp that jumps by more than half its range would look like one that goes back.
const LONGEST_STEP: Ticks = Ticks(48_000 * 3_600);

/// Largest gap in the numbers that is passed on. Beyond it nothing is left to conceal, and a receiver must never see one
/// of 2^15, where it would lose the SRTP rollover count for whatever comes after on this source.
const LARGEST_GAP: i64 = 4_096;

/// How far behind the newest number a late packet may be, for it is remembered of so many which were given: two thirds of
/// a second of 5 ms packets.
const REMEMBERED: i64 = u128::BITS as i64;

/// An unbroken run of one publisher's RTP source, numbered by the forwarder. Another source is another run, and so is the
/// same one on another of the publisher's peer connections, where its packets are counted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunId(pub u64);

/// How the packets of a run are counted: by the publisher's sequence numbers, or by groups of so many ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// One number for each of the publisher's packets.
    Packets,
    /// One number for each group of frames.
    Groups {
        /// How long a group is.
        length: Ticks,
        /// When the first one began: groups that are counted from elsewhere are counted otherwise.
        since: Ticks,
    },
}

/// Where a packet stands in its run, unwrapped to 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which run.
    pub run: RunId,
    /// Whose: the timestamps of a stream's RTP source are of one clock, whatever run they are in.
    pub source: (StreamId, Ssrc),
    /// What `number` counts.
    pub counting: Counting,
    /// The packet's number.
    pub number: i64,
    /// The timestamp of its first sample.
    pub at: Ticks,
}

/// The sequence number and timestamp offsets of one listener's RTP source.
///
/// Within a run the timestamp offset is constant and gaps in the numbers stay gaps. A new run goes on one number after
/// the highest one sent, at a timestamp that moves on by the time that went by, and never back; the run of a source that
/// was carried last keeps its offset, if it goes on within an hour. No number is given twice: each one is a nonce of the
/// cipher that seals the packet (RFC 7714 section 8.1).
#[derive(Clone, Debug)]
pub struct Munger {
    first_number: u16,
    current: Option<Current>,
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    run: RunId,
    source: (StreamId, Ssrc),
    counting: Counting,
    first: i64,
    number_offset: i64,
    ticks_offset: i64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    number: i64,
    at: Ticks,
    when: MonoTime,
    /// Which numbers were given: bit k is that of `number - k`.
    given: u128,
}

impl Munger {
    /// A munger whose first packet carries `first_number`, which is random and below 2^15 (RFC 3711 section 3.3.1: a
    /// receiver that misses the first packets must not mistake a wrap). The first run's timestamps pass unchanged.
    pub fn new(first_number: u16) -> Munger {
        Munger { first_number: first_number & 0x7fff, current: None, last: None }
    }

    /// Whether packets of `run` are mapped already.
    pub fn carries(&self, run: RunId, counting: Counting) -> bool {
        self.current.is_some_and(|current| current.run == run && current.counting == counting)
    }

    /// What is added to the timestamps of the current run, modulo 2^32.
    pub fn offset(&self) -> Option<RtpTimestamp> {
        self.current.map(|current| RtpTimestamp(current.ticks_offset as u32))
    }

    /// Begins a run, or another counting of the current one, with the packet at `place`.
    pub fn begin(&mut self, now: MonoTime, place: Place) {
        let number = self.last.map_or(i64::from(self.first_number), |last| last.number + 1);
        self.current = Some(Current {
            run: place.run,
            source: place.source,
            counting: place.counting,
            first: place.number,
            number_offset: number - place.number,
            ticks_offset: self.ticks_offset_from(now, place),
        });
    }

    /// The listener's number and timestamp of a packet of the current run; `None` when it is older than the run's
    /// first one or than the 128 numbers up to the newest, came before, or belongs to another run. A gap of more than
    /// 4096 numbers closes up.
    pub fn map(&mut self, now: MonoTime, place: Place) -> Option<(u64, RtpTimestamp)> {
        if self.gap_before(place) > LARGEST_GAP {
            self.begin(now, place);
        }
        let current = self.current.filter(|current| current.run == place.run && current.counting == place.counting)?;
        if place.number < current.first {
            return None;
        }
        let number = place.number + current.number_offset;
        let at = Ticks(place.at.0 + current.ticks_offset);
        self.give(now, number, at).then_some((number as u64, RtpTimestamp(at.0 as u32)))
    }
}

impl Munger {
    /// Notes a number as given; false when it was given before, or may have been.
    fn give(&mut self, now: MonoTime, number: i64, at: Ticks) -> bool {
        let Some(last) = &mut self.last else {
            self.last = Some(Last { number, at, when: now, given: 1 });
            return true;
        };
        let ahead = number - last.number;
        if ahead > 0 {
            let given = if ahead < REMEMBERED { last.given << ahead } else { 0 };
            *last = Last { number, at: last.at.max(at), when: now, given: given | 1 };
            return true;
        }
        let bit = if -ahead < REMEMBERED { 1u128 << -ahead } else { return false };
        let is_new = last.given & bit == 0;
        last.given |= bit;
        is_new
    }

    /// What is added to timestamps from `place` on. Those of a source that was carried last keep their offset where
    /// that brings the listener's clock on, in another run too.
    fn ticks_offset_from(&self, now: MonoTime, place: Place) -> i64 {
        let Some((current, last)) = self.current.zip(self.last) else { return 0 };
        if current.run == place.run {
            return current.ticks_offset;
        }
        let next = last.at + step_since(last.when, now);
        let kept = RtpTimestamp((place.at.0 + current.ticks_offset) as u32).unwrap_near(next);
        let goes_on = current.source == place.source && last.at < kept && kept - last.at <= LONGEST_STEP;
        let at = if goes_on { kept } else { next };
        (at - place.at).0
    }

    fn gap_before(&self, place: Place) -> i64 {
        match (self.current, self.last) {
            (Some(current), Some(last)) if current.run == place.run && current.counting == place.counting => {
                place.number + current.number_offset - last.number
            }
            _ => 0,
        }
    }
}

/// How far the listener's clock moves over a change of source.
fn step_since(when: MonoTime, now: MonoTime) -> Ticks {
    Ticks::from_duration(now.saturating_since(when)).clamp(LEAST_STEP, LONGEST_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    /// A packet of a source whose number is the run's.
    fn place(run: u64, number: i64, at: i64) -> Place {
        of_source(run as u32, run, number, at)
    }

    fn of_source(ssrc: u32, run: u64, number: i64, at: i64) -> Place {
        let source = (StreamId(uuid::Uuid::nil()), Ssrc(ssrc));
        Place { run: RunId(run), source, counting: Counting::Packets, number, at: Ticks(at) }
    }

    fn groups(since: i64) -> Counting {
        Counting::Groups { length: Ticks(480), since: Ticks(since) }
    }

    fn begun(now: MonoTime, first: Place) -> Munger {
        let mut munger = Munger::new(7);
        munger.begin(now, first);
        munger
    }

    #[test]
    fn the_first_run_keeps_its_timestamps_and_its_gaps() {
        let now = MonoTime(0);
        let mut munger = begun(now, place(1, 500, 10_000));
        assert_eq!(munger.map(now, place(1, 500, 10_000)), Some((7, RtpTimestamp(10_000))));
        assert_eq!(munger.map(now, place(1, 503, 10_720)), Some((10, RtpTimestamp(10_720))));
        assert_eq!(munger.map(now, place(1, 502, 10_480)), Some((9, RtpTimestamp(10_480))), "late but of this run");
        assert_eq!(munger.offset(), Some(RtpTimestamp(0)));
    }

    #[test]
    fn a_packet_from_before_the_switch_is_dropped() {
        let mut munger = begun(MonoTime(0), place(1, 500, 10_000));
        assert_eq!(munger.map(MonoTime(0), place(1, 499, 9_760)), None);
        munger.map(MonoTime(0), place(1, 500, 10_000));
        munger.begin(MonoTime(5 * MS), place(2, 9, 77));
        assert_eq!(munger.map(MonoTime(5 * MS), place(1, 501, 10_240)), None);
    }

    #[test]
    fn a_restart_goes_on_by_the_time_that_went_by() {
        let mut munger = begun(MonoTime(0), place(1, 500, 10_000));
        munger.map(MonoTime(0), place(1, 500, 10_000));
        let later = MonoTime(250 * MS);
        munger.begin(later, place(2, 30_000, 4_000_000_000));
        assert_eq!(munger.map(later, place(2, 30_000, 4_000_000_000)), Some((8, RtpTimestamp(22_000))));
        let offset = munger.offset().unwrap();
        assert_eq!(RtpTimestamp(4_000_000_000).wrapping_add(Ticks(i64::from(offset.0))), RtpTimestamp(22_000));
    }

    #[test]
    fn another_counting_of_the_same_run_keeps_the_timestamp_offset() {
        let mut munger = begun(MonoTime(0), place(1, 500, 10_000));
        munger.map(MonoTime(0), place(1, 500, 10_000));
        let joined = Place { counting: groups(9_520), number: 2, ..place(1, 2, 10_480) };
        munger.begin(MonoTime(9 * MS), joined);
        assert_eq!(munger.map(MonoTime(9 * MS), joined), Some((8, RtpTimestamp(10_480))));
        assert!(!munger.carries(RunId(1), groups(10_480)), "groups counted from elsewhere");
    }

    #[test]
    fn a_source_that_comes_back_in_another_run_keeps_its_offset_over_the_wrap_of_its_clock() {
        let mut munger = begun(MonoTime(0), of_source(1, 1, 0, 0));
        munger.map(MonoTime(0), of_source(1, 1, 0, 0));
        munger.begin(MonoTime(MS), of_source(2, 2, 9, 4_294_960_000));
        munger.map(MonoTime(MS), of_source(2, 2, 9, 4_294_960_000));
        let offset = munger.offset();
        munger.begin(MonoTime(900 * MS), of_source(2, 3, 40_000, 30_000));
        let (number, at) = munger.map(MonoTime(900 * MS), of_source(2, 3, 40_000, 30_000)).unwrap();
        assert_eq!((number, munger.offset()), (9, offset), "although more time went by");
        assert_eq!(at, RtpTimestamp(30_000).wrapping_add(Ticks(i64::from(offset.unwrap().0 as i32))));
    }

    #[test]
    fn a_source_whose_clock_went_back_or_far_ahead_gets_another_offset() {
        let hour = 48_000 * 3_600;
        for (at, keeps) in
            [(9_999, false), (10_000, false), (10_001, true), (10_000 + hour, true), (10_001 + hour, false)]
        {
            let mut munger = begun(MonoTime(0), of_source(2, 1, 0, 10_000));
            munger.map(MonoTime(0), of_source(2, 1, 0, 10_000));
            munger.begin(MonoTime(20 * MS), of_source(2, 2, 0, at));
            assert_eq!(munger.offset() == Some(RtpTimestamp(0)), keeps, "{at}");
            let next = munger.map(MonoTime(20 * MS), of_source(2, 2, 0, at)).unwrap().1;
            assert_eq!(next, RtpTimestamp(if keeps { at as u32 } else { 10_960 }));
        }
    }

    #[test]
    fn no_number_is_given_twice_and_none_from_further_back_than_is_remembered() {
        let now = MonoTime(0);
        let mut munger = begun(now, place(1, 0, 0));
        assert!(munger.map(now, place(1, 0, 0)).is_some() && munger.map(now, place(1, 0, 0)).is_none());
        assert!(munger.map(now, place(1, 200, 200)).is_some());
        assert!(munger.map(now, place(1, 73, 73)).is_some() && munger.map(now, place(1, 73, 73)).is_none());
        assert!(munger.map(now, place(1, 72, 72)).is_none(), "it may have been given");
        assert!(munger.map(now, place(1, 327, 327)).is_some() && munger.map(now, place(1, 200, 200)).is_none());
    }

    #[test]
    fn a_gap_is_kept_up_to_where_it_could_cost_the_rollover_count() {
        let mut munger = begun(MonoTime(0), place(1, 0, 0));
        munger.map(MonoTime(0), place(1, 0, 0));
        assert_eq!(munger.map(MonoTime(0), place(1, 4_096, 240)).unwrap().0, 7 + 4_096);
        assert_eq!(munger.map(MonoTime(0), place(1, 4_096 + 4_097, 480)), Some((7 + 4_097, RtpTimestamp(480))));
        assert_eq!(munger.map(MonoTime(0), place(1, 4_097, 300)), None, "from before the jump");
    }

    proptest! {
        #[test]
        fn whatever_comes_each_number_is_given_once(
            places in prop::collection::vec((1u64..4, 1i64..3, 0i64..400, any::<bool>()), 1..400),
        ) {
            let mut munger = Munger::new(3);
            let mut given = std::collections::BTreeSet::new();
            for (run, since, number, begins) in places {
                let counting = if since == 1 { Counting::Packets } else { groups(since) };
                let place = Place { counting, ..place(run, number, 240 * number) };
                if begins || !munger.carries(place.run, place.counting) {
                    munger.begin(MonoTime(0), place);
                }
                if let Some((number, _)) = munger.map(MonoTime(0), place) {
                    prop_assert!(given.insert(number), "{number} twice");
                }
            }
        }

        #[test]
        fn whatever_comes_the_listener_never_goes_back_at_a_switch(
            runs in prop::collection::vec((0i64..1 << 33, 0i64..1 << 17, 1usize..40, 0u64..10_000), 1..6),
        ) {
            let mut munger = Munger::new(3);
            let mut now = MonoTime(0);
            let mut last: Option<(u64, RtpTimestamp)> = None;
            for (id, (at, number, packets, pause_ms)) in runs.into_iter().enumerate() {
                now = now + core::time::Duration::from_millis(pause_ms);
                munger.begin(now, place(id as u64, number, at));
                for k in 0..packets as i64 {
                    let mapped = munger.map(now, place(id as u64, number + k, at + 240 * k)).unwrap();
                    if let Some((number, at)) = last {
                        prop_assert_eq!(mapped.0, number + 1);
                        prop_assert!(mapped.1.distance_from(at) > Ticks(0));
                    }
                    last = Some(mapped);
                    now = now + core::time::Duration::from_millis(5);
                }
            }
        }

        #[test]
        fn within_a_run_the_offset_is_constant_over_both_wraps(
            steps in Just((0i64..128).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let at0 = (1i64 << 32) - 480_000;
            let mut munger = begun(MonoTime(0), place(1, 65_500, at0));
            for step in steps {
                let (number, at) = munger.map(MonoTime(0), place(1, 65_500 + step, at0 + 4_800 * step)).unwrap();
                prop_assert_eq!(number, 7 + step as u64);
                prop_assert_eq!(at, RtpTimestamp((at0 + 4_800 * step) as u32));
            }
        }
    }
}
