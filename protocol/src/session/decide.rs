use super::SessionState;
use crate::command::Command;
use crate::event::Event;
use crate::grants::{Grant, Grants};
use crate::ids::{ParticipantId, StreamId};
use crate::stream::{EpochMap, Stream, StreamFormat, StreamKind};
use crate::wire::ErrorCode;

/// Longest label or name of anything, in characters.
pub const MAX_LABEL_CHARS: usize = 80;
/// Streams that one participant may have open at once.
pub const MAX_OPEN_STREAMS: usize = 8;

/// Who asks, with what they may do now.
#[derive(Clone, Debug)]
pub struct Actor<'a> {
    /// Their id.
    pub participant: ParticipantId,
    /// Their grants.
    pub grants: &'a Grants,
}

/// Why a command is not granted. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A grant is missing.
    #[error("your invitation does not let you do this; ask the session's owner for another one")]
    Forbidden,
    /// The stream is unknown or is somebody else's.
    #[error("stream {0} is not one that you have opened; open it first")]
    NotYourStream(StreamId),
    /// Too many streams at once.
    #[error("you already publish {MAX_OPEN_STREAMS} streams; close one first")]
    TooManyStreams,
    /// A text or number outside its range.
    #[error("{0}")]
    Invalid(&'static str),
    /// The epoch's number is not the next one.
    #[error("the stream's next epoch is {expected}, not {got}; read its newest epoch and declare the one after it")]
    StaleEpoch {
        /// The number that would have been accepted.
        expected: u32,
        /// The number given.
        got: u32,
    },
}

impl Rejection {
    /// The stable code that programs look at.
    pub fn code(&self) -> ErrorCode {
        match self {
            Rejection::Forbidden => ErrorCode::Forbidden,
            Rejection::NotYourStream(_) => ErrorCode::Unknown,
            Rejection::TooManyStreams => ErrorCode::TooMany,
            Rejection::Invalid(_) => ErrorCode::Invalid,
            Rejection::StaleEpoch { .. } => ErrorCode::Stale,
        }
    }
}

/// Turns a command into the events it causes, or says why not. Pure: the same arguments give the same answer.
pub fn decide(state: &SessionState, actor: &Actor<'_>, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::StreamOpen { stream, kind, label, format } => open_stream(state, actor, *stream, *kind, label, format),
        Command::StreamEpoch { stream, map } => begin_epoch(state, actor, *stream, map),
        Command::StreamClose { stream } => close_stream(state, actor, *stream),
    }
}

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

fn open_stream(
    state: &SessionState,
    actor: &Actor<'_>,
    stream: StreamId,
    kind: StreamKind,
    label: &str,
    format: &StreamFormat,
) -> Result<Vec<Event>, Rejection> {
    if !actor.grants.has(publish_grant(kind)) {
        return Err(Rejection::Forbidden);
    }
    if let Some(known) = state.streams.get(&stream)
        && (known.participant != actor.participant || known.kind != kind)
    {
        return Err(Rejection::NotYourStream(stream));
    }
    check_label(label)?;
    check_format(format)?;
    let open =
        state.streams.values().filter(|s| s.participant == actor.participant && s.open && s.id != stream).count();
    if open >= MAX_OPEN_STREAMS {
        return Err(Rejection::TooManyStreams);
    }
    let (participant, label, format) = (actor.participant, label.to_owned(), format.clone());
    Ok(vec![Event::StreamOpen { stream, participant, kind, label, format }])
}

fn begin_epoch(
    state: &SessionState,
    actor: &Actor<'_>,
    stream: StreamId,
    map: &EpochMap,
) -> Result<Vec<Event>, Rejection> {
    let known = own_stream(state, actor, stream)?;
    if !known.open {
        return Err(Rejection::Invalid("the stream is closed; open it again first"));
    }
    let expected = known.epochs.len() as u32;
    if map.epoch != expected {
        return Err(Rejection::StaleEpoch { expected, got: map.epoch });
    }
    check_rate(map.rate.0)?;
    Ok(vec![Event::StreamEpoch { stream, map: map.clone() }])
}

fn close_stream(state: &SessionState, actor: &Actor<'_>, stream: StreamId) -> Result<Vec<Event>, Rejection> {
    let known = own_stream(state, actor, stream)?;
    Ok(if known.open { vec![Event::StreamClose { stream }] } else { Vec::new() })
}

fn own_stream<'a>(state: &'a SessionState, actor: &Actor<'_>, stream: StreamId) -> Result<&'a Stream, Rejection> {
    let own = state.streams.get(&stream).filter(|s| s.participant == actor.participant);
    own.ok_or(Rejection::NotYourStream(stream))
}

/// Checks a name or label that people gave: not empty, not too long, no control characters.
pub fn check_label(label: &str) -> Result<(), Rejection> {
    if label.trim().is_empty() || label.chars().count() > MAX_LABEL_CHARS {
        return Err(Rejection::Invalid("a name has 1 to 80 characters"));
    }
    if label.chars().any(char::is_control) {
        return Err(Rejection::Invalid("a name has no control characters"));
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

fn check_rate(rate: u32) -> Result<(), Rejection> {
    if !(8_000..=384_000).contains(&rate) {
        return Err(Rejection::Invalid("a sample rate is between 8000 and 384000 Hz"));
    }
    Ok(())
}
