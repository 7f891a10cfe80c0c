//! Numbers are never given twice, and timestamps are what was announced, whatever changes.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

const PROGRAM: &[(u128, StreamKind)] = &[(1, StreamKind::Program)];

impl Bench {
    fn places(&self, of: u32) -> Vec<(u64, u32)> {
        self.packets(of).iter().map(|packet| (packet.0, packet.1)).collect()
    }

    fn runs(&self) -> usize {
        self.seen.iter().filter(|one| matches!(one, Seen::Run(..))).count()
    }
}

#[test]
fn a_stream_that_is_taken_away_and_given_back_goes_on_in_number_and_time() {
    let mut bench = Bench::with_legs(&[RED, JOINED, PLAIN], 1, PROGRAM);
    (0..80).for_each(|k| bench.send_example(k));
    bench.plan(Arc::default());
    (80..84).for_each(|k| bench.send_example(k));
    bench.plan(plan(3, PROGRAM));
    (84..90).for_each(|k| bench.send_example(k));
    let at = |k: u32| NEAR_WRAP.wrapping_add(240 * k);
    let one_by_one: Vec<_> = (1_000..).zip((0..80).chain(84..90).map(at)).collect();
    let by_twos: Vec<_> = (1_000..).zip((0..80).chain(84..90).step_by(2).map(at)).collect();
    assert_eq!(bench.places(1), one_by_one);
    assert_eq!(bench.places(2), by_twos);
    assert_eq!(bench.places(3), one_by_one);
}

#[test]
fn a_joined_leg_that_does_without_for_a_while_goes_on_with_the_others() {
    let mut bench = Bench::with_legs(&[JOINED, JOINED], 1, PROGRAM);
    (0..40).for_each(|k| bench.send_example(k));
    bench.plan(plan(1, PROGRAM));
    (40..44).for_each(|k| bench.send_example(k));
    bench.plan(plan(2, PROGRAM));
    (44..48).for_each(|k| bench.send_example(k));
    let numbers = |of| bench.packets(of).iter().map(|packet| packet.0).collect::<Vec<_>>();
    assert_eq!(numbers(1), (1_000..1_024).collect::<Vec<_>>());
    assert_eq!(numbers(2), (1_000..1_022).collect::<Vec<_>>());
}

#[test]
fn a_section_that_comes_back_after_others_goes_on_in_number() {
    let mut bench = Bench::with_legs(&[RED], 1, PROGRAM);
    bench.send_opus(0, 1, (7, 40, 1_000));
    bench.set_leg(1, RED, [1]);
    bench.send_opus(5, 1, (7, 41, 1_240));
    bench.set_leg(1, RED, []);
    bench.set_leg(1, RED, [0]);
    bench.send_opus(10, 1, (7, 42, 1_480));
    assert_eq!(
        bench.places(1),
        [(1_000, 1_000), (1_000, 1_240), (1_001, 1_480)],
        "the second one is another section's"
    );
}

#[test]
fn a_publisher_who_connects_again_with_the_same_source_keeps_the_timestamp_offset() {
    let mut bench = Bench::with_legs(&[RED], 1, PROGRAM);
    bench.send_opus(0, 1, (6, 1, 777));
    bench.send_opus(100, 1, (7, 40, NEAR_WRAP));
    let told = bench.slots(1);
    bench.forwarder.remove_source(stream(1));
    // 11 s later by its own clock, and 120 ms more on the way.
    let at = NEAR_WRAP.wrapping_add(11_000 * 48);
    bench.send_opus(11_220, 1, (7, 9_000, at));
    assert_eq!(bench.slots(1), told, "nothing new to tell");
    let offset = told.last().unwrap()[0].offset;
    assert_eq!(bench.places(1)[2], (1_002, at.wrapping_add(offset.0)));
}

#[test]
fn a_source_whose_clock_went_back_is_announced_with_another_offset() {
    let mut bench = Bench::with_legs(&[RED], 1, PROGRAM);
    bench.send_opus(0, 1, (7, 40, 50_000));
    bench.forwarder.remove_source(stream(1));
    bench.send_opus(20, 1, (7, 41, 10));
    assert_eq!(bench.places(1)[1], (1_001, 50_960));
    let told = bench.slots(1);
    assert_eq!((told.len(), told[1][0].source, told[1][0].offset), (2, Ssrc(7), RtpTimestamp(50_950)));
    assert!(matches!(bench.seen.last(), Some(Seen::Packet { .. })), "told before the packet");
}

#[test]
fn a_publisher_who_changes_its_source_with_every_packet_makes_little_news() {
    let mut bench = Bench::with_legs(&[RED], 1, PROGRAM);
    for n in 0..2_000u16 {
        bench.send_opus(5 * u64::from(n), 1, (1_000 + u32::from(n), n, 240 * u32::from(n)));
    }
    assert_eq!((bench.runs(), bench.slots(1).len(), bench.packets(1).len()), (14, 14, 14), "in ten seconds");
}

/// What happens to a session with one program and one leg of each kind.
#[derive(Clone, Debug)]
enum Step {
    /// A packet of a shape, which is lost or not.
    Packet { shape: u8, lost: bool },
    /// The publisher says nothing for so long, or its packets are lost.
    Silence { ms: u16 },
    /// It connects again with the source that it has.
    Reconnect { seq: u16 },
    /// It begins anew with another one, on another connection or not.
    Restart { seq: u16, at: u32, connects: bool },
    /// Those legs whose bit is set hear.
    Hear { legs: u8 },
    /// A leg negotiates these sections of its two.
    Sections { leg: u8, mask: u8 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let packet = (0u8..8, prop::bool::weighted(0.1)).prop_map(|(shape, lost)| Step::Packet { shape, lost });
    let restart = (any::<u16>(), any::<u32>(), any::<bool>());
    prop_oneof![
        24 => packet,
        1 => (0u16..5_000).prop_map(|ms| Step::Silence { ms }),
        1 => any::<u16>().prop_map(|seq| Step::Reconnect { seq }),
        1 => restart.prop_map(|(seq, at, connects)| Step::Restart { seq, at, connects }),
        3 => (0u8..8).prop_map(|legs| Step::Hear { legs }),
        2 => (0u8..3, 0u8..4).prop_map(|(leg, mask)| Step::Sections { leg, mask }),
    ]
}

/// The publisher and its session in virtual time. Each frame carries its number, and its place is kept.
struct World {
    bench: Bench,
    /// Since the start.
    ticks: u64,
    ssrc: u32,
    seq: u16,
    /// Timestamp at the start.
    at0: u32,
    frames: Vec<(Ssrc, RtpTimestamp)>,
    /// How long the frame before was, when it ended where the next one begins.
    before: Option<u32>,
}

impl World {
    const LEGS: [LegPackets; 3] = [RED, JOINED, PLAIN];

    fn new() -> World {
        let bench = Bench::with_legs(&World::LEGS, 2, PROGRAM);
        World { bench, ticks: 0, ssrc: 7, seq: 65_500, at0: NEAR_WRAP, frames: Vec::new(), before: None }
    }

    fn now(&self) -> MonoTime {
        MonoTime(self.ticks * 1_000_000_000 / 48_000)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Packet { shape, lost } => self.packet(shape, lost),
            Step::Silence { ms } => {
                self.ticks += 48 * u64::from(ms);
                self.before = None;
            }
            Step::Reconnect { seq } => {
                self.bench.forwarder.remove_source(stream(1));
                self.seq = seq;
            }
            Step::Restart { seq, at, connects } => self.restart(seq, at, connects),
            Step::Hear { legs } => self.hear(legs),
            Step::Sections { leg, mask } => {
                let sections = (0..2).filter(|k| mask & 1 << k != 0);
                self.bench.set_leg(u32::from(leg) + 1, World::LEGS[usize::from(leg)], sections);
            }
        }
        let (now, seen) = (self.now(), &mut self.bench.seen);
        self.bench.forwarder.handle_timeout(now, &mut |out| seen.push(super::seen(out)));
    }

    fn restart(&mut self, seq: u16, at0: u32, connects: bool) {
        if connects {
            self.bench.forwarder.remove_source(stream(1));
        }
        (self.ssrc, self.seq, self.at0, self.before) = (self.ssrc + 1, seq, at0, None);
    }

    fn hear(&mut self, legs: u8) {
        let heard = plan(1, PROGRAM).listeners[&participant(1)].clone();
        let listeners = (0..3).filter(|n| legs & 1 << n != 0).map(|n| (participant(n + 1), heard.clone()));
        self.bench.plan(Arc::new(Plan { listeners: listeners.collect() }));
    }

    /// Plain frames of 2.5, 5, 10 or 20 ms, or 5 ms and a copy of the frame before.
    fn packet(&mut self, shape: u8, lost: bool) {
        const SHAPES: [(u8, u32); 4] = [(0xE4, 120), (0xEC, 240), (0xF4, 480), (0xFC, 960)];
        let plain = SHAPES.get(usize::from(shape));
        let (toc, length) = *plain.unwrap_or(&SHAPES[1]);
        let (packing, payload) = self.payload((toc, length), plain.is_none());
        let at = self.at0.wrapping_add(self.ticks as u32);
        self.frames.push((Ssrc(self.ssrc), RtpTimestamp(at)));
        if !lost {
            self.bench.send_at(self.now(), 1, (self.ssrc, self.seq, at), (packing, &payload)).unwrap();
        }
        (self.seq, self.ticks, self.before) = (self.seq.wrapping_add(1), self.ticks + u64::from(length), Some(length));
    }

    /// The next packet; the copy is left out where the frame before was longer, shorter or another source's.
    fn payload(&self, (toc, length): (u8, u32), is_red: bool) -> (Packing, Vec<u8>) {
        let frame = |n: usize| [toc, (n >> 8) as u8, n as u8];
        let (n, before) = (self.frames.len(), frame(self.frames.len().wrapping_sub(1)));
        if !is_red {
            return (Packing::Opus, frame(n).to_vec());
        }
        let copy: [(i64, &[u8]); 1] = [(i64::from(length), &before)];
        let copies = if self.before == Some(length) { &copy[..] } else { &[] };
        (Packing::Red, red_payload(PayloadType::OPUS, copies, &frame(n)))
    }

    /// Numbers rise on each source of a leg, and each timestamp is its frame's with the offset that was told last.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut told: BTreeMap<LegId, &[Slot]> = BTreeMap::new();
        let mut newest: BTreeMap<(LegId, Ssrc), u64> = BTreeMap::new();
        for one in &self.bench.seen {
            match one {
                Seen::Slots(leg, slots, _) => drop(told.insert(*leg, slots)),
                Seen::Packet { leg, ssrc, number, at, packing, payload } => {
                    let before = newest.insert((*leg, *ssrc), *number);
                    prop_assert!(before.is_none_or(|before| before < *number), "{before:?}, then {number} on {ssrc:?}");
                    let slot = told[leg].iter().find(|slot| slot.ssrc == *ssrc).unwrap();
                    let published = RtpTimestamp(at.0.wrapping_sub(slot.offset.0));
                    prop_assert_eq!((slot.source, published), self.frames[first_frame(*packing, payload)]);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The number that the first frame of a packet carries.
fn first_frame(packing: Packing, payload: &[u8]) -> usize {
    let main = match packing {
        Packing::Opus => payload,
        Packing::Red => red::Red::parse(payload).unwrap().main().payload,
    };
    let frame = split(main).unwrap().frames()[0];
    usize::from(u16::from_be_bytes([frame[0], frame[1]]))
}

/// Small mostly, and anything at times.
fn near<T: Arbitrary + Clone + Default + PartialOrd + 'static>(end: T) -> impl Strategy<Value = T>
where
    core::ops::Range<T>: Strategy<Value = T>,
{
    prop_oneof![3 => T::default()..end, 1 => any::<T>()]
}

proptest! {
    #[test]
    fn whatever_changes_numbers_rise_and_timestamps_are_as_announced(
        steps in prop::collection::vec(any_step(), 1..300),
    ) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.take(step));
        world.check()?;
    }

    /// Packets of two sources as they never come from an honest publisher.
    #[test]
    fn whatever_comes_no_number_is_given_twice(
        packets in prop::collection::vec((1u32..3, near(40u16), near(9_600u32), 0u8..3), 1..300),
    ) {
        let mut bench = Bench::with_legs(&World::LEGS, 1, PROGRAM);
        let (short, red) = (frame(1), red_payload(PayloadType::OPUS, &[(240, &lite(1))], &frame(2)));
        let shapes = [(Packing::Opus, &short[..]), (Packing::Opus, &[0xFC, 1][..]), (Packing::Red, &red[..])];
        for (n, (ssrc, seq, at, shape)) in packets.into_iter().enumerate() {
            bench.send(700 * n as u64, 1, (ssrc, seq, at), shapes[usize::from(shape)]).unwrap();
        }
        let mut given = BTreeSet::new();
        for leg in 1..=3 {
            prop_assert!(bench.packets(leg).iter().all(|packet| given.insert((leg, packet.0))));
        }
    }
}
