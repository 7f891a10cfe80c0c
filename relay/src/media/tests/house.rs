//! A media plane with one session, and clients with a WebRTC library of their own.

use crate::media::offer::Identity;
use crate::media::{MediaConfig, MediaError, MediaEvent, MediaHandle, PeerKey, PeerOffer};
use packets::{PayloadType, red, split};
use protocol::ids::{ParticipantId, SessionId, StreamId};
use protocol::stream::StreamKind;
use protocol::wire::{ClientKind, Slot};
use relay_core::plan::{HeardStream, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::mpsc;
use units::Ticks;
use uuid::Uuid;

/// A test that takes so long has failed; nothing depends on it otherwise.
pub(super) const GIVE_UP: Duration = Duration::from_secs(60);
/// Full-band stereo, 5 ms.
pub(super) const TOC: u8 = 0xEC;
/// Ten seconds before the RTP clock wraps.
pub(super) const NEAR_WRAP: u32 = u32::MAX - 480_000 + 1;

pub(super) fn participant(n: u128) -> ParticipantId {
    ParticipantId(Uuid::from_u128(n))
}

pub(super) fn stream(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

pub(super) fn key(of: u128, peer: u32) -> PeerKey {
    PeerKey { session: SessionId(Uuid::nil()), participant: participant(of), peer }
}

/// A packet as a client's library gave it out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heard {
    pub(super) mid: String,
    pub(super) ssrc: u32,
    pub(super) seq: u16,
    pub(super) at: u32,
    pub(super) pt: u8,
    pub(super) payload: Vec<u8>,
    pub(super) level: Option<(i8, bool)>,
}

/// A client: one peer connection on its own socket.
pub(super) struct Client {
    pub(super) rtc: Rtc,
    pub(super) udp: UdpSocket,
    pub(super) sends: Vec<Mid>,
    pub(super) connected: bool,
    pub(super) heard: Vec<Heard>,
    /// Where datagrams came from.
    pub(super) callers: BTreeSet<SocketAddr>,
}

/// A client, its offer, and what it needs to take the answer.
pub(super) type Offering = (Client, String, SdpPendingOffer);

impl Client {
    pub(super) fn offering(sends: usize, slots: usize, red: bool) -> Offering {
        Client::offering_on(UdpSocket::bind("127.0.0.1:0").unwrap(), (sends, slots, red))
    }

    pub(super) fn offering_on(udp: UdpSocket, (sends, slots, red): (usize, usize, bool)) -> Offering {
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

    pub(super) fn step(&mut self) {
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
    pub(super) fn publish(&mut self, section: usize, place: (u64, u32), pt: PayloadType, payload: &[u8]) {
        self.publish_at(section, place, pt, payload, None);
    }

    /// Publishes one packet with an audio level.
    pub(super) fn publish_at(
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
pub(super) struct House {
    pub(super) handle: MediaHandle,
    pub(super) bound: SocketAddr,
    events: mpsc::Receiver<MediaEvent>,
    pub(super) seen: Vec<MediaEvent>,
    pub(super) clients: Vec<Client>,
    runtime: tokio::runtime::Runtime,
}

impl House {
    pub(super) fn new() -> House {
        House::of(Identity::new())
    }

    pub(super) fn of(identity: Identity) -> House {
        House::at(identity, "127.0.0.1:0", None)
    }

    pub(super) fn at(identity: Identity, bind: &str, advertise: Option<IpAddr>) -> House {
        let (sender, events) = mpsc::channel(64);
        let config = MediaConfig { bind: bind.parse().unwrap(), shards: 1, advertise };
        let (handle, bound) = MediaHandle::start_as(identity, config, sender).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House { handle, bound: bound[0], events, seen: vec![], clients: vec![], runtime };
        house.plan(&[(1, StreamKind::Program)]);
        house
    }

    /// Participants 1 to 9 hear these streams.
    pub(super) fn plan(&self, heard: &[(u128, StreamKind)]) {
        let one = |&(id, kind)| HeardStream { stream: stream(id), kind, publisher: participant(0), redundancy: 1 };
        let heard: Vec<HeardStream> = heard.iter().map(one).collect();
        let listeners: BTreeMap<_, _> = (1..10).map(|n| (participant(n), heard.clone())).collect();
        self.handle.set_plan(SessionId(Uuid::nil()), Arc::new(Plan { listeners }));
    }

    pub(super) fn offer(&mut self, key: PeerKey, offer: PeerOffer) -> Result<String, MediaError> {
        self.runtime.block_on(self.handle.offer(key, offer))
    }

    /// Lets a client of a kind join; the index of the client. Streams 1, 2, … are the sections' of participant 0, 11, 12,
    /// … those of participant 1.
    pub(super) fn join(&mut self, of: PeerKey, client: ClientKind, (sends, slots, red): (usize, usize, bool)) -> usize {
        let peer = self.answer(of, client, Client::offering(sends, slots, red));
        self.connect(of, peer)
    }

    /// Answers a client, which has not said anything to the relay itself then.
    pub(super) fn answer(&mut self, of: PeerKey, client: ClientKind, (mut peer, sdp, pending): Offering) -> Client {
        let mids = peer.sends.iter().map(|mid| mid.to_string().trim().to_owned());
        let first = 10 * of.participant.0.as_u128() + 1;
        let send = (first..).zip(mids).map(|(n, mid)| (mid, stream(n), StreamKind::Program)).collect();
        let answer = self.offer(of, PeerOffer { sdp, send, client }).unwrap();
        peer.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
        peer
    }

    pub(super) fn connect(&mut self, of: PeerKey, peer: Client) -> usize {
        self.clients.push(peer);
        let at = self.clients.len() - 1;
        self.until(|house| house.clients[at].connected && house.seen.contains(&MediaEvent::Connected(of)));
        at
    }

    pub(super) fn publisher(&mut self) -> usize {
        self.join(key(0, 1), ClientKind::Native, (1, 0, true))
    }

    pub(super) fn step(&mut self) {
        self.clients.iter_mut().for_each(Client::step);
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
        std::thread::yield_now();
    }

    pub(super) fn until(&mut self, mut done: impl FnMut(&House) -> bool) {
        let since = Instant::now();
        while !done(self) {
            assert!(since.elapsed() < GIVE_UP, "gave up; seen {:?}", self.seen);
            self.step();
        }
    }

    /// Publishes a packet and waits till each listener has heard `each` packets more.
    pub(super) fn publish_heard(
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

    pub(super) fn slots_of(&self, of: PeerKey) -> Vec<&[Slot]> {
        let slots = |event: &'_ MediaEvent| matches!(event, MediaEvent::Slots { key, .. } if *key == of);
        let events = self.seen.iter().filter(|event| slots(event));
        events
            .filter_map(|event| if let MediaEvent::Slots { slots, .. } = event { Some(&slots[..]) } else { None })
            .collect()
    }
}

pub(super) fn frame(k: u8) -> [u8; 3] {
    [TOC, k, k]
}

pub(super) fn red_payload(k: u8) -> Vec<u8> {
    let lite = [TOC, 0x80 | k.wrapping_sub(1)];
    let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(240), payload: &lite };
    let mut out = [0; 64];
    let length = red::build(&[block], PayloadType::OPUS, &frame(k), &mut out).unwrap();
    out[..length].to_vec()
}

/// Every frame with its time; joined packets taken apart.
pub(super) fn frames_of(heard: &[Heard]) -> Vec<(u32, Vec<u8>)> {
    let apart = |one: &Heard| {
        let packet = split(&one.payload).unwrap();
        let at = one.at;
        let frames = (0..).zip(packet.frames()).map(move |(n, frame)| (at.wrapping_add(240 * n), frame.to_vec()));
        frames.collect::<Vec<_>>()
    };
    heard.iter().flat_map(apart).collect()
}
