use super::ClientKind;
use crate::ids::{ParticipantId, StreamId};
use serde::{Deserialize, Serialize};
use units::Ticks;

/// A person who is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// Who.
    pub participant: ParticipantId,
    /// What program they use.
    pub client: ClientKind,
    /// Streams that reach them: forwarded to a peer of theirs that is connected.
    pub hears: Vec<StreamId>,
    /// Whether they hold the talk button.
    pub talking: bool,
    /// Whether their peer is connected.
    pub media: bool,
}

/// Droppable, coalesced; the newest of a kind and sender replaces those before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum Ephemeral {
    /// The sender began or ended talking; shown in `pres`, not passed on itself.
    Talk {
        /// Whether they talk.
        on: bool,
    },
    /// Levels of a stream at its source since the last such message.
    Levels {
        /// Which stream.
        stream: StreamId,
        /// Sample peak of each channel in dBFS, −100 at the lowest.
        peak_dbfs: Vec<f32>,
        /// RMS of each channel in dBFS, −100 at the lowest.
        rms_dbfs: Vec<f32>,
    },
    /// Which tick of a stream was captured when, on the relay's clock as its publisher estimates it. For showing delay only.
    Clock {
        /// Which stream.
        stream: StreamId,
        /// Number of the epoch.
        epoch: u32,
        /// Ticks since `rtp0` that were being captured.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        ticks: Ticks,
        /// Relay's wall clock then, in microseconds since the Unix epoch.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        at_us: i64,
        /// Largest error of `at_us`: half the round trip to the relay plus what the device reports.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        error_us: i64,
        /// How long after `at_us` the packet that begins with `ticks` was ready to be sent, in microseconds: the
        /// device's block, the frame and the encoder. Absent where the publisher does not measure it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        encoded_us: Option<u32>,
    },
    /// How a stream arrives at the sender.
    Health(Health),
}

/// How a stream arrives at a listener, over the last second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Which stream.
    pub stream: StreamId,
    /// Upper bound of the delay from capture to ear in ms, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delay_ms: Option<f32>,
    /// How much of `delay_ms` is doubt, in ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doubt_ms: Option<f32>,
    /// Held in the jitter buffer, in ms.
    pub buffer_ms: f32,
    /// Packets received.
    pub received: u32,
    /// Packets that never came.
    pub lost: u32,
    /// Samples per channel that were made up.
    pub concealed: u32,
    /// Samples per channel played.
    pub played: u32,
}
