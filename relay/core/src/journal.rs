//! What a room and the session journal hand each other.
//!
//! *Absent*: storage (`relay::journal` keeps these things; here they are plain data), and how a hash is made
//! ([`protocol::chain`]).

use protocol::chain::ChainHash;
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};
use protocol::session::{FOLD, SessionState};

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
    /// The newest state that was kept and is of this version's fold; none when everything is in `tail`.
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
    /// The state as JSON, and which fold it is of.
    pub text: String,
}

impl Snapshot {
    /// The state at an event. Allocates as much as the state's JSON is long.
    pub fn of(state: &SessionState, seq: u64, hash: ChainHash) -> Snapshot {
        let state = serde_json::to_string(state).expect("a state is plain data with text keys");
        Snapshot { seq, hash: hash.0, text: format!("{}{state}}}", prefix()) }
    }

    /// The state's JSON; none when another version's fold made it. Such a state may not be what the events add up to, so
    /// they are folded anew.
    pub fn state_text(&self) -> Option<&str> {
        self.text.strip_prefix(&prefix())?.strip_suffix('}')
    }
}

fn prefix() -> String {
    format!(r#"{{"fold":{FOLD},"state":"#)
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
    fn a_state_of_another_fold_is_not_taken_for_one_of_this() {
        let state = SessionState { title: "Blue hour".into(), ..SessionState::default() };
        let kept = Snapshot::of(&state, 7, ChainHash([1; 32]));
        assert_eq!(serde_json::from_str::<SessionState>(kept.state_text().unwrap()).unwrap(), state);
        let bare = serde_json::to_string(&state).unwrap();
        let later = kept.text.replace(&format!(r#""fold":{FOLD}"#), &format!(r#""fold":{FOLD}0"#));
        for text in [bare, later] {
            assert_eq!(Snapshot { text, ..kept.clone() }.state_text(), None);
        }
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
