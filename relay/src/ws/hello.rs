use crate::app::App;
use crate::auth::Claims;
use crate::rooms::{NoRoom, RoomHandle};
use crate::secret::{Secret, SecretHash};
use crate::store::{AdmitError, Identity, StoreError};
use protocol::ids::{ParticipantId, SessionId};
use protocol::wire::{ErrorCode, Hello, Resume, VERSION};
use relay_core::room::{Enter, LinkId, Refusal};

/// Somebody who was let in: their room, and what it is told.
pub(super) struct Admitted {
    pub(super) room: RoomHandle,
    pub(super) enter: Enter,
    /// Of who comes back; who is new has no other.
    pub(super) way_back: Option<WayBack>,
}

/// The secret that somebody was given on the way in.
pub(super) struct WayBack {
    session: SessionId,
    participant: ParticipantId,
    hash: SecretHash,
}

impl WayBack {
    /// Takes down that its holder has it. Failing that, the one before it stays good too, which harms nobody.
    pub(super) async fn arrived(&self, app: &App) {
        if let Err(cause) = app.store.arrived(self.session, self.participant, self.hash).await {
            tracing::warn!(%cause, "a used way back stays good");
        }
    }
}

/// Looks at a hello: the ticket or the resume secret is used up, and the next secret is made.
pub(super) async fn admit(app: &App, link: LinkId, hello: Hello) -> Result<Admitted, Refusal> {
    if hello.v != VERSION {
        let msg = format!("this relay speaks version {VERSION}; update your program or the relay");
        return Err(Refusal::new(ErrorCode::Version, msg));
    }
    let next = Secret::random_128();
    let known = hello.resume.as_ref().and_then(|resume| resume.known);
    let returns = hello.resume.is_some();
    let who = match (hello.ticket, hello.resume) {
        (Some(ticket), None) => by_ticket(app, &ticket, &next).await?,
        (None, Some(resume)) => by_resume(app, resume, &next).await?,
        _ => return Err(Refusal::new(ErrorCode::Invalid, "a hello carries either a ticket or a resume secret")),
    };
    let title = app.store.session_title(who.session).await.map_err(failed)?.ok_or_else(unknown_session)?;
    let Identity { session, participant, name, role, grants, via } = who;
    let room = app.rooms.room(session, &title).map_err(no_room)?;
    let resume = next.reveal().to_owned();
    let way_back = returns.then(|| WayBack { session, participant, hash: next.hash() });
    let client = hello.client;
    let enter = Enter { link, client, participant, name, role, grants, via, resume, known };
    Ok(Admitted { room, enter, way_back })
}

async fn by_ticket(app: &App, ticket: &str, next: &Secret) -> Result<Identity, Refusal> {
    let unauthorized = |error: crate::auth::TicketError| Refusal::new(ErrorCode::Unauthorized, error.to_string());
    let claims = app.tickets.read(ticket).map_err(unauthorized)?;
    let Claims { aud: session, sub: participant, jti, exp, name, role, grants, via, .. } = claims;
    let who = Identity { session, participant, name, role, grants, via };
    // Seconds since 1970 are far below 2^63.
    app.store.admit(jti, exp as i64, who.clone(), next.hash()).await.map_err(refusal)?;
    Ok(who)
}

async fn by_resume(app: &App, resume: Resume, next: &Secret) -> Result<Identity, Refusal> {
    let Resume { session, participant, secret, .. } = resume;
    app.store.resume(session, participant, Secret::new(secret), next.hash()).await.map_err(refusal)
}

fn refusal(error: AdmitError) -> Refusal {
    match error {
        AdmitError::Store(cause) => failed(cause),
        other => Refusal::new(ErrorCode::Unauthorized, other.to_string()),
    }
}

fn failed(cause: StoreError) -> Refusal {
    tracing::error!(%cause, "a hello failed");
    let (code, msg) = cause.told();
    Refusal::new(code, msg)
}

fn no_room(why: NoRoom) -> Refusal {
    let code = match why {
        NoRoom::Draining => ErrorCode::Draining,
        NoRoom::Full => ErrorCode::TooMany,
    };
    Refusal::new(code, why.to_string())
}

fn unknown_session() -> Refusal {
    Refusal::new(ErrorCode::Unauthorized, "this relay does not have that session any more; ask for another link")
}
