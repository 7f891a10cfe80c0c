//! What the forwarder knows about one published stream.

use super::munger::{Counting, Place, RunId};
use crate::room::Bucket;
use core::time::Duration;
use protocol::ids::StreamId;
use units::{MonoTime, RtpTimestamp, Seq, Ssrc, Ticks};

/// Packets of the source before the current one are stragglers for so long; after that it may return.
const STRAGGLERS: Duration = Duration::from_secs(2);
/// How often a stream may change its source for long, and how often at once. An honest publisher does so when it begins
/// anew; every change is told to every listener.
const CHANGE_EVERY: Duration = Duration::from_secs(1);
const CHANGES_AT_ONCE: u32 = 4;

/// The current run of a stream and where its newest packet stands.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    run: Option<Run>,
    previous: Option<(Ssrc, MonoTime)>,
    changes: Bucket,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) ssrc: Ssrc,
    /// Unwrapped number of the newest packet.
    pub(crate) number: i64,
    /// Unwrapped timestamp of the newest packet.
    pub(crate) at: Ticks,
    /// Packets that have come.
    pub(crate) received: u64,
}

/// Where a packet stands in the current run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) id: RunId,
    pub(crate) number: i64,
    pub(crate) at: Ticks,
    /// Whether it is the run's first packet.
    pub(crate) first: bool,
}

impl Standing {
    /// Its place when the packets of `source` are counted.
    pub(crate) fn place(self, source: (StreamId, Ssrc)) -> Place {
        Place { run: self.id, source, counting: Counting::Packets, number: self.number, at: self.at }
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { run: None, previous: None, changes: Bucket::every(CHANGE_EVERY, CHANGES_AT_ONCE) }
    }
}

impl Clock {
    /// The current run.
    pub(crate) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The source of the current run.
    pub(crate) fn ssrc(&self) -> Option<Ssrc> {
        self.run.map(|run| run.ssrc)
    }

    /// Unwraps a packet's numbers; a packet of another source begins a run, named by `next_id`. `None` for a straggler
    /// of the source before, and for another source while the stream has changed too often.
    pub(crate) fn place(
        &mut self,
        now: MonoTime,
        (ssrc, seq, at): (Ssrc, Seq, RtpTimestamp),
        next_id: impl FnOnce() -> RunId,
    ) -> Option<Standing> {
        if let Some(run) = self.run.as_mut().filter(|run| run.ssrc == ssrc) {
            return Some(run.place(seq, at));
        }
        if self.is_straggler(now, ssrc) || !self.may_change(now) {
            return None;
        }
        Some(self.begin(now, ssrc, i64::from(seq.0), Ticks(i64::from(at.0)), next_id()))
    }

    fn is_straggler(&self, now: MonoTime, ssrc: Ssrc) -> bool {
        self.previous.is_some_and(|(before, since)| before == ssrc && now.saturating_since(since) < STRAGGLERS)
    }

    /// The first source is no change.
    fn may_change(&mut self, now: MonoTime) -> bool {
        self.run.is_none() || self.changes.try_take(now)
    }

    fn begin(&mut self, now: MonoTime, ssrc: Ssrc, number: i64, at: Ticks, id: RunId) -> Standing {
        self.previous = self.run.map(|run| (run.ssrc, now));
        self.run = Some(Run { id, ssrc, number, at, received: 1 });
        Standing { id, number, at, first: true }
    }
}

impl Run {
    fn place(&mut self, seq: Seq, at: RtpTimestamp) -> Standing {
        let (number, at) = (seq.unwrap_near(self.number), at.unwrap_near(self.at));
        self.received += 1;
        if number > self.number {
            (self.number, self.at) = (number, at);
        }
        Standing { id: self.id, number, at, first: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(clock: &mut Clock, now: MonoTime, ssrc: u32, seq: u16, at: u32) -> Option<Standing> {
        clock.place(now, (Ssrc(ssrc), Seq(seq), RtpTimestamp(at)), || RunId(u64::from(ssrc)))
    }

    #[test]
    fn numbers_and_timestamps_unwrap_past_both_wraps() {
        let mut clock = Clock::default();
        let now = MonoTime(0);
        let first = place(&mut clock, now, 1, 65_535, u32::MAX - 239).unwrap();
        let second = place(&mut clock, now, 1, 0, 0).unwrap();
        assert!(first.first && !second.first);
        assert_eq!(second.number - first.number, 1);
        assert_eq!(second.at - first.at, Ticks(240));
        let late = place(&mut clock, now, 1, 65_534, u32::MAX - 479).unwrap();
        assert_eq!((late.number - first.number, late.at - first.at), (-1, Ticks(-240)));
    }

    #[test]
    fn stragglers_of_the_source_before_do_not_switch_back_but_a_return_does() {
        let mut clock = Clock::default();
        let start = MonoTime(0);
        place(&mut clock, start, 1, 5, 0);
        assert!(place(&mut clock, start, 2, 5, 0).unwrap().first);
        assert!(place(&mut clock, start + (STRAGGLERS - Duration::from_nanos(1)), 1, 6, 240).is_none());
        assert_eq!(clock.ssrc(), Some(Ssrc(2)));
        assert!(place(&mut clock, start + STRAGGLERS, 1, 7, 480).unwrap().first);
    }

    #[test]
    fn a_stream_that_changes_its_source_all_the_time_is_heard_from_few_of_them() {
        let mut clock = Clock::default();
        let at = |n: u64| MonoTime(5_000_000 * n);
        let begun = |clock: &mut Clock, packets: std::ops::Range<u32>| {
            let first =
                |n: &u32| place(clock, at(u64::from(*n)), 1_000 + n, 0, 0).is_some_and(|standing| standing.first);
            packets.filter(first).count()
        };
        assert_eq!(begun(&mut clock, 0..200), 1 + 4, "in the first second");
        assert_eq!(begun(&mut clock, 200..2_200), 10, "in ten more");
        assert!(place(&mut clock, at(9_000), 7, 5, 0).unwrap().first, "and an honest change passes again");
        assert!(!place(&mut clock, at(9_000), 7, 6, 240).unwrap().first);
    }
}
