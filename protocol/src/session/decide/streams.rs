use super::{Ask, Decided};
use crate::event::Event;
use crate::grants::Grant;
use crate::ids::StreamId;
use crate::session::Rejection;
use crate::session::limits::{
    MAX_DELAY_TICKS, MAX_EPOCHS, MAX_LABEL_CHARS, MAX_OPEN_STREAMS, MAX_POSITION, MAX_STREAMS,
};
use crate::stream::{EpochMap, Stream, StreamFormat, StreamKind};
use crate::text;

/// The grant that publishing a stream of this kind takes.
pub fn publish_grant(kind: StreamKind) -> Grant {
    match kind {
        StreamKind::Program => Grant::PublishProgram,
        StreamKind::Mic => Grant::PublishMic,
        StreamKind::Talkback => Grant::PublishTalk,
    }
}

/// The grant that hearing a stream of this kind takes.
pub fn hear_grant(kind: StreamKind) -> Grant {
    match kind {
        StreamKind::Program | StreamKind::Mic => Grant::HearProgram,
        StreamKind::Talkback => Grant::HearTalk,
    }
}

impl Ask<'_> {
    pub(super) fn open_stream(
        &self,
        stream: StreamId,
        kind: StreamKind,
        label: &str,
        format: &StreamFormat,
    ) -> Decided {
        if !self.actor.grants.has(publish_grant(kind)) {
            return Err(Rejection::Forbidden);
        }
        let known = self.state.streams.get(&stream);
        if known.is_some_and(|known| known.participant != self.me() || known.kind != kind) {
            return Err(Rejection::NotYourStream(stream));
        }
        check_label(label)?;
        check_format(format)?;
        let others = self.state.streams.values().filter(|s| s.participant == self.me() && s.open && s.id != stream);
        if others.count() >= MAX_OPEN_STREAMS {
            return Err(Rejection::TooManyStreams);
        }
        if known.is_none() && self.state.streams.len() >= MAX_STREAMS {
            let way_out = "open one again that was closed";
            return Err(Rejection::Limit { what: "streams", most: MAX_STREAMS, way_out });
        }
        let (participant, label, format) = (self.me(), label.to_owned(), format.clone());
        Ok(vec![Event::StreamOpen { stream, participant, kind, label, format }])
    }

    pub(super) fn begin_epoch(&self, stream: StreamId, map: &EpochMap) -> Decided {
        // Also of a stream that was closed because its publisher lost the link: what was recorded meanwhile rests on it.
        let known = self.own_stream(stream)?;
        let expected = known.epochs.len() as u32;
        if map.epoch != expected {
            return Err(Rejection::StaleEpoch { expected, got: map.epoch });
        }
        if known.epochs.len() >= MAX_EPOCHS {
            let way_out = "open another stream";
            return Err(Rejection::Limit { what: "clock maps of one stream", most: MAX_EPOCHS, way_out });
        }
        check_map(map, known.epochs.last())?;
        Ok(vec![Event::StreamEpoch { stream, map: map.clone() }])
    }

    pub(super) fn close_stream(&self, stream: StreamId) -> Decided {
        let known = self.own_stream(stream)?;
        Ok(if known.open { vec![Event::StreamClose { stream }] } else { Vec::new() })
    }

    pub(super) fn own_stream(&self, stream: StreamId) -> Result<&Stream, Rejection> {
        let own = self.state.streams.get(&stream).filter(|s| s.participant == self.me());
        own.ok_or(Rejection::NotYourStream(stream))
    }
}

/// Checks a name or label that people gave: not empty, not too long, nothing that hides or reorders text.
pub fn check_label(label: &str) -> Result<(), Rejection> {
    if label.trim().is_empty() || label.chars().count() > MAX_LABEL_CHARS {
        return Err(Rejection::Invalid("a name has 1 to 80 characters"));
    }
    if label.chars().any(text::is_hidden) {
        return Err(Rejection::Invalid("a name has no control characters and no invisible ones; type it anew"));
    }
    Ok(())
}

fn check_format(format: &StreamFormat) -> Result<(), Rejection> {
    if !(1..=2).contains(&format.channels) {
        return Err(Rejection::Invalid("a stream has 1 or 2 channels"));
    }
    if ![2_500, 5_000, 10_000, 20_000].contains(&format.frame_us) {
        return Err(Rejection::Invalid("a frame lasts 2500, 5000, 10000 or 20000 microseconds"));
    }
    if !(6_000..=510_000).contains(&format.bitrate) {
        return Err(Rejection::Invalid("a bit rate is between 6000 and 510000 bits per second"));
    }
    if format.redundancy > 3 {
        return Err(Rejection::Invalid("redundancy is 0 to 3 frames deep"));
    }
    check_rate(format.rate.0)
}

/// Refuses positions that are none. The counter of one source never goes back; another source begins anew.
fn check_map(map: &EpochMap, before: Option<&EpochMap>) -> Result<(), Rejection> {
    check_rate(map.rate.0)?;
    if ![map.from.0, map.sample0.0].iter().all(|position| (0..=MAX_POSITION).contains(position)) {
        return Err(Rejection::Invalid("an epoch begins at tick and sample 0 or later; count them from the start"));
    }
    if ![map.codec_delay, map.resampler_delay].iter().all(|delay| (0..=MAX_DELAY_TICKS).contains(&delay.0)) {
        return Err(Rejection::Invalid("an encoder or a resampler delays by 0 to 480000 ticks; measure it again"));
    }
    if before.is_some_and(|before| before.ssrc == map.ssrc && map.from < before.from) {
        return Err(Rejection::Invalid(
            "an epoch does not begin before the one before it; count on, or send from a new SSRC",
        ));
    }
    Ok(())
}

pub(super) fn check_rate(rate: u32) -> Result<(), Rejection> {
    if !(8_000..=384_000).contains(&rate) {
        return Err(Rejection::Invalid("a sample rate is between 8000 and 384000 Hz"));
    }
    Ok(())
}
