//! What a room and the session journal hand each other.
//!
//! *Absent*: storage (`relay::journal` keeps these things; here they are plain data), and how a hash is made
//! ([`protocol::chain`]).

use protocol::chain::ChainHash;
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};

/// SHA-256 of something.
pub type Hash = [u8; 32];

/// One durable step of one session: all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose step.
    pub session: SessionId,
    /// Number of the first event, or of the next one to come where there are no events. The journal refuses a batch that
    /// does not follow its last event.
    pub first: u64,
    /// What happened, in order. May be empty: a granted command that changes nothing is remembered all the same.
    pub events: Vec<StoredEvent>,
    /// Commands to remember.
    pub done: Vec<Done>,
    /// The room's number for it, which comes back with the answer.
    pub ticket: u64,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its exact JSON bytes.
    pub text: Box<str>,
    /// [`ChainHash`] after it.
    pub hash: Hash,
}

/// A granted command, kept so that repeating it gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Who gave it.
    pub by: ParticipantId,
    /// Its id, made by them.
    pub id: CommandId,
    /// SHA-256 of its body: another body under the same id is a conflict.
    pub body: Hash,
    /// The log's end after it, which it was answered with.
    pub seq: u64,
}

/// What a session's room is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The log's incarnation.
    pub log: LogId,
    /// The log's ownership number: who has a lower one may not append any more. Always 1 on one machine.
    pub term: u64,
    /// The newest state that was kept; none when everything is in `tail`.
    pub snapshot: Option<Snapshot>,
    /// The events after the snapshot, gapless and chained to it.
    pub tail: Vec<StoredEvent>,
    /// Every command that is remembered.
    pub done: Vec<Done>,
}

/// The state at some event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event in it.
    pub seq: u64,
    /// That event's hash.
    pub hash: Hash,
    /// The state as JSON.
    pub text: String,
}

impl StoredEvent {
    /// The event with these bytes after the one with this hash.
    pub fn after(before: &Hash, text: impl Into<Box<str>>) -> StoredEvent {
        let text = text.into();
        StoredEvent { hash: ChainHash(*before).then(&text).0, text }
    }
}

/// Whether these events are chained to each other and to the hash before them.
///
/// # Errors
/// The place in `events` of the first one that is not.
pub fn check_chain(before: &Hash, events: &[StoredEvent]) -> Result<(), usize> {
    let befores = std::iter::once(before).chain(events.iter().map(|event| &event.hash));
    match befores.zip(events).position(|(before, event)| ChainHash(*before).then(&event.text).0 != event.hash) {
        Some(place) => Err(place),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn chain(texts: &[&str]) -> (Hash, Vec<StoredEvent>) {
        let start = ChainHash::start(LogId(Uuid::from_u128(1))).0;
        let mut before = start;
        let mut next = |text: &&str| {
            let event = StoredEvent::after(&before, *text);
            before = event.hash;
            event
        };
        (start, texts.iter().map(&mut next).collect())
    }

    #[test]
    fn a_chain_holds_and_any_change_is_found_where_it_is() {
        let (start, events) = chain(&["a", "b", "c"]);
        assert_eq!(check_chain(&start, &events), Ok(()));
        assert_eq!(check_chain(&start, &[]), Ok(()));
        let mut bent = events.clone();
        bent[1].text = "B".into();
        assert_eq!(check_chain(&start, &bent), Err(1));
        assert_eq!(check_chain(&[0; 32], &events), Err(0));
        assert_eq!(check_chain(&start, &[events[0].clone(), events[2].clone()]), Err(1));
    }
}
