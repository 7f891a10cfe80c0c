//! What a participant can ask of a session.

use crate::ids::StreamId;
use crate::stream::{EpochMap, StreamFormat, StreamKind};
use serde::{Deserialize, Serialize};

/// A request to change the session. Whether it is granted, [`crate::session::decide`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// Begin publishing a stream, or begin again with one that was closed. The author makes the id.
    #[serde(rename = "stream.open")]
    StreamOpen {
        /// Its id.
        stream: StreamId,
        /// What it carries.
        kind: StreamKind,
        /// What people call it, at most 80 characters.
        label: String,
        /// How it is encoded.
        format: StreamFormat,
    },
    /// Declare the clock map of a new epoch of one's own stream. Epochs are numbered without gaps from 0.
    #[serde(rename = "stream.epoch")]
    StreamEpoch {
        /// The stream.
        stream: StreamId,
        /// The map.
        map: EpochMap,
    },
    /// Stop publishing a stream.
    #[serde(rename = "stream.close")]
    StreamClose {
        /// The stream.
        stream: StreamId,
    },
}
