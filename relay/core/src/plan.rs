//! Who hears whom: derived from the session's state and handed to the shard as an immutable value.

use protocol::ids::{ParticipantId, StreamId};
use protocol::session::{SessionState, hear_grant};
use protocol::stream::{Stream, StreamKind};
use std::collections::BTreeMap;

/// Who hears what in one session. A listener without an entry hears nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What each participant who is present may hear, in order of importance: program, talkback, microphones.
    pub listeners: BTreeMap<ParticipantId, Vec<HeardStream>>,
}

/// One stream of somebody else's that a listener may hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardStream {
    /// Which stream.
    pub stream: StreamId,
    /// What it carries.
    pub kind: StreamKind,
    /// Who publishes it.
    pub publisher: ParticipantId,
    /// How many earlier frames travel with each one by the publisher's own choice.
    pub redundancy: u8,
}

impl Plan {
    /// The plan that follows from `state`: everybody who is present hears every open stream of the others that their
    /// grants let them hear, and never their own.
    pub fn of(state: &SessionState) -> Plan {
        let mut open: Vec<&Stream> = state.streams.values().filter(|stream| stream.open).collect();
        open.sort_by_key(|stream| (importance(stream.kind), stream.id));
        let present = state.participants.iter().filter(|(_, person)| person.present);
        let heard_by = |id: ParticipantId, person: &protocol::session::Participant| {
            let hears = |s: &&&Stream| s.participant != id && person.grants.has(hear_grant(s.kind));
            open.iter().filter(hears).map(|stream| HeardStream::from(*stream)).collect()
        };
        Plan { listeners: present.map(|(id, person)| (*id, heard_by(*id, person))).collect() }
    }

    /// Whether `listener` may hear `stream`.
    pub fn hears(&self, listener: ParticipantId, stream: StreamId) -> bool {
        self.listeners.get(&listener).is_some_and(|heard| heard.iter().any(|one| one.stream == stream))
    }
}

impl From<&Stream> for HeardStream {
    fn from(stream: &Stream) -> HeardStream {
        let redundancy = stream.format.redundancy;
        HeardStream { stream: stream.id, kind: stream.kind, publisher: stream.participant, redundancy }
    }
}

/// Where a kind stands when a listener has fewer sections than streams: lower is served first.
fn importance(kind: StreamKind) -> u8 {
    match kind {
        StreamKind::Program => 0,
        StreamKind::Talkback => 1,
        StreamKind::Mic => 2,
    }
}
