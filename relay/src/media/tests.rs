//! Real str0m clients, with DTLS-SRTP over loopback, through a real shard.

mod failing;

use super::offer::Identity;
use super::*;
use failing::{FATAL, failing_crypto};
use packets::{PayloadType, red, split};
use relay_core::plan::{HeardStream, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::mpsc;
use units::{Seq, Ticks};
use uuid::Uuid;

/// A test that takes so long has failed; nothing depends on it otherwise.
const GIVE_UP: Duration = Duration::from_secs(60);
/// Full-band stereo, 5 ms.
const TOC: u8 = 0xEC;
/// Ten seconds before the RTP clock wraps.
const NEAR_WRAP: u32 = u32::MAX - 480_000 + 1;

fn participant(n: u128) -> ParticipantId {
    ParticipantId(Uuid::from_u128(n))
}

fn stream(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

fn key(of: u128, peer: u32) -> PeerKey {
    PeerKey { session: SessionId(Uuid::nil()), participant: participant(of), peer }
}

/// A packet as a client's library gave it out.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    mid: String,
    ssrc: u32,
    seq: u16,
    at: u32,
    pt: u8,
    payload: Vec<u8>,
    level: Option<(i8, bool)>,
}

/// A client: one peer connection on its own socket.
struct Client {
    rtc: Rtc,
    udp: UdpSocket,
    sends: Vec<Mid>,
    connected: bool,
    heard: Vec<Heard>,
    /// Where datagrams came from.
    callers: BTreeSet<SocketAddr>,
}

impl Client {
    fn offering(sends: usize, slots: usize, red: bool) -> (Client, String, SdpPendingOffer) {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        let builder = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, red);
        let builder = builder.set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()));
        let mut rtc = builder.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(udp.local_addr().unwrap(), "udp").unwrap());
        let mut api = rtc.sdp_api();
        let mut add = |direction| api.add_media(MediaKind::Audio, direction, None, None, None);
        let sends = (0..sends).map(|_| add(Direction::SendOnly)).collect();
        for _ in 0..slots {
            add(Direction::RecvOnly);
        }
        let (offer, pending) = api.apply().unwrap();
        let client = Client { rtc, udp, sends, connected: false, heard: Vec::new(), callers: BTreeSet::new() };
        (client, offer.to_sdp_string(), pending)
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(out) => drop(self.udp.send_to(&out.contents, out.destination)),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self.rtc.direct_api().stream_rx(&ssrc).unwrap().mid().to_string();
                    self.heard.push(Heard {
                        mid: mid.trim().to_owned(),
                        ssrc: *ssrc,
                        seq: packet.header.sequence_number,
                        at: packet.header.timestamp,
                        pt: *packet.header.payload_type,
                        payload: packet.payload.to_vec(),
                        level: packet.header.ext_vals.audio_level.zip(packet.header.ext_vals.voice_activity),
                    });
                }
                Output::Event(_) => {}
            }
        }
    }

    fn step(&mut self) {
        let mut buffer = [0; 2_000];
        self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        self.drain();
        while let Ok((length, from)) = self.udp.recv_from(&mut buffer) {
            self.callers.insert(from);
            let to = self.udp.local_addr().unwrap();
            let received = Receive::new(Protocol::Udp, from, to, &buffer[..length]).unwrap();
            self.rtc.handle_input(Input::Receive(Instant::now(), received)).unwrap();
            self.drain();
        }
    }

    /// Publishes one packet on section `section`, as an RTP source that the section's offer named.
    fn publish(&mut self, section: usize, place: (u64, u32), pt: PayloadType, payload: &[u8]) {
        self.publish_at(section, place, pt, payload, None);
    }

    /// Publishes one packet with an audio level.
    fn publish_at(
        &mut self,
        section: usize,
        (seq, at): (u64, u32),
        pt: PayloadType,
        payload: &[u8],
        level: Option<(i8, bool)>,
    ) {
        let mid = self.sends[section];
        let mut direct = self.rtc.direct_api();
        let tx = direct.stream_tx_by_mid(mid, None).unwrap();
        let (audio_level, voice_activity) = level.unzip();
        let extensions = ExtensionValues { audio_level, voice_activity, ..ExtensionValues::default() };
        let write = RtpWrite::new(pt.0.into(), seq.into(), at, Instant::now(), payload.to_vec());
        tx.write_rtp(write.ext_vals(extensions));
        self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        self.drain();
    }
}

/// A media plane with one session, in which participant 0 publishes stream 1 as program.
struct House {
    handle: MediaHandle,
    bound: SocketAddr,
    events: mpsc::Receiver<MediaEvent>,
    seen: Vec<MediaEvent>,
    clients: Vec<Client>,
    runtime: tokio::runtime::Runtime,
}

impl House {
    fn new() -> House {
        House::of(Identity::new())
    }

    fn of(identity: Identity) -> House {
        House::at(identity, "127.0.0.1:0", None)
    }

    fn at(identity: Identity, bind: &str, advertise: Option<IpAddr>) -> House {
        let (sender, events) = mpsc::channel(64);
        let config = MediaConfig { bind: bind.parse().unwrap(), shards: 1, advertise };
        let (handle, bound) = MediaHandle::start_as(identity, config, sender).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House { handle, bound: bound[0], events, seen: vec![], clients: vec![], runtime };
        house.plan(&[(1, StreamKind::Program)]);
        house
    }

    /// Participants 1 to 9 hear these streams.
    fn plan(&self, heard: &[(u128, StreamKind)]) {
        let one = |&(id, kind)| HeardStream { stream: stream(id), kind, publisher: participant(0), redundancy: 1 };
        let heard: Vec<HeardStream> = heard.iter().map(one).collect();
        let listeners: BTreeMap<_, _> = (1..10).map(|n| (participant(n), heard.clone())).collect();
        self.handle.set_plan(SessionId(Uuid::nil()), Arc::new(Plan { listeners }));
    }

    fn offer(&mut self, key: PeerKey, offer: PeerOffer) -> Result<String, MediaError> {
        self.runtime.block_on(self.handle.offer(key, offer))
    }

    /// Lets a client of a kind join; the index of the client. Streams 1, 2, … are the sections' of participant 0, 11, 12,
    /// … those of participant 1.
    fn join(&mut self, of: PeerKey, client: ClientKind, (sends, slots, red): (usize, usize, bool)) -> usize {
        let (mut peer, sdp, pending) = Client::offering(sends, slots, red);
        let mids = peer.sends.iter().map(|mid| mid.to_string().trim().to_owned());
        let first = 10 * of.participant.0.as_u128() + 1;
        let send = (first..).zip(mids).map(|(n, mid)| (mid, stream(n), StreamKind::Program)).collect();
        let answer = self.offer(of, PeerOffer { sdp, send, client }).unwrap();
        peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
        self.clients.push(peer);
        let at = self.clients.len() - 1;
        self.until(|house| house.clients[at].connected && house.seen.contains(&MediaEvent::Connected(of)));
        at
    }

    fn publisher(&mut self) -> usize {
        self.join(key(0, 1), ClientKind::Native, (1, 0, true))
    }

    fn step(&mut self) {
        self.clients.iter_mut().for_each(Client::step);
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
        std::thread::yield_now();
    }

    fn until(&mut self, mut done: impl FnMut(&House) -> bool) {
        let since = Instant::now();
        while !done(self) {
            assert!(since.elapsed() < GIVE_UP, "gave up; seen {:?}", self.seen);
            self.step();
        }
    }

    /// Publishes a packet and waits till each listener has heard `each` packets more.
    fn publish_heard(
        &mut self,
        of: usize,
        place: (u64, u32),
        pt: PayloadType,
        payload: &[u8],
        each: &[(usize, usize)],
    ) {
        let wanted: Vec<(usize, usize)> =
            each.iter().map(|(at, more)| (*at, self.clients[*at].heard.len() + more)).collect();
        self.clients[of].publish(0, place, pt, payload);
        self.until(|house| wanted.iter().all(|(at, count)| house.clients[*at].heard.len() >= *count));
    }

    fn slots_of(&self, of: PeerKey) -> Vec<&[Slot]> {
        let slots = |event: &'_ MediaEvent| matches!(event, MediaEvent::Slots { key, .. } if *key == of);
        let events = self.seen.iter().filter(|event| slots(event));
        events
            .filter_map(|event| if let MediaEvent::Slots { slots, .. } = event { Some(&slots[..]) } else { None })
            .collect()
    }
}

fn frame(k: u8) -> [u8; 3] {
    [TOC, k, k]
}

fn red_payload(k: u8) -> Vec<u8> {
    let lite = [TOC, 0x80 | k.wrapping_sub(1)];
    let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(240), payload: &lite };
    let mut out = [0; 64];
    let length = red::build(&[block], PayloadType::OPUS, &frame(k), &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn a_program_reaches_every_kind_of_listener_over_the_wrap_of_its_clock() {
    let mut house = House::new();
    let publisher = house.publisher();
    let native = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let chromium = house.join(key(2, 1), ClientKind::Page, (0, 2, true));
    let stripped = house.join(key(3, 1), ClientKind::Native, (0, 1, false));
    let joined = house.join(key(4, 1), ClientKind::Page, (0, 1, false));
    let at = |k: u8| (u32::MAX - 240 * 20 + 1).wrapping_add(240 * u32::from(k));
    for k in 0..40 {
        let each = [(native, 1), (chromium, 1), (stripped, 1)];
        house.publish_heard(publisher, (65_000 + u64::from(k), at(k)), PayloadType::RED, &red_payload(k), &each);
    }
    for red in [native, chromium] {
        let heard = &house.clients[red].heard;
        let payloads = heard.iter().map(|one| one.payload.clone()).collect::<Vec<_>>();
        assert_eq!(payloads, (0..40).map(red_payload).collect::<Vec<_>>());
        assert!(heard.iter().all(|one| one.pt == PayloadType::RED.0));
    }
    for (k, one) in (0..).zip(&house.clients[stripped].heard) {
        assert_eq!((one.at, one.pt, &one.payload[..]), (at(k), PayloadType::OPUS.0, &frame(k)[..]));
    }
    // A group does not wait for ever: on a machine that stalls, its second frame comes too late and stays a gap.
    let number = |(time, _): &(u32, Vec<u8>)| time.wrapping_sub(at(0)) / 240;
    house.until(|house| frames_of(&house.clients[joined].heard).last().is_some_and(|last| number(last) >= 38));
    let frames = frames_of(&house.clients[joined].heard);
    assert!(frames.iter().all(|one| one.1 == [number(one) as u8; 2]));
    let numbers: Vec<u32> = frames.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next) && (0..20).all(|n| numbers.contains(&(2 * n))), "{numbers:?}");
    let first = house.clients[native].heard[0].seq;
    let seqs = house.clients[native].heard.iter().map(|one| Seq(one.seq));
    assert!((0..).zip(seqs).all(|(k, seq)| seq.distance_from(Seq(first)) == k));
}

/// Every frame with its time; joined packets taken apart.
fn frames_of(heard: &[Heard]) -> Vec<(u32, Vec<u8>)> {
    let apart = |one: &Heard| {
        let packet = split(&one.payload).unwrap();
        let at = one.at;
        let frames = (0..).zip(packet.frames()).map(move |(n, frame)| (at.wrapping_add(240 * n), frame.to_vec()));
        frames.collect::<Vec<_>>()
    };
    heard.iter().flat_map(apart).collect()
}

#[test]
fn what_a_slot_carries_is_told_and_a_restart_never_goes_back() {
    let mut house = House::new();
    let first = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(first, (9, NEAR_WRAP), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let again = house.join(key(0, 2), ClientKind::Native, (1, 0, true));
    house.publish_heard(again, (500, 77), PayloadType::OPUS, &frame(2), &[(listener, 1)]);
    let heard = house.clients[listener].heard.clone();
    assert_eq!((heard[0].ssrc, heard[0].mid.clone()), (heard[1].ssrc, heard[1].mid.clone()));
    assert_eq!(heard[1].seq, heard[0].seq.wrapping_add(1));
    assert!(RtpTimestamp(heard[1].at).distance_from(RtpTimestamp(heard[0].at)) > Ticks(0));
    house.until(|house| house.slots_of(key(1, 1)).len() >= 2);
    let told: Vec<(u32, RtpTimestamp)> = house
        .slots_of(key(1, 1))
        .iter()
        .filter_map(|slots| slots.first())
        .map(|one| (one.ssrc.0, one.offset))
        .collect();
    assert_eq!(told[0], (heard[0].ssrc, RtpTimestamp(0)));
    assert_eq!(told.last(), Some(&(heard[1].ssrc, RtpTimestamp(heard[1].at.wrapping_sub(77)))));
    let runs = house.seen.iter().filter(|event| matches!(event, MediaEvent::FirstPacket { .. })).count();
    assert_eq!(runs, 2);
    assert!(house.seen.contains(&MediaEvent::Hearing { key: key(1, 1), streams: vec![stream(1)] }));
}

#[test]
fn a_slot_goes_from_one_stream_to_the_next_on_one_source() {
    let mut house = House::new();
    let publisher = house.join(key(0, 1), ClientKind::Native, (2, 0, true));
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(publisher, (1, 1_000), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    house.plan(&[(2, StreamKind::Talkback)]);
    house.until(|house| house.slots_of(key(1, 1)).last().is_some_and(|slots| slots.is_empty()));
    house.clients[publisher].publish(0, (2, 1_240), PayloadType::OPUS, &frame(2));
    house.clients[publisher].publish(1, (7, 5), PayloadType::OPUS, &frame(3));
    house.until(|house| house.clients[listener].heard.len() == 2);
    let heard = &house.clients[listener].heard;
    assert_eq!((heard[1].ssrc, &heard[1].payload[..]), (heard[0].ssrc, &frame(3)[..]));
}

#[test]
fn a_stranger_disturbs_nobody() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let before = house.handle.stats()[0];
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client_hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat();
    let rtp = [&[128, 111, 0, 1, 0, 0, 0, 0][..], &[7; 60]].concat();
    let junk: [&[u8]; 5] = [&client_hello, &rtp, &[128, 200, 0, 1, 0, 0, 0, 0], &[0, 1, 0, 0], b"GET / HTTP/1.1"];
    for datagram in junk {
        stranger.send_to(datagram, house.bound).unwrap();
    }
    house.until(|house| house.handle.stats()[0].datagrams_refused == before.datagrams_refused + junk.len() as u64);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    assert_eq!(house.handle.stats()[0].peers, 2);
}

#[test]
fn a_forged_client_hello_during_setup_does_not_stop_the_real_one() {
    let mut house = House::new();
    let (mut peer, sdp, pending) = Client::offering(0, 1, true);
    let answer = house.offer(key(1, 1), PeerOffer { sdp, send: vec![], client: ClientKind::Page }).unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..20 {
        stranger
            .send_to(&[&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat(), house.bound)
            .unwrap();
    }
    peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
    house.clients.push(peer);
    house.until(|house| house.clients[0].connected);
    assert!(house.handle.stats()[0].datagrams_refused >= 20);
}

/// A client's next binding request, which is not sent.
fn binding_of(client: &mut Client) -> Vec<u8> {
    let since = Instant::now();
    loop {
        match client.rtc.poll_output().unwrap() {
            Output::Transmit(out) if out.contents.starts_with(&[0, 1]) => return out.contents.to_vec(),
            Output::Timeout(_) => client.rtc.handle_input(Input::Timeout(Instant::now())).unwrap(),
            _ => {}
        }
        assert!(since.elapsed() < GIVE_UP, "gave up; the client checks no path");
    }
}

/// The same request with another integrity, and with none: who makes these knows the user fragment, but no password.
fn forged(request: &[u8]) -> [Vec<u8>; 2] {
    // MESSAGE-INTEGRITY and its 20 bytes, FINGERPRINT and its 4.
    let integrity = request.len() - 32;
    assert_eq!(request[integrity..integrity + 4], [0, 8, 0, 20]);
    let mut other = request.to_vec();
    other[integrity + 23] ^= 1;
    let mut none = request[..integrity].to_vec();
    none[2..4].copy_from_slice(&(integrity as u16 - 20).to_be_bytes());
    [other, none]
}

#[test]
fn a_binding_request_with_a_forged_integrity_opens_no_way_in() {
    let mut house = House::new();
    let (mut peer, sdp, pending) = Client::offering(0, 1, true);
    let answer = house.offer(key(1, 1), PeerOffer { sdp, send: vec![], client: ClientKind::Page }).unwrap();
    peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
    let request = binding_of(&mut peer);
    let client_hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200][..], &[1; 200]].concat();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for forged in forged(&request) {
        let before = house.handle.stats()[0].datagrams_refused;
        stranger.send_to(&forged, house.bound).unwrap();
        house.until(|house| house.handle.stats()[0].datagrams_refused == before + 1);
        stranger.send_to(&client_hello, house.bound).unwrap();
        house.until(|house| house.handle.stats()[0].datagrams_refused == before + 2);
    }
    house.clients.push(peer);
    house.until(|house| house.clients[0].connected);
    // The request itself is answered, wherever it comes from: nothing but its integrity was wrong.
    stranger.set_read_timeout(Some(GIVE_UP)).unwrap();
    stranger.send_to(&request, house.bound).unwrap();
    let mut answer = [0; 2_000];
    stranger.recv_from(&mut answer).unwrap();
    assert_eq!(answer[..2], [1, 1]);
}

#[test]
fn broken_payloads_are_counted_and_the_next_packet_passes() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Page, (0, 1, false));
    house.clients[publisher].publish(0, (1, 0), PayloadType::RED, &[0x80 | 111, 0, 3, 255, 111, TOC]);
    house.clients[publisher].publish(0, (2, 240), PayloadType::OPUS, &[TOC | 3, 0]);
    house.until(|house| house.handle.stats()[0].packets_malformed == 2);
    house.clients[publisher].publish(0, (3, 480), PayloadType::OPUS, &frame(3));
    house.publish_heard(publisher, (4, 720), PayloadType::OPUS, &frame(4), &[(listener, 1)]);
    assert_eq!(frames_of(&house.clients[listener].heard)[0], (480, vec![3, 3]));
}

#[test]
fn a_closed_peer_hears_nothing_more() {
    let mut house = House::new();
    let publisher = house.publisher();
    let kept = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let kicked = house.join(key(2, 1), ClientKind::Native, (0, 1, true));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(kept, 1), (kicked, 1)]);
    house.handle.close_peer(key(2, 1));
    house.until(|house| house.handle.stats()[0].peers == 2);
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(kept, 1)]);
    house.clients[kicked].step();
    assert_eq!(house.clients[kicked].heard.len(), 1);
    house.handle.close_session(SessionId(Uuid::nil()));
    house.until(|house| house.handle.stats()[0].peers == 0);
}

#[test]
fn a_listener_may_ask_for_more_sections_on_the_same_peer() {
    let mut house = House::new();
    let publisher = house.join(key(0, 1), ClientKind::Native, (2, 0, true));
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    house.plan(&[(1, StreamKind::Program), (2, StreamKind::Talkback)]);
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    let missing = |house: &House| {
        let told = |event: &MediaEvent| matches!(event, MediaEvent::Slots { missing, .. } if *missing == [stream(2)]);
        house.seen.iter().any(told)
    };
    house.until(missing);
    let mut api = house.clients[listener].rtc.sdp_api();
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    let (offer, pending) = api.apply().unwrap();
    let offer = PeerOffer { sdp: offer.to_sdp_string(), send: vec![], client: ClientKind::Native };
    let answer = SdpAnswer::from_sdp_string(&house.offer(key(1, 1), offer).unwrap()).unwrap();
    house.clients[listener].rtc.sdp_api().accept_answer(pending, answer).unwrap();
    house.clients[publisher].publish(1, (5, 99), PayloadType::OPUS, &frame(5));
    house.publish_heard(publisher, (2, 240), PayloadType::OPUS, &frame(2), &[(listener, 2)]);
    let heard = &house.clients[listener].heard;
    assert_eq!(heard.iter().map(|one| one.mid.clone()).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn an_offer_that_cannot_be_answered_is_refused_in_a_sentence_and_harms_nobody() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let good = Client::offering(1, 1, true).1;
    let no_opus = good.replace("opus/48000/2", "opus/8000");
    let mut refused = |peer: u32, sdp: &str, mid: &str| {
        let send = vec![(mid.to_owned(), stream(9), StreamKind::Mic)];
        let offer = PeerOffer { sdp: sdp.to_owned(), send, client: ClientKind::Page };
        house.offer(key(1, peer), offer).unwrap_err()
    };
    assert!(matches!(refused(2, "nonsense", "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, "", "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, &good.replace("a=fingerprint", "a=x"), "0"), MediaError::Sdp(_)));
    assert!(matches!(refused(2, &good, "nowhere"), MediaError::NoSuchSection(_)));
    assert!(matches!(refused(0, &good, "0"), MediaError::StalePeer(0)));
    assert!(matches!(refused(2, &no_opus, "0"), MediaError::NoOpus));
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
}

#[test]
fn a_peer_hears_from_the_address_that_it_called_only() {
    let called = IpAddr::from([127, 0, 0, 2]);
    let mut house = House::at(Identity::new(), "0.0.0.0:0", Some(called));
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    for k in 0..10 {
        house.publish_heard(publisher, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    }
    assert!(house.handle.stats()[0].packets_direct > 0);
    let callers = house.clients.iter().flat_map(|client| &client.callers).collect::<BTreeSet<_>>();
    assert_eq!(callers.into_iter().collect::<Vec<_>>(), [&SocketAddr::new(called, house.bound.port())]);
}

#[test]
fn what_goes_past_the_library_is_what_the_library_would_have_sent() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 2, true));
    let step = 4_096;
    for k in 0..40 {
        let wanted = house.clients[listener].heard.len() + 1;
        let level = Some((-(k as i8), k % 3 == 0));
        let pt = if k % 5 == 0 { PayloadType::OPUS } else { PayloadType::RED };
        let payload = if k % 5 == 0 { frame(k).to_vec() } else { red_payload(k) };
        house.clients[publisher].publish_at(0, (step * u64::from(k), 240 * u32::from(k)), pt, &payload, level);
        house.until(|house| house.clients[listener].heard.len() == wanted);
        let heard = house.clients[listener].heard.last().unwrap();
        assert_eq!((heard.pt, &heard.payload, heard.level, heard.at), (pt.0, &payload, level, 240 * u32::from(k)));
    }
    let stats = house.handle.stats()[0];
    assert_eq!(stats.packets_out, 40);
    assert!(stats.packets_direct > 0, "{stats:?}");
    let numbers = house.clients[listener].heard.iter().map(|one| Seq(one.seq)).collect::<Vec<_>>();
    assert!(numbers.windows(2).all(|two| two[1].distance_from(two[0]) == 4_096), "{numbers:?}: over two wraps");
    let one = &house.clients[listener].heard[0];
    assert!(house.clients[listener].heard.iter().all(|other| (other.ssrc, &other.mid) == (one.ssrc, &one.mid)));
}

#[test]
fn a_listener_who_publishes_too_is_sent_to_as_cheaply() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (1, 1, true));
    for k in 0..40 {
        house.clients[listener].publish(0, (k, 240 * k as u32), PayloadType::OPUS, &frame(2));
        house.until(|house| house.handle.stats()[0].packets_in == 2 * k + 1);
        house.publish_heard(publisher, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    }
    assert!(house.handle.stats()[0].packets_direct > 0);
}

#[test]
fn a_level_that_comes_and_goes_reaches_the_listener_so() {
    let mut house = House::new();
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    let levels = [None, None, Some((-3, true)), Some((-4, false)), None, Some((-127, false))];
    for (k, level) in (0..).zip(levels) {
        house.clients[publisher].publish_at(0, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), level);
        house.until(|house| house.clients[listener].heard.len() == k as usize + 1);
    }
    assert_eq!(house.clients[listener].heard.iter().map(|one| one.level).collect::<Vec<_>>(), levels);
}

#[test]
fn a_panic_while_a_packet_is_sealed_for_one_listener_costs_that_listener_only() {
    let mut house = House::of(Identity::with(failing_crypto()));
    let publisher = house.publisher();
    for n in 1..=3 {
        house.join(key(n, 1), ClientKind::Native, (0, 1, true));
    }
    house.publish_heard(publisher, (1, 0), PayloadType::OPUS, &frame(1), &[(1, 1), (2, 1), (3, 1)]);
    house.clients[publisher].publish(0, (2, 240), PayloadType::OPUS, &FATAL);
    let failed = |event: &MediaEvent| matches!(event, MediaEvent::Gone { why: GoneReason::Failed, .. });
    house.until(|house| house.seen.iter().any(failed));
    house.until(|house| house.clients[1..].iter().filter(|one| one.heard.len() == 2).count() == 2);
    assert_eq!(house.handle.stats()[0].peers, 3);
    let others: Vec<(usize, usize)> =
        (1..4).filter(|at| house.clients[*at].heard.len() == 2).map(|at| (at, 1)).collect();
    house.publish_heard(publisher, (3, 480), PayloadType::OPUS, &frame(3), &others);
}

#[test]
fn shards_take_consecutive_ports_when_the_system_chooses_the_first() {
    let config = MediaConfig { bind: "127.0.0.1:0".parse().unwrap(), shards: 4, advertise: None };
    let (_handle, bound) = MediaHandle::start(config, mpsc::channel(1).0).unwrap();
    let ports: Vec<u16> = bound.iter().map(SocketAddr::port).collect();
    assert_eq!(ports, (ports[0]..).take(4).collect::<Vec<_>>());
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = MediaConfig { bind: taken.local_addr().unwrap(), shards: 1, advertise: None };
    let error = MediaHandle::start(config, mpsc::channel(1).0).unwrap_err();
    assert!(error.to_string().contains("choose another"), "{error}");
    let config = MediaConfig { bind: "127.0.0.1:65535".parse().unwrap(), shards: 2, advertise: None };
    let error = MediaHandle::start(config, mpsc::channel(1).0).unwrap_err();
    assert!(matches!(error, MediaError::Ports { .. } | MediaError::Bind { .. }));
}
