use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;
use units::{RtpTimestamp, Seq, Ssrc};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

/// A packet as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Source on this connection.
    pub ssrc: Ssrc,
    /// Sequence number.
    pub seq: Seq,
    /// Timestamp.
    pub rtp: RtpTimestamp,
    /// Whether the payload is RED rather than plain Opus.
    pub red: bool,
    /// The payload.
    pub payload: Bytes,
    /// When it was taken from the library.
    pub arrived: Instant,
}

/// Where received packets go.
pub trait RtpSink: Send + Sync + 'static {
    /// Takes a packet. Must not block: the library drops packets of whoever reads slowly.
    fn handle_packet(&self, packet: Received);
}

/// Reads one track till its end.
pub(super) async fn read_track(track: Arc<dyn TrackRemote>, sink: Arc<dyn RtpSink>) {
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        let red = match packet.header.payload_type {
            super::PT_OPUS => false,
            super::PT_RED => true,
            _ => continue,
        };
        sink.handle_packet(Received {
            ssrc: Ssrc(packet.header.ssrc),
            seq: Seq(packet.header.sequence_number),
            rtp: RtpTimestamp(packet.header.timestamp),
            red,
            payload: packet.payload,
            arrived: Instant::now(),
        });
    }
}
