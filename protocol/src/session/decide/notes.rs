//! Notes and replies.

use super::{Ask, Decided, room_for};
use crate::command::Belief;
use crate::event::Event;
use crate::grants::Action;
use crate::ids::{NoteId, ParticipantId};
use crate::session::Rejection;
use crate::session::limits::{MAX_NOTES, MAX_POSITION, MAX_REACTION_MS, MAX_REPLIES, MAX_UNCERTAINTY_MS, NOTE, TAG};
use crate::session::note::{Anchor, NewNote, Note, NoteStatus, Severity, Wording};
use crate::session::rejection::Current;
use crate::text;

const TEXT: &str = "a note has 1 to 2000 characters; write the rest in a reply";
const POSITION: &str = "this position lies outside what it is pinned to; pin the note again";

impl Ask<'_> {
    pub(super) fn add_note(&self, new: &NewNote) -> Decided {
        self.must(Action::Write, false)?;
        if new.reaction_ms > MAX_REACTION_MS || new.uncertainty_ms > MAX_UNCERTAINTY_MS {
            return Err(Rejection::Invalid("a reaction takes up to 2000 ms, and a position is known to 60000 ms"));
        }
        let wording = Wording { on: new.on, text: new.text.clone(), tag: new.tag.clone(), severity: new.severity };
        let Wording { on, text, tag, severity } = self.wording(&wording)?;
        let parent = new.parent.map(|parent| self.root_of(parent)).transpose()?.map(|root| root.id);
        let new = NewNote { on, text, tag, severity, parent, ..new.clone() };
        self.append(new)
    }

    pub(super) fn reply(&self, note: NoteId, parent: NoteId, text: &str) -> Decided {
        self.must(Action::Write, false)?;
        let (root, text) = (self.root_of(parent)?, self.text(text, NOTE, TEXT)?);
        let (on, uncertainty_ms, concealed) = (root.wording.on, root.uncertainty_ms, root.concealed);
        let (reaction_ms, tag, severity) = (root.reaction_ms, None, Severity::Info);
        let parent = Some(root.id);
        self.append(NewNote { note, on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent })
    }

    fn append(&self, new: NewNote) -> Decided {
        if let Some(known) = self.state.notes.get(&new.note) {
            let same = known.made.by == Some(self.me()) && known.parent == new.parent && known.wording.text == new.text;
            let other = Rejection::Conflict("this id belongs to another note; make a new id");
            return if same && known.wording.on == new.on { Ok(Vec::new()) } else { Err(other) };
        }
        room_for(self.state.notes.len(), MAX_NOTES, "notes", "export it and begin another session")?;
        if let Some(parent) = new.parent {
            let replies = self.state.notes.values().filter(|note| note.parent == Some(parent)).count();
            room_for(replies, MAX_REPLIES, "replies to one note", "write a new note")?;
        }
        Ok(vec![Event::NoteAdd(new)])
    }

    pub(super) fn edit_note(&self, id: NoteId, wording: &Wording) -> Decided {
        let note = self.standing(id)?;
        self.must(Action::Edit, self.wrote(note))?;
        let (wording, was) = (self.wording(wording)?, note.wording.clone());
        Ok(if wording == was { Vec::new() } else { vec![Event::NoteEdit { note: id, wording, was }] })
    }

    pub(super) fn settle_note(&self, id: NoteId, status: NoteStatus, belief: Option<Belief>) -> Decided {
        let note = self.standing(id)?;
        self.must(Action::Settle, false)?;
        self.is_no_reply(note)?;
        let was = note.status;
        if belief.is_some_and(|belief| belief.status.is_some_and(|status| status != was)) {
            let msg = "somebody has settled this note already; look at it again".to_owned();
            return Err(Rejection::stale(msg, Current { status: Some(was), ..Current::default() }));
        }
        Ok(if status == was { Vec::new() } else { vec![Event::NoteStatus { note: id, status, was }] })
    }

    pub(super) fn assign_note(&self, id: NoteId, to: Option<ParticipantId>) -> Decided {
        let note = self.standing(id)?;
        self.must(Action::Settle, false)?;
        self.is_no_reply(note)?;
        to.map(|to| self.person(to)).transpose()?;
        let was = note.assignee;
        Ok(if to == was { Vec::new() } else { vec![Event::NoteAssign { note: id, to, was }] })
    }

    pub(super) fn retract_note(&self, id: NoteId) -> Decided {
        let note = self.note(id)?;
        self.must(Action::Retract, self.wrote(note))?;
        let retract = Event::NoteRetract { note: id, retracted: true };
        Ok(if note.retracted { Vec::new() } else { vec![retract] })
    }

    pub(super) fn wrote(&self, note: &Note) -> bool {
        note.made.by == Some(self.me())
    }

    fn note(&self, id: NoteId) -> Result<&Note, Rejection> {
        self.state.notes.get(&id).ok_or_else(|| Rejection::no("note", id))
    }

    /// A note that was not taken back.
    fn standing(&self, id: NoteId) -> Result<&Note, Rejection> {
        let note = self.note(id)?;
        let gone = || Rejection::stale("its author has taken this note back; write another", Current::default());
        if note.retracted { Err(gone()) } else { Ok(note) }
    }

    fn is_no_reply(&self, note: &Note) -> Result<(), Rejection> {
        let is_root = note.parent.is_none();
        if is_root { Ok(()) } else { Err(Rejection::Invalid("a reply has no status; settle the note that it answers")) }
    }

    fn root_of(&self, parent: NoteId) -> Result<&Note, Rejection> {
        let note = self.standing(parent)?;
        note.parent.map_or(Ok(note), |root| self.note(root))
    }

    fn wording(&self, wording: &Wording) -> Result<Wording, Rejection> {
        self.check_anchor(&wording.on)?;
        let text = self.text(&wording.text, NOTE, TEXT)?;
        let clean = |tag: &String| text::line(tag, TAG).map_err(|_| Rejection::Invalid("a tag has 1 to 24 characters"));
        let tag = wording.tag.as_ref().map(clean).transpose()?;
        Ok(Wording { on: wording.on, text, tag, severity: wording.severity })
    }

    fn check_anchor(&self, on: &Anchor) -> Result<(), Rejection> {
        match *on {
            Anchor::Live { stream, epoch, at, to } => {
                let known = self.state.streams.get(&stream).ok_or_else(|| Rejection::no("stream", stream))?;
                if known.epochs.get(epoch as usize).is_none() {
                    return Err(Rejection::no("epoch", epoch));
                }
                check_range(Some(at.0), to.map(|to| to.0), MAX_POSITION)
            }
            Anchor::Take { take, part, at, to } => {
                let take = self.take(take)?;
                let part = part.map(|id| take.part(id).ok_or_else(|| Rejection::no("part", id))).transpose()?;
                if part.is_none() && at.is_some() {
                    return Err(Rejection::Invalid("a position in a take is one in a part's file; name the part"));
                }
                let length = part.and_then(|part| part.length()).and_then(|length| i64::try_from(length.0).ok());
                check_range(at.map(|at| at.0), to.map(|to| to.0), length.unwrap_or(MAX_POSITION))
            }
            Anchor::Mix { mix, at, to } => {
                let version = self.state.mix(mix).ok_or_else(|| Rejection::no("mix version", mix))?;
                let length = i64::try_from(version.file.length.0).unwrap_or(MAX_POSITION);
                check_range(at.map(|at| at.0), to.map(|to| to.0), length)
            }
        }
    }
}

fn check_range(at: Option<i64>, to: Option<i64>, last: i64) -> Result<(), Rejection> {
    let good = match (at, to) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(at), None) => (0..=last).contains(&at),
        (Some(at), Some(to)) => 0 <= at && at <= to && to <= last,
    };
    if good { Ok(()) } else { Err(Rejection::Invalid(POSITION)) }
}
