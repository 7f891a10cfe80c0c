use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use uuid::Uuid;

/// One session's log as it is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The hash of every event, as its bytes and those before it give.
    pub hashes: HashMap<u64, [u8; 32]>,
    /// Events that have another number or another hash than follows from those before.
    pub broken: Vec<u64>,
    /// With which number each participant's command is remembered.
    pub remembered: HashMap<(Uuid, Uuid), u64>,
    /// How many events each command caused.
    pub caused: HashMap<Uuid, usize>,
}

/// Why the journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// SQLite.
    #[error("the journal cannot be read: {0}; is this a relay's data folder?")]
    Sqlite(#[from] rusqlite::Error),
    /// An id or a text that is none.
    #[error("the journal holds something that is no id or no event: {0}; see `farfield-relay verify`")]
    Content(String),
}

/// The part of an event's text that is looked at.
#[derive(serde::Deserialize)]
struct Text {
    id: Option<Uuid>,
}

/// Reads every session's log in a data folder, also while a relay works in it. Blocks on the disk; needs memory for the
/// hashes and ids of all.
///
/// # Errors
/// When the file cannot be read or holds what is no journal.
pub fn read(data: &Path) -> Result<HashMap<Uuid, Log>, FileError> {
    let mut file = Connection::open_with_flags(data.join("journal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    file.busy_timeout(std::time::Duration::from_secs(5))?;
    let moment = file.transaction()?;
    let mut sessions = moment.prepare("SELECT number, id, log FROM session")?;
    let mut rows = sessions.query([])?;
    let mut logs = HashMap::new();
    while let Some(row) = rows.next()? {
        let (number, id): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let start = Sha256::digest(row.get::<_, Vec<u8>>(2)?).into();
        let mut log = Log { remembered: remembered(&moment, number)?, ..Log::default() };
        read_events(&moment, number, start, &mut log)?;
        logs.insert(uuid(&id)?, log);
    }
    Ok(logs)
}

fn read_events(file: &Connection, session: i64, start: [u8; 32], log: &mut Log) -> Result<(), FileError> {
    let mut rows = file.prepare("SELECT seq, text, hash FROM event WHERE session = ?1 ORDER BY seq")?;
    let mut rows = rows.query([session])?;
    let (mut expected, mut before) = (1, start);
    while let Some(row) = rows.next()? {
        let (seq, text, stored): (i64, String, [u8; 32]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        before = Sha256::new().chain_update(before).chain_update(&text).finalize().into();
        if seq != expected || before != stored {
            log.broken.push(seq as u64);
        }
        expected = seq + 1;
        log.hashes.insert(seq as u64, before);
        let text: Text = serde_json::from_str(&text).map_err(|error| FileError::Content(error.to_string()))?;
        if let Some(command) = text.id {
            *log.caused.entry(command).or_default() += 1;
        }
    }
    Ok(())
}

fn remembered(file: &Connection, session: i64) -> Result<HashMap<(Uuid, Uuid), u64>, FileError> {
    let mut rows = file.prepare("SELECT by, id, seq FROM done WHERE session = ?1")?;
    let mut rows = rows.query([session])?;
    let mut all = HashMap::new();
    while let Some(row) = rows.next()? {
        let (by, id, seq): (Vec<u8>, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        all.insert((uuid(&by)?, uuid(&id)?), seq as u64);
    }
    Ok(all)
}

fn uuid(bytes: &[u8]) -> Result<Uuid, FileError> {
    Uuid::from_slice(bytes).map_err(|error| FileError::Content(error.to_string()))
}
