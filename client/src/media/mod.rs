//! The one narrow edge around the WebRTC library: a [`Peer`] offers, connects, sends RTP packets as they are and hands
//! over received ones as they came. No library type leaves this module.
//!
//! *Absent*: jitter buffers, codecs, session state, any second attempt. A peer that does not connect is thrown away and
//! a new one offered by `control`. Lost handshake datagrams are repeated here (`handshake`), because the library's DTLS
//! hangs on them.

mod engine;
mod error;
mod handshake;
mod receive;
mod runtime;
mod send;
#[cfg(test)]
pub(crate) mod tests;
mod thread;

pub use error::MediaError;
pub use receive::{Received, RtpSink};
pub use send::{OutRtp, TrackSender};
pub use thread::NetworkThread;

use engine::{Handler, bind_addresses, build_connection};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use units::Ssrc;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::peer_connection::{PeerConnection, RTCSessionDescription};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit, RtpTransceiver};

/// Payload type of plain Opus, in every offer of ours.
pub const PT_OPUS: u8 = 111;
/// Payload type of Opus in RED, in every offer of ours.
pub const PT_RED: u8 = 63;

/// What a peer connection shall carry.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// Its number, which its news carry.
    pub number: u32,
    /// RTP sources of one's own streams, one sending section each, in this order.
    pub sends: Vec<Ssrc>,
    /// Receiving sections: how many streams can be heard at once.
    pub receives: usize,
    /// Whether the relay may be on this machine, so that loopback sockets are needed.
    pub loopback: bool,
    /// Where packets are handled: a [`NetworkThread`]'s.
    pub runtime: Handle,
}

/// News of a peer connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// Packets flow.
    Connected,
    /// The other side has not been heard for a while; it may come back by itself.
    Interrupted,
    /// Gone for good: offer a new peer.
    Failed,
}

/// An offer of ours.
#[derive(Clone, Debug)]
pub struct LocalOffer {
    /// The SDP. It names no candidates: the relay finds us by our checks.
    pub sdp: String,
    /// `a=mid` of each sending section, in the order of [`PeerConfig::sends`].
    pub send_mids: Vec<String>,
}

/// One peer connection to the relay. Dropping it stops its driver.
pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    senders: Vec<TrackSender>,
}

impl Peer {
    /// Opens sockets and makes the offer. Received packets go to `sink`, called on the network thread: it must not
    /// block. News go to `events` with the peer's number; a slow reader loses none, the peer waits for it.
    pub async fn offer(
        config: PeerConfig,
        sink: Arc<dyn RtpSink>,
        events: mpsc::Sender<(u32, PeerEvent)>,
    ) -> Result<(Peer, LocalOffer), MediaError> {
        let (addresses, handler) = (bind_addresses(config.loopback), Handler::new(config.number, sink, events));
        let connection = build_connection(addresses, handler, config.runtime).await?;
        let mut senders = Vec::new();
        let mut sections = Vec::new();
        for ssrc in &config.sends {
            let track = engine::opus_track(*ssrc);
            sections.push(add_sending(&*connection, track.clone()).await?);
            senders.push(TrackSender::new(track, *ssrc));
        }
        for _ in 0..config.receives {
            add_receiving(&*connection).await?;
        }
        let offer = connection.create_offer(None).await.map_err(MediaError::offer)?;
        let sdp = offer.sdp.clone();
        connection.set_local_description(offer).await.map_err(MediaError::offer)?;
        let send_mids = mids_of(&sections).await?;
        Ok((Peer { connection, senders }, LocalOffer { sdp, send_mids }))
    }

    /// Takes the relay's answer; connecting begins.
    pub async fn handle_answer(&self, sdp: String) -> Result<(), MediaError> {
        let answer = RTCSessionDescription::answer(sdp).map_err(MediaError::answer)?;
        self.connection.set_remote_description(answer).await.map_err(MediaError::answer)
    }

    /// The sending end of each section, in the order of [`PeerConfig::sends`].
    pub fn senders(&self) -> &[TrackSender] {
        &self.senders
    }

    /// Says goodbye and closes the sockets. Takes up to a tenth of a second.
    pub async fn close(&self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "peer did not close cleanly");
        }
    }
}

async fn add_sending(
    connection: &dyn PeerConnection,
    track: Arc<dyn TrackLocal>,
) -> Result<Arc<dyn RtpTransceiver>, MediaError> {
    let init = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Sendonly, ..Default::default() };
    let section = connection.add_transceiver_from_track(track, Some(init)).await.map_err(MediaError::offer)?;
    prefer_ours(&*section).await?;
    Ok(section)
}

async fn add_receiving(connection: &dyn PeerConnection) -> Result<(), MediaError> {
    let init = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
    let section = connection.add_transceiver_from_kind(engine::AUDIO, Some(init)).await.map_err(MediaError::offer)?;
    prefer_ours(&*section).await
}

/// Plain Opus and RED both count as negotiated only when a section prefers them by name.
async fn prefer_ours(section: &dyn RtpTransceiver) -> Result<(), MediaError> {
    section.set_codec_preferences(engine::codecs()).await.map_err(MediaError::offer)
}

async fn mids_of(sections: &[Arc<dyn RtpTransceiver>]) -> Result<Vec<String>, MediaError> {
    let mut mids = Vec::new();
    for section in sections {
        let mid = section.mid().await.map_err(MediaError::offer)?;
        mids.push(mid.ok_or(MediaError::NoMid)?);
    }
    Ok(mids)
}
