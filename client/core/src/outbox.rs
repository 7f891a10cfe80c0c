//! Commands that the relay has not answered yet, kept in order so that they can be sent again after a lost link, and the
//! answers that a script may ask for again.

use protocol::command::Command;
use protocol::ids::CommandId;
use protocol::wire::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;

/// Commands that may wait at once. A client that has more is not being heard: it stops asking.
pub const CAPACITY: usize = 64;
/// Answers kept for scripts that repeat what they asked; the oldest makes room.
pub const ANSWERS: usize = 256;

/// What a script asked, as it wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The id that it gave.
    pub id: Value,
    /// All of its line.
    pub line: Value,
}

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

/// A command that is not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id.
    pub id: CommandId,
    /// What is asked.
    pub command: Command,
    /// How a script asked for it.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Whether it still means something to the next run of the program.
    #[serde(default = "yes")]
    pub lasting: bool,
    /// How often the script asked while it waited for the answer, which it then gets as often.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether it went out on the present link.
    #[serde(skip)]
    pub sent: bool,
}

impl Pending {
    /// A command of the program's own, which means nothing to its next run.
    pub fn passing(id: CommandId, command: Command) -> Pending {
        Pending { id, command, asked: None, lasting: false, times: 1, sent: false }
    }

    /// A command that somebody wants done, however long it takes.
    pub fn lasting(id: CommandId, command: Command, asked: Option<Asked>) -> Pending {
        Pending { id, command, asked, lasting: true, times: 1, sent: false }
    }
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
}

/// The relay has not answered [`CAPACITY`] commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay has left {CAPACITY} requests unanswered; leave the session and join again")]
pub struct OutboxFull;

impl Outbox {
    /// Goes on with what an earlier run of the program left.
    pub fn restore(kept: Kept) -> Outbox {
        Outbox { pending: kept.pending.into(), answered: kept.answered.into() }
    }

    /// What the next run of the program needs.
    pub fn kept(&self) -> Kept {
        let lasting = self.pending.iter().filter(|pending| pending.lasting).cloned();
        Kept { pending: lasting.collect(), answered: self.answered.iter().cloned().collect() }
    }

    /// Keeps a command until it is answered.
    pub fn push(&mut self, pending: Pending) -> Result<(), OutboxFull> {
        if self.pending.len() == CAPACITY {
            return Err(OutboxFull);
        }
        self.pending.push_back(pending);
        Ok(())
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

    /// Takes out the command that was answered; none when it was answered before.
    pub fn handle_answer(&mut self, id: CommandId, answer: &Answer) -> Option<Pending> {
        let i = self.pending.iter().position(|pending| pending.id == id)?;
        let pending = self.pending.remove(i)?;
        if let Some(asked) = &pending.asked {
            if self.answered.len() == ANSWERS {
                self.answered.pop_front();
            }
            self.answered.push_back((asked.clone(), answer.clone()));
        }
        Some(pending)
    }

    /// The oldest one that has not gone out on the present link, if `may_go` lets it; it counts as sent then.
    pub fn next_to_send(&mut self, may_go: impl FnOnce() -> bool) -> Option<(CommandId, Command)> {
        let next = self.pending.iter_mut().find(|pending| !pending.sent)?;
        may_go().then(|| {
            next.sent = true;
            (next.id, next.command.clone())
        })
    }

    /// A new link: everything unanswered goes out again, oldest first.
    pub fn handle_new_link(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.sent = false);
    }

    /// The relay could not save what the program asked by itself: it is asked again, in its place. False for what somebody
    /// else asked, who is answered and decides.
    pub fn handle_not_saved(&mut self, id: CommandId) -> bool {
        let own = self.pending.iter_mut().find(|pending| pending.id == id && !pending.lasting);
        own.map(|pending| pending.sent = false).is_some()
    }

    /// Whether everything is answered.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many wait that people care about.
    pub fn waiting(&self) -> usize {
        self.pending.iter().filter(|pending| pending.lasting).count()
    }

    /// Forgets what meant somebody else, whom the relay does not know any more. What is lasting is asked by whoever one
    /// is now: notes and parts have ids of their own, and a take is changed only as long as it is what it was.
    pub fn change_author(&mut self) {
        self.pending.retain(|pending| pending.lasting);
    }
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::StreamId;
    use serde_json::json;

    fn id<T: std::str::FromStr>(n: usize) -> T
    where
        T::Err: std::fmt::Debug,
    {
        format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn close(n: usize) -> Pending {
        let command = Command::StreamClose { stream: id::<StreamId>(n) };
        Pending::passing(id(n), command)
    }

    fn asked(n: usize, text: &str) -> Asked {
        Asked { id: json!(n), line: json!({"cmd": "chat.say", "id": n, "text": text}) }
    }

    fn said(n: usize, text: &str) -> Pending {
        let command = Command::ChatSay { text: text.into() };
        Pending::lasting(id(n), command, Some(asked(n, text)))
    }

    const DONE: Answer = Answer::Done { seq: 7 };

    #[test]
    fn what_was_not_answered_is_sent_again_in_order() {
        let mut outbox = Outbox::default();
        for n in 0..3 {
            outbox.push(close(n)).unwrap();
        }
        assert_eq!(outbox.handle_answer(id(1), &DONE), Some(close(1)));
        assert_eq!(outbox.handle_answer(id(1), &DONE), None);
        assert!(!outbox.is_empty() && Outbox::default().is_empty());
        assert_eq!(to_send(&mut outbox), [close(0), close(2)]);
        assert_eq!(to_send(&mut outbox), []);
        outbox.handle_new_link();
        assert_eq!(outbox.next_to_send(|| false), None);
        assert_eq!(to_send(&mut outbox), [close(0), close(2)]);
    }

    fn to_send(outbox: &mut Outbox) -> Vec<Pending> {
        let ids: Vec<_> = std::iter::from_fn(|| outbox.next_to_send(|| true)).map(|(id, _)| id).collect();
        let sent = outbox.pending.iter().filter(|pending| ids.contains(&pending.id));
        sent.map(|pending| Pending { sent: false, ..pending.clone() }).collect()
    }

    #[test]
    fn what_could_not_be_saved_is_asked_again_if_nobody_else_decides() {
        let mut outbox = Outbox::default();
        outbox.push(close(0)).unwrap();
        outbox.push(said(1, "hello")).unwrap();
        to_send(&mut outbox);
        assert_eq!((outbox.handle_not_saved(id(0)), outbox.handle_not_saved(id(1))), (true, false));
        assert_eq!(to_send(&mut outbox), [close(0)]);
    }

    #[test]
    fn the_command_over_capacity_is_refused_and_the_one_at_it_is_not() {
        let mut outbox = Outbox::default();
        for n in 0..CAPACITY {
            assert_eq!(outbox.push(close(n)), Ok(()));
        }
        assert_eq!(outbox.push(close(CAPACITY)), Err(OutboxFull));
    }

    #[test]
    fn a_script_that_repeats_itself_gets_the_same_answer_and_another_line_under_the_id_does_not() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.known(&asked(1, "hello")), None);
        outbox.push(said(1, "hello")).unwrap();
        assert_eq!(outbox.handle_repeat(&asked(1, "hello")), Some(Known::Waiting));
        assert_eq!(outbox.handle_answer(id(1), &DONE).unwrap().times, 2);
        assert_eq!(outbox.known(&asked(1, "hello")), Some(Known::Answered(DONE)));
        assert_eq!(outbox.known(&asked(1, "bye")), Some(Known::Other));
    }

    #[test]
    fn the_oldest_answer_makes_room() {
        let mut outbox = Outbox::default();
        for n in 0..=ANSWERS {
            outbox.push(said(n, "x")).unwrap();
            outbox.handle_answer(id(n), &DONE).unwrap();
        }
        assert_eq!(outbox.known(&asked(0, "x")), None);
        assert_eq!(outbox.known(&asked(1, "x")), Some(Known::Answered(DONE)));
    }

    #[test]
    fn only_what_lasts_is_kept_for_the_next_run_and_comes_back_as_it_was() {
        let mut outbox = Outbox::default();
        outbox.push(close(0)).unwrap();
        outbox.push(said(1, "hello")).unwrap();
        outbox.push(said(2, "answered")).unwrap();
        outbox.handle_answer(id(2), &DONE).unwrap();
        let text = serde_json::to_string(&outbox.kept()).unwrap();
        let mut again = Outbox::restore(serde_json::from_str(&text).unwrap());
        assert_eq!(to_send(&mut again), [said(1, "hello")]);
        assert_eq!(again.known(&asked(2, "answered")), Some(Known::Answered(DONE)));
        outbox.change_author();
        assert_eq!(to_send(&mut outbox), [said(1, "hello")]);
    }
}
