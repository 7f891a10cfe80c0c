//! From RTP packets to slots by media time.

use super::playout::Playout;
use super::stats::Stats;
use super::steer::Steer;
use super::store::{Kept, MAX_BYTES, Store};
use crate::opus::FrameDecoder;
use packets::red::Red;
use units::{RtpTimestamp, Seq, Ticks};

/// A packet this far from the envelope does not belong to the line of timestamps, ms.
const STRAY_MS: f64 = 500.0;
/// Stray packets in a row that agree with each other are a new line.
const STRAYS: u32 = 4;
/// How well they have to agree, ms.
const AGREE_MS: f64 = 100.0;

/// The payload of one RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// One Opus packet of any legal length and framing.
    Opus(&'a [u8]),
    /// RFC 2198: redundant Opus packets at earlier timestamps, then the main one.
    Red(&'a [u8]),
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for its time.
    Stored,
    /// All of its sound is past; what it told about the network was used.
    Late,
    /// It was here already, or its sound was, from a redundant copy.
    Duplicate,
    /// Not RED, not Opus, or too long: dropped.
    Foreign,
    /// Its timestamp does not belong to the stream; a few that agree begin a new epoch.
    Stray,
}

/// Unwraps, judges and stores what arrives.
pub(super) struct Intake {
    pub(super) store: Store,
    /// The latest tick seen, which timestamps are unwrapped against; `None` before the first packet of an epoch.
    latest: Option<i64>,
    sequence: Sequence,
    strays: u32,
    stray_delay_ms: f64,
    late: u64,
    duplicates: u64,
    foreign: u64,
}

impl Intake {
    pub(super) fn new() -> Intake {
        Intake {
            store: Store::new(),
            latest: None,
            sequence: Sequence::default(),
            strays: 0,
            stray_delay_ms: 0.0,
            late: 0,
            duplicates: 0,
            foreign: 0,
        }
    }

    pub(super) fn push_rt<D: FrameDecoder>(
        &mut self,
        at_ms: f64,
        seq: Seq,
        rtp: RtpTimestamp,
        payload: Payload<'_>,
        steer: &mut Steer,
        playout: &mut Playout<D>,
    ) -> Pushed {
        let Some((main, span, red)) = parse(payload) else {
            self.foreign += 1;
            return Pushed::Foreign;
        };
        let mut start = self.unwrap(rtp);
        if let Some(off_ms) = steer.off_envelope_ms(at_ms, start)
            && off_ms.abs() > STRAY_MS
        {
            if !self.is_new_line(off_ms) {
                self.foreign += 1;
                return Pushed::Stray;
            }
            self.begin_epoch_rt(steer, playout);
            start = self.unwrap(rtp);
        }
        self.strays = 0;
        self.latest = Some(self.latest.map_or(start, |latest| latest.max(start)));
        self.take_rt(at_ms, seq, Frame { start, span, bytes: main }, red, steer, playout.cursor())
    }

    /// Another line of timestamps begins with the next packet.
    pub(super) fn begin_epoch_rt<D>(&mut self, steer: &mut Steer, playout: &mut Playout<D>) {
        if self.latest.take().is_some() {
            self.strays = 0;
            self.store.clear_rt();
            self.sequence.restart();
            steer.restart_arrivals();
            playout.begin_epoch();
        }
    }

    pub(super) fn add_to(&self, stats: &mut Stats) {
        stats.received = self.sequence.received;
        stats.lost = self.sequence.lost();
        stats.late = self.late;
        stats.duplicates = self.duplicates;
        stats.foreign = self.foreign;
    }

    fn take_rt(
        &mut self,
        at_ms: f64,
        seq: Seq,
        frame: Frame<'_>,
        red: Option<Red<'_>>,
        steer: &mut Steer,
        cursor: Option<i64>,
    ) -> Pushed {
        let past = cursor.is_some_and(|cursor| frame.start + frame.span <= cursor);
        let known = past && self.store.was_played(frame.start) || self.sequence.seen(seq);
        if known || !past && self.keep_rt(frame, false) == Kept::Duplicate {
            // A redundant copy was played in its place; it is late, not lost.
            if self.sequence.misses(seq) {
                self.sequence.count(seq);
            }
            self.duplicates += 1;
            return Pushed::Duplicate;
        }
        self.sequence.count(seq);
        let late = cursor.is_some_and(|cursor| frame.start < cursor);
        steer.handle_arrival_rt(at_ms, frame.start, frame.span, late);
        steer.handle_depth_rt(at_ms, red.map_or(0, |red| red.depth()));
        if let Some(red) = red {
            self.keep_redundant_rt(frame.start, red, cursor);
        }
        self.late += u64::from(past);
        if past { Pushed::Late } else { Pushed::Stored }
    }

    fn keep_redundant_rt(&mut self, main_start: i64, red: Red<'_>, cursor: Option<i64>) {
        for block in red.redundant() {
            let start = main_start - block.offset.0;
            if let Some(span) = span_of(block.payload)
                && start < main_start
                && cursor.is_none_or(|cursor| start + span > cursor)
            {
                self.keep_rt(Frame { start, span, bytes: block.payload }, true);
            }
        }
    }

    fn keep_rt(&mut self, frame: Frame<'_>, redundant: bool) -> Kept {
        self.store.offer_rt(frame.start, frame.span, redundant, frame.bytes)
    }

    fn unwrap(&self, rtp: RtpTimestamp) -> i64 {
        self.latest.map_or(i64::from(rtp.0), |latest| rtp.unwrap_near(Ticks(latest)).0)
    }

    /// Whether this stray packet completes a row of strays that agree.
    fn is_new_line(&mut self, off_ms: f64) -> bool {
        let agrees = self.strays > 0 && (off_ms - self.stray_delay_ms).abs() < AGREE_MS;
        self.strays = if agrees { self.strays + 1 } else { 1 };
        self.stray_delay_ms = off_ms;
        self.strays >= STRAYS
    }
}

/// One Opus packet and where its sound lies.
#[derive(Clone, Copy)]
struct Frame<'a> {
    start: i64,
    span: i64,
    bytes: &'a [u8],
}

/// The main Opus packet, its length in ticks, and the RED payload around it.
fn parse(payload: Payload<'_>) -> Option<(&[u8], i64, Option<Red<'_>>)> {
    let (main, red) = match payload {
        Payload::Opus(bytes) => (bytes, None),
        Payload::Red(bytes) => {
            let red = Red::parse(bytes).ok()?;
            (red.main().payload, Some(red))
        }
    };
    Some((main, span_of(main)?, red))
}

/// The length of an Opus packet in ticks, if it is one that can be kept.
fn span_of(packet: &[u8]) -> Option<i64> {
    let span = packets::split(packet).ok()?.duration().0;
    (packet.len() <= MAX_BYTES && span > 0).then_some(span)
}

/// Sequence numbers: what came, what came twice, what is missing (RFC 3550 appendix A.3).
#[derive(Default)]
struct Sequence {
    highest: Option<i64>,
    /// Bit n: `highest − n` has come.
    window: u128,
    received: u64,
    missing: i64,
}

impl Sequence {
    /// Whether this number has come before, as far as is remembered.
    fn seen(&self, seq: Seq) -> bool {
        self.remembered(seq) == Some(true)
    }

    /// Whether this number counts as lost, as far as is remembered.
    fn misses(&self, seq: Seq) -> bool {
        self.remembered(seq) == Some(false)
    }

    /// Whether a number up to the highest has come; none where that is not known any more, or not yet.
    fn remembered(&self, seq: Seq) -> Option<bool> {
        let highest = self.highest?;
        let back = highest - seq.unwrap_near(highest);
        (0..128).contains(&back).then(|| self.window >> back & 1 == 1)
    }

    fn count(&mut self, seq: Seq) {
        self.received += 1;
        let Some(highest) = self.highest else {
            (self.highest, self.window) = (Some(i64::from(seq.0)), 1);
            return;
        };
        let ahead = seq.unwrap_near(highest) - highest;
        if ahead > 0 {
            self.window = if ahead < 128 { self.window << ahead | 1 } else { 1 };
            self.missing += ahead - 1;
            self.highest = Some(highest + ahead);
        } else {
            self.missing -= 1;
            self.window |= if ahead > -128 { 1 << -ahead } else { 0 };
        }
    }

    /// The next number begins a new row; what is missing stays counted.
    fn restart(&mut self) {
        (self.highest, self.window) = (None, 0);
    }

    fn lost(&self) -> u64 {
        self.missing.max(0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_counted_once_over_the_wrap() {
        let mut sequence = Sequence::default();
        for seq in [65_534u16, 65_535, 1, 0, 4] {
            assert!(!sequence.seen(Seq(seq)));
            sequence.count(Seq(seq));
            assert!(sequence.seen(Seq(seq)));
        }
        assert_eq!((sequence.received, sequence.lost()), (5, 2));
    }
}
