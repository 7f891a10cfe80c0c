//! How the library is set up: codecs, sockets, timers.

use super::receive::{RtpSink, read_track};
use super::runtime::{Handshake, PeerRuntime};
use super::{MediaError, PT_OPUS, PT_RED, PeerEvent};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use units::Ssrc;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCPeerConnectionState, Registry, SettingEngine, SettingEngineBuilder, SrtpProtectionProfile,
    configure_rtcp_reports,
};

/// The only kind of media here.
pub(super) const AUDIO: RtpCodecKind = RtpCodecKind::Audio;
/// Stereo both ways, never in-band FEC (it would turn music into hybrid SILK).
const OPUS_FMTP: &str = "minptime=3;useinbandfec=0;stereo=1;sprop-stereo=1;maxaveragebitrate=510000";
/// Silence from the relay after which the connection counts as interrupted, and after which as failed.
const INTERRUPTED_AFTER: Duration = Duration::from_secs(2);
const FAILED_AFTER: Duration = Duration::from_secs(4);
const KEEPALIVE: Duration = Duration::from_millis(500);
/// Connectivity checks are repeated so often, so many times: 1.5 s in all, as long as the watchdog waits.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
const CHECKS: u16 = 30;

/// Builds the connection on sockets of these addresses and starts its driver.
pub(super) async fn build_connection(
    addresses: Vec<&'static str>,
    handler: Handler,
    runtime: Handle,
) -> Result<Arc<dyn PeerConnection>, MediaError> {
    let runtime = PeerRuntime::start(handler.handshake.clone(), runtime)
        .ok_or_else(|| MediaError::open("the WebRTC library is built without tokio"))?;
    let connection = PeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::default().build())
        .with_media_engine(media_engine().map_err(MediaError::open)?)
        .with_setting_engine(settings())
        .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
        .with_runtime(Arc::new(runtime))
        .with_handler(Arc::new(handler))
        .with_udp_addrs(addresses)
        .build()
        .await
        .map_err(MediaError::open)?;
    Ok(Arc::new(connection))
}

/// A track that sends what it is given under `ssrc`.
pub(super) fn opus_track(ssrc: Ssrc) -> Arc<TrackLocalStaticRTP> {
    let rtp_coding_parameters = RTCRtpCodingParameters { ssrc: Some(ssrc.0), ..Default::default() };
    let coding = RTCRtpEncodingParameters { rtp_coding_parameters, codec: opus(), active: true, ..Default::default() };
    let name = format!("farfield-{:08x}", ssrc.0);
    let track = MediaStreamTrack::new(name.clone(), name.clone(), name, AUDIO, vec![coding]);
    Arc::new(TrackLocalStaticRTP::new(track))
}

/// Wildcards are bound once per interface, which leaves loopback out; a relay on this machine needs it. Without IPv6 the
/// library would report its addresses as errors.
pub(super) fn bind_addresses(loopback: bool) -> Vec<&'static str> {
    let wanted = if loopback { vec!["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] } else { vec!["0.0.0.0:0", "[::]:0"] };
    wanted.into_iter().filter(|address| !address.starts_with('[') || UdpSocket::bind(address).is_ok()).collect()
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .with_ice_timeouts(Some(INTERRUPTED_AFTER), Some(FAILED_AFTER), Some(KEEPALIVE))
        .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
        .build()
}

fn media_engine() -> webrtc::error::Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    codecs().into_iter().try_for_each(|codec| engine.register_codec(codec, AUDIO))?;
    Ok(engine)
}

/// What we send and receive: Opus, and Opus in RED.
pub(super) fn codecs() -> Vec<RTCRtpCodecParameters> {
    let sdp_fmtp_line = format!("{PT_OPUS}/{PT_OPUS}");
    let red = RTCRtpCodec { mime_type: "audio/red".to_owned(), sdp_fmtp_line, ..opus() };
    vec![
        RTCRtpCodecParameters { rtp_codec: opus(), payload_type: PT_OPUS },
        RTCRtpCodecParameters { rtp_codec: red, payload_type: PT_RED },
    ]
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".to_owned(),
        clock_rate: units::TICK_RATE,
        channels: 2,
        sdp_fmtp_line: OPUS_FMTP.to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

/// Takes the library's callbacks.
pub(super) struct Handler {
    number: u32,
    sink: Arc<dyn RtpSink>,
    events: mpsc::Sender<(u32, PeerEvent)>,
    handshake: Arc<Handshake>,
}

impl Handler {
    pub(super) fn new(number: u32, sink: Arc<dyn RtpSink>, events: mpsc::Sender<(u32, PeerEvent)>) -> Handler {
        Handler { number, sink, events, handshake: Arc::default() }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "peer");
        let event = match state {
            RTCPeerConnectionState::Connected => {
                self.handshake.finish();
                PeerEvent::Connected
            }
            RTCPeerConnectionState::Disconnected => PeerEvent::Interrupted,
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => PeerEvent::Failed,
            _ => return,
        };
        // Whoever opened the peer may have given it up.
        let _ = self.events.send((self.number, event)).await;
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // The driver calls this, so that the reader is on its thread too.
        tokio::spawn(read_track(track, self.sink.clone()));
    }
}
