use super::keep_newest;
use crate::event::{Event, Recorded};
use crate::session::limits::{UNDO_KEPT, UNDO_KEPT_IN_ALL};
use crate::session::{Change, SessionState};

impl SessionState {
    /// Keeps what can be undone: one change for each command, the newest of each person. What an undo puts back is none,
    /// so that undoing again goes one step further back.
    pub(super) fn apply_to_changes(&mut self, recorded: &Recorded) {
        if let Event::Undo { of } = recorded.event {
            self.undoable.retain(|change| change.seq != of);
            self.undone_by = recorded.id;
        }
        let is_put_back = recorded.id.is_some() && recorded.id == self.undone_by;
        if recorded.by.is_some() && is_undoable(&recorded.event) && !is_put_back {
            self.keep_change(recorded);
        }
    }

    fn keep_change(&mut self, Recorded { seq, id, by, event, .. }: &Recorded) {
        let is_same = |last: &mut Change| id.is_some() && last.id == *id && last.by == *by;
        let earlier = self.undoable.pop_if(is_same).map(|last| last.earlier.into_iter().chain([last.event]).collect());
        let (earlier, event) = (earlier.unwrap_or_default(), event.clone());
        self.undoable.push(Change { seq: *seq, by: *by, id: *id, event, earlier });
        let mut own = self.undoable.iter().enumerate().filter(|(_, change)| change.by == *by).map(|(place, _)| place);
        let oldest = own.clone().count().checked_sub(UNDO_KEPT + 1).and_then(|_| own.next());
        oldest.map(|place| self.undoable.remove(place));
        keep_newest(&mut self.undoable, UNDO_KEPT_IN_ALL);
    }
}

/// Whether an event says what it replaced, so that its author can put it back.
fn is_undoable(event: &Event) -> bool {
    matches!(
        event,
        Event::SessionPolicy { .. }
            | Event::SessionSong { .. }
            | Event::TakeSlate { .. }
            | Event::TakeVerdict { .. }
            | Event::TakeFlag { .. }
            | Event::NoteAdd(_)
            | Event::NoteEdit { .. }
            | Event::NoteStatus { .. }
            | Event::NoteAssign { .. }
            | Event::NoteRetract { .. }
            | Event::CreditSet { .. }
            | Event::CreditRemove { .. }
    )
}
