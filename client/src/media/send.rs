use super::{MediaError, PT_OPUS, PT_RED};
use bytes::Bytes;
use std::sync::Arc;
use units::{RtpTimestamp, Seq, Ssrc};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

/// A packet to send.
#[derive(Clone, Debug)]
pub struct OutRtp {
    /// Sequence number.
    pub seq: Seq,
    /// Timestamp.
    pub rtp: RtpTimestamp,
    /// Whether the payload is RED rather than plain Opus.
    pub red: bool,
    /// The payload.
    pub payload: Bytes,
}

/// The sending end of one section. Cheap to clone.
#[derive(Clone)]
pub struct TrackSender {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: Ssrc,
}

impl TrackSender {
    pub(super) fn new(track: Arc<TrackLocalStaticRTP>, ssrc: Ssrc) -> TrackSender {
        TrackSender { track, ssrc }
    }

    /// Sends a packet as it is. Waits while the library's queue of 256 packets is full, so each stream has its own
    /// task that calls this.
    pub async fn send(&self, packet: OutRtp) -> Result<(), MediaError> {
        let header = rtc::rtp::header::Header {
            version: 2,
            payload_type: if packet.red { PT_RED } else { PT_OPUS },
            sequence_number: packet.seq.0,
            timestamp: packet.rtp.0,
            ssrc: self.ssrc.0,
            ..Default::default()
        };
        let packet = rtc::rtp::packet::Packet { header, payload: packet.payload };
        self.track.write_rtp(packet).await.map_err(|_| MediaError::Closed)
    }
}
