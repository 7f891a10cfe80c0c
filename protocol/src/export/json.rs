//! The lossless bundle: a JSON object whose `events` are the stored texts to the byte, one a line, so that the log's
//! hash chain can be worked out again, and whose `state` is what they add up to.
//!
//! Of a take or a mix version the bundle has the events about it and its notes and those that its positions stand on;
//! its state has no other notes, no chat, no lobby and no lists of who is kept out. Takes and mix versions stay in
//! their places, so that numbers hold.

use super::sheet::{Sheet, family};
use super::{Scope, Source};
use crate::chain::ChainHash;
use crate::event::{Event, Stored, StoredError};
use crate::ids::{LogId, NoteId, SessionId, TakeNumber};
use crate::session::{SessionState, apply};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The version that is written; it is raised when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

/// A bundle that was read back.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The session.
    pub session: SessionId,
    /// The incarnation of its journal.
    pub log: LogId,
    /// Number of the newest event when it was exported; 0 when there was none.
    pub seq: u64,
    /// The chain's newest hash.
    pub hash: ChainHash,
    /// What of the session it has.
    pub scope: Scope,
    /// What the events add up to.
    pub state: SessionState,
    /// The events as they were stored.
    pub events: Vec<Stored>,
}

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle, or was cut off.
    #[error("this is no export of a session, or was cut off ({0}); export it again")]
    Json(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error("this export has version {0} and this program reads up to {VERSION}; use a newer one")]
    TooNew(u32),
    /// An event cannot be read.
    #[error("the export is damaged: {0}")]
    Event(#[from] StoredError),
    /// An event is missing, doubled or out of its place.
    #[error("event {got} stands in the place of event {expected}, so the export was changed; export it again")]
    Order {
        /// The least number that was possible there.
        expected: u64,
        /// The number that was found.
        got: u64,
    },
    /// The events are not the bytes that the hash was made over.
    #[error("the events are not those that the hash was made over, so the export was changed; export it again")]
    Hash,
    /// The state is not what the events add up to.
    #[error("the state is not what the events add up to, so the export was changed; export it again")]
    State,
}

/// What stands at the beginning.
#[derive(Serialize, Deserialize)]
struct Head {
    farfield: u32,
    session: SessionId,
    log: LogId,
    seq: u64,
    hash: ChainHash,
    scope: Scope,
}

/// The rest of a bundle as it is read.
#[derive(Deserialize)]
struct Body<'a> {
    state: SessionState,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

pub(super) fn write(source: &Source, sheet: &Sheet<'_>, scope: Scope) -> String {
    let about = About::of(sheet, scope);
    let seq = source.events.last().map_or(0, |event| event.recorded().seq);
    let (session, log, hash) = (source.session, source.log, source.hash);
    let head = json(&Head { farfield: VERSION, session, log, seq, hash, scope });
    let state = json(&about.part_of(&source.state));
    let kept = source.events.iter().filter(|event| about.has(&event.recorded().event));
    let events = kept.map(Stored::text).collect::<Vec<_>>().join(",\n");
    format!("{},\n\"state\":{state},\n\"events\":[\n{events}\n]}}\n", &head[..head.len() - 1])
}

impl Bundle {
    /// Reads a bundle and looks whether it is whole: of a session, that no event is missing, that their bytes make the
    /// chain's hash, and that they add up to the state; of less, that they are in order.
    ///
    /// # Errors
    /// When it is no bundle, a later version's, or was changed.
    pub fn read(text: &str) -> Result<Bundle, BundleError> {
        let Head { farfield, session, log, seq, hash, scope } = serde_json::from_str(text)?;
        if farfield > VERSION {
            return Err(BundleError::TooNew(farfield));
        }
        let Body { state, events } = serde_json::from_str(text)?;
        let events: Vec<Stored> = events.iter().map(|raw| Stored::read(raw.get())).collect::<Result<_, _>>()?;
        let bundle = Bundle { session, log, seq, hash, scope, state, events };
        bundle.check_order()?;
        match scope {
            Scope::Session => bundle.check_sum().map(|()| bundle),
            _ => Ok(bundle),
        }
    }

    fn check_order(&self) -> Result<(), BundleError> {
        let mut expected = 1;
        for got in self.events.iter().map(|event| event.recorded().seq) {
            let good = if self.scope == Scope::Session { got == expected } else { got >= expected };
            if !good || got > self.seq {
                return Err(BundleError::Order { expected, got });
            }
            expected = got + 1;
        }
        let cut_off = self.scope == Scope::Session && expected != self.seq + 1;
        if cut_off { Err(BundleError::Order { expected, got: self.seq }) } else { Ok(()) }
    }

    fn check_sum(&self) -> Result<(), BundleError> {
        let mut state = SessionState::default();
        self.events.iter().for_each(|event| apply(&mut state, event.recorded()));
        let hash = self.events.iter().fold(ChainHash::start(self.log), |hash, event| event.hash(hash));
        match (hash == self.hash, state == self.state) {
            (false, _) => Err(BundleError::Hash),
            (true, false) => Err(BundleError::State),
            (true, true) => Ok(()),
        }
    }
}

/// What an export is about.
struct About {
    scope: Scope,
    notes: BTreeSet<NoteId>,
}

impl About {
    fn of(sheet: &Sheet<'_>, scope: Scope) -> About {
        let seated = sheet.seated(scope);
        About { scope, notes: seated.iter().flat_map(|(item, _)| family(item)).collect() }
    }

    fn part_of(&self, state: &SessionState) -> SessionState {
        let mut part = state.clone();
        if self.scope != Scope::Session {
            part.notes.retain(|id, _| self.notes.contains(id));
            part.chat.clear();
            part.undoable.clear();
            part.undone_by = None;
            part.invites.clear();
            part.lobby.clear();
            part.admitted.clear();
            part.banned.clear();
        }
        part
    }

    fn has(&self, event: &Event) -> bool {
        match self.scope {
            Scope::Session => true,
            Scope::Take(number) => stands_under(event) || self.has_note(event) || take_of(event) == Some(number),
            Scope::Mix(number) => {
                let added = matches!(event, Event::MixAdd { mix, .. } if *mix == number);
                added || stands_under(event) || self.has_note(event)
            }
        }
    }

    fn has_note(&self, event: &Event) -> bool {
        match event {
            Event::NoteAdd(new) => self.notes.contains(&new.note),
            Event::NoteEdit { note, .. }
            | Event::NoteStatus { note, .. }
            | Event::NoteAssign { note, .. }
            | Event::NoteRetract { note, .. } => self.notes.contains(note),
            _ => false,
        }
    }
}

/// What positions, names and tempo stand on.
fn stands_under(event: &Event) -> bool {
    matches!(
        event,
        Event::SessionOpen { .. }
            | Event::SessionSong { .. }
            | Event::ParticipantJoin { .. }
            | Event::StreamOpen { .. }
            | Event::StreamEpoch { .. }
    )
}

fn take_of(event: &Event) -> Option<TakeNumber> {
    match event {
        Event::TakeArm { take, .. }
        | Event::TakeCancel { take }
        | Event::TakeRoll { take }
        | Event::TakeStop { take }
        | Event::TakeSlate { take, .. }
        | Event::TakeSubmit { take }
        | Event::TakeVerdict { take, .. }
        | Event::TakeVote { take, .. }
        | Event::TakeFlag { take, .. }
        | Event::TakeVoid { take, .. }
        | Event::TakeClose { take }
        | Event::TakeReopen { take, .. }
        | Event::PartRolling { take, .. }
        | Event::PartStopped { take, .. }
        | Event::PartInterrupted { take, .. } => Some(*take),
        _ => None,
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is plain data with text keys")
}
