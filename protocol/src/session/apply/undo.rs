use super::keep_newest;
use crate::event::{Event, Recorded};
use crate::session::limits::{UNDO_KEPT, UNDO_KEPT_IN_ALL};
use crate::session::thing::Thing;
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
        if recorded.by.is_some() && Thing::of(&recorded.event).is_some() && !is_put_back {
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
        if let Some(place) = oldest {
            let fallen = self.undoable.remove(place);
            // It was somebody's word on its things and stays that: what was before it is not the newest again.
            self.undoable.retain(|change| change.seq > fallen.seq || !change.meets(&fallen));
        }
        keep_newest(&mut self.undoable, UNDO_KEPT_IN_ALL);
    }
}
