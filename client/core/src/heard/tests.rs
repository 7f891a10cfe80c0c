use super::*;
use crate::route::Router;
use proptest::prelude::*;
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use protocol::wire::Slot;
use units::{SampleRate, SampleTime, Ssrc};
use uuid::Uuid;

const MS: u64 = 1_000_000;

/// Blocks of `block` samples at 48 kHz from `start` on, of a source that runs fast by `ppm`.
struct Output {
    start: MonoTime,
    block: u64,
    first: i64,
    ppm: f64,
}

impl Output {
    fn rate(&self) -> f64 {
        48_000.0 * (1.0 + self.ppm * 1e-6)
    }

    fn lasts(&self) -> Duration {
        Duration::from_nanos(self.block * 1_000_000_000 / 48_000)
    }

    fn leaves(&self, n: u64) -> MonoTime {
        self.start + Duration::from_nanos(n * self.block * 1_000_000_000 / 48_000)
    }

    /// What leaves at `when`, the truth.
    fn truth(&self, when: MonoTime) -> f64 {
        self.first as f64 + when.saturating_since(self.start).as_secs_f64() * self.rate()
    }

    fn run(&self, n: u64, origin: Origin) -> Played {
        let leaves = self.leaves(n);
        let at = self.truth(leaves);
        let (ticks, fraction) = (Ticks(at.floor() as i64), at.fract());
        Played { leaves, lasts: self.lasts(), ticks, fraction, ticks_per_s: self.rate(), origin }
    }

    fn play(&self, blocks: u64) -> Heard {
        let mut heard = Heard::default();
        (0..blocks).for_each(|n| heard.handle_played(self.run(n, Origin::Real)));
        heard
    }
}

fn plain() -> Output {
    Output { start: MonoTime(60_000 * MS), block: 480, first: 1_000, ppm: 0.0 }
}

fn map(epoch: u32, ssrc: u32, rtp0: u32, from: i64) -> EpochMap {
    EpochMap {
        epoch,
        ssrc: Ssrc(ssrc),
        rtp0: RtpTimestamp(rtp0),
        from: Ticks(from),
        sample0: SampleTime(0),
        rate: SampleRate(48_000),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(0),
        trusted: true,
    }
}

fn stream(epochs: Vec<EpochMap>) -> Stream {
    let format = StreamFormat { channels: 2, frame_us: 10_000, bitrate: 1, redundancy: 1, rate: SampleRate(48_000) };
    let (id, participant) = (StreamId(Uuid::from_u128(20)), protocol::ids::ParticipantId(Uuid::from_u128(10)));
    Stream { id, participant, kind: StreamKind::Program, label: "mix".into(), format, epochs, open: true }
}

fn slot(source: u32, offset: u32) -> Slot {
    let (source, offset) = (Ssrc(source), RtpTimestamp(offset));
    Slot { mid: "1".into(), stream: StreamId(Uuid::from_u128(20)), source, ssrc: Ssrc(9), offset }
}

proptest! {
    #[test]
    fn every_moment_within_the_last_seconds_is_placed_to_a_tick(
        block in 32u64..1_024, first in 0i64..1 << 40, ppm in -300.0..300.0f64, blocks in 1u64..9_000, at in 0.0..1.0f64,
    ) {
        let output = Output { start: MonoTime(60_000 * MS), block, first, ppm };
        let heard = output.play(blocks);
        let kept = blocks.min(MAX_RUNS as u64);
        let (from, to) = (output.leaves(blocks - kept), output.leaves(blocks));
        let when = MonoTime(from.0 + ((to.0 - from.0) as f64 * at) as u64);
        let found = heard.heard_at(when).unwrap();
        prop_assert!((found.ticks.0 as f64 - output.truth(when)).abs() < 1.0, "{found:?} but {}", output.truth(when));
        prop_assert_eq!(found.doubt, USUAL_DOUBT + when.saturating_since(to));
    }

    #[test]
    fn a_note_lands_on_the_tick_that_was_heard_from_10_s_before_the_wrap_on_and_whatever_the_offset(
        offset: u32, before_s in 0u32..10, press_ms in 1u64..20_000,
    ) {
        let rtp0 = 0u32.wrapping_sub(480_000 - before_s * 480);
        let first = i64::from(rtp0.wrapping_add(offset));
        let output = Output { block: 480, first, ..plain() };
        let heard = output.play(2_000);
        let mut router = Router::default();
        router.handle_slots(&[slot(7, offset)]);
        router.handle_packet(Ssrc(9), RtpTimestamp(first as u32), ());
        let when = output.start + Duration::from_millis(press_ms);
        let stream = stream(vec![map(0, 7, rtp0, 0)]);
        let anchor = heard.anchor_at(when, router.route(Ssrc(9)).unwrap(), &stream).unwrap();
        prop_assert_eq!((anchor.epoch, anchor.at, anchor.uncertainty_ms), (0, Ticks(48 * press_ms as i64), 1));
    }
}

#[test]
fn beyond_the_end_the_sound_is_believed_for_twenty_ms_and_for_a_second_while_nobody_has_told_what_came_then() {
    let output = plain();
    let mut heard = output.play(100);
    let end = output.leaves(100);
    for (reach, silent_for) in [(UNTOLD_REACH, Duration::ZERO), (UNTOLD_REACH, REACH), (REACH, 2 * REACH)] {
        heard.handle_told(end + silent_for);
        let last = heard.heard_at(end + reach).unwrap();
        let ticks = Ticks(1_000 + 48_000 + 48 * reach.as_millis() as i64);
        assert_eq!((last.ticks, last.doubt), (ticks, USUAL_DOUBT + reach));
        assert_eq!(heard.heard_at(end + reach + Duration::from_nanos(1)), None);
    }
}

#[test]
fn before_the_first_sound_and_in_a_silence_nothing_was_heard() {
    let mut heard = plain().play(10);
    let again = Output { start: plain().start + Duration::from_secs(2), first: 90_000, ..plain() };
    (0..10).for_each(|n| heard.handle_played(again.run(n, Origin::Real)));
    assert_eq!(heard.heard_at(MonoTime(plain().start.0 - 1)), None);
    assert_eq!(heard.heard_at(plain().start + Duration::from_secs(1)), None);
    assert_eq!(heard.heard_at(again.start).unwrap().ticks, Ticks(90_000));
    assert_eq!(Heard::default().heard_at(MonoTime(0)), None);
}

#[test]
fn what_was_made_up_counts_for_a_quarter_of_a_second_and_what_came_by_a_copy_does_not() {
    let output = plain();
    let mut heard = output.play(100);
    heard.handle_played(output.run(100, Origin::Concealed));
    (101..200).for_each(|n| heard.handle_played(output.run(n, Origin::Redundant)));
    let concealed = |ms: u64| heard.heard_at(output.start + Duration::from_millis(ms)).unwrap().concealed;
    assert_eq!([concealed(999), concealed(1_000), concealed(1_009)], [false, true, true]);
    assert_eq!([concealed(1_259), concealed(1_261)], [true, false]);
}

#[test]
fn over_a_publishers_restart_each_side_is_placed_by_its_own_clock() {
    let before = Output { first: 480_000, ..plain() };
    let after = Output { start: plain().start + Duration::from_secs(2), first: 480_000 + 96_000, ..plain() };
    let mut heard = before.play(100);
    let mut router = Router::default();
    router.handle_slots(&[slot(7, 0)]);
    router.handle_packet(Ssrc(9), RtpTimestamp(480_000), ());
    (0..100).for_each(|n| heard.handle_played(after.run(n, Origin::Real)));
    router.handle_slots(&[slot(8, 576_000u32.wrapping_sub(u32::MAX - 99))]);
    router.handle_packet(Ssrc(9), RtpTimestamp(576_000), ());
    let stream = stream(vec![map(0, 7, 480_000, 0), map(1, 8, u32::MAX - 99, 0)]);
    let at = |time: MonoTime| {
        let anchor = heard.anchor_at(time, router.route(Ssrc(9)).unwrap(), &stream).unwrap();
        (anchor.epoch, anchor.at)
    };
    assert_eq!(at(before.start + Duration::from_millis(500)), (0, Ticks(24_000)));
    assert_eq!(at(after.start + Duration::from_millis(500)), (1, Ticks(24_000)));
}

#[test]
fn without_a_clock_map_it_is_said_why_there_is_no_place() {
    let heard = plain().play(100);
    let mut router = Router::<()>::default();
    router.handle_slots(&[slot(7, 0)]);
    let route = router.route(Ssrc(9)).unwrap();
    assert_eq!(heard.anchor_at(plain().start, route, &stream(vec![])), Err(Unheard::NoMap));
    let late = plain().start + Duration::from_secs(3);
    assert_eq!(heard.anchor_at(late, route, &stream(vec![map(0, 7, 0, 0)])), Err(Unheard::Silence));
}
