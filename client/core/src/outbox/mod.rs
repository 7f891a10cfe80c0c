//! Commands that the relay has not answered yet, kept in order so that they can be sent again after a lost link, and the
//! answers that a script may ask for again.
//!
//! Two kinds wait beside each other. What people and scripts want lasts: it survives the program, and who wants too much
//! is told so. What the program asks by itself (its streams, its parts) goes first, because the other may rest on it, and
//! is never refused.

mod pending;

pub use pending::{Asked, GOOD_FOR_MS, Pending, is_for_now};

use pending::Doubt;
use protocol::command::Command;
use protocol::ids::{CommandId, NoteId};
use protocol::session::SessionState;
use protocol::wire::ErrorCode;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use units::WallTime;

/// Commands of people and scripts that may wait at once, as in the page. Overflow: the next one is refused in words.
pub const CAPACITY: usize = 500;
/// Commands of the program's own that may wait beside them. Overflow: the newest is dropped, and once there is room it is
/// [told](Outbox::poll_dropped), so that what is missing is asked anew.
pub const OWN_CAPACITY: usize = 500;
/// Answers kept for scripts that repeat what they asked; the oldest makes room. What is asked again after that goes to the
/// relay under the [id](Asked::command_id) that it had, and is not done twice either.
pub const ANSWERS: usize = 256;
/// So often in a row `too_many` is taken for a limit on speed, which passes. A full list does not, and has the same code.
const TOO_MANY_TRIES: u32 = 3;

/// What the relay said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done and saved.
    Done {
        /// Number of the last event it caused.
        seq: u64,
    },
    /// Refused; nothing has changed.
    Refused {
        /// For programs.
        code: ErrorCode,
        /// For people.
        msg: String,
    },
}

/// What a script gets that asks under an id that it has used before.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// The same: it is being answered.
    Waiting,
    /// The same: it was answered so.
    Answered(Answer),
    /// Something else.
    Other,
}

/// What follows from an answer of the relay's.
#[derive(Clone, Debug, PartialEq)]
pub enum Handled {
    /// This is answered for good.
    Answered(Box<Pending>),
    /// The relay cannot do it just now: it waits in its place, and everything unanswered goes out again in order, after a
    /// pause.
    Again {
        /// Whether the relay could do the last thing that it was asked: people are told once.
        first: bool,
    },
    /// Nobody waits for it: it was answered before, or has gone out again and is answered anew.
    Ignored,
}

/// What is kept when the program ends, however it ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Not answered yet, oldest first.
    pub pending: Vec<Pending>,
    /// Answered under ids of a script's own, oldest first.
    pub answered: Vec<(Asked, Answer)>,
}

/// The pending commands. The relay answers a repeated id as it did the first time, so sending twice is harmless.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pending: VecDeque<Pending>,
    answered: VecDeque<(Asked, Answer)>,
    /// How often in a row the relay could not do what it was asked.
    tries: u32,
    /// Whether a command of the program's own was dropped.
    dropped: bool,
    /// The last event that was told, where a pending command has caused it: the command, and the event's number.
    told: Option<(CommandId, u64)>,
}

/// People and scripts wait for the answers to [`CAPACITY`] commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{CAPACITY} things wait for the relay already, and more is not kept; write this down until it answers again")]
pub struct OutboxFull;

impl Outbox {
    /// Goes on with what an earlier run of the program left; of what no run leaves, with as much as there may be.
    pub fn restore(mut kept: Kept) -> Outbox {
        let stands = |answer: &Answer| !matches!(answer, Answer::Refused { code, .. } if is_passing(*code));
        kept.pending.truncate(CAPACITY);
        kept.answered.retain(|(_, answer)| stands(answer));
        kept.answered.drain(..kept.answered.len().saturating_sub(ANSWERS));
        Outbox { pending: kept.pending.into(), answered: kept.answered.into(), ..Outbox::default() }
    }

    /// What the next run of the program needs.
    pub fn kept(&self) -> Kept {
        let lasting = self.pending.iter().filter(|pending| pending.lasting).cloned();
        Kept { pending: lasting.collect(), answered: self.answered.iter().cloned().collect() }
    }

    /// Keeps what somebody wants until it is answered.
    ///
    /// # Errors
    /// If [`CAPACITY`] such commands wait.
    pub fn push(&mut self, pending: Pending) -> Result<(), OutboxFull> {
        if self.waiting() >= CAPACITY {
            return Err(OutboxFull);
        }
        self.pending.push_back(pending);
        Ok(())
    }

    /// Keeps what the program asks by itself until it is answered.
    pub fn push_own(&mut self, id: CommandId, command: Command) {
        if self.pending.len() - self.waiting() < OWN_CAPACITY {
            self.pending.push_back(Pending::own(id, command));
        } else {
            self.dropped = true;
        }
    }

    /// Whether commands of the program's own were dropped; true once, when all others of them are answered.
    pub fn poll_dropped(&mut self) -> bool {
        self.pending.len() == self.waiting() && std::mem::take(&mut self.dropped)
    }

    /// What is known of an id that a script gives; none when it is new. A repeated question that still waits counts.
    pub fn handle_repeat(&mut self, asked: &Asked) -> Option<Known> {
        let known = self.known(asked);
        if known == Some(Known::Waiting) {
            let waiting = self.pending.iter_mut().filter(|pending| pending.asked.as_ref() == Some(asked));
            waiting.for_each(|pending| pending.times += 1);
        }
        known
    }

    fn known(&self, asked: &Asked) -> Option<Known> {
        let same = |known: &Asked, answer: Known| if known.line == asked.line { answer } else { Known::Other };
        let waiting = self.pending.iter().filter_map(|pending| pending.asked.as_ref());
        let waiting = waiting.map(|known| (known, Known::Waiting));
        let answered = self.answered.iter().map(|(known, answer)| (known, Known::Answered(answer.clone())));
        let mut found = waiting.chain(answered).filter(|(known, _)| known.id == asked.id);
        found.next().map(|(known, answer)| same(known, answer))
    }

    /// The relay has answered.
    pub fn handle_answer(&mut self, id: CommandId, answer: &Answer) -> Handled {
        let Some(i) = self.pending.iter().position(|pending| pending.id == id) else { return Handled::Ignored };
        match answer {
            Answer::Done { .. } => self.tries = 0,
            Answer::Refused { .. } if !self.pending[i].sent => {
                self.pending[i].doubt = Doubt::Undone;
                return Handled::Ignored;
            }
            Answer::Refused { code, .. } if self.passes(*code) => {
                self.pending.iter_mut().for_each(|pending| pending.sent = false);
                self.pending[i].doubt = Doubt::Undone;
                self.tries += 1;
                return Handled::Again { first: self.tries == 1 };
            }
            Answer::Refused { .. } => {}
        }
        self.pending.remove(i).map_or(Handled::Ignored, |pending| {
            self.keep_answer(&pending, answer);
            Handled::Answered(Box::new(pending))
        })
    }

    fn passes(&self, code: ErrorCode) -> bool {
        is_passing(code) || (code == ErrorCode::TooMany && self.tries < TOO_MANY_TRIES)
    }

    fn keep_answer(&mut self, pending: &Pending, answer: &Answer) {
        let Some(asked) = &pending.asked else { return };
        if self.answered.len() == ANSWERS {
            self.answered.pop_front();
        }
        self.answered.push_back((asked.clone(), answer.clone()));
    }

    /// The oldest one that has not gone out on the present link and is still meant, the program's own before all others,
    /// if `may_go` lets it; it counts as sent then.
    pub fn next_to_send(&mut self, now: WallTime, may_go: impl FnOnce() -> bool) -> Option<(CommandId, Command)> {
        let due = |next: &Pending| !next.sent && !next.is_over(now);
        let unsent = |lasting| self.pending.iter().position(|next| next.lasting == lasting && due(next));
        let i = unsent(false).or_else(|| unsent(true))?;
        may_go().then(|| {
            let next = &mut self.pending[i];
            next.handle_sent();
            (next.id, next.command.clone())
        })
    }

    /// The link is gone: everything unanswered goes out again on the next one, in order.
    pub fn handle_lost_link(&mut self) {
        self.pending.iter_mut().for_each(Pending::handle_lost_link);
    }

    /// The relay has told an event, by its number, that a command of one's own has caused, or anything else. What is
    /// answered so: the answer itself may have been lost with a link. A command may cause several events, which are told
    /// together: it is answered with the last one's number when something else is told.
    pub fn handle_told(&mut self, event: Option<(CommandId, u64)>) -> Option<(CommandId, Answer)> {
        let goes_on = |(id, _): &(CommandId, u64)| event.is_some_and(|(next, _)| next == *id);
        let ended = self.told.take_if(|told| !goes_on(told));
        let waits = |(id, _): &(CommandId, u64)| self.pending.iter().any(|pending| pending.id == *id);
        self.told = event.filter(waits);
        ended.map(|(id, seq)| (id, Answer::Done { seq }))
    }

    /// The new link has told all that was in the log when it came up, beginning where the mirror was.
    pub fn handle_tail(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.handle_told(Doubt::Unseen));
    }

    /// The new link has told the state whole, and not what led to it.
    pub fn handle_whole_state(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.handle_told(Doubt::Unknown));
    }

    /// Gives up what was meant for now and is not done in time, each with what to say to whoever asked. What has gone out
    /// before the link was lost is given up only when the relay has told what came of it, if anything.
    pub fn handle_time(&mut self, now: WallTime) -> Vec<(Pending, Answer)> {
        let over = |pending: &Pending| pending.is_over(now) && !pending.is_being_told();
        if !self.pending.iter().any(over) {
            return Vec::new();
        }
        let answer = |pending: &Pending| if pending.doubt == Doubt::Unknown { not_known() } else { too_late() };
        self.answer_some(|pending| over(pending).then(|| answer(pending)))
    }

    /// Whether everything is answered.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many wait that people care about.
    pub fn waiting(&self) -> usize {
        self.pending.iter().filter(|pending| pending.lasting).count()
    }

    /// Whether a command waits of which `is` holds.
    pub fn has(&self, is: impl Fn(&Command) -> bool) -> bool {
        self.pending.iter().any(|pending| is(&pending.command))
    }

    /// One has come in as somebody new. What meant the other is forgotten; notes have ids of their own, so they are asked
    /// again by whoever one is now, unless they are in the session. Of all else nobody knows whether it was saved, and
    /// asked again it could be done twice: it is refused.
    pub fn change_author(&mut self, state: &SessionState) -> Vec<(Pending, Answer)> {
        self.pending.retain(|pending| pending.lasting);
        self.told = None;
        self.answer_some(|pending| match note_of(&pending.command) {
            Some(note) => state.notes.get(&note).map(|note| Answer::Done { seq: note.seq }),
            None => Some(not_known_any_more()),
        })
    }

    /// Takes out what `answer` has an answer for. That nobody knows what became of something is not kept as the answer to
    /// a script that asks again: it means it then.
    fn answer_some(&mut self, answer: impl Fn(&Pending) -> Option<Answer>) -> Vec<(Pending, Answer)> {
        let (mut done, mut left) = (Vec::new(), VecDeque::new());
        for pending in std::mem::take(&mut self.pending) {
            match answer(&pending) {
                Some(answer) => done.push((pending, answer)),
                None => left.push_back(pending),
            }
        }
        self.pending = left;
        let stands =
            |(pending, answer): &&(Pending, Answer)| matches!(answer, Answer::Done { .. }) || pending.is_undone();
        done.iter().filter(stands).for_each(|(pending, answer)| self.keep_answer(pending, answer));
        done
    }
}

/// Whether a refusal passes by itself: the relay restarts, or its disk is full.
fn is_passing(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotSaved | ErrorCode::Draining | ErrorCode::Slow | ErrorCode::Internal)
}

/// The id that its author gave to what a command adds.
fn note_of(command: &Command) -> Option<NoteId> {
    match command {
        Command::NoteAdd(new) => Some(new.note),
        Command::NoteReply { note, .. } => Some(*note),
        _ => None,
    }
}

fn too_late() -> Answer {
    let msg = "the relay could not be asked in time; see how things stand, and ask again if you still want it";
    Answer::Refused { code: ErrorCode::Stale, msg: msg.to_owned() }
}

fn not_known() -> Answer {
    let msg = "the link was lost before the answer came, and it is not known whether this was done; see how things stand, \
               and ask again if it was not";
    Answer::Refused { code: ErrorCode::Stale, msg: msg.to_owned() }
}

fn not_known_any_more() -> Answer {
    let msg = "the relay has let you in as somebody new, and it is not known whether this was done before; see how things \
               stand, and ask again if it was not";
    Answer::Refused { code: ErrorCode::Gone, msg: msg.to_owned() }
}

#[cfg(test)]
mod tests;
