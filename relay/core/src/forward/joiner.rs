//! Joins a stream's short frames into longer packets, for listeners without RED.

use packets::{Toc, join_packets, split};
use std::sync::Arc;
use units::{MonoTime, TICK_RATE, Ticks};

/// Room for the longest joined packet in bytes: four frames of 2.5 ms, their lengths and the framing.
const LONGEST_JOINED: usize = 4 * 1_275 + 64;

/// A whole Opus packet of the stream, from a main or a redundant block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) at: Ticks,
    pub(crate) packet: &'a [u8],
    /// Whether it is a redundant copy, which the main one replaces.
    pub(crate) redundant: bool,
}

/// A joined packet. Groups are counted from the run's first packet: `number` is `⌊ticks / group⌋`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) number: i64,
    pub(crate) at: Ticks,
    pub(crate) payload: Arc<[u8]>,
}

/// The open group of one run.
///
/// A group is closed when it is complete, when a packet of a later group arrives (whose redundant blocks still count),
/// or one frame time after its last frame was due, and half a frame more: the next group's first packet is due just
/// then, and what it brings back is worth waiting out its jitter. Frames that come later are late, those of groups before
/// it that never opened too: numbers only rise.
#[derive(Debug)]
pub(crate) struct Joiner {
    group: Ticks,
    first: Ticks,
    /// The open group; before its first frame, the earliest one that may open.
    number: i64,
    frames: Vec<Kept>,
    deadline: Option<MonoTime>,
}

#[derive(Debug)]
struct Kept {
    at: Ticks,
    length: Ticks,
    redundant: bool,
    packet: Vec<u8>,
}

impl Joiner {
    /// Joins into packets of `group` ticks, counted from `first`.
    pub(crate) fn new(group: Ticks, first: Ticks) -> Joiner {
        Joiner { group, first, number: 0, frames: Vec::new(), deadline: None }
    }

    /// When the first group began.
    pub(crate) fn since(&self) -> Ticks {
        self.first
    }

    /// How many ticks a complete group has.
    pub(crate) fn group(&self) -> Ticks {
        self.group
    }

    /// Takes the frames of one of the publisher's packets, in order of time.
    pub(crate) fn handle(&mut self, now: MonoTime, frames: &[Frame<'_>], out: &mut Vec<Joined>) {
        for frame in frames {
            let number = (frame.at - self.first).0.div_euclid(self.group.0);
            if number < self.number {
                continue;
            }
            if number > self.number {
                self.close(out);
                self.number = number;
            }
            self.keep(now, frame);
            if self.is_complete() {
                self.close(out);
            }
        }
    }

    /// When [`Joiner::handle_timeout`] has something to do.
    pub(crate) fn next_deadline(&self) -> Option<MonoTime> {
        self.deadline
    }

    /// Closes the open group when its time is over.
    pub(crate) fn handle_timeout(&mut self, now: MonoTime, out: &mut Vec<Joined>) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.close(out);
        }
    }

    fn keep(&mut self, now: MonoTime, frame: &Frame<'_>) {
        let Ok(length) = split(frame.packet).map(|packet| packet.duration()) else { return };
        match self.frames.binary_search_by_key(&frame.at, |kept| kept.at) {
            Ok(at) if self.frames[at].redundant && !frame.redundant => self.frames[at] = Kept::new(frame, length),
            Ok(_) => {}
            Err(at) => self.frames.insert(at, Kept::new(frame, length)),
        }
        if self.deadline.is_none() {
            let end = self.first + Ticks((self.number + 1) * self.group.0);
            self.deadline = Some(now + duration(end - frame.at + Ticks(length.0 / 2)));
        }
    }

    fn is_complete(&self) -> bool {
        self.frames.iter().map(|kept| kept.length.0).sum::<i64>() >= self.group.0
    }

    fn close(&mut self, out: &mut Vec<Joined>) {
        let frames = std::mem::take(&mut self.frames);
        self.deadline = None;
        if let Some(first) = frames.first() {
            let (number, payload) = (self.number, join(&frames));
            out.extend(payload.map(|payload| Joined { number, at: first.at, payload }));
            self.number += 1;
        }
    }
}

impl Kept {
    fn new(frame: &Frame<'_>, length: Ticks) -> Kept {
        Kept { at: frame.at, length, redundant: frame.redundant, packet: frame.packet.to_vec() }
    }
}

/// One Opus packet of all frames. Where one is missing between others, an empty frame stands in its place, which every
/// decoder conceals (RFC 6716 section 3.2.1); frames that cannot share a packet with the first are left out likewise.
fn join(frames: &[Kept]) -> Option<Arc<[u8]>> {
    let first = frames.first()?;
    if frames.len() == 1 {
        return Some(Arc::from(&first.packet[..]));
    }
    let toc = Toc(*first.packet.first()?);
    let empty = [toc.with_code(0).0];
    let mut packets: Vec<&[u8]> = Vec::with_capacity(frames.len());
    let mut next = first.at;
    for kept in frames.iter().filter(|kept| kept.packet.first().is_some_and(|byte| toc.is_compatible_with(Toc(*byte))))
    {
        while next + toc.frame_ticks() <= kept.at {
            packets.push(&empty);
            next += toc.frame_ticks();
        }
        packets.push(&kept.packet);
        next = kept.at + kept.length;
    }
    let mut out = [0; LONGEST_JOINED];
    let length = join_packets(&packets, &mut out).ok()?;
    Some(Arc::from(&out[..length]))
}

fn duration(ticks: Ticks) -> core::time::Duration {
    core::time::Duration::from_nanos(ticks.0.max(0) as u64 * 1_000_000_000 / u64::from(TICK_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use proptest::prelude::*;

    /// Full-band stereo, 5 ms.
    const TOC: u8 = 0xEC;
    const FRAME: Duration = Duration::from_millis(5);

    fn at(k: i64) -> Ticks {
        Ticks(240 * k)
    }

    fn due(k: u32) -> MonoTime {
        MonoTime(1_000_000) + FRAME * k
    }

    /// Frame k as its main packet and as its redundant copy carry it.
    fn main(k: u8) -> [u8; 3] {
        [TOC, k, k]
    }

    fn lite(k: u8) -> [u8; 2] {
        [TOC, 0x80 | k]
    }

    /// Feeds packet k = [lite f(k-1), f(k)].
    fn feed(joiner: &mut Joiner, k: u8, out: &mut Vec<Joined>) {
        let (before, now) = (lite(k.wrapping_sub(1)), main(k));
        let frames = [
            Frame { at: at(i64::from(k) - 1), packet: &before, redundant: true },
            Frame { at: at(i64::from(k)), packet: &now, redundant: false },
        ];
        joiner.handle(due(u32::from(k)), &frames, out);
    }

    fn fed(packets: &[u8]) -> Vec<Joined> {
        let (mut joiner, mut out) = (Joiner::new(Ticks(480), Ticks(0)), Vec::new());
        packets.iter().for_each(|k| feed(&mut joiner, *k, &mut out));
        out
    }

    fn joined(number: i64, k: i64, frames: &[&[u8]]) -> Joined {
        let mut payload = [0; 64];
        let length = join_packets(frames, &mut payload).unwrap();
        Joined { number, at: at(k), payload: Arc::from(&payload[..length]) }
    }

    #[test]
    fn nothing_lost_joins_the_main_frames() {
        assert_eq!(fed(&[0, 1, 2, 3]), [joined(0, 0, &[&main(0), &main(1)]), joined(1, 2, &[&main(2), &main(3)])]);
    }

    #[test]
    fn packet_2_lost_is_made_good_by_packet_3() {
        assert_eq!(fed(&[0, 1, 3])[1..], [joined(1, 2, &[&lite(2), &main(3)])]);
    }

    #[test]
    fn packet_3_lost_is_made_good_by_packet_4_which_closes_the_group() {
        assert_eq!(fed(&[0, 1, 2, 4])[1..], [joined(1, 2, &[&main(2), &lite(3)])]);
    }

    #[test]
    fn packets_2_and_3_lost_leave_the_copy_of_frame_3_alone() {
        assert_eq!(fed(&[0, 1, 4])[1..], [joined(1, 3, &[&lite(3)])]);
    }

    #[test]
    fn packets_2_3_and_4_lost_leave_a_gap() {
        assert_eq!(fed(&[0, 1, 5])[1..], [joined(2, 4, &[&lite(4), &main(5)])]);
    }

    #[test]
    fn a_group_whose_end_is_lost_closes_on_time_and_not_before() {
        let (mut joiner, mut out) = (Joiner::new(Ticks(480), Ticks(0)), Vec::new());
        feed(&mut joiner, 0, &mut out);
        let deadline = due(2) + FRAME / 2;
        assert_eq!(joiner.next_deadline(), Some(deadline));
        joiner.handle_timeout(MonoTime(deadline.0 - 1), &mut out);
        assert!(out.is_empty());
        joiner.handle_timeout(deadline, &mut out);
        assert_eq!(out, [joined(0, 0, &[&main(0)])]);
        assert_eq!(joiner.next_deadline(), None);
        feed(&mut joiner, 1, &mut out);
        assert_eq!(out.len(), 1, "frame 1 is late");
    }

    #[test]
    fn a_main_frame_that_comes_after_its_copy_takes_its_place() {
        let mut joiner = Joiner::new(Ticks(960), Ticks(0));
        let mut out = Vec::new();
        [0, 2, 1, 3].into_iter().for_each(|k| feed(&mut joiner, k, &mut out));
        assert_eq!(out, [joined(0, 0, &[&main(0), &main(1), &main(2), &main(3)])]);
    }

    #[test]
    fn a_hole_between_short_frames_becomes_an_empty_frame() {
        let (mut joiner, mut out) = (Joiner::new(Ticks(480), Ticks(0)), Vec::new());
        for k in [0i64, 1, 3] {
            let packet = [0xE4, k as u8];
            joiner.handle(due(0), &[Frame { at: Ticks(120 * k), packet: &packet, redundant: false }], &mut out);
        }
        joiner.handle_timeout(due(9), &mut out);
        let packet = split(&out[0].payload).unwrap();
        assert_eq!(packet.frames(), [&[0u8][..], &[1], &[], &[3]]);
        assert_eq!(packet.duration(), Ticks(480));
    }

    /// Plain frames of 2.5 ms in this order of arrival, joined by fours.
    fn joined_from(order: &[u8]) -> Vec<Joined> {
        let (mut joiner, mut out) = (Joiner::new(Ticks(480), Ticks(0)), Vec::new());
        for k in order {
            let packet = [0xE4, *k];
            let frame = Frame { at: Ticks(120 * i64::from(*k)), packet: &packet, redundant: false };
            joiner.handle(due(0), &[frame], &mut out);
        }
        joiner.handle_timeout(due(99), &mut out);
        out
    }

    #[test]
    fn frames_of_a_group_before_the_open_one_are_late_and_do_not_open_it_again() {
        let out = joined_from(&[0, 1, 2, 3, 8, 9, 4, 5, 6, 7, 10, 11]);
        assert_eq!(out.iter().map(|one| one.number).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(split(&out[1].payload).unwrap().frames(), [[8u8], [9], [10], [11]]);
    }

    /// Packets 0 to 39 as they arrive when each one is so much later than due.
    fn any_order() -> impl Strategy<Value = Vec<u8>> {
        let order = |late: Vec<u8>| {
            let mut order: Vec<u8> = (0..late.len() as u8).collect();
            order.sort_by_key(|k| k + late[usize::from(*k)]);
            order
        };
        prop::collection::vec(prop_oneof![4 => Just(0u8), 2 => 0u8..6, 1 => 0u8..40], 40).prop_map(order)
    }

    /// Numbers and times rise, and each frame sits at its own time, `length` after the one before it.
    fn check(out: &[Joined], length: i64) -> Result<(), TestCaseError> {
        prop_assert!(out.is_sorted_by(|one, next| one.number < next.number && one.at < next.at), "{out:?}");
        for one in out {
            prop_assert_eq!(one.at.0.div_euclid(480), one.number);
            for (at, frame) in (one.at.0..).step_by(length as usize).zip(split(&one.payload).unwrap().frames()) {
                prop_assert!(frame.is_empty() || i64::from(frame[0] & 0x7f) * length == at);
                prop_assert_eq!(at.div_euclid(480), one.number);
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn in_any_order_of_arrival_frames_of_2_5_ms_join_into_rising_numbers(order in any_order()) {
            check(&joined_from(&order), 120)?;
        }

        #[test]
        fn in_any_order_of_arrival_frames_of_5_ms_and_their_copies_join_into_rising_numbers(order in any_order()) {
            let (mut joiner, mut out) = (Joiner::new(Ticks(480), Ticks(0)), Vec::new());
            order.iter().for_each(|k| feed(&mut joiner, *k, &mut out));
            joiner.handle_timeout(due(99), &mut out);
            check(&out, 240)?;
        }
    }
}
