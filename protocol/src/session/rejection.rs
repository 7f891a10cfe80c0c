use super::limits::MAX_OPEN_STREAMS;
use super::note::NoteStatus;
use super::take::{Phase, Verdict};
use crate::ids::{ParticipantId, StreamId};
use crate::wire::ErrorCode;
use serde::{Deserialize, Serialize};

/// Why a command is not granted. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A grant is missing.
    #[error("your invitation does not let you do this; ask the session's owner for another one")]
    Forbidden,
    /// The grant is there and its condition does not hold.
    #[error("{0}")]
    NotNow(&'static str),
    /// The stream is unknown or is somebody else's.
    #[error("stream {0} is not one that you have opened; open it first")]
    NotYourStream(StreamId),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Too many streams at once.
    #[error("you already publish {MAX_OPEN_STREAMS} streams; close one first")]
    TooManyStreams,
    /// A collection is full.
    #[error("a session holds {most} {what} at most; {way_out}")]
    Limit {
        /// Of what there would be too many.
        what: &'static str,
        /// How many there can be.
        most: usize,
        /// What to do.
        way_out: &'static str,
    },
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
    /// The command rests on a state that no longer holds.
    #[error("{msg}")]
    Stale {
        /// What is so instead, and what to do.
        msg: String,
        /// What is so instead.
        current: Current,
    },
    /// The session is closed.
    #[error("the session is closed; its owner can open it again")]
    Closed,
    /// The id is in use for something else.
    #[error("{0}")]
    Conflict(&'static str),
}

/// The state that a `stale` command met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Current {
    /// Phase of the take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Verdict of the take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Status of the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<NoteStatus>,
    /// Who holds the baton.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<ParticipantId>,
}

impl Rejection {
    /// The stable code that programs look at.
    pub fn code(&self) -> ErrorCode {
        match self {
            Rejection::Forbidden | Rejection::NotNow(_) => ErrorCode::Forbidden,
            Rejection::NotYourStream(_) | Rejection::NotFound(_) => ErrorCode::Unknown,
            Rejection::TooManyStreams | Rejection::Limit { .. } => ErrorCode::TooMany,
            Rejection::Invalid(_) => ErrorCode::Invalid,
            Rejection::StaleEpoch { .. } | Rejection::Stale { .. } | Rejection::Closed => ErrorCode::Stale,
            Rejection::Conflict(_) => ErrorCode::Conflict,
        }
    }

    /// What a `stale` command met.
    pub fn current(&self) -> Option<Current> {
        match self {
            Rejection::Stale { current, .. } => Some(*current),
            _ => None,
        }
    }

    pub(super) fn stale(msg: impl Into<String>, current: Current) -> Rejection {
        Rejection::Stale { msg: msg.into(), current }
    }

    pub(super) fn no(what: &str, which: impl std::fmt::Display) -> Rejection {
        Rejection::NotFound(format!("there is no {what} {which} in this session; look at the list again"))
    }
}
