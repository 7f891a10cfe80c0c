use crate::journal::{Done, Hash, Opened, Snapshot, StoredEvent};
use protocol::chain::ChainHash;
use protocol::event::{Event, Recorded, Stored, StoredError, frame_of};
use protocol::ids::{CommandId, LogId, ParticipantId};
use protocol::session::{SessionState, apply};
use protocol::wire::Place;
use std::collections::{HashMap, VecDeque};
use units::WallTime;

/// Events in one session's log, and commands remembered, after which nothing new begins.
pub(super) const MAX_EVENTS: usize = 50_000;
/// Events at the log's end that are kept for whoever has been in before: nobody new comes in any more.
pub(super) const RESERVE: usize = 5_000;
/// Bytes of the state as JSON after which nothing new begins. It is told to everybody who comes in, and has to fit into
/// half of what waits for one link.
pub(super) const MAX_STATE_BYTES: usize = 32 << 20;
/// Bytes of the state as JSON after which nothing can be asked at all, not even that something ends.
const MOST_STATE_BYTES: usize = 40 << 20;
/// Bytes of the state as JSON after which nobody comes in, not even who has been in before. Coming and going of those
/// adds nothing to the state, so it stays below this by itself.
const LAST_STATE_BYTES: usize = 48 << 20;
/// Granted commands of one participant that are remembered in one session: one person alone cannot fill the log. What
/// ends something may go on to twice as many.
pub(super) const MAX_GRANTED: u32 = 5_000;
/// Newest events that are kept for those who come back. Whoever is further behind is told the whole state.
pub(super) const MAX_TAIL: usize = 128;
/// Durable events from one snapshot to the next.
const SNAPSHOT_EVERY: u64 = 1_000;

/// Why a room cannot be built from what the journal holds.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The snapshot is no state.
    #[error("the session's snapshot cannot be read ({0}); run `farfield-relay verify`, restore a backup")]
    Snapshot(serde_json::Error),
    /// The snapshot is of another fold.
    #[error("the session's snapshot is of another version; have its events folded anew")]
    OtherFold,
    /// An event is none.
    #[error(transparent)]
    Event(#[from] StoredError),
    /// An event is of a later version and cannot be left out.
    #[error("event {0} of the session is of a later version of the relay; update this one")]
    NeedsUpdate(u64),
}

/// The state at some place of the log.
#[derive(Clone)]
pub(super) struct Fold {
    pub(super) state: SessionState,
    pub(super) seq: u64,
    pub(super) hash: ChainHash,
    /// How long the state is as JSON at most, or nearly: its length when that was last known, and of the events since.
    bytes: usize,
}

/// An event and the chain's hash after it.
pub(super) type Next = (Stored, ChainHash);

/// The session's log as the room needs it: the fold of what is durable, the fold of what has been decided and is on its
/// way to be, the newest durable events, and which commands were granted.
///
/// `recent` holds at most [`MAX_TAIL`] events, `done` at most twice [`MAX_GRANTED`] commands for each person and twice
/// [`MAX_EVENTS`] in all.
pub(super) struct Log {
    id: LogId,
    durable: Fold,
    ahead: Fold,
    recent: VecDeque<StoredEvent>,
    /// The place before the first of `recent`.
    base: (u64, Hash),
    done: HashMap<(ParticipantId, CommandId), (Hash, u64)>,
    granted: HashMap<ParticipantId, u32>,
    kept_at: u64,
}

/// A command whose id was seen before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// With the same body; it was answered with this number.
    Same(u64),
    /// With another body.
    Other,
}

impl Repeat {
    /// What a command with this body is to one that was remembered.
    pub(super) fn of(body: &Hash, known: &Hash, seq: u64) -> Repeat {
        if body == known { Repeat::Same(seq) } else { Repeat::Other }
    }
}

impl Fold {
    fn take(&mut self, stored: &Stored, hash: ChainHash) {
        let recorded = stored.recorded();
        apply(&mut self.state, recorded);
        (self.seq, self.hash) = (recorded.seq, hash);
        self.bytes += stored.text().len();
    }
}

impl Log {
    /// The log as the journal holds it.
    pub(super) fn open(opened: Opened) -> Result<Log, OpenError> {
        let Opened { log: id, snapshot, tail, done, .. } = opened;
        let durable = match snapshot {
            Some(kept) => {
                let text = kept.state_text().ok_or(OpenError::OtherFold)?;
                let state = serde_json::from_str(text).map_err(OpenError::Snapshot)?;
                Fold { state, seq: kept.seq, hash: ChainHash(kept.hash), bytes: 0 }
            }
            None => Fold { state: SessionState::default(), seq: 0, hash: ChainHash::start(id), bytes: 0 },
        };
        let (base, kept_at, ahead) = ((durable.seq, durable.hash.0), durable.seq, durable.clone());
        let (recent, granted) = (VecDeque::new(), HashMap::new());
        let mut log = Log { id, durable, ahead, recent, base, done: HashMap::new(), granted, kept_at };
        for kept in tail {
            let stored = Stored::read(&kept.text)?;
            if stored.recorded().event.needs_update() {
                return Err(OpenError::NeedsUpdate(stored.recorded().seq));
            }
            log.commit((stored, ChainHash(kept.hash)));
        }
        log.durable.bytes = json_bytes(&log.durable.state);
        log.refold();
        done.into_iter().for_each(|done| log.remember(done));
        Ok(log)
    }

    pub(super) fn id(&self) -> LogId {
        self.id
    }

    /// The fold of what is durable: what anybody is shown.
    pub(super) fn durable(&self) -> &Fold {
        &self.durable
    }

    /// The fold of everything decided so far: what is decided on.
    pub(super) fn ahead(&self) -> &Fold {
        &self.ahead
    }

    /// Whether nothing new may begin any more.
    pub(super) fn is_full(&self) -> bool {
        self.length() >= MAX_EVENTS || self.ahead.bytes >= MAX_STATE_BYTES
    }

    /// Whether what is left is for those who have been in.
    pub(super) fn is_nearly_full(&self) -> bool {
        self.length() >= MAX_EVENTS - RESERVE
    }

    /// Whether not even those who have been in before come in again: their coming and going fills no more than this.
    pub(super) fn is_overfull(&self) -> bool {
        self.length() >= 2 * MAX_EVENTS || self.ahead.bytes >= LAST_STATE_BYTES
    }

    fn length(&self) -> usize {
        self.done.len().max(self.ahead.seq as usize)
    }

    /// Whether no further command of this person can be remembered. What ends something is remembered for longer.
    pub(super) fn has_enough_of(&self, by: ParticipantId, ends: bool) -> bool {
        let own = self.granted.get(&by).copied().unwrap_or_default();
        let most = if ends { 2 * MAX_GRANTED } else { MAX_GRANTED };
        own >= most || self.done.len() >= 2 * MAX_EVENTS || self.ahead.bytes >= MOST_STATE_BYTES
    }

    /// Puts an event behind everything decided so far.
    pub(super) fn append(
        &mut self,
        at: WallTime,
        by: Option<ParticipantId>,
        id: Option<CommandId>,
        event: Event,
    ) -> Next {
        let stored = Stored::write(Recorded { seq: self.ahead.seq + 1, id, by, at, event });
        let hash = stored.hash(self.ahead.hash);
        self.ahead.take(&stored, hash);
        (stored, hash)
    }

    /// Takes in an event that has become durable. Answers with the frame that tells it.
    pub(super) fn commit(&mut self, (stored, hash): Next) -> String {
        let frame = stored.frame(self.durable.hash, hash);
        self.durable.take(&stored, hash);
        self.recent.push_back(StoredEvent { text: stored.text().into(), hash: hash.0 });
        if self.recent.len() > MAX_TAIL
            && let Some(oldest) = self.recent.pop_front()
        {
            self.base = (self.base.0 + 1, oldest.hash);
        }
        frame
    }

    /// Goes back to what is durable.
    pub(super) fn refold(&mut self) {
        self.ahead = self.durable.clone();
    }

    /// Whether all durable events after a place are kept; not when the place is not of this log, or too far back.
    pub(super) fn has_all_after(&self, place: Place) -> bool {
        self.known_of(place).is_some()
    }

    /// How many of the kept events are known at a place.
    fn known_of(&self, place: Place) -> Option<usize> {
        let known = place.seq.checked_sub(self.base.0).filter(|_| place.log == self.id)? as usize;
        let last = known.checked_sub(1);
        let hash = last.map_or(Some(self.base.1), |last| self.recent.get(last).map(|event| event.hash));
        (hash == Some(place.hash.0)).then_some(known)
    }

    /// The frames of the durable events after a place; none when they are not all kept.
    pub(super) fn frames_after(&self, place: Place) -> Option<Vec<String>> {
        let known = self.known_of(place)?;
        let mut prev = place.hash;
        let frame = |event: &StoredEvent| {
            let before = std::mem::replace(&mut prev, ChainHash(event.hash));
            frame_of(&event.text, before, prev)
        };
        Some(self.recent.iter().skip(known).map(frame).collect())
    }

    pub(super) fn repeated(&self, by: ParticipantId, id: CommandId, body: &Hash) -> Option<Repeat> {
        let (known, seq) = self.done.get(&(by, id))?;
        Some(Repeat::of(body, known, *seq))
    }

    /// Keeps a granted command whose events are durable, so that repeating it gives the same answer.
    pub(super) fn remember(&mut self, Done { by, id, body, seq }: Done) {
        self.done.insert((by, id), (body, seq));
        *self.granted.entry(by).or_default() += 1;
    }

    /// The state for the journal to keep, when the last one is old.
    pub(super) fn due_snapshot(&mut self) -> Option<Snapshot> {
        let Fold { state, seq, hash, bytes } = &mut self.durable;
        if *seq < self.kept_at + SNAPSHOT_EVERY {
            return None;
        }
        self.kept_at = *seq;
        let kept = Snapshot::of(state, *seq, *hash);
        let in_flight = self.ahead.bytes.saturating_sub(*bytes);
        *bytes = kept.text.len();
        self.ahead.bytes = *bytes + in_flight;
        Some(kept)
    }
}

/// How long a state is as JSON.
fn json_bytes(state: &SessionState) -> usize {
    let mut count = Count(0);
    // Counting takes in everything.
    let _ = serde_json::to_writer(&mut count, state);
    count.0
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_state_that_takes_nothing_new_still_takes_who_has_been_in_until_it_is_much_larger() {
        let opened = Opened { log: LogId(Uuid::nil()), term: 1, snapshot: None, tail: Vec::new(), done: Vec::new() };
        let mut log = Log::open(opened).unwrap();
        let mut at = |bytes| {
            log.ahead.bytes = bytes;
            (log.is_full(), log.is_overfull())
        };
        assert_eq!((at(MAX_STATE_BYTES - 1), at(MAX_STATE_BYTES)), ((false, false), (true, false)));
        assert_eq!((at(LAST_STATE_BYTES - 1), at(LAST_STATE_BYTES)), ((true, false), (true, true)));
        const { assert!(MOST_STATE_BYTES < LAST_STATE_BYTES) };
    }
}
