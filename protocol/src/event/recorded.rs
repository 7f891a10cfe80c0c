use super::Event;
use crate::chain::ChainHash;
use crate::ids::{CommandId, ParticipantId};
use serde::{Deserialize, Serialize};
use units::WallTime;

/// A fact with its place in the session's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recorded {
    /// Gapless number within the session, from 1.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// The command that caused it; none when no command did. Several events can have one command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// Who caused it; none when the relay itself did.
    pub by: Option<ParticipantId>,
    /// When the relay recorded it, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub at: WallTime,
    /// The fact.
    #[serde(flatten)]
    pub event: Event,
}

/// An event with its place in the chain of hashes: what `ev` carries beside the stored text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chained {
    /// The chain's hash before this event.
    pub prev: ChainHash,
    /// The chain's hash after it.
    pub hash: ChainHash,
    /// The event.
    #[serde(flatten)]
    pub recorded: Recorded,
}
