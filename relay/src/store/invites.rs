use super::{Store, StoreError};
use crate::secret::{Secret, SecretHash};
use protocol::grants::{Grant, Grants, Role};
use protocol::ids::{InviteId, SessionId};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Invitations that one session may have, revoked and used-up ones included.
pub(super) const MAX_INVITES: u32 = 1_000;
/// Invitations of which each is made by the right of the one before. All of them are named in every ticket.
pub(super) const MAX_GENERATIONS: usize = 8;

/// An invitation as it is made.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InviteId,
    /// Which session it opens.
    pub session: SessionId,
    /// Hash of its secret.
    pub secret: SecretHash,
    /// Its preset.
    pub role: Role,
    /// What it lets people do.
    pub grants: Grants,
    /// Whether one use uses it up.
    pub once: bool,
}

/// By whose right invitations are made and revoked.
#[derive(Clone, Debug)]
pub struct Right {
    /// The invitation that is shown, and its secret.
    pub link: (InviteId, Secret),
    /// Who shows it.
    pub by: Shown,
}

/// Who shows an invitation, and what the session lets them do now.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Anybody who has it, and nobody has come in by it yet: what it lets people do counts.
    Unused,
    /// Anybody who has it; those who came in by it may do this by now, all of them together. More than they may nobody does
    /// by it from outside.
    Used(Grants),
    /// Somebody who says who they are: what they may do counts, whatever their invitation was for.
    Person(Grants),
}

impl Shown {
    /// What can be done by an invitation that lets people do so much.
    fn grants(&self, invited: &Grants) -> Grants {
        match self {
            Shown::Unused => invited.clone(),
            Shown::Used(now) => Grants(invited.0.intersection(&now.0).copied().collect()),
            Shown::Person(now) => now.clone(),
        }
    }

    /// What is said to who may not do something.
    fn refusal(&self, invited: &Grants, wanted: impl Fn(&Grants) -> bool) -> Option<InviteError> {
        match self {
            _ if wanted(&self.grants(invited)) => None,
            Shown::Person(_) => Some(InviteError::NotYou),
            Shown::Used(_) if wanted(invited) => Some(InviteError::Lost),
            Shown::Used(_) | Shown::Unused => Some(InviteError::Forbidden),
        }
    }
}

/// What a good invitation opens.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// Which session.
    pub session: SessionId,
    /// What people call it.
    pub title: String,
    /// The preset.
    pub role: Role,
    /// What the person may do.
    pub grants: Grants,
    /// The invitation itself, and then those by whose right it was made, the nearest first.
    pub via: Vec<InviteId>,
}

/// Why an invitation does not do.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// No such invitation.
    #[error("there is no such invitation on this relay; check that the whole link was copied")]
    Unknown,
    /// The secret is another one's.
    #[error("the link's secret is wrong; copy the whole link, the part after # included")]
    WrongSecret,
    /// Somebody revoked it.
    #[error("this invitation was revoked; ask whoever sent it for another one")]
    Revoked,
    /// It was good once.
    #[error("this invitation was good for one use and is used up; ask whoever sent it for another one")]
    UsedUp,
    /// The session has as many as it may have.
    #[error("this session has {MAX_INVITES} invitations already; give several people one link that is good many times")]
    TooMany,
    /// The authority was itself made by the right of as many others as there may be.
    #[error("this link is the {MAX_GENERATIONS}th of a row in which each was made by the last; use an earlier one")]
    TooDeep,
    /// The authority may not invite, or not so much.
    #[error("this invitation does not let you make or revoke such a link; use one that may do more")]
    Forbidden,
    /// Who came in by the authority may not do it any more.
    #[error("nobody who came in by this invitation may make or revoke such a link any more; use another one")]
    Lost,
    /// Who asks may not do it.
    #[error("you may not make or revoke such a link; ask whoever runs the session")]
    NotYou,
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for InviteError {
    fn from(error: rusqlite::Error) -> InviteError {
        InviteError::Store(error.into())
    }
}

struct Known {
    invitation: Invitation,
    revoked: bool,
    uses: i64,
}

impl Store {
    /// Uses an invitation once.
    ///
    /// # Errors
    /// When it is unknown, revoked or used up, or the secret is wrong; nothing is used then.
    pub async fn redeem(&self, id: InviteId, secret: Secret) -> Result<Redeemed, InviteError> {
        self.write(move |tx| {
            let Invitation { session, role, grants, .. } = usable(tx, id, &secret)?;
            tx.execute("UPDATE invite SET uses = uses + 1 WHERE id = ?1", [id.0])?;
            let title = tx.query_row("SELECT title FROM session WHERE id = ?1", [session.0], |row| row.get(0))?;
            Ok(Redeemed { session, title, role, grants, via: way(tx, id)? })
        })
        .await
    }

    /// Which session an invitation is for that is good, or was good once for somebody who came in by it.
    ///
    /// # Errors
    /// When it is unknown or revoked, or the secret is wrong.
    pub async fn session_of(&self, (id, secret): (InviteId, Secret)) -> Result<SessionId, InviteError> {
        self.write(move |tx| Ok(unrevoked(tx, id, &secret)?.invitation.session)).await
    }

    /// Makes an invitation by the right of another one, for the same session.
    ///
    /// # Errors
    /// When the authority is no good, may not invite, or may do less than the new link would, or when there are too many.
    pub async fn add_invite(
        &self,
        Right { link, by }: Right,
        made: (InviteId, SecretHash),
        role: Role,
        once: bool,
    ) -> Result<(), InviteError> {
        self.write(move |tx| {
            let (authority, grants) = (shown(tx, &link, &by)?, role.grants());
            let wanted = |may: &Grants| may.has(Grant::Invite) && may.covers(&grants);
            by.refusal(&authority.grants, wanted).map_or(Ok(()), Err)?;
            let sql = "SELECT count(*) FROM invite WHERE session = ?1";
            if tx.query_row(sql, [authority.session.0], |row| row.get::<_, u32>(0))? >= MAX_INVITES {
                return Err(InviteError::TooMany);
            }
            if way(tx, link.0)?.len() >= MAX_GENERATIONS {
                return Err(InviteError::TooDeep);
            }
            let (id, secret) = made;
            insert(tx, &Invitation { id, session: authority.session, secret, role, grants, once }, Some(link.0))?;
            Ok(())
        })
        .await
    }

    /// Revokes an invitation of the same session by the right of another one. People who are in already stay.
    ///
    /// # Errors
    /// When the authority is no good or may not invite, or the link may administer and the authority may not.
    pub async fn revoke_invite(&self, Right { link, by }: Right, id: InviteId) -> Result<(), InviteError> {
        self.write(move |tx| {
            let authority = shown(tx, &link, &by)?;
            let target = known(tx, id)?.invitation;
            if target.session != authority.session {
                return Err(InviteError::Unknown);
            }
            let above = target.grants.has(Grant::Admin);
            let wanted = |may: &Grants| may.has(Grant::Invite) && (may.has(Grant::Admin) || !above);
            by.refusal(&authority.grants, wanted).map_or(Ok(()), Err)?;
            tx.execute("UPDATE invite SET revoked = 1 WHERE id = ?1", [id.0])?;
            Ok(())
        })
        .await
    }
}

pub(super) fn insert(tx: &Connection, invite: &Invitation, made_by: Option<InviteId>) -> Result<(), StoreError> {
    let Invitation { id, session, secret, role, grants, once } = invite;
    let made_by = made_by.map(|by| by.0);
    tx.execute(
        "INSERT INTO invite (id, session, secret_sha256, role, grants, once, made_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![id.0, session.0, secret, role.name(), to_text(grants), once, made_by],
    )?;
    Ok(())
}

/// An invitation, and then those by whose right it was made, the nearest first.
fn way(tx: &Connection, id: InviteId) -> rusqlite::Result<Vec<InviteId>> {
    let sql = "WITH RECURSIVE way (id, made_by, n) AS (
            SELECT id, made_by, 1 FROM invite WHERE id = ?1
            UNION ALL SELECT invite.id, invite.made_by, n + 1 FROM invite JOIN way ON invite.id = way.made_by
        ) SELECT id FROM way ORDER BY n";
    tx.prepare_cached(sql)?.query_map([id.0], |row| row.get(0).map(InviteId))?.collect()
}

/// The invitation by whose right something is asked. Somebody who says who they are has used theirs.
fn shown(tx: &Connection, (id, secret): &(InviteId, Secret), by: &Shown) -> Result<Invitation, InviteError> {
    match by {
        Shown::Person(_) => Ok(unrevoked(tx, *id, secret)?.invitation),
        Shown::Unused | Shown::Used(_) => usable(tx, *id, secret),
    }
}

fn usable(tx: &Connection, id: InviteId, secret: &Secret) -> Result<Invitation, InviteError> {
    let Known { invitation, uses, .. } = unrevoked(tx, id, secret)?;
    if invitation.once && uses > 0 { Err(InviteError::UsedUp) } else { Ok(invitation) }
}

/// The secret is looked at before anything else is told, so that strangers learn nothing.
fn unrevoked(tx: &Connection, id: InviteId, secret: &Secret) -> Result<Known, InviteError> {
    let known = known(tx, id)?;
    if !secret.matches(&known.invitation.secret) {
        return Err(InviteError::WrongSecret);
    }
    if known.revoked { Err(InviteError::Revoked) } else { Ok(known) }
}

fn known(tx: &Connection, id: InviteId) -> Result<Known, InviteError> {
    let sql = "SELECT session, secret_sha256, role, grants, once, revoked, uses FROM invite WHERE id = ?1";
    tx.query_row(sql, [id.0], |row| read(id, row)).optional()?.ok_or(InviteError::Unknown)
}

fn read(id: InviteId, row: &Row<'_>) -> rusqlite::Result<Known> {
    let invitation = Invitation {
        id,
        session: SessionId(row.get(0)?),
        secret: row.get(1)?,
        role: from_text(2, row.get(2)?, |text| text.parse())?,
        grants: from_text(3, row.get(3)?, |text| serde_json::from_str(text))?,
        once: row.get(4)?,
    };
    Ok(Known { invitation, revoked: row.get(5)?, uses: row.get(6)? })
}

pub(super) fn to_text(grants: &Grants) -> String {
    serde_json::to_string(grants).expect("grants have a JSON form")
}

pub(super) fn from_text<T, E: std::error::Error + Send + Sync + 'static>(
    column: usize,
    text: String,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    parse(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
