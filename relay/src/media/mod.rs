//! The media plane: shards that receive, forward and send on plain threads.
//!
//! A shard is one thread with one UDP socket and one loop: receive, admit, forward, send. A session lives on one shard.
//! Everything else talks to it through [`MediaHandle`] and hears from it through [`MediaEvent`]s; neither side ever
//! waits for the other. The WebRTC library (`str0m`) is seen by `peer` and `offer` only, and by `keys` and `sealer`, with
//! which what is forwarded goes past it (see `lane`); none of its types leaves here.
//!
//! *Absent*: Opus, recording, retransmission, congestion control, TURN and TCP candidates; who may hear whom (the room
//! derives a [`Plan`](relay_core::plan::Plan) and the shard obeys it).

mod addresses;
mod error;
mod handle;
mod keys;
mod lane;
mod mailbox;
mod offer;
mod outbox;
mod peer;
mod peers;
mod pktinfo;
mod priority;
mod routes;
mod sealer;
mod shard;
mod socket;
mod stats;

pub use error::MediaError;
pub use handle::MediaHandle;
pub use stats::ShardStats;

use protocol::ids::{ParticipantId, SessionId, StreamId};
use protocol::stream::StreamKind;
use protocol::wire::{ClientKind, Slot};
use std::net::{IpAddr, SocketAddr};
use units::{RtpTimestamp, Ssrc};

/// Where the media plane listens.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Address of the first shard's socket; the others take the ports after it. Port 0 lets the system choose the first.
    pub bind: SocketAddr,
    /// How many shards, each with a thread and a port; at least 1.
    pub shards: usize,
    /// Address to tell clients instead of the bound one, when the relay sits behind a translating router.
    pub advertise: Option<IpAddr>,
}

/// One peer connection. A participant has one at a time; a higher number replaces a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub participant: ParticipantId,
    /// Its number, chosen by the client, rising.
    pub peer: u32,
}

/// A client's offer, checked by the room: the streams are the participant's own and open.
#[derive(Clone, Debug)]
pub struct PeerOffer {
    /// The offer.
    pub sdp: String,
    /// Which sending section (`a=mid`) carries which stream.
    pub send: Vec<(String, StreamId, StreamKind)>,
    /// What program offers, which decides how packets are put together for it.
    pub client: ClientKind,
}

/// What the media plane tells. Nothing is lost: while the room's queue is full, events wait in the shard in order, where
/// a newer `Slots`, `Hearing` or (per stream) `FirstPacket` or `Redundancy` replaces an older one of the same peer and
/// `Gone`, or the participant's next peer, replaces all about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// A peer's transport stands: sound flows from now on.
    Connected(PeerKey),
    /// A peer is gone without having been closed by the room.
    Gone {
        /// Which.
        key: PeerKey,
        /// Why.
        why: GoneReason,
    },
    /// What each receiving section of a peer carries from now on, queued before the first packet of it is sent.
    Slots {
        /// Whose.
        key: PeerKey,
        /// One entry per section in use whose stream has sent something.
        slots: Vec<Slot>,
        /// Streams that the listener may hear but has no section for.
        missing: Vec<StreamId>,
    },
    /// A stream's first packet from a new RTP source has come.
    FirstPacket {
        /// From whom.
        key: PeerKey,
        /// Which stream.
        stream: StreamId,
        /// The source.
        ssrc: Ssrc,
        /// That packet's timestamp.
        rtp: RtpTimestamp,
    },
    /// Which streams are being forwarded to a connected peer.
    Hearing {
        /// Whose.
        key: PeerKey,
        /// All of them.
        streams: Vec<StreamId>,
    },
    /// A publisher is asked for so many earlier frames with each one, unless it chose more.
    Redundancy {
        /// Whose.
        key: PeerKey,
        /// Which of its streams.
        stream: StreamId,
        /// RED depth: 0 to 3.
        depth: u8,
    },
}

/// Why a peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GoneReason {
    /// It never connected.
    NeverConnected,
    /// Its connectivity checks stopped coming.
    ConnectionLost,
    /// It closed its side.
    ClosedByPeer,
    /// Its transport failed in a way that only a new peer connection cures.
    Failed,
}

impl std::fmt::Display for GoneReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            GoneReason::NeverConnected => "no media connection came up: check that UDP to the relay is not blocked",
            GoneReason::ConnectionLost => "the media connection was lost: connect again",
            GoneReason::ClosedByPeer => "the client closed its media connection",
            GoneReason::Failed => "the media connection failed: connect again",
        })
    }
}

#[cfg(test)]
mod tests;
