//! What a shard's peers want sent and told.

use super::socket::{Route, Socket};
use super::stats::Counters;
use super::{MediaEvent, PeerKey};
use relay_core::admission::MAX_DATAGRAM;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc::{self, error::TrySendError};

/// Room for any datagram that is made here: one that came in, with an SRTP tag and another header.
const SCRATCH: usize = MAX_DATAGRAM + 256;

/// Sends datagrams and counts those that the system does not take: live sound is dropped, never kept.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) socket: Socket,
    pub(crate) counters: Arc<Counters>,
    scratch: Box<[u8; SCRATCH]>,
}

impl Outbox {
    pub(crate) fn new(socket: Socket) -> Outbox {
        Outbox { socket, counters: Arc::default(), scratch: Box::new([0; SCRATCH]) }
    }

    /// Sends the datagram that `make` writes and returns the length of; false when it makes none.
    pub(crate) fn try_send_made(&mut self, route: Route, make: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let Some(length) = make(&mut self.scratch[..]) else { return false };
        if !self.socket.try_send(route, &self.scratch[..length]) {
            self.counters.send_errors.add(1);
        }
        true
    }

    pub(crate) fn send(&mut self, route: Route, datagram: &[u8]) {
        if !self.socket.try_send(route, datagram) {
            self.counters.send_errors.add(1);
        }
    }
}

/// Events on their way to the room. While its queue is full they wait here in order; what a newer one of the same
/// participant says again is dropped.
///
/// Owner: the shard. Capacity: of each participant four events, and two for each stream that its newest peer publishes.
/// Nothing else is dropped.
#[derive(Debug)]
pub(crate) struct Events {
    room: mpsc::Sender<MediaEvent>,
    waiting: VecDeque<MediaEvent>,
}

impl Events {
    pub(crate) fn new(room: mpsc::Sender<MediaEvent>) -> Events {
        Events { room, waiting: VecDeque::new() }
    }

    pub(crate) fn tell(&mut self, event: MediaEvent) {
        if !self.waiting.is_empty() {
            self.waiting.retain(|older| !replaces(&event, older));
        }
        self.waiting.push_back(event);
        self.flush();
    }

    /// Whether some wait for room.
    pub(crate) fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands on what the room has space for.
    pub(crate) fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.room.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => return self.waiting.push_front(event),
                Err(TrySendError::Closed(_)) => return self.waiting.clear(),
            }
        }
    }
}

/// Whether `newer` says all that `older` said, or ended what it was about.
fn replaces(newer: &MediaEvent, older: &MediaEvent) -> bool {
    let (key, of) = (subject(newer), subject(older));
    if key != of {
        return (key.session, key.participant) == (of.session, of.participant) && key.peer > of.peer;
    }
    match (newer, older) {
        (MediaEvent::Slots { .. }, MediaEvent::Slots { .. })
        | (MediaEvent::Hearing { .. }, MediaEvent::Hearing { .. })
        | (MediaEvent::Gone { .. }, _) => true,
        (MediaEvent::FirstPacket { stream, .. }, MediaEvent::FirstPacket { stream: of, .. })
        | (MediaEvent::Redundancy { stream, .. }, MediaEvent::Redundancy { stream: of, .. }) => stream == of,
        _ => false,
    }
}

fn subject(event: &MediaEvent) -> PeerKey {
    match event {
        MediaEvent::Connected(key)
        | MediaEvent::Gone { key, .. }
        | MediaEvent::Slots { key, .. }
        | MediaEvent::FirstPacket { key, .. }
        | MediaEvent::Hearing { key, .. }
        | MediaEvent::Redundancy { key, .. } => *key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::GoneReason;
    use protocol::ids::{ParticipantId, SessionId, StreamId};
    use units::{RtpTimestamp, Ssrc};
    use uuid::Uuid;

    /// A participant's first peer.
    fn key(of: u128) -> PeerKey {
        PeerKey { session: SessionId(Uuid::nil()), participant: ParticipantId(Uuid::from_u128(of)), peer: 1 }
    }

    fn stream(n: u128) -> StreamId {
        StreamId(Uuid::from_u128(n))
    }

    fn hearing(of: u128, streams: u128) -> MediaEvent {
        MediaEvent::Hearing { key: key(of), streams: vec![stream(streams)] }
    }

    fn first(key: PeerKey, n: u128, ssrc: u32) -> MediaEvent {
        MediaEvent::FirstPacket { key, stream: stream(n), ssrc: Ssrc(ssrc), rtp: RtpTimestamp(ssrc) }
    }

    #[test]
    fn a_slow_room_gets_the_newest_of_each_peer_in_order() {
        let (room, mut inbox) = mpsc::channel(1);
        let mut events = Events::new(room);
        events.tell(MediaEvent::Connected(key(1)));
        for n in 0..5 {
            events.tell(hearing(1, n));
            events.tell(hearing(2, n));
        }
        assert_eq!(events.waiting, [hearing(1, 4), hearing(2, 4)]);
        assert_eq!(inbox.try_recv().unwrap(), MediaEvent::Connected(key(1)));
        events.flush();
        assert_eq!(inbox.try_recv().unwrap(), hearing(1, 4));
    }

    #[test]
    fn the_newest_redundancy_of_each_stream_counts() {
        let (room, _inbox) = mpsc::channel(1);
        let mut events = Events::new(room);
        let asked = |n, depth| MediaEvent::Redundancy { key: key(1), stream: stream(n), depth };
        events.tell(MediaEvent::Connected(key(9)));
        for depth in 0..3 {
            events.tell(asked(1, depth));
            events.tell(asked(2, depth));
        }
        assert_eq!(events.waiting, [asked(1, 2), asked(2, 2)]);
    }

    #[test]
    fn the_newest_source_of_each_stream_counts() {
        let (room, _inbox) = mpsc::channel(1);
        let mut events = Events::new(room);
        events.tell(MediaEvent::Connected(key(9)));
        for ssrc in 0..1_000 {
            events.tell(first(key(1), 1, ssrc));
            events.tell(first(key(1), 2, ssrc));
        }
        assert_eq!(events.waiting, [first(key(1), 1, 999), first(key(1), 2, 999)]);
    }

    #[test]
    fn a_participants_next_peer_replaces_all_that_waited_about_the_one_before() {
        let (room, _inbox) = mpsc::channel(1);
        let mut events = Events::new(room);
        events.tell(MediaEvent::Connected(key(9)));
        events.tell(hearing(2, 1));
        for peer in 1..1_000 {
            let key = PeerKey { peer, ..key(1) };
            events.tell(MediaEvent::Connected(key));
            events.tell(first(key, 1, peer));
        }
        let newest = PeerKey { peer: 999, ..key(1) };
        assert_eq!(events.waiting, [hearing(2, 1), MediaEvent::Connected(newest), first(newest, 1, 999)]);
    }

    #[test]
    fn the_end_of_a_peer_replaces_all_that_waited_about_it() {
        let (room, _inbox) = mpsc::channel(1);
        let mut events = Events::new(room);
        events.tell(MediaEvent::Connected(key(9)));
        events.tell(hearing(1, 1));
        events.tell(hearing(2, 1));
        let gone = MediaEvent::Gone { key: key(1), why: GoneReason::ConnectionLost };
        events.tell(gone.clone());
        assert_eq!(events.waiting, [hearing(2, 1), gone]);
    }
}
