//! Commands that the relay has not answered yet, kept in order so that they can be sent again after a lost link.

use protocol::command::Command;
use protocol::ids::CommandId;
use std::collections::VecDeque;

/// Commands that may wait at once. A client that has more is not being heard: it stops asking.
pub const CAPACITY: usize = 64;

/// The pending commands. The relay answers a repeated id as it did the first time, so sending twice is harmless.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pending: VecDeque<(CommandId, Command)>,
}

/// The relay has not answered [`CAPACITY`] commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay has left {CAPACITY} requests unanswered; leave the session and join again")]
pub struct OutboxFull;

impl Outbox {
    /// Keeps a command until it is answered.
    pub fn push(&mut self, id: CommandId, command: Command) -> Result<(), OutboxFull> {
        if self.pending.len() == CAPACITY {
            return Err(OutboxFull);
        }
        self.pending.push_back((id, command));
        Ok(())
    }

    /// Takes out the command that was answered; none when it was answered before.
    pub fn handle_answer(&mut self, id: CommandId) -> Option<Command> {
        let i = self.pending.iter().position(|(pending, _)| *pending == id)?;
        self.pending.remove(i).map(|(_, command)| command)
    }

    /// Everything unanswered, oldest first: what is sent again on a new link.
    pub fn unanswered(&self) -> impl Iterator<Item = &(CommandId, Command)> {
        self.pending.iter()
    }

    /// Forgets everything: one has come back as somebody else.
    pub fn clear(&mut self) {
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::StreamId;

    fn id<T: std::str::FromStr>(n: usize) -> T
    where
        T::Err: std::fmt::Debug,
    {
        format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn close(n: usize) -> (CommandId, Command) {
        (id(n), Command::StreamClose { stream: id::<StreamId>(n) })
    }

    #[test]
    fn what_was_not_answered_is_sent_again_in_order() {
        let mut outbox = Outbox::default();
        for n in 0..3 {
            let (id, command) = close(n);
            outbox.push(id, command).unwrap();
        }
        assert_eq!(outbox.handle_answer(id(1)), Some(close(1).1));
        assert_eq!(outbox.handle_answer(id(1)), None);
        assert_eq!(outbox.unanswered().cloned().collect::<Vec<_>>(), [close(0), close(2)]);
    }

    #[test]
    fn the_command_over_capacity_is_refused_and_the_one_at_it_is_not() {
        let mut outbox = Outbox::default();
        for n in 0..CAPACITY {
            let (id, command) = close(n);
            assert_eq!(outbox.push(id, command), Ok(()));
        }
        let (id, command) = close(CAPACITY);
        assert_eq!(outbox.push(id, command), Err(OutboxFull));
    }
}
