use crate::app::App;
use crate::auth::Claims;
use crate::rooms::{NoRoom, RoomHandle};
use crate::secret::{Secret, SecretHash};
use crate::store::{AdmitError, Identity, StoreError};
use protocol::ids::{ParticipantId, SessionId};
use protocol::wire::{ClientKind, ErrorCode, Hello, Place, Resume, VERSION};
use relay_core::room::{Enter, LinkId, Refusal};
use uuid::Uuid;

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

/// What somebody may come in by. It is looked at before the room counts their coming, and used up afterwards: who is not
/// let in leaves nothing in the store.
enum Proof {
    /// A ticket's id, and until when it is good, in seconds since 1970.
    Ticket { jti: Uuid, exp_s: i64 },
    /// A resume secret.
    Resume(Secret),
}

/// Looks at a hello: the room counts it, the ticket or the resume secret is used up, and the next secret is made.
pub(super) async fn admit(app: &App, link: LinkId, hello: Hello) -> Result<Admitted, Refusal> {
    if hello.v != VERSION {
        let msg = format!("this relay speaks version {VERSION}; update your program or the relay");
        return Err(Refusal::new(ErrorCode::Version, msg));
    }
    let known = hello.resume.as_ref().and_then(|resume| resume.known);
    let (who, proof) = match (hello.ticket, hello.resume) {
        (Some(ticket), None) => by_ticket(app, &ticket)?,
        (None, Some(resume)) => by_resume(app, resume).await?,
        _ => return Err(Refusal::new(ErrorCode::Invalid, "a hello carries either a ticket or a resume secret")),
    };
    let title = app.store.session_title(who.session).await.map_err(failed)?.ok_or_else(unknown_session)?;
    let room = app.rooms.room(who.session, &title).map_err(no_room)?;
    let next = Secret::random_128();
    let enter = entering(link, hello.client, &who, &next, known);
    room.charge(&enter).await?;
    let way_back = use_up(app, who, proof, next.hash()).await.map_err(refusal)?;
    Ok(Admitted { room, enter, way_back })
}

fn entering(link: LinkId, client: ClientKind, who: &Identity, next: &Secret, known: Option<Place>) -> Enter {
    let Identity { participant, name, role, grants, via, .. } = who.clone();
    Enter { link, client, participant, name, role, grants, via, resume: next.reveal().to_owned(), known }
}

fn by_ticket(app: &App, ticket: &str) -> Result<(Identity, Proof), Refusal> {
    let unauthorized = |error: crate::auth::TicketError| Refusal::new(ErrorCode::Unauthorized, error.to_string());
    let claims = app.tickets.read(ticket).map_err(unauthorized)?;
    let Claims { aud: session, sub: participant, jti, exp, name, role, grants, via, .. } = claims;
    // Seconds since 1970 are far below 2^63.
    let proof = Proof::Ticket { jti, exp_s: exp as i64 };
    Ok((Identity { session, participant, name, role, grants, via }, proof))
}

async fn by_resume(app: &App, resume: Resume) -> Result<(Identity, Proof), Refusal> {
    let Resume { session, participant, secret, .. } = resume;
    let secret = Secret::new(secret);
    let who = app.store.known(session, participant, secret.clone()).await.map_err(refusal)?;
    Ok((who, Proof::Resume(secret)))
}

async fn use_up(app: &App, who: Identity, proof: Proof, next: SecretHash) -> Result<Option<WayBack>, AdmitError> {
    let (session, participant) = (who.session, who.participant);
    match proof {
        Proof::Ticket { jti, exp_s } => app.store.admit(jti, exp_s, who, next).await.map(|()| None),
        Proof::Resume(secret) => {
            app.store.resume(session, participant, secret, next).await?;
            Ok(Some(WayBack { session, participant, hash: next }))
        }
    }
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
