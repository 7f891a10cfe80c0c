//! Sessions, invitations, used tickets and resume secrets in SQLite. Secrets are kept as hashes only.
//!
//! One connection behind a mutex on the blocking pool: every call is short, and none of them is on the way of sound.
//! Each call that changes something is one transaction and durable when it returns (WAL, `synchronous=FULL`).

pub(crate) mod schema;

mod admission;
mod invites;
mod links;

pub use admission::{AdmitError, Identity};
pub use invites::{Invitation, InviteError, Redeemed, Right, Shown};

use protocol::ids::SessionId;
use protocol::wire::ErrorCode;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The database's file in the data folder.
pub const FILE: &str = "relay.db";

/// Sessions that one relay keeps. Each holds at most some 50 MB of journal, and only its owner's key makes one.
pub const MAX_SESSIONS: u32 = 100_000;

/// What is told of a failure whose cause only the relay's log has.
pub const FAILED_INSIDE: &str =
    "something failed inside the relay; try again, and if it stays so ask whoever runs the relay to look at its log";

/// The database. Cloning is cheap.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

/// Why the database does not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk with the database is full; make room and try again")]
    Full,
    /// The disk refuses, which a nearly full one does too.
    #[error(
        "the disk with the database does not take what is written ({0}); make room on it, or replace it if it has room"
    )]
    Disk(rusqlite::Error),
    /// SQLite reports something else.
    #[error("the database failed: {0}; check the data folder and its permissions")]
    Sqlite(rusqlite::Error),
    /// The file was written by a newer relay.
    #[error("the database has version {found}, but this relay knows only up to {known}; start a newer relay")]
    TooNew {
        /// The file's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A setting that durability stands on did not take.
    #[error("the database does not keep what it is told ({0}); put the data folder on a local disk")]
    NotDurable(String),
    /// The folder holds part of a backup.
    #[error("a restore into {0} was cut off; empty that folder and restore the backup again")]
    HalfRestored(PathBuf),
    /// No further session is kept.
    #[error("this relay keeps {MAX_SESSIONS} sessions already; make new ones on another relay")]
    TooManySessions,
    /// The call was cut off because the relay is going down.
    #[error("the relay is going down; try again in a moment")]
    Down,
}

impl StoreError {
    /// What is said of it to whoever asked for something: a code for programs and a sentence for people. The cause itself
    /// is for the log.
    pub fn told(&self) -> (ErrorCode, &'static str) {
        match self {
            StoreError::Full | StoreError::Disk(_) => (
                ErrorCode::NotSaved,
                "the relay's disk takes nothing now, so nothing was done; try again in a moment, and tell whoever runs \
                 the relay",
            ),
            _ => (ErrorCode::Internal, FAILED_INSIDE),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
            Some(rusqlite::ErrorCode::SystemIoFailure) => StoreError::Disk(error),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl Store {
    /// Opens or makes the database and brings it to the present version. Blocks on the disk.
    ///
    /// # Errors
    /// When the file cannot be opened, is newer than this program, or cannot be made durable.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let mut connection = Connection::open(path)?;
        schema::prepare(&mut connection, &schema::MIGRATIONS)?;
        Ok(Store(Arc::new(Mutex::new(connection))))
    }

    /// Records a session with its first invitations, all or nothing.
    ///
    /// # Errors
    /// When there are [`MAX_SESSIONS`] already, or the database fails.
    pub async fn add_session(&self, id: SessionId, title: String, links: Vec<Invitation>) -> Result<(), StoreError> {
        self.write(move |tx| {
            if tx.query_row("SELECT count(*) FROM session", [], |row| row.get::<_, u32>(0))? >= MAX_SESSIONS {
                return Err(StoreError::TooManySessions);
            }
            tx.execute("INSERT INTO session (id, title) VALUES (?1, ?2)", params![id.0, title])?;
            links.iter().try_for_each(|link| invites::insert(tx, link, None))
        })
        .await
    }

    /// What people call a session; none when there is no such session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_title(&self, id: SessionId) -> Result<Option<String>, StoreError> {
        self.write(move |tx| {
            let title = tx.query_row("SELECT title FROM session WHERE id = ?1", [id.0], |row| row.get(0));
            Ok::<_, StoreError>(title.optional()?)
        })
        .await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.write(|tx| Ok(tx.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    /// Runs `work` in one transaction on the blocking pool; it is undone when `work` fails.
    async fn write<T, E>(&self, work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            // A panic in an earlier call has rolled its transaction back, so the connection is sound.
            let mut connection = store.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction().map_err(StoreError::from)?;
            let made = work(&transaction)?;
            transaction.commit().map_err(StoreError::from)?;
            Ok(made)
        });
        done.await.unwrap_or(Err(StoreError::Down.into()))
    }
}

#[cfg(test)]
mod tests;
