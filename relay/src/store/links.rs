use super::invites::from_text;
use super::{Store, StoreError};
use protocol::ids::{InviteId, SessionId};
use relay_core::room::KnownInvite;
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// Every invitation of a session, revoked and used-up ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invites(&self, session: SessionId) -> Result<Vec<KnownInvite>, StoreError> {
        self.write(move |tx| {
            let mut rows =
                tx.prepare("SELECT id, role, once, revoked FROM invite WHERE session = ?1 ORDER BY rowid")?;
            let invites = rows.query_map([session.0], read)?.collect::<Result<_, _>>()?;
            Ok(invites)
        })
        .await
    }

    /// An invitation and its session; none when there is no such invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invite(&self, id: InviteId) -> Result<Option<(SessionId, KnownInvite)>, StoreError> {
        self.write(move |tx| {
            let sql = "SELECT id, role, once, revoked, session FROM invite WHERE id = ?1";
            let found = tx.query_row(sql, [id.0], |row| Ok((SessionId(row.get(4)?), read(row)?)));
            Ok::<_, StoreError>(found.optional()?)
        })
        .await
    }

    /// Revokes an invitation because its session says so. One that the session does not have is left alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_by_session(&self, session: SessionId, id: InviteId) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("UPDATE invite SET revoked = 1 WHERE id = ?1 AND session = ?2", params![id.0, session.0])?;
            Ok(())
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<KnownInvite> {
    let role = from_text(1, row.get(1)?, |text| text.parse())?;
    Ok(KnownInvite { invite: InviteId(row.get(0)?), role, once: row.get(2)?, revoked: row.get(3)? })
}
