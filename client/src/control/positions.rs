//! Where in a stream a played sample is: for the listener's file, the truth that alignment is checked against.

use crate::pipeline::playout::{PositionRecord, SourceId};
use crate::report::{Line, PositionStats};
use client_core::heard::{Origin, Played};
use client_core::route::Route;
use codec::jitter::{Kind, Position};
use protocol::ids::StreamId;
use protocol::stream::Stream;
use std::collections::BTreeMap;
use units::{MonoTime, RtpTimestamp, SampleCount, SampleRate, SampleTime};

/// Positions of one source are told so many output samples apart: a tenth of a second.
const TELL_EVERY: i64 = 4_800;

/// Tells positions of a file, of each source ten times a second and wherever another kind of sound begins: between
/// two lines all is of the first one's kind.
#[derive(Debug, Default)]
pub(super) struct PositionTeller {
    enabled: bool,
    told: BTreeMap<SourceId, Told>,
}

/// What was told of a source.
#[derive(Debug, Default)]
struct Told {
    due: i64,
    kind: Option<Kind>,
}

impl PositionTeller {
    pub(super) fn new(enabled: bool) -> PositionTeller {
        PositionTeller { enabled, told: BTreeMap::new() }
    }

    /// The lines that are due for this block.
    pub(super) fn lines_of(
        &mut self,
        record: &PositionRecord,
        stream: StreamId,
        known: Option<(&Route, &Stream)>,
    ) -> Vec<Line> {
        if !self.enabled {
            return Vec::new();
        }
        let told = self.told.entry(record.source).or_default();
        let due = sounds(record).filter(|(at, kind, _)| told.is_due(*at, *kind));
        due.map(|(at, kind, position)| line_of(at, kind, position, stream, known)).collect()
    }
}

impl Told {
    /// Whether a line is due for sound of this kind that begins here; it is then told.
    fn is_due(&mut self, at: SampleTime, kind: Kind) -> bool {
        let due = at.0 >= self.due || self.kind != Some(kind);
        if due {
            *self = Told { due: (at.0 / TELL_EVERY + 1) * TELL_EVERY, kind: Some(kind) };
        }
        due
    }
}

fn line_of(at: SampleTime, kind: Kind, position: Position, stream: StreamId, known: Option<(&Route, &Stream)>) -> Line {
    let placed = known.and_then(|(route, stream)| place(route, stream, position));
    Line::Position {
        out_sample: at.0.max(0) as u64,
        stream,
        ticks: placed.map_or_else(|| position.ticks.0 as f64 + position.fraction, |placed| placed.ticks),
        epoch: placed.map(|placed| placed.epoch),
        sample: placed.map(|placed| placed.sample),
        kind: kind_name(kind),
    }
}

/// Places what the jitter buffer says in the publisher's own clock.
pub(super) fn place(route: &Route, stream: &Stream, at: Position) -> Option<PositionStats> {
    let placed = route.locate(stream, RtpTimestamp(at.ticks.0 as u32))?;
    let ticks = placed.ticks.0 as f64 + at.fraction;
    Some(PositionStats { ticks, epoch: placed.epoch, sample: placed.sample.0 })
}

/// What a record of an output of this rate says was played, run by run.
pub(super) fn runs(record: &PositionRecord, rate: SampleRate) -> impl Iterator<Item = Played> {
    let mut before = SampleCount(0);
    record.pulled.spans().iter().filter_map(move |span| {
        let leaves = record.leaves_at + before.duration(rate);
        before += span.len;
        let (at, origin) = (span.position?, origin(span.kind)?);
        let ticks_per_s = span.ticks_per_sample * f64::from(rate.0);
        let lasts = span.len.duration(rate);
        Some(Played { leaves, lasts, ticks: at.ticks, fraction: at.fraction, ticks_per_s, origin })
    })
}

/// When the last sample of a record has left.
pub(super) fn end_of(record: &PositionRecord, rate: SampleRate) -> MonoTime {
    let whole: u64 = record.pulled.spans().iter().map(|span| span.len.0).sum();
    record.leaves_at + SampleCount(whole).duration(rate)
}

fn origin(kind: Kind) -> Option<Origin> {
    match kind {
        Kind::Silence => None,
        Kind::Real => Some(Origin::Real),
        Kind::Redundant => Some(Origin::Redundant),
        Kind::Concealed => Some(Origin::Concealed),
    }
}

/// Where in the output each span with a place begins, of what kind it is, and where it came from.
fn sounds(record: &PositionRecord) -> impl Iterator<Item = (SampleTime, Kind, Position)> {
    let mut next = record.at;
    record.pulled.spans().iter().filter_map(move |span| {
        let at = next;
        next += span.len;
        Some((at, span.kind, span.position?))
    })
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Silence => "silence",
        Kind::Real => "real",
        Kind::Redundant => "redundant",
        Kind::Concealed => "concealed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client_core::heard::Heard;
    use codec::jitter::{Config, JitterBuffer, Payload, Profile};
    use codec::opus::{Decoder, FrameDuration};
    use codec::publish::{MAX_PAYLOAD_BYTES, StreamEncoder, StreamSettings};
    use std::time::Duration;
    use units::{Bitrate, MonoTime, SampleTime, Seq, Ticks};

    #[test]
    fn what_the_player_recorded_tells_what_was_in_the_ear_at_any_moment() {
        let settings = StreamSettings::program(2, FrameDuration::Us5000, Bitrate(256_000), 0);
        let mut encoder = StreamEncoder::new(settings).unwrap();
        let config = Config::listener(Profile::Default, FrameDuration::Us5000, 0, SampleCount(240));
        let mut jitter = JitterBuffer::new(config, Decoder::new(2).unwrap()).unwrap();
        let (mut heard, mut payload, mut out) = (Heard::default(), [0; MAX_PAYLOAD_BYTES], [0.0; 480]);
        let mut last = None;
        for n in 0..400u32 {
            let now = MonoTime(1_000_000_000 + u64::from(n) * 5_000_000);
            let len = encoder.encode_rt(&[0.1; 480], &mut payload).unwrap().len;
            jitter.push_rt(now, Seq(n as u16), RtpTimestamp(n * 240), Payload::Opus(&payload[..len]));
            let pulled = jitter.pull_rt(now, &mut out);
            let leaves_at = now + Duration::from_millis(30);
            let at = SampleTime(i64::from(n) * 240);
            let record = PositionRecord { source: SourceId(0), at, pulled_at: now, leaves_at, pulled };
            runs(&record, SampleRate::HZ_48000).for_each(|run| heard.handle_played(run));
            last = Some((leaves_at, pulled));
        }
        let (leaves_at, pulled) = last.unwrap();
        let found = heard.heard_at(leaves_at + Duration::from_millis(2)).unwrap();
        let truth = pulled.position_at(SampleCount(96)).unwrap().ticks_since(Ticks(0));
        assert!((found.ticks.0 as f64 - truth).abs() < 1.0, "{found:?} but {truth}");
        assert!(!found.concealed);
    }
}
