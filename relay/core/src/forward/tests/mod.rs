mod loss;
mod numbers;

use super::*;
use crate::plan::{HeardStream, Plan};
use packets::{PayloadType, join_packets, red, split};
use proptest::prelude::*;
use protocol::ids::{ParticipantId, StreamId};
use protocol::stream::StreamKind;
use protocol::wire::Slot;
use std::sync::Arc;
use units::{MonoTime, RtpTimestamp, Seq, Ssrc, Ticks};
use uuid::Uuid;

/// Full-band stereo, 5 ms.
const TOC: u8 = 0xEC;
const FRAME_NS: u64 = 5_000_000;
/// Ten seconds before the RTP clock wraps.
const NEAR_WRAP: u32 = u32::MAX - 480_000 + 1;

fn participant(n: u128) -> ParticipantId {
    ParticipantId(Uuid::from_u128(n))
}

fn stream(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

/// Everybody from participant 1 on hears these streams of participant 0.
fn plan(listeners: u128, heard: &[(u128, StreamKind)]) -> Arc<Plan> {
    let one = |&(id, kind)| HeardStream { stream: stream(id), kind, publisher: participant(0), redundancy: 1 };
    let heard: Vec<HeardStream> = heard.iter().map(one).collect();
    plan_of(listeners, &heard)
}

fn plan_of(listeners: u128, heard: &[HeardStream]) -> Arc<Plan> {
    let heard = heard.to_vec();
    Arc::new(Plan { listeners: (1..=listeners).map(|n| (participant(n), heard.clone())).collect() })
}

/// A program whose publisher chose two earlier frames with each one.
fn safe(listeners: u128) -> Arc<Plan> {
    let one = HeardStream { stream: stream(1), kind: StreamKind::Program, publisher: participant(0), redundancy: 2 };
    plan_of(listeners, &[one])
}

const RED: LegPackets = LegPackets { red: Some(RedLeg { depth: 3, opus: PayloadType::OPUS }), joins: true };
const PLAIN: LegPackets = LegPackets { red: None, joins: false };
const JOINED: LegPackets = LegPackets { red: None, joins: true };

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Run(StreamId, Ssrc, RtpTimestamp),
    Slots(LegId, Vec<Slot>, Vec<StreamId>),
    Packet { leg: LegId, ssrc: Ssrc, number: u64, at: RtpTimestamp, packing: Packing, payload: Vec<u8> },
    Redundancy(StreamId, u8),
}

fn seen(out: Outgoing<'_>) -> Seen {
    match out {
        Outgoing::Run { stream, ssrc, at } => Seen::Run(stream, ssrc, at),
        Outgoing::Slots { leg, slots, missing } => Seen::Slots(leg, slots, missing),
        Outgoing::Redundancy { stream, depth } => Seen::Redundancy(stream, depth),
        Outgoing::Packet(p) => Seen::Packet {
            leg: p.leg,
            ssrc: p.ssrc,
            number: p.number,
            at: p.at,
            packing: p.packing,
            payload: p.payload.to_vec(),
        },
    }
}

#[derive(Default)]
struct Bench {
    forwarder: Forwarder,
    seen: Vec<Seen>,
}

impl Bench {
    /// Leg n belongs to participant n and has `sections` sections with sources 100·n, 100·n + 1, …
    fn with_legs(legs: &[LegPackets], sections: u32, heard: &[(u128, StreamKind)]) -> Bench {
        let mut bench = Bench::default();
        bench.plan(plan(legs.len() as u128, heard));
        for (n, packets) in (1..).zip(legs) {
            bench.set_leg(n, *packets, 0..sections);
        }
        bench
    }

    fn set_leg(&mut self, n: u32, packets: LegPackets, sections: impl IntoIterator<Item = u32>) {
        let section = |k: u32| Section { mid: k.to_string(), ssrc: Ssrc(100 * n + k), first_number: 1_000 };
        let (who, seen) = ((participant(u128::from(n)), packets), &mut self.seen);
        let sections = sections.into_iter().map(section).collect();
        self.forwarder.set_leg(LegId(n), who, sections, &mut |out| seen.push(self::seen(out)));
    }

    fn plan(&mut self, plan: Arc<Plan>) {
        let seen = &mut self.seen;
        self.forwarder.set_plan(plan, &mut |out| seen.push(self::seen(out)));
    }

    fn send(&mut self, ms: u64, of: u128, place: (u32, u16, u32), payload: (Packing, &[u8])) -> Result<(), Malformed> {
        self.send_at(MonoTime(ms * 1_000_000), of, place, payload)
    }

    fn send_at(
        &mut self,
        now: MonoTime,
        of: u128,
        (ssrc, seq, at): (u32, u16, u32),
        (packing, payload): (Packing, &[u8]),
    ) -> Result<(), Malformed> {
        let payload = Arc::from(payload);
        let (ssrc, seq, at) = (Ssrc(ssrc), Seq(seq), RtpTimestamp(at));
        let packet =
            Incoming { stream: stream(of), ssrc, seq, at, packing, opus: PayloadType::OPUS, payload: &payload };
        let seen = &mut self.seen;
        self.forwarder.handle_packet(now, packet, &mut |out| seen.push(self::seen(out)))
    }

    fn send_opus(&mut self, ms: u64, of: u128, place: (u32, u16, u32)) {
        self.send(ms, of, place, (Packing::Opus, &frame(9))).unwrap();
    }

    /// Packet k of the worked example, on time.
    fn send_example(&mut self, k: u8) {
        let payload = example(k);
        let at = NEAR_WRAP.wrapping_add(240 * u32::from(k));
        self.send(5 * u64::from(k), 1, (7, u16::from(k), at), (Packing::Red, &payload)).unwrap();
    }

    fn packets(&self, of: u32) -> Vec<(u64, u32, Packing, Vec<u8>)> {
        let of_leg = |one: &Seen| match one {
            Seen::Packet { leg, number, at, packing, payload, .. } if *leg == LegId(of) => {
                Some((*number, at.0, *packing, payload.clone()))
            }
            _ => None,
        };
        self.seen.iter().filter_map(of_leg).collect()
    }

    fn slots(&self, of: u32) -> Vec<Vec<Slot>> {
        let of_leg = |one: &Seen| match one {
            Seen::Slots(leg, slots, _) if *leg == LegId(of) => Some(slots.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(of_leg).collect()
    }
}

fn frame(k: u8) -> [u8; 3] {
    [TOC, k, k]
}

fn lite(k: u8) -> [u8; 2] {
    [TOC, 0x80 | k]
}

/// Packet k = [lite f(k−1), f(k)].
fn example(k: u8) -> Vec<u8> {
    red_payload(PayloadType::OPUS, &[(240, &lite(k.wrapping_sub(1)))], &frame(k))
}

fn red_payload(opus: PayloadType, redundant: &[(i64, &[u8])], main: &[u8]) -> Vec<u8> {
    let block = |&(offset, payload)| red::Block { pt: opus, offset: Ticks(offset), payload };
    let blocks: Vec<red::Block<'_>> = redundant.iter().map(block).collect();
    let mut out = [0; 200];
    let length = red::build(&blocks, opus, main, &mut out).unwrap();
    out[..length].to_vec()
}

fn joined(frames: &[&[u8]]) -> Vec<u8> {
    let mut out = [0; 200];
    let length = join_packets(frames, &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn the_worked_example_reaches_each_kind_of_leg_as_the_design_says() {
    let mut bench = Bench::with_legs(&[RED, JOINED, PLAIN], 1, &[(1, StreamKind::Program)]);
    [0, 1, 3].into_iter().for_each(|k| bench.send_example(k));
    let at = |k: u32| NEAR_WRAP.wrapping_add(240 * k);
    let red = |k: u8| (1_000 + u64::from(k), at(u32::from(k)), Packing::Red, example(k));
    assert_eq!(bench.packets(1), [red(0), red(1), red(3)]);
    let (g0, g1) = (joined(&[&frame(0), &frame(1)]), joined(&[&lite(2), &frame(3)]));
    assert_eq!(bench.packets(2), [(1_000, at(0), Packing::Opus, g0), (1_001, at(2), Packing::Opus, g1)]);
    let plain = |k: u8| (1_000 + u64::from(k), at(u32::from(k)), Packing::Opus, frame(k).to_vec());
    assert_eq!(bench.packets(3), [plain(0), plain(1), plain(3)]);
}

#[test]
fn a_joined_leg_sees_the_gap_when_a_whole_group_is_lost() {
    let mut bench = Bench::with_legs(&[JOINED], 1, &[(1, StreamKind::Program)]);
    [0, 1, 5].into_iter().for_each(|k| bench.send_example(k));
    let numbers: Vec<u64> = bench.packets(1).iter().map(|packet| packet.0).collect();
    assert_eq!(numbers, [1_000, 1_002]);
}

#[test]
fn a_joined_group_whose_end_is_lost_comes_on_time() {
    let mut bench = Bench::with_legs(&[JOINED], 1, &[(1, StreamKind::Program)]);
    bench.send_example(0);
    let deadline = bench.forwarder.next_deadline().unwrap();
    assert_eq!(deadline, MonoTime(2 * FRAME_NS + FRAME_NS / 2));
    let seen = &mut bench.seen;
    bench.forwarder.handle_timeout(MonoTime(deadline.0 - 1), &mut |out| seen.push(self::seen(out)));
    bench.forwarder.handle_timeout(deadline, &mut |out| seen.push(self::seen(out)));
    assert_eq!(bench.packets(1), [(1_000, NEAR_WRAP, Packing::Opus, frame(0).to_vec())]);
}

#[test]
fn a_lost_packet_of_10_ms_is_made_good_for_a_leg_without_red() {
    let mut bench = Bench::with_legs(&[JOINED], 1, &[(1, StreamKind::Program)]);
    let (main, copy) = (|k| [0xF4, k, k], |k| [0xF4, 0x80 | k]);
    for k in [0u8, 1, 3] {
        let payload = red_payload(PayloadType::OPUS, &[(480, &copy(k.wrapping_sub(1)))], &main(k));
        let place = (7, u16::from(k), 480 * u32::from(k));
        bench.send(10 * u64::from(k), 1, place, (Packing::Red, &payload)).unwrap();
    }
    let wanted = [(0u32, main(0).to_vec()), (1, main(1).to_vec()), (2, copy(2).to_vec()), (3, main(3).to_vec())];
    let wanted = wanted.map(|(k, payload)| (1_000 + u64::from(k), 480 * k, Packing::Opus, payload));
    assert_eq!(bench.packets(1), wanted);
}

#[test]
fn plain_packets_of_10_ms_pass_one_by_one() {
    let mut bench = Bench::with_legs(&[JOINED], 1, &[(1, StreamKind::Talkback)]);
    for k in [0u16, 1, 4] {
        bench.send(0, 1, (7, k, 960 * u32::from(k)), (Packing::Opus, &[0xFC, 1])).unwrap();
    }
    let numbers: Vec<u64> = bench.packets(1).iter().map(|packet| packet.0).collect();
    assert_eq!(numbers, [1_000, 1_001, 1_004]);
}

#[test]
fn red_is_trimmed_and_renamed_for_a_leg_that_wants_so() {
    let firefox = PayloadType(109);
    let shallow = LegPackets { red: Some(RedLeg { depth: 1, opus: firefox }), joins: true };
    let mut bench = Bench::with_legs(&[RED, shallow], 1, &[(1, StreamKind::Program)]);
    bench.plan(safe(2));
    let payload = red_payload(PayloadType::OPUS, &[(480, &lite(0)), (240, &lite(1))], &frame(2));
    bench.send(0, 1, (7, 2, 480), (Packing::Red, &payload)).unwrap();
    assert_eq!(bench.packets(1)[0].3, payload);
    assert_eq!(bench.packets(2)[0].3, red_payload(firefox, &[(240, &lite(1))], &frame(2)));
}

#[test]
fn broken_framing_is_refused_and_the_next_packet_passes() {
    let mut bench = Bench::with_legs(&[RED, JOINED, PLAIN], 1, &[(1, StreamKind::Program)]);
    let foreign = red_payload(PayloadType(96), &[(240, &lite(0))], &frame(1));
    let bad: [(Packing, &[u8]); 5] = [
        (Packing::Red, &[]),
        (Packing::Red, &[0x80 | 111, 0, 3, 255, 111, TOC]),
        (Packing::Red, &foreign),
        (Packing::Opus, &[]),
        (Packing::Opus, &[TOC | 3, 0]),
    ];
    for payload in bad {
        assert_eq!(bench.send(0, 1, (7, 0, 0), payload), Err(Malformed), "{payload:?}");
    }
    assert!(bench.seen.iter().all(|one| !matches!(one, Seen::Packet { .. } | Seen::Run(..))));
    bench.send_example(1);
    assert_eq!(bench.packets(1).len(), 1);
}

#[test]
fn a_new_source_is_announced_before_its_first_packet() {
    let mut bench = Bench::with_legs(&[RED], 2, &[(1, StreamKind::Program)]);
    bench.send_opus(0, 1, (7, 40, 100));
    assert_eq!(bench.seen[0], Seen::Run(stream(1), Ssrc(7), RtpTimestamp(100)));
    let slot = Slot { mid: "0".into(), stream: stream(1), source: Ssrc(7), ssrc: Ssrc(100), offset: RtpTimestamp(0) };
    assert_eq!(bench.seen[1], Seen::Slots(LegId(1), vec![slot], vec![]));
    assert!(matches!(bench.seen[2], Seen::Packet { number: 1_000, at: RtpTimestamp(100), .. }));
    bench.send_opus(5, 1, (7, 41, 340));
    assert_eq!(bench.seen.len(), 4, "and only once");
}

#[test]
fn a_restarted_publisher_goes_on_in_the_same_slot_and_never_back() {
    let mut bench = Bench::with_legs(&[RED], 1, &[(1, StreamKind::Program)]);
    bench.send_opus(0, 1, (7, 40, NEAR_WRAP));
    bench.send_opus(300, 1, (8, 9, 55));
    bench.send_opus(301, 1, (7, 41, NEAR_WRAP.wrapping_add(240)));
    bench.send_opus(305, 1, (8, 10, 295));
    let packets = bench.packets(1);
    let places: Vec<(u64, u32)> = packets.iter().map(|packet| (packet.0, packet.1)).collect();
    let restart = NEAR_WRAP.wrapping_add(300 * 48);
    assert_eq!(places, [(1_000, NEAR_WRAP), (1_001, restart), (1_002, restart.wrapping_add(240))]);
    let slot = &bench.slots(1)[1][0];
    assert_eq!((slot.source, slot.ssrc), (Ssrc(8), Ssrc(100)));
    assert_eq!(55u32.wrapping_add(slot.offset.0), restart);
}

#[test]
fn a_slot_is_used_again_for_another_stream_on_the_same_source() {
    let mut bench = Bench::with_legs(&[RED], 1, &[(1, StreamKind::Program)]);
    bench.send_opus(0, 1, (7, 40, 1_000));
    bench.plan(plan(1, &[(2, StreamKind::Talkback)]));
    assert_eq!(bench.slots(1).last(), Some(&vec![]), "the first stream's slot is taken back");
    bench.send_opus(5, 1, (7, 41, 1_240));
    bench.send_opus(20, 2, (9, 5, 77));
    let places: Vec<(u64, u32)> = bench.packets(1).iter().map(|packet| (packet.0, packet.1)).collect();
    assert_eq!(places, [(1_000, 1_000), (1_001, 1_960)]);
    assert_eq!(bench.slots(1).last().unwrap()[0].stream, stream(2));
}

#[test]
fn a_leg_that_is_gone_and_a_listener_without_grant_get_nothing() {
    let mut bench = Bench::with_legs(&[RED, RED], 1, &[(1, StreamKind::Program)]);
    bench.forwarder.remove_leg(LegId(1));
    bench.send_opus(0, 1, (7, 40, 1_000));
    bench.plan(Arc::default());
    bench.send_opus(5, 1, (7, 41, 1_240));
    assert_eq!((bench.packets(1).len(), bench.packets(2).len()), (0, 1));
}

#[test]
fn streams_without_a_section_are_named_as_missing() {
    let bench =
        Bench::with_legs(&[RED], 1, &[(1, StreamKind::Program), (2, StreamKind::Talkback), (3, StreamKind::Mic)]);
    assert_eq!(bench.seen, [Seen::Slots(LegId(1), vec![], vec![stream(2), stream(3)])]);
}

#[test]
fn renegotiated_sections_keep_their_numbers() {
    let mut bench = Bench::with_legs(&[RED], 1, &[(1, StreamKind::Program)]);
    bench.send_opus(0, 1, (7, 40, 1_000));
    bench.set_leg(1, RED, 0..2);
    bench.send_opus(5, 1, (7, 41, 1_240));
    assert_eq!(bench.packets(1)[1].0, 1_001);
}

proptest! {
    #[test]
    fn any_payload_is_forwarded_or_refused(
        payload in prop::collection::vec(any::<u8>(), 0..300), is_red in any::<bool>(), seq in any::<u16>(), at in any::<u32>(),
    ) {
        let mut bench = Bench::with_legs(&[RED, JOINED, PLAIN], 1, &[(1, StreamKind::Program)]);
        bench.send_example(0);
        let packing = if is_red { Packing::Red } else { Packing::Opus };
        let _ = bench.send(1, 1, (7, seq, at), (packing, &payload));
        bench.seen.clear();
        for k in 1..5 {
            bench.send_example(k);
        }
    }

    /// Every frame reaches the joined leg at its own time, or is missing; never another one's.
    #[test]
    fn joined_frames_sit_at_their_own_time(lost in prop::collection::btree_set(0u8..60, 0..30)) {
        let mut bench = Bench::with_legs(&[JOINED], 1, &[(1, StreamKind::Program)]);
        (0..60).filter(|k| !lost.contains(k)).for_each(|k| bench.send_example(k));
        for (_, at, _, payload) in bench.packets(1) {
            let first = at.wrapping_sub(NEAR_WRAP) / 240;
            for (k, frame) in (first..).zip(split(&payload).unwrap().frames()) {
                prop_assert!(frame.is_empty() || u32::from(frame[0] & 0x7f) == k);
            }
        }
    }
}
