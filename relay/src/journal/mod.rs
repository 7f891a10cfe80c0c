//! The session journal: every session's events, for good.
//!
//! [`Journal`] is what a room needs of a store; [`SqliteJournal`] keeps it in one file, `DATA/journal.db`. Rooms do not
//! call it: [`Writer`] does on its own threads, many sessions in one commit, and answers each batch once. [`verify`]
//! reads a data folder through and says what is wrong where; [`backup`] copies one, also while a relay works in it.
//!
//! *Absent*: session law (only [`verify`] folds, to compare), networking, anything that erases or rewrites an event.

pub mod backup;
pub mod tool;
pub mod verify;

mod figures;
mod health;
mod sqlite;
mod writer;

pub use figures::Figures;
pub use sqlite::SqliteJournal;
pub use writer::{GROUP_EVENTS, JournalHandle, QUEUE_JOBS, Writer};

use protocol::ids::{CommandId, LogId, SessionId};
use relay_core::journal::{Batch, Hash, Opened, Snapshot, StoredEvent, check_chain};

/// The journal's file in the data folder.
pub const FILE: &str = "journal.db";

/// A store of sessions' logs. Every call blocks on the disk, and what it says is done is durable.
pub trait Journal: Send {
    /// Begins the log of a session that has none.
    ///
    /// # Errors
    /// [`Refused::Exists`] when it has one, or when the store fails.
    fn create(&mut self, session: SessionId, log: LogId) -> Result<(), JournalError>;

    /// What a session's room is built from; none when the session has no log. The events after the snapshot are checked
    /// to hang together. A snapshot of another version's fold is left out, so that all events are folded anew.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when they do not, or when the store fails.
    fn open(&mut self, session: SessionId) -> Result<Option<Opened>, JournalError>;

    /// Which incarnation a session's log is; none when the session has no log.
    ///
    /// # Errors
    /// When the store fails.
    fn log_id(&mut self, session: SessionId) -> Result<Option<LogId>, JournalError>;

    /// Appends batches, of as many sessions as there are, in one transaction. A batch that does not fit is refused alone
    /// and leaves nothing behind; the others stand. The answers are in the order of the batches.
    ///
    /// # Errors
    /// When the store fails: then none of the batches is in the log, and the same ones may be tried again.
    fn append(&mut self, batches: &[Batch]) -> Result<Vec<Result<(), Refused>>, JournalError>;

    /// Keeps a state in place of an older one.
    ///
    /// # Errors
    /// [`Refused::Snapshot`] when it is not of this log, or when the store fails.
    fn snapshot(&mut self, session: SessionId, snapshot: Snapshot) -> Result<(), JournalError>;

    /// At most `most` events after number `after`, in order, unchecked; fewer when the log ends before.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when the session has no log, or when the store fails.
    fn read(&mut self, session: SessionId, after: u64, most: usize) -> Result<Vec<StoredEvent>, JournalError>;

    /// Writes something that nobody reads, to see whether the store takes it.
    ///
    /// # Errors
    /// When it does not.
    fn probe(&mut self) -> Result<(), JournalError>;

    /// Every session that has a log, in the order in which they were begun.
    ///
    /// # Errors
    /// When the store fails.
    fn sessions(&mut self) -> Result<Vec<SessionId>, JournalError>;
}

/// Why the journal does not take or give something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk is full. The next call works once there is room.
    #[error("the disk with the journal is full; make room, and try again")]
    Full,
    /// The disk refuses, which a nearly full one does too. The next call works once the disk does.
    #[error("the disk with the journal does not take what is written ({0}); make room on it, or replace it")]
    Disk(String),
    /// The store reports something else.
    #[error("the journal failed: {0}; check the data folder with `farfield-relay verify`")]
    Failed(String),
    /// What is stored does not hang together.
    #[error(
        "the journal of session {session} is damaged at event {seq}; run `farfield-relay verify`, restore a backup"
    )]
    Damaged {
        /// Which session.
        session: SessionId,
        /// The first event that is not as it should be.
        seq: u64,
    },
    /// What is asked does not fit the log.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// More waits than the journal's queue holds.
    #[error("the journal cannot keep up; try again in a moment")]
    Busy,
    /// The journal's thread has ended.
    #[error("the journal is not at work any more; restart the relay")]
    Down,
}

/// Why a log does not take something: the caller's view of it is not the log's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The session has a log.
    #[error("the session has a log already; open it")]
    Exists,
    /// The session has none.
    #[error("the session has no log; create it first")]
    Unknown,
    /// The batch begins elsewhere than where the log ends.
    #[error("the batch begins with event {found}, but the log goes on with {expected}; build the room again")]
    Gap {
        /// Number of the next event.
        expected: u64,
        /// Number of the batch's first.
        found: u64,
    },
    /// An event's hash is not made over the one before it.
    #[error("event {seq} is not chained to the one before it; build the room again")]
    Link {
        /// Its number.
        seq: u64,
    },
    /// A command would be remembered with a number that the log has not reached.
    #[error("command {id} is remembered at event {seq}, after the batch's end; build the room again")]
    Ahead {
        /// Which command.
        id: CommandId,
        /// With which number.
        seq: u64,
    },
    /// A command is remembered already.
    #[error("command {id} is done already; answer it as it was answered")]
    Repeated {
        /// Which command.
        id: CommandId,
    },
    /// A snapshot whose event the log does not have, or has with another hash.
    #[error("the snapshot at event {seq} is not of this log; fold the log again")]
    Snapshot {
        /// The snapshot's last event.
        seq: u64,
    },
}

/// Whether a batch follows a log that ends with event `last` of hash `tip`.
///
/// # Errors
/// Why it does not.
fn check(batch: &Batch, last: u64, tip: &Hash) -> Result<(), Refused> {
    let expected = last + 1;
    if batch.first != expected {
        return Err(Refused::Gap { expected, found: batch.first });
    }
    check_chain(tip, &batch.events).map_err(|place| Refused::Link { seq: expected + place as u64 })?;
    let end = last + batch.events.len() as u64;
    let ahead = batch.done.iter().find(|done| done.seq > end);
    ahead.map_or(Ok(()), |done| Err(Refused::Ahead { id: done.id, seq: done.seq }))
}

#[cfg(test)]
mod tests;
