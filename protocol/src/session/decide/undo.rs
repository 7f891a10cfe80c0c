//! Undo: the event that puts back what an earlier one replaced. Nothing is erased.

use super::review::audio_of;
use super::{Ask, Decided};
use crate::event::Event;
use crate::grants::Action;
use crate::session::rejection::Current;
use crate::session::take::{Decision, Flag, Former, Phase, Take, Verdict};
use crate::session::{Change, Rejection, SessionState};

impl Ask<'_> {
    pub(super) fn undo(&self, of: u64) -> Decided {
        let change = self.state.undoable.iter().find(|change| change.seq == of);
        let change = change.ok_or_else(|| {
            Rejection::NotFound("this cannot be undone, or not any more; change it by hand".to_owned())
        })?;
        if change.by != Some(self.me()) {
            return Err(Rejection::NotNow("only who made a change undoes it; make another change instead"));
        }
        let (action, own) = self.action_of(change);
        self.must(action, own)?;
        let newest = !self.state.undoable.iter().any(|later| later.seq > of && later.meets(change));
        let stands = newest && change.events().all(|event| stands(self.state, change, event));
        let back: Option<Vec<Event>> = change.events().rev().map(|event| self.inverse(event)).collect();
        let back = back.filter(|_| stands).ok_or_else(|| {
            Rejection::stale("it has been changed again since; look at it before you undo", Current::default())
        })?;
        // Whoever is the hero by now steps down.
        let crowned = back.iter().find_map(|event| match event {
            Event::TakeFlag { take, flag: Flag::Hero, on: true } => Some(*take),
            _ => None,
        });
        let back = crowned.map_or(Ok(back), |take| self.crown(take, true))?;
        Ok([Event::Undo { of }].into_iter().chain(back).collect())
    }

    fn action_of(&self, change: &Change) -> (Action, bool) {
        let own = |take| self.state.take(take).is_some_and(|take| self.is_own(take));
        match &change.event {
            Event::SessionPolicy { .. } => (Action::Administer, false),
            Event::SessionSong { .. } => (Action::SetSong, false),
            Event::TakeSlate { take, .. } => (Action::Slate, own(*take)),
            Event::TakeVerdict { .. } | Event::TakeFlag { flag: Flag::Hero, .. } => (Action::Decide, false),
            Event::TakeFlag { .. } => (Action::Mark, false),
            Event::NoteStatus { .. } | Event::NoteAssign { .. } => (Action::Settle, false),
            Event::CreditSet { credit: entry, .. } | Event::CreditRemove { was: entry, .. } => {
                (Action::Credit, entry.participant == Some(self.me()))
            }
            Event::NoteRetract { note, .. } => {
                (Action::Retract, self.state.notes.get(note).is_some_and(|note| self.wrote(note)))
            }
            // What is left is what only a note's author does: writing it and changing what it says.
            _ => (Action::Edit, true),
        }
    }

    fn inverse(&self, event: &Event) -> Option<Event> {
        Some(match event.clone() {
            Event::SessionPolicy { policy, was } => Event::SessionPolicy { policy: was, was: policy },
            Event::SessionSong { song, was } => Event::SessionSong { song: was, was: song },
            Event::TakeSlate { take, slate, was } => Event::TakeSlate { take, slate: was, was: slate },
            Event::TakeVerdict { take, was, .. } => decided_again(self.state.take(take)?, was)?,
            Event::TakeFlag { take, flag, on } => Event::TakeFlag { take, flag, on: !on },
            Event::NoteAdd(new) => Event::NoteRetract { note: new.note, retracted: true },
            Event::NoteEdit { note, wording, was } => Event::NoteEdit { note, wording: was, was: wording },
            Event::NoteStatus { note, status, was } => Event::NoteStatus { note, status: was, was: status },
            Event::NoteAssign { note, to, was } => Event::NoteAssign { note, to: was, was: to },
            Event::NoteRetract { note, retracted } => Event::NoteRetract { note, retracted: !retracted },
            Event::CreditSet { credit, was: None } => Event::CreditRemove { credit: credit.id, was: credit },
            Event::CreditSet { credit, was: Some(was) } => Event::CreditSet { credit: was, was: Some(credit) },
            Event::CreditRemove { was, .. } => Event::CreditSet { credit: was, was: None },
            _ => return None,
        })
    }
}

/// An earlier decision as it was taken: whose it was and when. None where it was about other audio than the take has now,
/// because nobody has decided about that.
fn decided_again(take: &Take, former: Former) -> Option<Event> {
    let (number, was, audio) = (take.number, take.former(), audio_of(take));
    let Former { verdict, decision } = former;
    if verdict == Verdict::None {
        return Some(Event::TakeVerdict { take: number, verdict, reason: String::new(), audio, decided: None, was });
    }
    let Decision { reason, stamp, .. } = decision.filter(|decision| decision.audio == audio)?;
    Some(Event::TakeVerdict { take: number, verdict, reason, audio, decided: Some(stamp), was })
}

/// Whether the thing of one of a change's events is as that made it.
fn stands(state: &SessionState, change: &Change, event: &Event) -> bool {
    let take = |number| state.take(number);
    let note = |id| state.notes.get(&id);
    match event {
        Event::SessionPolicy { policy, .. } => state.policy == *policy,
        Event::SessionSong { song, .. } => state.song == *song,
        Event::TakeSlate { take: number, slate, .. } => take(*number).is_some_and(|take| take.slate == *slate),
        Event::TakeVerdict { take: number, verdict, reason, .. } => take(*number).is_some_and(|take| {
            let theirs = take.decision.as_ref().is_none_or(|now| now.stamp.by == change.by && now.reason == *reason);
            take.phase == Phase::InReview && take.verdict == *verdict && theirs
        }),
        Event::TakeFlag { take: number, flag, on } => {
            take(*number).is_some_and(|take| take.flags.contains(flag) == *on)
        }
        Event::NoteAdd(new) => note(new.note).is_some_and(|note| !note.retracted),
        Event::NoteEdit { note: id, wording, .. } => {
            note(*id).is_some_and(|note| note.wording == *wording && !note.retracted)
        }
        Event::NoteStatus { note: id, status, .. } => note(*id).is_some_and(|note| note.status == *status),
        Event::NoteAssign { note: id, to, .. } => note(*id).is_some_and(|note| note.assignee == *to),
        Event::NoteRetract { note: id, retracted } => note(*id).is_some_and(|note| note.retracted == *retracted),
        Event::CreditSet { credit, .. } => state.credits.get(&credit.id) == Some(credit),
        Event::CreditRemove { credit, .. } => !state.credits.contains_key(credit),
        _ => false,
    }
}
