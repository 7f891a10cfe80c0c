//! One shard: a thread with one loop, receive, admit, forward, send.

use super::keys::take_agreed;
use super::mailbox::{Command, Doorbell, Mailbox};
use super::offer::Identity;
use super::outbox::{Events, Outbox};
use super::peer::{Happened, Level, MediaPacket, Peer};
use super::peers::Peers;
use super::priority::raise_this_thread;
use super::socket::{Route, Socket};
use super::stats::Counters;
use super::{GoneReason, MediaError, MediaEvent, PeerKey, PeerOffer};
use protocol::ids::{SessionId, StreamId};
use relay_core::admission::{Datagram, MAX_DATAGRAM, classify};
use relay_core::forward::{Forwarded, Forwarder, Incoming, LegId, Outgoing, Reception};
use relay_core::plan::Plan;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use units::MonoTime;

/// Longest sleep: how stale the counters may get, and how soon an event is offered again to a room that was full.
const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// Sleep while events wait for a full room.
const RETRY: Duration = Duration::from_millis(5);
/// Peers' deadlines are looked at so often at most, all that came in between together: a wake-up for each of them costs
/// more than its work, and none of them is about sound.
const DEADLINES_EVERY: Duration = Duration::from_millis(10);
/// Datagrams taken before timers and commands get their turn.
const RECEIVE_BURST: usize = 16;

pub(crate) struct Shard {
    started: Instant,
    identity: Identity,
    candidates: Vec<SocketAddr>,
    mailbox: Arc<Mailbox>,
    bell: Doorbell,
    peers: Peers,
    sessions: HashMap<SessionId, Forwarder>,
    outbox: Outbox,
    events: Events,
    happened: VecDeque<(usize, Happened)>,
    /// When peers' deadlines are looked at again.
    deadlines_at: Instant,
    stopped: bool,
}

impl Shard {
    pub(crate) fn new(
        socket: Socket,
        candidates: Vec<SocketAddr>,
        identity: Identity,
        (mailbox, bell): (Arc<Mailbox>, Doorbell),
        events: mpsc::Sender<MediaEvent>,
    ) -> Shard {
        Shard {
            started: Instant::now(),
            identity,
            candidates,
            mailbox,
            bell,
            peers: Peers::default(),
            sessions: HashMap::new(),
            outbox: Outbox::new(socket),
            events: Events::new(events),
            happened: VecDeque::new(),
            deadlines_at: Instant::now(),
            stopped: false,
        }
    }

    pub(crate) fn with_counters(mut self, counters: Arc<Counters>) -> Shard {
        self.outbox.counters = counters;
        self
    }

    pub(crate) fn spawn(self, number: usize) -> Result<(), MediaError> {
        let thread = std::thread::Builder::new().name(format!("shard-{number}"));
        thread.spawn(move || self.run()).map(drop).map_err(MediaError::Thread)
    }

    fn run(mut self) {
        let mut buffer = [0; MAX_DATAGRAM + 1];
        let real_time = raise_this_thread();
        tracing::info!(real_time, "the shard runs");
        while !self.stopped {
            if self.outbox.socket.wait(self.bell.fd(), self.sleep()) {
                self.bell.hush();
                self.handle_commands();
            }
            self.receive(&mut buffer);
            self.handle_deadlines();
            self.events.flush();
            self.outbox.counters.cpu_ns.set(thread_cpu_ns());
        }
    }

    fn sleep(&self) -> Duration {
        let longest = if self.events.are_waiting() { RETRY } else { LONGEST_SLEEP };
        let joined = self.sessions.values().filter_map(Forwarder::next_deadline).min();
        let joined = joined.map(|at| self.started + Duration::from_nanos(at.0));
        let peers = self.peers.next_deadline().map(|at| at.max(self.deadlines_at));
        let deadline = peers.into_iter().chain(joined).min();
        deadline.map_or(longest, |at| at.saturating_duration_since(Instant::now()).min(longest))
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        for _ in 0..RECEIVE_BURST {
            let Some((route, datagram)) = self.outbox.socket.try_recv(buffer) else { return };
            let now = Instant::now();
            self.outbox.counters.datagrams_in.add(1);
            match self.admit(now, route, datagram) {
                Some(at) => self.handle_datagram(now, at, route.to, datagram),
                None => self.outbox.counters.datagrams_refused.add(1),
            }
        }
    }

    /// The peer that a datagram is for: a binding request by its user fragment and integrity, unless it comes from the
    /// address of another one; anything else by the address that such a request came from.
    fn admit(&mut self, now: Instant, route: Route, datagram: &[u8]) -> Option<usize> {
        match classify(datagram) {
            Datagram::Binding { ufrag } => {
                let at = self.peers.by_ufrag(ufrag)?;
                let is_good = self.peers.get_mut(at)?.is_binding(now, datagram);
                (is_good && self.peers.validate(now, at, route)).then_some(at)
            }
            Datagram::Foreign => None,
            Datagram::Dtls | Datagram::Rtp | Datagram::Rtcp => self.peers.by_address(now, route.to),
        }
    }

    fn handle_datagram(&mut self, now: Instant, at: usize, from: SocketAddr, datagram: &[u8]) {
        self.drive(now, at, |peer| {
            peer.handle_datagram(now, from, datagram);
            None
        });
    }

    fn handle_deadlines(&mut self) {
        let now = Instant::now();
        if now >= self.deadlines_at {
            self.deadlines_at = now + DEADLINES_EVERY;
            for at in self.peers.due(now) {
                self.drive(now, at, |peer| peer.handle_timeout(now));
            }
        }
        let at = mono(self.started, now);
        let (sessions, mut delivery) = self.delivery(now, None, Level::default());
        for forwarder in sessions.values_mut() {
            if forwarder.next_deadline().is_some_and(|deadline| deadline <= at) {
                forwarder.handle_timeout(at, &mut |out| delivery.take(out));
            }
        }
        self.handle_happened(now);
    }

    /// Does one thing to one peer, then sends and handles all that comes of it. A panic inside the library costs that
    /// peer only.
    fn drive(&mut self, now: Instant, at: usize, act: impl FnOnce(&mut Peer) -> Option<GoneReason>) {
        let (peers, outbox, happened) = (&mut self.peers, &mut self.outbox, &mut self.happened);
        let Some(peer) = peers.get_mut(at) else { return };
        let mut tell = |what| happened.push_back((at, what));
        let survived = catch_unwind(AssertUnwindSafe(|| match act(peer) {
            Some(why) => {
                tell(Happened::Gone(why));
                None
            }
            None => peer.drain(outbox, &mut tell),
        }));
        match survived {
            Ok(Some(deadline)) => peers.set_deadline(at, Some(deadline)),
            Ok(None) => tell(Happened::Gone(GoneReason::ClosedByPeer)),
            Err(_) => {
                drop(take_agreed());
                tell(Happened::Gone(GoneReason::Failed));
            }
        }
        self.handle_happened(now);
    }

    fn handle_happened(&mut self, now: Instant) {
        while let Some((at, what)) = self.happened.pop_front() {
            match what {
                Happened::Connected => self.handle_connected(now, at),
                Happened::Media(packet) => self.handle_media(now, at, packet),
                Happened::Reception { mid, highest, lost } => {
                    self.handle_reception(now, at, Reception { mid: &mid, highest, lost });
                }
                Happened::Stray => self.outbox.counters.packets_malformed.add(1),
                Happened::Gone(why) => {
                    if let Some(key) = self.remove(at) {
                        tracing::info!(session = %key.session, participant = %key.participant, peer = key.peer, %why, "peer gone");
                        self.events.tell(MediaEvent::Gone { key, why });
                    }
                }
            }
        }
    }

    fn handle_connected(&mut self, now: Instant, at: usize) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let key = peer.key;
        self.events.tell(MediaEvent::Connected(key));
        self.set_leg(now, at);
    }

    /// Tells the forwarder a connected peer's sections.
    fn set_leg(&mut self, now: Instant, at: usize) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let (key, packets, sections) = (peer.key, peer.packets(), peer.sections(first_number));
        let (sessions, mut delivery) = self.delivery(now, None, Level::default());
        if let Some(forwarder) = sessions.get_mut(&key.session) {
            let leg = LegId(at as u32);
            forwarder.set_leg(leg, (key.participant, packets), sections, &mut |out| delivery.take(out));
        }
    }

    fn handle_media(&mut self, now: Instant, at: usize, packet: MediaPacket) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let key = peer.key;
        let incoming = Incoming {
            stream: packet.stream,
            ssrc: packet.ssrc,
            seq: packet.seq,
            at: packet.at,
            packing: packet.packing,
            opus: peer.opus(),
            payload: &packet.payload,
        };
        let at = mono(self.started, now);
        let (sessions, mut delivery) = self.delivery(now, Some(key), packet.level);
        let Some(forwarder) = sessions.get_mut(&key.session) else { return };
        let forwarded = forwarder.handle_packet(at, incoming, &mut |out| delivery.take(out));
        let counters = &self.outbox.counters;
        counters.packets_in.add(1);
        counters.packets_malformed.add(u64::from(forwarded.is_err()));
        counters.forward_ns.add(now.elapsed().as_nanos() as u64);
    }

    fn handle_reception(&mut self, now: Instant, at: usize, reception: Reception<'_>) {
        let Some(key) = self.peers.get_mut(at).map(|peer| peer.key) else { return };
        let (leg, at) = (LegId(at as u32), mono(self.started, now));
        let (sessions, mut delivery) = self.delivery(now, Some(key), Level::default());
        if let Some(forwarder) = sessions.get_mut(&key.session) {
            forwarder.handle_reception(at, leg, reception, &mut |out| delivery.take(out));
        }
    }

    /// The forwarders, and all that carrying out their wishes takes.
    fn delivery(
        &mut self,
        now: Instant,
        key: Option<PeerKey>,
        level: Level,
    ) -> (&mut HashMap<SessionId, Forwarder>, Delivery<'_>) {
        let (peers, outbox, events, happened) =
            (&mut self.peers, &mut self.outbox, &mut self.events, &mut self.happened);
        (&mut self.sessions, Delivery { now, key, level, peers, outbox, events, happened })
    }

    fn handle_commands(&mut self) {
        for command in self.mailbox.take() {
            let now = Instant::now();
            match command {
                Command::Offer { key, offer, answer } => {
                    // Nobody waits for the answer any more when the client has left.
                    let _ = answer.send(self.handle_offer(now, key, &offer));
                }
                Command::Plan(session, plan) => self.handle_plan(now, session, plan),
                Command::ClosePeer(key) => self.close_peer(key),
                Command::CloseSession(session) => self.close_session(session),
                Command::Stop => self.stopped = true,
            }
        }
    }

    fn handle_offer(&mut self, now: Instant, key: PeerKey, offer: &PeerOffer) -> Result<String, MediaError> {
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(now, key, offer)));
        self.outbox.counters.peers.set(self.peers.len() as u64);
        answered.unwrap_or_else(|_| Err(MediaError::Sdp("it is beyond what the parser can take".into())))
    }

    fn answer(&mut self, now: Instant, key: PeerKey, offer: &PeerOffer) -> Result<String, MediaError> {
        match self.peers.of_participant(key) {
            Some((_, used)) if used.peer > key.peer => Err(MediaError::StalePeer(key.peer)),
            Some((at, used)) if used.peer == key.peer => self.renegotiate(now, at, offer),
            replaced => {
                let (peer, answer) = Peer::answer(key, offer, now, &self.identity, &self.candidates)?;
                if let Some((at, _)) = replaced {
                    self.remove(at);
                }
                let at = self.peers.insert(peer, now).ok_or(MediaError::Busy)?;
                self.sessions.entry(key.session).or_default();
                self.drive(now, at, |peer| peer.handle_timeout(now));
                Ok(answer)
            }
        }
    }

    fn renegotiate(&mut self, now: Instant, at: usize, offer: &PeerOffer) -> Result<String, MediaError> {
        let peer = self.peers.get_mut(at).ok_or(MediaError::Down)?;
        let before: Vec<StreamId> = peer.streams().collect();
        let answer = peer.renegotiate(offer)?;
        let connected = peer.connected;
        if let Some(forwarder) = self.sessions.get_mut(&peer.key.session) {
            let sent: Vec<StreamId> = peer.streams().collect();
            before.into_iter().filter(|stream| !sent.contains(stream)).for_each(|s| forwarder.remove_source(s));
        }
        self.peers.rename(at);
        self.drive(now, at, |peer| peer.handle_timeout(now));
        if connected {
            self.set_leg(now, at);
        }
        Ok(answer)
    }

    fn handle_plan(&mut self, now: Instant, session: SessionId, plan: Arc<Plan>) {
        let (sessions, mut delivery) = self.delivery(now, None, Level::default());
        sessions.entry(session).or_default().set_plan(plan, &mut |out| delivery.take(out));
    }

    fn close_peer(&mut self, key: PeerKey) {
        if let Some((at, _)) = self.peers.of_participant(key).filter(|(_, used)| *used == key) {
            self.remove(at);
        }
    }

    fn close_session(&mut self, session: SessionId) {
        for at in self.peers.of_session(session) {
            self.remove(at);
        }
        self.sessions.remove(&session);
    }

    /// Takes a peer out of everything; its key, if it was there.
    fn remove(&mut self, at: usize) -> Option<PeerKey> {
        let peer = self.peers.remove(at)?;
        self.outbox.counters.peers.set(self.peers.len() as u64);
        if let Some(forwarder) = self.sessions.get_mut(&peer.key.session) {
            forwarder.remove_leg(LegId(at as u32));
            peer.streams().for_each(|stream| forwarder.remove_source(stream));
        }
        Some(peer.key)
    }
}

/// Carries out what a forwarder wants, with everything of the shard that it needs for it.
struct Delivery<'a> {
    now: Instant,
    /// Whose packet is being forwarded, or whose report is being handled.
    key: Option<PeerKey>,
    level: Level,
    peers: &'a mut Peers,
    outbox: &'a mut Outbox,
    events: &'a mut Events,
    happened: &'a mut VecDeque<(usize, Happened)>,
}

impl Delivery<'_> {
    fn take(&mut self, out: Outgoing<'_>) {
        match out {
            Outgoing::Packet(packet) => self.send(&packet),
            Outgoing::Slots { leg, slots, missing } => {
                let Some(peer) = self.peers.get_mut(leg.0 as usize) else { return };
                let key = peer.key;
                let streams: Vec<StreamId> = slots.iter().map(|slot| slot.stream).collect();
                self.events.tell(MediaEvent::Slots { key, slots, missing });
                if peer.hearing != streams {
                    peer.hearing.clone_from(&streams);
                    self.events.tell(MediaEvent::Hearing { key, streams });
                }
            }
            Outgoing::Redundancy { stream, depth } => {
                let publisher = self.key.and_then(|key| self.peers.publisher(key.session, stream));
                if let Some(key) = publisher {
                    self.events.tell(MediaEvent::Redundancy { key, stream, depth });
                }
            }
            Outgoing::Run { stream, ssrc, at } => {
                if let Some(key) = self.key {
                    self.events.tell(MediaEvent::FirstPacket { key, stream, ssrc, rtp: at });
                }
            }
        }
    }
}

impl Delivery<'_> {
    /// Seals and sends a packet for one leg. A panic inside the library costs that peer only.
    fn send(&mut self, packet: &Forwarded<'_>) {
        let at = packet.leg.0 as usize;
        let Some(peer) = self.peers.get_mut(at) else { return };
        let (now, level) = (self.now, self.level);
        let (outbox, happened) = (&mut *self.outbox, &mut *self.happened);
        let sent = catch_unwind(AssertUnwindSafe(|| {
            if peer.try_forward(packet, level, outbox) {
                return Sent::Direct;
            }
            if !peer.forward(now, packet, level) {
                return Sent::Not;
            }
            Sent::Library(peer.drain(outbox, |what| happened.push_back((at, what))))
        }));
        match sent {
            Ok(Sent::Direct) => {
                self.outbox.counters.packets_out.add(1);
                self.outbox.counters.packets_direct.add(1);
            }
            Ok(Sent::Library(deadline)) => {
                self.outbox.counters.packets_out.add(1);
                self.peers.set_deadline(at, deadline.or(Some(now)));
            }
            Ok(Sent::Not) => {}
            Err(_) => {
                drop(take_agreed());
                self.happened.push_back((at, Happened::Gone(GoneReason::Failed)));
            }
        }
    }
}

/// How a packet for one leg went out.
enum Sent {
    /// Past the library, which has noticed nothing.
    Direct,
    /// Through the library, which wants to be asked again then, or is done.
    Library(Option<Instant>),
    Not,
}

/// The shard's clock as cores are told it.
fn mono(started: Instant, now: Instant) -> MonoTime {
    MonoTime(now.saturating_duration_since(started).as_nanos() as u64)
}

/// Number of a section's first packet: unpredictable, below 2^15.
fn first_number() -> u16 {
    let mut random = [0; 2];
    // A predictable number costs some of SRTP's margin against known plaintext, not its secrecy.
    let _ = getrandom::fill(&mut random);
    u16::from_le_bytes(random) & 0x7fff
}

/// CPU time of this thread.
fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
