//! A peer of ours against the same library on the answering side, through real ICE, DTLS and SRTP on loopback.

use super::engine::{Handler, build_connection};
use super::*;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::time::timeout;
use units::{RtpTimestamp, Seq};
use webrtc::peer_connection::PeerConnection;

/// Nothing on loopback takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

struct Collected(UnboundedSender<Received>);

impl RtpSink for Collected {
    fn handle_packet(&self, packet: Received) {
        let _ = self.0.send(packet);
    }
}

fn sink() -> (Arc<Collected>, UnboundedReceiver<Received>) {
    let (packets_in, packets) = unbounded_channel();
    (Arc::new(Collected(packets_in)), packets)
}

/// The far side on 127.0.0.1: its connection, its answer, its news and what it receives.
pub(crate) async fn answer(
    offer: &str,
) -> (Arc<dyn PeerConnection>, String, Receiver<(u32, PeerEvent)>, UnboundedReceiver<Received>) {
    answer_at("127.0.0.1:0", offer).await
}

/// The far side at an address that it alone has.
async fn answer_at(
    address: &'static str,
    offer: &str,
) -> (Arc<dyn PeerConnection>, String, Receiver<(u32, PeerEvent)>, UnboundedReceiver<Received>) {
    let (sink, packets) = sink();
    let (events, news) = channel(8);
    let connection = build_connection(vec![address], Handler::new(0, sink, events), Handle::current()).await.unwrap();
    let offer = RTCSessionDescription::offer(offer.to_owned()).unwrap();
    connection.set_remote_description(offer).await.unwrap();
    let answer = connection.create_answer(None).await.unwrap();
    connection.set_local_description(answer).await.unwrap();
    loop {
        let described = connection.local_description().await.map(|described| described.sdp).unwrap_or_default();
        if described.contains("a=candidate") {
            return (connection, described, news, packets);
        }
        tokio::task::yield_now().await;
    }
}

async fn connected(events: &mut Receiver<(u32, PeerEvent)>) {
    while let Some((_, event)) = events.recv().await {
        if event == PeerEvent::Connected {
            return;
        }
    }
    panic!("the peer ended without connecting");
}

async fn packets_arrive_as_they_were_sent(far: &'static str) {
    let (events_in, mut events) = channel(8);
    let config = PeerConfig {
        number: 1,
        sends: vec![Ssrc(0xfa2f_1e1d)],
        receives: 0,
        loopback: true,
        runtime: Handle::current(),
    };
    let (peer, offer) = Peer::offer(config, sink().0, events_in).await.unwrap();
    assert_eq!(offer.send_mids.len(), 1);
    let (_far, sdp, mut far_events, mut packets) = answer_at(far, &offer.sdp).await;
    peer.handle_answer(sdp).await.unwrap();
    // The side that hears the last handshake flight is the later one, and drops what comes before it is ready.
    connected(&mut events).await;
    connected(&mut far_events).await;
    let sent = |n: u16, red| OutRtp {
        seq: Seq(u16::MAX.wrapping_add(n)),
        rtp: RtpTimestamp(u32::MAX - 100).wrapping_add(units::Ticks(240 * i64::from(n))),
        red,
        payload: Bytes::from(vec![n as u8; 100]),
    };
    for n in 0..4 {
        peer.senders()[0].send(sent(n, n % 2 == 1)).await.unwrap();
    }
    for n in 0..4 {
        let (expected, got) = (sent(n, n % 2 == 1), packets.recv().await.unwrap());
        assert_eq!(
            (got.seq, got.rtp, got.red, got.payload),
            (expected.seq, expected.rtp, expected.red, expected.payload)
        );
        assert_eq!(got.ssrc, Ssrc(0xfa2f_1e1d));
    }
    peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_and_redundant_packets_keep_their_numbers_stamps_and_bytes() {
    timeout(PATIENCE, packets_arrive_as_they_were_sent("127.0.0.1:0")).await.unwrap();
}

/// Where there is no IPv6 there is nothing to prove but that IPv4 goes on, which the other tests do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_on_this_machine_and_has_ipv6_only_is_reached() {
    if std::net::UdpSocket::bind("[::1]:0").is_ok() {
        timeout(PATIENCE, packets_arrive_as_they_were_sent("[::1]:0")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_sdp_is_refused_in_words() {
    let (events, _) = channel(1);
    let config = PeerConfig { number: 1, sends: vec![], receives: 2, loopback: true, runtime: Handle::current() };
    let (peer, offer) = Peer::offer(config, sink().0, events).await.unwrap();
    assert_eq!(offer.sdp.matches("a=recvonly").count(), 2);
    for text in ["", "v=0", "not sdp", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 x 111\r\n"] {
        let error = peer.handle_answer(text.to_owned()).await.unwrap_err();
        assert!(error.to_string().starts_with("the relay's answer cannot be used"), "{error}");
    }
}
