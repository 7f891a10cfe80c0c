use crate::event::Event;
use crate::ids::{MixNumber, NoteId};
use crate::session::SessionState;
use crate::session::mix::{MixFile, MixVersion};
use crate::session::note::{Anchor, NewNote, Note, NoteStatus, Wording};
use crate::session::take::Stamp;

impl SessionState {
    /// Folds what is about notes, mix versions and credits.
    pub(super) fn apply_to_notes(&mut self, seq: u64, stamp: Stamp, event: &Event) {
        match event {
            Event::NoteAdd(new) => self.add_note(seq, stamp, new.clone()),
            Event::NoteEdit { note, wording, .. } => self.with_note(*note, |note| {
                note.wording.clone_from(wording);
                note.edited = Some(stamp.at);
            }),
            Event::NoteStatus { note, status, .. } => self.settle(*note, *status, stamp),
            Event::NoteAssign { note, to, .. } => self.with_note(*note, |note| note.assignee = *to),
            Event::NoteRetract { note, retracted } => self.with_note(*note, |note| note.retracted = *retracted),
            Event::MixAdd { mix, file } => self.add_mix(*mix, stamp, file),
            Event::CreditSet { credit, .. } => {
                self.credits.insert(credit.id, credit.clone());
            }
            Event::CreditRemove { credit, .. } => {
                self.credits.remove(credit);
            }
            _ => {}
        }
    }

    fn add_note(&mut self, seq: u64, made: Stamp, new: NewNote) {
        let NewNote { note: id, on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent } = new;
        let note = Note {
            id,
            seq,
            made,
            edited: None,
            wording: Wording { on, text, tag, severity },
            reaction_ms,
            uncertainty_ms,
            concealed,
            status: NoteStatus::Open,
            settled: None,
            assignee: None,
            parent,
            carried: None,
            retracted: false,
        };
        self.notes.insert(id, note);
    }

    /// Notes that are open on an earlier version are carried over.
    fn add_mix(&mut self, number: MixNumber, added: Stamp, file: &MixFile) {
        if number != MixNumber::after(self.mixes.len()) {
            return;
        }
        self.mixes.push(MixVersion { number, file: file.clone(), added });
        let on_a_mix = |note: &&mut Note| matches!(note.wording.on, Anchor::Mix { .. }) && note.is_open();
        self.notes.values_mut().filter(on_a_mix).for_each(|note| note.carried = Some(number));
    }

    /// A note that is open again belongs to the newest mix version too.
    fn settle(&mut self, id: NoteId, status: NoteStatus, stamp: Stamp) {
        let newest = self.mixes.last().map(|mix| mix.number);
        self.with_note(id, |note| {
            (note.status, note.settled) = (status, Some(stamp));
            if let Anchor::Mix { mix, .. } = note.wording.on
                && note.is_open()
            {
                note.carried = newest.filter(|newest| *newest > mix);
            }
        });
    }

    fn with_note(&mut self, id: NoteId, change: impl FnOnce(&mut Note)) {
        if let Some(note) = self.notes.get_mut(&id) {
            change(note);
        }
    }
}
