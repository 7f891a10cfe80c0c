use crate::store::{StoreError, schema};
use rusqlite::Connection;

/// Forward-only: number n+1 turns version n into n+1. Never change one that was released.
const MIGRATIONS: [&str; 1] = [include_str!("version_1.sql")];

/// The file's version that this program reads and writes.
pub(in crate::journal) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What the log beside the file may keep of the disk once it was written back, in bytes.
const WAL_KEPT: i64 = 64 << 20;

/// Sets the connection up, proves that it is durable and migrates.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
    schema::prepare(connection, &MIGRATIONS)
}
