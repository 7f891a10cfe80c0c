//! One peer connection: the edge around the WebRTC library.

use super::lane::Lane;
use super::outbox::Outbox;
use super::routes::Routes;
use super::sealer::Sealer;
use super::socket::Route;
use super::{GoneReason, MediaError, PeerKey, PeerOffer, keys, offer};
use packets::PayloadType;
use protocol::ids::StreamId;
use protocol::wire::ClientKind;
use relay_core::admission::{Datagram, classify};
use relay_core::forward::{Forwarded, LegPackets, Packing, RedLeg, Section};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::crypto::SrtpProvider;
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionValues, RtpPacket, RtpWrite};
use str0m::stats::MediaEgressStats;
use str0m::{Event, IceConnectionState, Input, Output, Rtc};
use units::{RtpTimestamp, Seq, Ssrc};

/// How long a peer may take from its offer to its connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// Redundant frames that a listener is sent at most: what the safest profile publishes above 8 % loss.
const MAX_DEPTH: u8 = 3;
/// RTP sources that are remembered per peer; a client uses one per section and restart.
const MAX_ORIGINS: usize = 64;
/// An address that nothing comes from.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What a peer brought about.
#[derive(Debug)]
pub(crate) enum Happened {
    Connected,
    Media(MediaPacket),
    /// How the peer receives one of its sections.
    Reception {
        mid: String,
        highest: u64,
        lost: u32,
    },
    /// A packet that no section declared or whose payload type is not Opus or RED.
    Stray,
    Gone(GoneReason),
}

/// A packet of a declared stream, authenticated and decrypted.
#[derive(Debug)]
pub(crate) struct MediaPacket {
    pub(crate) stream: StreamId,
    pub(crate) ssrc: Ssrc,
    pub(crate) seq: Seq,
    pub(crate) at: RtpTimestamp,
    pub(crate) packing: Packing,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) level: Level,
}

/// The audio level that travels in a header extension (RFC 6464).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Level {
    level: Option<i8>,
    voice: Option<bool>,
}

/// One peer connection.
pub(crate) struct Peer {
    pub(crate) key: PeerKey,
    client: ClientKind,
    pub(crate) connected: bool,
    pub(crate) routes: Routes,
    /// Streams that were last told to be heard.
    pub(crate) hearing: Vec<StreamId>,
    /// In a place of its own, so that what forwarding reads of all peers lies close together.
    rtc: Box<Rtc>,
    local: SocketAddr,
    connect_by: Instant,
    sends: Vec<(Mid, StreamId)>,
    origins: Vec<(str0m::rtp::Ssrc, StreamId)>,
    mids: Vec<String>,
    opus: Pt,
    red: Option<Pt>,
    /// The header extension that carries the audio level.
    level: Option<u8>,
    srtp: &'static dyn SrtpProvider,
    /// Seals what goes past the library, once the handshake agreed a cipher that it knows.
    sealer: Option<Sealer>,
    /// Ways past the library for the sections that sent something since it was given anything else to do.
    lanes: Vec<Lane>,
}

impl Peer {
    /// Answers the first offer of a peer. Allocates; takes well under a millisecond.
    pub(crate) fn answer(
        key: PeerKey,
        offer: &PeerOffer,
        now: Instant,
        identity: &offer::Identity,
        candidates: &[SocketAddr],
    ) -> Result<(Peer, String), MediaError> {
        let mut peer = Peer {
            key,
            client: offer.client,
            connected: false,
            routes: Routes::default(),
            hearing: Vec::new(),
            rtc: Box::new(identity.peer(now, candidates)),
            local: *candidates.first().ok_or(MediaError::NoAddress)?,
            connect_by: now + CONNECT_WITHIN,
            sends: Vec::new(),
            origins: Vec::new(),
            mids: Vec::new(),
            opus: Pt::new_with_value(111),
            red: None,
            level: None,
            srtp: identity.srtp(),
            sealer: None,
            lanes: Vec::new(),
        };
        let answer = peer.renegotiate(offer)?;
        Ok((peer, answer))
    }

    /// Answers a further offer of the same peer.
    pub(crate) fn renegotiate(&mut self, offer: &PeerOffer) -> Result<String, MediaError> {
        let parsed = offer::parse(&offer.sdp)?;
        self.lanes.clear();
        let answer = self.rtc.sdp_api().accept_offer(parsed).map_err(|error| MediaError::Sdp(error.to_string()))?;
        let mut params = self.rtc.codec_config().params().iter();
        let opus = params.find(|params| params.spec().codec == Codec::Opus).ok_or(MediaError::NoOpus)?;
        (self.opus, self.red) = (opus.pt(), opus.red());
        self.mids = section_names(&offer.sdp);
        if !self.mids.iter().any(|mid| self.takes_opus(mid)) {
            return Err(MediaError::NoOpus);
        }
        self.level = self.mids.iter().find_map(|mid| self.level_extension(mid));
        self.sends = offer.send.iter().map(|(mid, stream, _)| self.sending(mid, *stream)).collect::<Result<_, _>>()?;
        self.origins.clear();
        Ok(offer::with_opus_parameters(&answer.to_sdp_string()))
    }

    fn takes_opus(&self, mid: &str) -> bool {
        self.rtc.media(Mid::from(mid)).is_some_and(|media| media.remote_pts().contains(&self.opus))
    }

    fn level_extension(&self, mid: &str) -> Option<u8> {
        self.rtc.media(Mid::from(mid))?.remote_extmap().id_of(Extension::AudioLevel)
    }

    fn sending(&self, mid: &str, stream: StreamId) -> Result<(Mid, StreamId), MediaError> {
        let found = self.rtc.media(Mid::from(mid)).filter(|media| media.direction().is_receiving());
        let media = found.ok_or_else(|| MediaError::NoSuchSection(mid.chars().take(32).collect()))?;
        Ok((media.mid(), stream))
    }

    /// The streams that it publishes.
    pub(crate) fn streams(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.sends.iter().map(|(_, stream)| *stream)
    }

    /// Its receiving sections, in the order of the offer.
    pub(crate) fn sections(&mut self, mut first_number: impl FnMut() -> u16) -> Vec<Section> {
        let mids = self.mids.clone();
        let mut section = |mid: String| {
            let media = self.rtc.media(Mid::from(&*mid)).filter(|media| media.direction().is_sending())?.mid();
            let ssrc = Ssrc(*self.rtc.direct_api().stream_tx_by_mid(media, None)?.ssrc());
            Some(Section { mid, ssrc, first_number: first_number() })
        };
        mids.into_iter().filter_map(&mut section).collect()
    }

    /// What it calls Opus.
    pub(crate) fn opus(&self) -> PayloadType {
        PayloadType(*self.opus)
    }

    /// How it takes its packets.
    pub(crate) fn packets(&self) -> LegPackets {
        let red = self.red.map(|_| RedLeg { depth: MAX_DEPTH, opus: self.opus() });
        LegPackets { red, joins: self.client == ClientKind::Page }
    }

    /// The user fragment by which clients' binding requests name this peer.
    pub(crate) fn ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Whether the datagram is a binding request for this peer with good integrity. The library is not told where it
    /// came from, for it takes anything from the address that it sends to without a look.
    pub(crate) fn is_binding(&self, now: Instant, datagram: &[u8]) -> bool {
        let received = Receive::new(Protocol::Udp, NOWHERE, self.local, datagram);
        received.is_ok_and(|received| self.rtc.accepts(&Input::Receive(now, received)))
    }

    /// Takes an admitted datagram. [`Peer::drain`] must follow.
    pub(crate) fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        // What a listener publishes itself changes nothing of how it is sent to.
        if classify(datagram) != Datagram::Rtp {
            self.lanes.clear();
        }
        if let Ok(received) = Receive::new(Protocol::Udp, from, self.local, datagram) {
            // What the library calls an error here is one datagram that it could not use.
            if let Err(error) = self.rtc.handle_input(Input::Receive(now, received)) {
                tracing::debug!(%error, "datagram refused by the transport");
            }
        }
    }

    /// Lets time pass. [`Peer::drain`] must follow.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<GoneReason> {
        self.lanes.clear();
        if !self.connected && now >= self.connect_by {
            return Some(GoneReason::NeverConnected);
        }
        self.rtc.handle_input(Input::Timeout(now)).is_err().then_some(GoneReason::Failed)
    }

    /// Seals and sends one packet past the library; false when that cannot be done now. The library's sender reports
    /// do not count such packets; their clock is right all the same.
    pub(crate) fn try_forward(&mut self, packet: &Forwarded<'_>, level: Level, out: &mut Outbox) -> bool {
        let pt = PayloadType(*self.payload_type(packet.packing));
        let Some(sealer) = &mut self.sealer else { return false };
        let Some(lane) = self.lanes.iter().find(|lane| lane.ssrc == packet.ssrc.0) else { return false };
        let level = self.level.map(|_| level);
        out.try_send_made(lane.route, |buffer| {
            let header = lane.write(packet, pt, level, buffer)?;
            sealer.seal((lane.ssrc, packet.number), buffer, header, packet.payload)
        })
    }

    /// Gives one packet to the library. [`Peer::drain`] must follow.
    pub(crate) fn forward(&mut self, now: Instant, packet: &Forwarded<'_>, level: Level) -> bool {
        let pt = self.payload_type(packet.packing);
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx(&packet.ssrc.0.into()) else { return false };
        let write = RtpWrite::new(pt, packet.number.into(), packet.at.0, now, Arc::clone(packet.payload));
        stream.write_rtp(write.ext_vals(level.extension()));
        self.rtc.handle_input(Input::Timeout(now)).is_ok()
    }

    fn payload_type(&self, packing: Packing) -> Pt {
        match packing {
            Packing::Opus => self.opus,
            Packing::Red => self.red.unwrap_or(self.opus),
        }
    }

    /// Sends all that waits and tells what happened; returns when time must pass again. `None` when the peer is done.
    pub(crate) fn drain(&mut self, out: &mut Outbox, mut happened: impl FnMut(Happened)) -> Option<Instant> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    if let Some(agreed) = keys::take_agreed() {
                        self.sealer = Sealer::new(self.srtp, &agreed);
                    }
                    let at = if self.connected { at } else { at.min(self.connect_by) };
                    return self.rtc.is_alive().then_some(at);
                }
                Ok(Output::Transmit(transmit)) => {
                    let route = self.routes.to(transmit.destination);
                    self.note_sent(route, &transmit.contents);
                    out.send(route, &transmit.contents);
                }
                Ok(Output::Event(event)) => {
                    if let Some(what) = self.translate(event) {
                        happened(what);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "transport failed");
                    happened(Happened::Gone(GoneReason::Failed));
                    return None;
                }
            }
        }
    }

    /// Notes where the library sends, and how a section's packets. One that goes elsewhere closes the lanes to the old
    /// address.
    fn note_sent(&mut self, route: Route, datagram: &[u8]) {
        if matches!(classify(datagram), Datagram::Dtls | Datagram::Rtp | Datagram::Rtcp) {
            self.routes.set_in_use(route.to);
        }
        if let Some(lane) = Lane::after(datagram, route, self.level) {
            self.lanes.retain(|other| other.route == route && other.ssrc != lane.ssrc);
            self.lanes.push(lane);
        }
    }

    fn translate(&mut self, event: Event) -> Option<Happened> {
        match event {
            Event::RtpPacket(packet) => Some(self.media(packet).map_or(Happened::Stray, Happened::Media)),
            Event::MediaEgressStats(stats) => reception(&stats),
            Event::Connected => {
                self.connected = true;
                Some(Happened::Connected)
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                Some(Happened::Gone(GoneReason::ConnectionLost))
            }
            Event::Closed => Some(Happened::Gone(GoneReason::ClosedByPeer)),
            _ => None,
        }
    }

    fn media(&mut self, packet: RtpPacket) -> Option<MediaPacket> {
        let header = &packet.header;
        let packing = match header.payload_type {
            pt if pt == self.opus => Packing::Opus,
            pt if Some(pt) == self.red => Packing::Red,
            _ => return None,
        };
        Some(MediaPacket {
            stream: self.origin(header.ssrc)?,
            ssrc: Ssrc(*header.ssrc),
            seq: Seq(header.sequence_number),
            at: RtpTimestamp(header.timestamp),
            packing,
            level: Level { level: header.ext_vals.audio_level, voice: header.ext_vals.voice_activity },
            payload: packet.payload,
        })
    }

    /// The stream whose section an RTP source belongs to.
    fn origin(&mut self, ssrc: str0m::rtp::Ssrc) -> Option<StreamId> {
        if let Some((_, stream)) = self.origins.iter().find(|(known, _)| *known == ssrc) {
            return Some(*stream);
        }
        let mid = self.rtc.direct_api().stream_rx(&ssrc)?.mid();
        let (_, stream) = *self.sends.iter().find(|(section, _)| *section == mid)?;
        if self.origins.len() == MAX_ORIGINS {
            self.origins.remove(0);
        }
        self.origins.push((ssrc, stream));
        Some(stream)
    }
}

impl Level {
    #[cfg(test)]
    pub(crate) fn new(level: i8, voice: bool) -> Level {
        Level { level: Some(level), voice: Some(voice) }
    }

    /// As it travels: the voice flag, then how far below overload it is in dB.
    pub(crate) fn byte(self) -> Option<u8> {
        Some(u8::from(self.voice?) << 7 | self.level?.unsigned_abs() & 0x7f)
    }

    /// Only the level is copied: a publisher's section name in a listener's packet would name a section of its own.
    fn extension(self) -> ExtensionValues {
        ExtensionValues { audio_level: self.level, voice_activity: self.voice, ..ExtensionValues::default() }
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("key", &self.key).field("connected", &self.connected).finish_non_exhaustive()
    }
}

fn reception(stats: &MediaEgressStats) -> Option<Happened> {
    let said = stats.remote.as_ref()?;
    // The count has 24 bits on the wire.
    let (mid, lost) = (stats.mid.to_string(), said.packets_lost as u32);
    Some(Happened::Reception { mid, highest: *said.maximum_sequence_number, lost })
}

fn section_names(sdp: &str) -> Vec<String> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=mid:")).map(|mid| mid.trim().to_owned()).collect()
}
