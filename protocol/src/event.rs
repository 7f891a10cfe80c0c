//! What has happened in a session, in order. Events are facts: they are never refused, changed or erased.

use crate::grants::{Grants, Role};
use crate::ids::{ParticipantId, StreamId};
use crate::stream::{EpochMap, StreamFormat, StreamKind};
use serde::{Deserialize, Serialize};
use units::WallTime;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The session was made.
    #[serde(rename = "session.open")]
    SessionOpen {
        /// What people call it.
        title: String,
    },
    /// Somebody came in, or came back under another name.
    #[serde(rename = "participant.join")]
    ParticipantJoin {
        /// Who.
        participant: ParticipantId,
        /// What people call them, at most 80 characters.
        name: String,
        /// The preset their invitation named.
        role: Role,
        /// What they may do.
        grants: Grants,
    },
    /// Somebody left: every link of theirs has been gone for the time of grace.
    #[serde(rename = "participant.leave")]
    ParticipantLeave {
        /// Who.
        participant: ParticipantId,
    },
    /// A stream began.
    #[serde(rename = "stream.open")]
    StreamOpen {
        /// Which.
        stream: StreamId,
        /// Who publishes it.
        participant: ParticipantId,
        /// What it carries.
        kind: StreamKind,
        /// What people call it.
        label: String,
        /// How it is encoded.
        format: StreamFormat,
    },
    /// A new clock map is in force.
    #[serde(rename = "stream.epoch")]
    StreamEpoch {
        /// The stream.
        stream: StreamId,
        /// The map.
        map: EpochMap,
    },
    /// A stream ended.
    #[serde(rename = "stream.close")]
    StreamClose {
        /// Which.
        stream: StreamId,
    },
}

/// A fact with its place in the session's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Recorded {
    /// Gapless number within the session, from 1.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: u64,
    /// Who caused it; none when the relay itself did.
    pub by: Option<ParticipantId>,
    /// When the relay recorded it, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: WallTime,
    /// The fact.
    #[serde(flatten)]
    pub event: Event,
}
