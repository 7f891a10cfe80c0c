//! Reads a data folder through and says what is wrong where. It writes nothing, and a relay may work in the folder
//! meanwhile: what is read is the state at one moment.
//!
//! *Absent*: repair. A damaged journal is restored from a backup.

mod walk;

use super::{FILE, sqlite};
use crate::store;
use protocol::chain::ChainHash;
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};
use rusqlite::{Connection, OpenFlags, Row};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every session that has a log, in the order in which they were begun.
    pub sessions: Vec<Walked>,
    /// Everything that is wrong. Empty: the folder is sound.
    pub faults: Vec<Fault>,
}

/// One session's log, walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Walked {
    /// Which session.
    pub session: SessionId,
    /// The log's incarnation.
    pub log: LogId,
    /// Events in it.
    pub events: u64,
    /// Commands that are remembered.
    pub commands: u64,
    /// What became of comparing the snapshot with the fold.
    pub snapshot: Compared,
}

/// What became of comparing a snapshot with the fold of the events up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// There is no snapshot.
    None,
    /// They are equal.
    Equal,
    /// They are not, or the snapshot is of no event in the log: there is a fault that says so.
    Different,
    /// The snapshot is of another version's fold, so nobody uses it: the next state that is kept takes its place.
    OtherVersion,
    /// This version does not know every event before it, or cannot read one, so there is no fold.
    NotCompared,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// In whose log; none when it is the file's.
    pub session: Option<SessionId>,
    /// At which event; none when it is at none.
    pub seq: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub damage: Damage,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Damage {
    /// A file does not hang together as a database.
    #[error("{file}: {says}")]
    File {
        /// Its name in the folder.
        file: &'static str,
        /// What SQLite says.
        says: String,
    },
    /// Events are missing before this one.
    #[error("events {first} to {last} are missing")]
    Gap {
        /// The first that is missing.
        first: u64,
        /// The last.
        last: u64,
    },
    /// The event's bytes or its hash are not those that were stored.
    #[error("the hash is {found} but should be {expected}")]
    Hash {
        /// What the hash before and the bytes give.
        expected: ChainHash,
        /// What is stored.
        found: ChainHash,
    },
    /// The event's bytes are no event.
    #[error("the text is no event: {why}")]
    Text {
        /// Why not.
        why: String,
    },
    /// The event's bytes give it another number.
    #[error("the text says that it is event {says}")]
    Number {
        /// Which.
        says: u64,
    },
    /// The snapshot is of no event in the log.
    #[error("the snapshot is of an event that the log does not have with that hash")]
    SnapshotElsewhere,
    /// The snapshot is no state.
    #[error("the snapshot cannot be read: {why}")]
    SnapshotText {
        /// Why not.
        why: String,
    },
    /// The snapshot is not what the events add up to.
    #[error("the snapshot is not what the events up to it add up to")]
    SnapshotState,
    /// A command is remembered with a number that the log does not reach: events are missing at its end.
    #[error("command {id} of {by} was answered with this number, but the log ends at {last}")]
    CommandAhead {
        /// Whose command.
        by: ParticipantId,
        /// Which.
        id: CommandId,
        /// Number of the last event.
        last: u64,
    },
}

/// Why a folder cannot be looked through at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no journal.
    #[error("there is no journal in {0}; name the folder that the relay has as --data")]
    Nothing(PathBuf),
    /// Another version's file.
    #[error(
        "the journal in {path} has version {found}, but this program reads {}; use that version's program",
        sqlite::VERSION
    )]
    Version {
        /// The folder.
        path: PathBuf,
        /// The file's version.
        found: i64,
    },
    /// The file cannot be opened or read.
    #[error("cannot read the journal in {path}: {source}; check its permissions, or restore a backup")]
    Read {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Events in all logs.
    pub fn events(&self) -> u64 {
        self.sessions.iter().map(|walked| walked.events).sum()
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(session) = self.session {
            write!(f, "session {session}, ")?;
        }
        if let Some(seq) = self.seq {
            write!(f, "event {seq}: ")?;
        }
        self.damage.fmt(f)
    }
}

/// Walks every session's chain in a data folder. Blocks on the disk; needs the memory of one session's state.
///
/// # Errors
/// When there is no journal, it is of another version, or it cannot be read at all. What is wrong inside is in the report.
pub fn verify(data: &Path) -> Result<Report, VerifyError> {
    let path = data.join(FILE);
    if !path.is_file() {
        return Err(VerifyError::Nothing(data.to_owned()));
    }
    let failed = |source| VerifyError::Read { path: data.to_owned(), source };
    let mut connection = open_to_read(&path).map_err(failed)?;
    let moment = connection.transaction().map_err(failed)?;
    let found = moment.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found != sqlite::VERSION {
        return Err(VerifyError::Version { path: data.to_owned(), found });
    }
    let mut report = Report { faults: check_file(&moment, FILE), ..Report::default() };
    walk::all(&moment, &mut report).unwrap_or_else(|error| report.faults.push(in_file(FILE, error.to_string())));
    report.faults.extend(check_admission(data));
    Ok(report)
}

/// Opens a database so that nothing is written to it, not even what its log holds when it is closed. SQLite makes the
/// log's index beside it, and an empty log where there is none, and leaves them there.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// What is wrong with the admission store's file, where there is one.
fn check_admission(data: &Path) -> Vec<Fault> {
    let path = data.join(store::FILE);
    if !path.is_file() {
        return Vec::new();
    }
    match open_to_read(&path) {
        Ok(connection) => check_file(&connection, store::FILE),
        Err(error) => vec![in_file(store::FILE, error.to_string())],
    }
}

fn check_file(connection: &Connection, file: &'static str) -> Vec<Fault> {
    let lines = |sql: &str, read: fn(&Row<'_>) -> rusqlite::Result<String>| {
        connection.prepare(sql)?.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    let strays =
        |row: &Row<'_>| Ok(format!("a row of {} belongs to no {}", row.get::<_, String>(0)?, row.get::<_, String>(2)?));
    let says = match lines("PRAGMA integrity_check(20)", |row| row.get(0)) {
        Ok(pages) if pages == ["ok"] => lines("PRAGMA foreign_key_check", strays),
        pages => pages,
    };
    says.unwrap_or_else(|error| vec![error.to_string()]).into_iter().map(|line| in_file(file, line)).collect()
}

fn in_file(file: &'static str, says: String) -> Fault {
    Fault { session: None, seq: None, damage: Damage::File { file, says } }
}

#[cfg(test)]
mod tests;
