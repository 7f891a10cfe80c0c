//! What changes that can be undone are about.

use super::Change;
use super::take::Flag;
use crate::event::Event;
use crate::ids::{CreditId, NoteId, TakeNumber};

/// One thing that people change in turn. Whoever changed it last has the last word on it, also where they made it as it
/// was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Policy,
    Song,
    Slate(TakeNumber),
    Verdict(TakeNumber),
    Flag(TakeNumber, Flag),
    /// Whether a note stands or is retracted.
    Standing(NoteId),
    Wording(NoteId),
    Status(NoteId),
    Assignee(NoteId),
    Credit(CreditId),
}

impl Thing {
    /// What an event changes that says what it replaced, so that its author can put it back; none for any other.
    pub(super) fn of(event: &Event) -> Option<Thing> {
        Some(match event {
            Event::SessionPolicy { .. } => Thing::Policy,
            Event::SessionSong { .. } => Thing::Song,
            Event::TakeSlate { take, .. } => Thing::Slate(*take),
            Event::TakeVerdict { take, .. } => Thing::Verdict(*take),
            Event::TakeFlag { take, flag, .. } => Thing::Flag(*take, *flag),
            Event::NoteAdd(new) => Thing::Standing(new.note),
            Event::NoteRetract { note, .. } => Thing::Standing(*note),
            Event::NoteEdit { note, .. } => Thing::Wording(*note),
            Event::NoteStatus { note, .. } => Thing::Status(*note),
            Event::NoteAssign { note, .. } => Thing::Assignee(*note),
            Event::CreditSet { credit, .. } => Thing::Credit(credit.id),
            Event::CreditRemove { credit, .. } => Thing::Credit(*credit),
            _ => return None,
        })
    }
}

impl Change {
    /// Whether two changes are about one thing at least.
    pub(super) fn meets(&self, other: &Change) -> bool {
        let has = |thing: Thing| other.events().any(|event| Thing::of(event) == Some(thing));
        self.events().filter_map(Thing::of).any(has)
    }
}
