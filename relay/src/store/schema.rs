use super::StoreError;
use rusqlite::Connection;

/// Forward-only: number n+1 turns version n into n+1. Never change one that was released.
pub(super) const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE session (
        id BLOB PRIMARY KEY,
        title TEXT NOT NULL,
        made_s INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT;
    CREATE TABLE invite (
        id BLOB PRIMARY KEY,
        session BLOB NOT NULL REFERENCES session (id),
        secret_sha256 BLOB NOT NULL,
        role TEXT NOT NULL,
        grants TEXT NOT NULL,
        once INTEGER NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0,
        uses INTEGER NOT NULL DEFAULT 0,
        made_s INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT;
    CREATE TABLE used_ticket (
        jti BLOB PRIMARY KEY,
        exp_s INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE resume (
        session BLOB NOT NULL REFERENCES session (id),
        participant BLOB NOT NULL,
        secret_sha256 BLOB NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        grants TEXT NOT NULL,
        used_s INTEGER NOT NULL DEFAULT (unixepoch()),
        PRIMARY KEY (session, participant)
    ) STRICT;
",
    "
    ALTER TABLE resume ADD COLUMN before_sha256 BLOB;
",
    "
    ALTER TABLE invite ADD COLUMN made_by BLOB REFERENCES invite (id);
",
];

/// Sets the connection up, proves that it is durable and migrates. `migrations` is forward-only as [`MIGRATIONS`] is.
pub(crate) fn prepare(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::NotDurable(format!("journal_mode={mode}, synchronous={synchronous}")));
    }
    migrate(connection, migrations)
}

fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let known = migrations.len() as i64;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, step) in (1..).zip(migrations).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_relay_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut connection = Connection::open(file.path()).unwrap();
        prepare(&mut connection, &MIGRATIONS).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(prepare(&mut connection, &MIGRATIONS), Err(StoreError::TooNew { found: 99, .. })));
    }

    #[test]
    fn a_database_that_cannot_keep_a_write_ahead_log_is_refused() {
        let mut memory = Connection::open_in_memory().unwrap();
        assert!(matches!(prepare(&mut memory, &MIGRATIONS), Err(StoreError::NotDurable(_))));
    }
}
