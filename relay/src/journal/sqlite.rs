mod schema;

pub(super) use schema::VERSION;

use super::{Journal, JournalError, Refused, check};
use crate::store::StoreError;
use protocol::chain::ChainHash;
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};
use relay_core::journal::{Batch, Done, Hash, Opened, Snapshot, StoredEvent, check_chain};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::path::Path;

/// A log is one machine's here, so its ownership never changes.
const TERM: u64 = 1;

/// The journal in one SQLite file: WAL, `synchronous=FULL`. Other programs may read the file meanwhile.
pub struct SqliteJournal(Connection);

impl SqliteJournal {
    /// Opens or makes the file and brings it to the present version. Blocks on the disk.
    ///
    /// # Errors
    /// When the file cannot be opened, is newer than this program, or cannot be made durable; when a restore into its
    /// folder was cut off.
    pub fn open(path: &Path) -> Result<SqliteJournal, StoreError> {
        super::backup::check_restored(path.parent().unwrap_or(Path::new(".")))?;
        let mut connection = Connection::open(path)?;
        schema::prepare(&mut connection)?;
        Ok(SqliteJournal(connection))
    }
}

impl Journal for SqliteJournal {
    fn create(&mut self, session: SessionId, log: LogId) -> Result<(), JournalError> {
        let sql = "INSERT OR IGNORE INTO session (id, log) VALUES (?1, ?2)";
        let made = self.0.execute(sql, params![session.0, log.0])?;
        if made == 1 { Ok(()) } else { Err(Refused::Exists.into()) }
    }

    fn open(&mut self, session: SessionId) -> Result<Option<Opened>, JournalError> {
        let tx = self.0.transaction()?;
        let Some(known) = find(&tx, session)? else { return Ok(None) };
        let snapshot = snapshot_of(&tx, &known)?;
        let (seq, hash) = snapshot.as_ref().map_or((0, ChainHash::start(known.log).0), |kept| (kept.seq, kept.hash));
        let tail = events(&tx, &known, seq, i64::MAX)?;
        check_chain(&hash, &tail).map_err(|place| JournalError::Damaged { session, seq: seq + 1 + place as u64 })?;
        Ok(Some(Opened { log: known.log, term: TERM, snapshot, tail, done: done(&tx, &known)? }))
    }

    fn log_id(&mut self, session: SessionId) -> Result<Option<LogId>, JournalError> {
        Ok(find(&self.0, session)?.map(|known| known.log))
    }

    fn append(&mut self, batches: &[Batch]) -> Result<Vec<Result<(), Refused>>, JournalError> {
        let mut tx = begin(&mut self.0)?;
        let answers = batches.iter().map(|batch| append_or_refuse(&mut tx, batch)).collect::<Result<_, _>>()?;
        tx.commit()?;
        Ok(answers)
    }

    fn snapshot(&mut self, session: SessionId, snapshot: Snapshot) -> Result<(), JournalError> {
        let tx = begin(&mut self.0)?;
        let known = find(&tx, session)?.ok_or(Refused::Unknown)?;
        let Snapshot { seq, hash, text } = snapshot;
        if hash_of(&tx, &known, seq)? != Some(hash) {
            return Err(Refused::Snapshot { seq }.into());
        }
        let sql = "INSERT INTO snapshot (session, seq, hash, text) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash, text = excluded.text
            WHERE excluded.seq >= seq";
        tx.execute(sql, params![known.number, seq, hash, text])?;
        Ok(tx.commit()?)
    }

    fn read(&mut self, session: SessionId, after: u64, most: usize) -> Result<Vec<StoredEvent>, JournalError> {
        let tx = self.0.transaction()?;
        let known = find(&tx, session)?.ok_or(Refused::Unknown)?;
        Ok(events(&tx, &known, after, i64::try_from(most).unwrap_or(i64::MAX))?)
    }

    fn probe(&mut self) -> Result<(), JournalError> {
        let tx = begin(&mut self.0)?;
        // The version that is there already: it makes one page dirty, which the commit brings to the disk.
        tx.pragma_update(None, "user_version", VERSION)?;
        Ok(tx.commit()?)
    }

    fn sessions(&mut self) -> Result<Vec<SessionId>, JournalError> {
        let mut rows = self.0.prepare_cached("SELECT id FROM session ORDER BY number")?;
        let ids = rows.query_map([], |row| row.get(0).map(SessionId))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        // A full disk has no room for the log's index in shared memory either, which SQLite calls a failed disk.
        const NO_ROOM_FOR_INDEX: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
        match (error.sqlite_error().map(|code| code.extended_code), error.sqlite_error_code()) {
            (_, Some(rusqlite::ErrorCode::DiskFull)) | (Some(NO_ROOM_FOR_INDEX), _) => JournalError::Full,
            (_, Some(rusqlite::ErrorCode::SystemIoFailure)) => JournalError::Disk(error.to_string()),
            _ => JournalError::Failed(error.to_string()),
        }
    }
}

/// A session's log in the file.
struct Known {
    number: i64,
    session: SessionId,
    log: LogId,
}

/// Begins with the right to write, so that what is read stays true until the commit.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn append_or_refuse(tx: &mut Transaction<'_>, batch: &Batch) -> Result<Result<(), Refused>, JournalError> {
    let part = tx.savepoint()?;
    match append(&part, batch) {
        Ok(()) => Ok(Ok(part.commit()?)),
        Err(JournalError::Refused(why)) => {
            part.finish()?;
            Ok(Err(why))
        }
        Err(error) => Err(error),
    }
}

fn append(tx: &Connection, batch: &Batch) -> Result<(), JournalError> {
    let known = find(tx, batch.session)?.ok_or(Refused::Unknown)?;
    let (last, tip) = end_of(tx, &known)?;
    check(batch, last, &tip)?;
    let mut insert = tx.prepare_cached("INSERT INTO event (session, seq, text, hash) VALUES (?1, ?2, ?3, ?4)")?;
    for (seq, event) in (batch.first..).zip(&batch.events) {
        insert.execute(params![known.number, seq, &*event.text, event.hash])?;
    }
    batch.done.iter().try_for_each(|done| remember(tx, &known, done))
}

fn remember(tx: &Connection, known: &Known, done: &Done) -> Result<(), JournalError> {
    let sql = "INSERT OR IGNORE INTO done (session, by, id, body, seq) VALUES (?1, ?2, ?3, ?4, ?5)";
    let new = tx.prepare_cached(sql)?.execute(params![known.number, done.by.0, done.id.0, done.body, done.seq])?;
    if new == 1 { Ok(()) } else { Err(Refused::Repeated { id: done.id }.into()) }
}

fn find(tx: &Connection, session: SessionId) -> rusqlite::Result<Option<Known>> {
    let mut row = tx.prepare_cached("SELECT number, log FROM session WHERE id = ?1")?;
    row.query_row([session.0], |row| Ok(Known { number: row.get(0)?, session, log: LogId(row.get(1)?) })).optional()
}

/// Number and hash of a log's last event.
fn end_of(tx: &Connection, known: &Known) -> rusqlite::Result<(u64, Hash)> {
    let sql = "SELECT seq, hash FROM event WHERE session = ?1 ORDER BY seq DESC LIMIT 1";
    let last = tx.prepare_cached(sql)?.query_row([known.number], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or((0, ChainHash::start(known.log).0)))
}

fn hash_of(tx: &Connection, known: &Known, seq: u64) -> rusqlite::Result<Option<Hash>> {
    let mut row = tx.prepare_cached("SELECT hash FROM event WHERE session = ?1 AND seq = ?2")?;
    row.query_row(params![known.number, seq], |row| row.get(0)).optional()
}

fn snapshot_of(tx: &Connection, known: &Known) -> Result<Option<Snapshot>, JournalError> {
    let mut row = tx.prepare_cached("SELECT seq, hash, text FROM snapshot WHERE session = ?1")?;
    let read = |row: &Row<'_>| Ok(Snapshot { seq: row.get(0)?, hash: row.get(1)?, text: row.get(2)? });
    let Some(kept) = row.query_row([known.number], read).optional()? else { return Ok(None) };
    if hash_of(tx, known, kept.seq)? != Some(kept.hash) {
        return Err(JournalError::Damaged { session: known.session, seq: kept.seq });
    }
    Ok(Some(kept).filter(|kept| kept.state_text().is_some()))
}

fn events(tx: &Connection, known: &Known, after: u64, most: i64) -> rusqlite::Result<Vec<StoredEvent>> {
    let sql = "SELECT text, hash FROM event WHERE session = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    let mut rows = tx.prepare_cached(sql)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let read = |row: &Row<'_>| Ok(StoredEvent { text: row.get::<_, Box<str>>(0)?, hash: row.get(1)? });
    rows.query_map(params![known.number, after, most], read)?.collect()
}

fn done(tx: &Connection, known: &Known) -> rusqlite::Result<Vec<Done>> {
    let mut rows = tx.prepare_cached("SELECT by, id, body, seq FROM done WHERE session = ?1")?;
    let read = |row: &Row<'_>| {
        let (by, id) = (ParticipantId(row.get(0)?), CommandId(row.get(1)?));
        Ok(Done { by, id, body: row.get(2)?, seq: row.get(3)? })
    };
    rows.query_map([known.number], read)?.collect()
}

#[cfg(test)]
mod tests;
