use super::invites::{from_text, to_text};
use super::{Store, StoreError};
use crate::secret::{Secret, SecretHash};
use protocol::grants::{Grants, Role};
use protocol::ids::{InviteId, ParticipantId, SessionId};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// How long a resume secret that nobody uses is kept, in seconds.
const RESUME_S: i64 = 30 * 24 * 3600;

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Into which session.
    pub session: SessionId,
    /// Who.
    pub participant: ParticipantId,
    /// What people call them.
    pub name: String,
    /// The preset of their invitation.
    pub role: Role,
    /// What they may do.
    pub grants: Grants,
    /// The invitation that their ticket is of, and then those by whose right it was made. Not kept: empty for who comes
    /// back, because the session knows them.
    pub via: Vec<InviteId>,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The ticket was used before.
    #[error("the ticket was used before; open the invitation link again")]
    Used,
    /// The ticket's session is not one of this relay's.
    #[error("the ticket is for a session that this relay does not have; open the invitation link again")]
    UnknownSession,
    /// The resume secret is wrong, or its holder has the next one.
    #[error("the way back is not good any more; open the invitation link again")]
    WrongSecret,
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for AdmitError {
    fn from(error: rusqlite::Error) -> AdmitError {
        AdmitError::Store(error.into())
    }
}

impl Store {
    /// Uses a ticket up and keeps the hash of the secret that its holder may come back with.
    ///
    /// # Errors
    /// When the ticket was used before or its session is unknown.
    pub async fn admit(&self, jti: Uuid, exp_s: i64, who: Identity, next: SecretHash) -> Result<(), AdmitError> {
        self.write(move |tx| {
            use_up(tx, jti, exp_s, who.session)?;
            keep(tx, &who, &next, None)?;
            Ok(())
        })
        .await
    }

    /// Uses a ticket up for something else than coming in.
    ///
    /// # Errors
    /// When the ticket was used before or its session is unknown.
    pub async fn spend(&self, jti: Uuid, exp_s: i64, session: SessionId) -> Result<(), AdmitError> {
        self.write(move |tx| use_up(tx, jti, exp_s, session)).await
    }

    /// Who holds a resume secret, which stays good.
    ///
    /// # Errors
    /// When the secret is not one that its holder may come back with.
    pub async fn known(
        &self,
        session: SessionId,
        participant: ParticipantId,
        secret: Secret,
    ) -> Result<Identity, AdmitError> {
        self.write(move |tx| holder(tx, session, participant, &secret)).await
    }

    /// Puts the next secret beside the one that somebody comes back with. What was put beside it before and never
    /// arrived is good no more; the one that was used is, until [`Store::arrived`]: the answer that carries the next one
    /// can be lost with the link or the relay, and its holder must still be let in as who they are.
    ///
    /// # Errors
    /// When the secret is not one that its holder may come back with.
    pub async fn resume(
        &self,
        session: SessionId,
        participant: ParticipantId,
        secret: Secret,
        next: SecretHash,
    ) -> Result<Identity, AdmitError> {
        self.write(move |tx| {
            let who = holder(tx, session, participant, &secret)?;
            keep(tx, &who, &next, Some(&secret.hash()))?;
            Ok(who)
        })
        .await
    }

    /// The holder has the next secret: the one before it is used up. Nothing happens when there is another by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn arrived(
        &self,
        session: SessionId,
        participant: ParticipantId,
        next: SecretHash,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let sql = "UPDATE resume SET before_sha256 = NULL
                       WHERE session = ?1 AND participant = ?2 AND secret_sha256 = ?3";
            tx.execute(sql, params![session.0, participant.0, next])?;
            Ok(())
        })
        .await
    }
}

fn use_up(tx: &Connection, jti: Uuid, exp_s: i64, session: SessionId) -> Result<(), AdmitError> {
    let known = tx.query_row("SELECT 1 FROM session WHERE id = ?1", [session.0], |_| Ok(())).optional()?;
    known.ok_or(AdmitError::UnknownSession)?;
    tx.execute("DELETE FROM used_ticket WHERE exp_s < unixepoch()", [])?;
    let fresh = tx.execute("INSERT OR IGNORE INTO used_ticket (jti, exp_s) VALUES (?1, ?2)", params![jti, exp_s])?;
    if fresh == 0 { Err(AdmitError::Used) } else { Ok(()) }
}

fn keep(tx: &Connection, who: &Identity, next: &SecretHash, before: Option<&SecretHash>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM resume WHERE used_s < unixepoch() - ?1", [RESUME_S])?;
    let (role, grants) = (who.role.name(), to_text(&who.grants));
    tx.execute(
        "INSERT OR REPLACE INTO resume (session, participant, secret_sha256, before_sha256, name, role, grants)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![who.session.0, who.participant.0, next, before, who.name, role, grants],
    )?;
    Ok(())
}

/// Who holds this secret.
fn holder(
    tx: &Connection,
    session: SessionId,
    participant: ParticipantId,
    secret: &Secret,
) -> Result<Identity, AdmitError> {
    let sql = "SELECT secret_sha256, before_sha256, name, role, grants FROM resume
               WHERE session = ?1 AND participant = ?2";
    let found = tx.query_row(sql, params![session.0, participant.0], |row| {
        let who = Identity {
            session,
            participant,
            name: row.get(2)?,
            role: from_text(3, row.get(3)?, |text| text.parse())?,
            grants: from_text(4, row.get(4)?, |text| serde_json::from_str(text))?,
            via: Vec::new(),
        };
        Ok(([Some(row.get(0)?), row.get(1)?], who))
    });
    let (good, who) = found.optional()?.ok_or(AdmitError::WrongSecret)?;
    let matches = good.iter().flatten().any(|hash: &SecretHash| secret.matches(hash));
    if matches { Ok(who) } else { Err(AdmitError::WrongSecret) }
}
