//! The peers of one shard, found by place, user fragment, address or participant.

use super::PeerKey;
use super::peer::Peer;
use super::routes::Addresses;
use super::socket::Route;
use protocol::ids::{ParticipantId, SessionId, StreamId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

/// Peers that one shard takes; more offers are refused.
pub(crate) const MAX_PEERS: usize = 2_000;

/// A place in the table is the number of the peer's forwarding leg too.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    places: Vec<Option<Peer>>,
    deadlines: Vec<Option<Instant>>,
    count: usize,
    by_ufrag: HashMap<String, usize>,
    addresses: Addresses,
    by_participant: HashMap<(SessionId, ParticipantId), usize>,
}

impl Peers {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Adds a peer; `None` when the shard is full. Its participant has none at that moment.
    pub(crate) fn insert(&mut self, mut peer: Peer, now: Instant) -> Option<usize> {
        if self.count == MAX_PEERS {
            return None;
        }
        let at = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        if at == self.places.len() {
            self.places.push(None);
            self.deadlines.push(None);
        }
        self.by_ufrag.insert(peer.ufrag(), at);
        self.by_participant.insert((peer.key.session, peer.key.participant), at);
        self.places[at] = Some(peer);
        self.deadlines[at] = Some(now);
        self.count += 1;
        Some(at)
    }

    /// Takes a peer out, with every way to it.
    pub(crate) fn remove(&mut self, at: usize) -> Option<Peer> {
        let peer = self.places.get_mut(at)?.take()?;
        self.deadlines[at] = None;
        self.count -= 1;
        self.by_ufrag.retain(|_, of| *of != at);
        self.by_participant.remove(&(peer.key.session, peer.key.participant));
        peer.routes.addresses().for_each(|address| self.addresses.release(at, address));
        Some(peer)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Peer> {
        self.places.get_mut(at)?.as_mut()
    }

    /// The participant's peer, whatever its number.
    pub(crate) fn of_participant(&self, key: PeerKey) -> Option<(usize, PeerKey)> {
        let at = *self.by_participant.get(&(key.session, key.participant))?;
        Some((at, self.places[at].as_ref()?.key))
    }

    /// Places of a session's peers.
    pub(crate) fn of_session(&self, session: SessionId) -> Vec<usize> {
        self.by_participant.iter().filter(|((of, _), _)| *of == session).map(|(_, at)| *at).collect()
    }

    /// Whose peer publishes a stream.
    pub(crate) fn publisher(&self, session: SessionId, stream: StreamId) -> Option<PeerKey> {
        let mut peers = self.places.iter().flatten().filter(|peer| peer.key.session == session);
        peers.find(|peer| peer.streams().any(|own| own == stream)).map(|peer| peer.key)
    }

    /// Finds a peer under its user fragment of now: an ICE restart gives it another one.
    pub(crate) fn rename(&mut self, at: usize) {
        let Some(peer) = self.places[at].as_mut() else { return };
        let ufrag = peer.ufrag();
        self.by_ufrag.retain(|_, of| *of != at);
        self.by_ufrag.insert(ufrag, at);
    }

    pub(crate) fn by_ufrag(&self, ufrag: &str) -> Option<usize> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// The peer whose an address is that something comes from.
    pub(crate) fn by_address(&mut self, now: Instant, address: SocketAddr) -> Option<usize> {
        self.addresses.hear(now, address)
    }

    /// Notes that a peer proved an address by a good binding request, and which of ours it called; false when the
    /// address is another peer's, who lives. An older address may give way.
    pub(crate) fn validate(&mut self, now: Instant, at: usize, route: Route) -> bool {
        let Some(peer) = self.places[at].as_mut() else { return false };
        let is_own = self.addresses.claim(now, at, route.to);
        if is_own && let Some(given_up) = peer.routes.validate(route) {
            self.addresses.release(at, given_up);
        }
        is_own
    }

    pub(crate) fn set_deadline(&mut self, at: usize, deadline: Option<Instant>) {
        self.deadlines[at] = deadline;
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }

    /// Places whose deadline has come.
    pub(crate) fn due(&self, now: Instant) -> Vec<usize> {
        let is_due = |at: &usize| self.deadlines[*at].is_some_and(|deadline| deadline <= now);
        (0..self.deadlines.len()).filter(is_due).collect()
    }
}
