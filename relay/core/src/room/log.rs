use protocol::chain::ChainHash;
use protocol::command::Command;
use protocol::event::{Chained, Event, Recorded, Stored};
use protocol::ids::{CommandId, LogId, ParticipantId};
use protocol::session::{SessionState, apply};
use std::collections::HashMap;
use units::WallTime;

/// Events in one session's log, and commands remembered, after which nothing new begins: about 20 MB.
pub(super) const MAX_EVENTS: usize = 20_000;
/// Granted commands of one participant that are remembered in one session: one person alone cannot fill the log.
pub(super) const MAX_GRANTED: u32 = 2_000;

/// The session's events in memory, their fold, and which commands caused them.
///
/// It never shrinks: `events` holds at most [`MAX_EVENTS`] and an end for each beginning among them, `done` at most
/// [`MAX_GRANTED`] for each person and twice [`MAX_EVENTS`] in all.
pub(super) struct Log {
    id: LogId,
    state: SessionState,
    hash: ChainHash,
    events: Vec<Recorded>,
    done: HashMap<(ParticipantId, CommandId), (Command, u64)>,
    granted: HashMap<ParticipantId, u32>,
}

/// A command whose id was seen before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// With the same body; it was answered with this number.
    Same(u64),
    /// With another body.
    Other,
}

impl Log {
    pub(super) fn new(id: LogId) -> Log {
        Log {
            id,
            state: SessionState::default(),
            hash: ChainHash::start(id),
            events: Vec::new(),
            done: HashMap::new(),
            granted: HashMap::new(),
        }
    }

    /// Whether nothing new may begin any more.
    pub(super) fn is_full(&self) -> bool {
        self.events.len().max(self.done.len()) >= MAX_EVENTS
    }

    /// Whether no further command of this person can be remembered.
    pub(super) fn has_enough_of(&self, by: ParticipantId) -> bool {
        let own = self.granted.get(&by).copied().unwrap_or_default();
        own >= MAX_GRANTED || self.done.len() >= 2 * MAX_EVENTS
    }

    pub(super) fn id(&self) -> LogId {
        self.id
    }

    pub(super) fn state(&self) -> &SessionState {
        &self.state
    }

    pub(super) fn seq(&self) -> u64 {
        self.events.len() as u64
    }

    pub(super) fn after(&self, seq: u64) -> &[Recorded] {
        self.events.get(seq as usize..).unwrap_or_default()
    }

    pub(super) fn hash(&self) -> ChainHash {
        self.hash
    }

    pub(super) fn append(&mut self, at: WallTime, by: Option<ParticipantId>, event: Event) -> Chained {
        let recorded = Recorded { seq: self.seq() + 1, id: None, by, at, event };
        apply(&mut self.state, &recorded);
        self.events.push(recorded.clone());
        let prev = self.hash;
        self.hash = Stored::write(recorded.clone()).hash(prev);
        Chained { prev, hash: self.hash, recorded }
    }

    pub(super) fn repeated(&self, by: ParticipantId, id: CommandId, command: &Command) -> Option<Repeat> {
        let (before, seq) = self.done.get(&(by, id))?;
        Some(if before == command { Repeat::Same(*seq) } else { Repeat::Other })
    }

    /// Keeps a granted command with the log's present end, so that repeating it gives the same answer.
    pub(super) fn remember(&mut self, by: ParticipantId, id: CommandId, command: Command) -> u64 {
        let seq = self.seq();
        self.done.insert((by, id), (command, seq));
        *self.granted.entry(by).or_default() += 1;
        seq
    }
}
