use super::ErrorCode;
use crate::ids::StreamId;
use serde::{Deserialize, Serialize};
use units::{RtpTimestamp, Ssrc};

/// A client's offer: its sending media sections and as many receiving ones as it wants to hear streams.
/// Clients always offer, the relay always answers. An offer with a new `peer` number replaces the peer connection,
/// one with the same number renegotiates it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Number of the peer connection, chosen by the client, rising.
    pub peer: u32,
    /// The offer.
    pub sdp: String,
    /// Which of its media sections carries which of the client's open streams.
    pub send: Vec<SendSection>,
}

/// A media section that carries one of the client's own streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendSection {
    /// The section's `a=mid`.
    pub mid: String,
    /// The stream, opened before.
    pub stream: StreamId,
}

/// The relay's side of a peer connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PeerNews {
    /// The offer is accepted.
    Answer {
        /// Which peer connection.
        peer: u32,
        /// The answer.
        sdp: String,
    },
    /// The offer is refused, or the peer connection is gone: offer again with the next number.
    Failed {
        /// Which peer connection.
        peer: u32,
        /// For programs.
        code: ErrorCode,
        /// For people.
        msg: String,
    },
    /// What each receiving media section carries from now on; sent before its first packet. The newest one replaces
    /// those before it. Said again right after a `welcome` when the participant's peer connection still lives; where
    /// the first `pres` comes without it, the relay has none.
    Slots {
        /// Which peer connection.
        peer: u32,
        /// One entry per section in use.
        slots: Vec<Slot>,
        /// Streams that the listener may hear but has no section for: offer more.
        missing: Vec<StreamId>,
    },
    /// The relay wants this peer's publisher to use this much redundancy from now on.
    Redundancy {
        /// Which peer connection.
        peer: u32,
        /// Which stream.
        stream: StreamId,
        /// RED depth in frames.
        depth: u8,
    },
}

/// A receiving media section in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// The section's `a=mid`.
    pub mid: String,
    /// The stream it carries.
    pub stream: StreamId,
    /// The publisher's RTP source that `offset` belongs to.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub source: Ssrc,
    /// The listener's RTP source.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub ssrc: Ssrc,
    /// Add to the publisher's timestamp, modulo 2^32, to get the listener's.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub offset: RtpTimestamp,
}
