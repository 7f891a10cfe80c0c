use super::{Body, Failure};
use crate::app::App;
use crate::auth::{Claims, TICKET_S};
use crate::secret::Secret;
use crate::store::Invitation;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use protocol::api::{NewSession, Redeem, Redeemed, SessionMade};
use protocol::grants::Role;
use protocol::ids::{InviteId, ParticipantId, SessionId};
use protocol::link::InviteLink;
use protocol::session::check_label;
use protocol::wire::ErrorCode;
use std::sync::Arc;
use uuid::Uuid;

/// `POST /api/v1/sessions`: a session with one many-use link per role, for the holder of the owner's key.
pub(super) async fn new_session(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(asked): Body<NewSession>,
) -> Result<Json<SessionMade>, Failure> {
    check_owner(&app, &headers)?;
    check_label(&asked.title)?;
    let session = SessionId(Uuid::new_v4());
    let made: Vec<_> = Role::ALL.into_iter().map(|role| invitation(session, role)).collect();
    let relay = app.base_url(host(&headers));
    let link = |(invite, secret): &(Invitation, Secret)| (invite.role, link_text(&relay, invite.id, secret));
    let links = made.iter().map(link).collect();
    let invites = made.into_iter().map(|(invite, _)| invite).collect();
    app.store.add_session(session, asked.title, invites).await?;
    tracing::info!(%session, "a session was made");
    Ok(Json(SessionMade { session, links }))
}

/// `POST /api/v1/invites/{id}/redeem`: a join ticket for the holder of an invitation.
pub(super) async fn redeem(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Body(asked): Body<Redeem>,
) -> Result<Json<Redeemed>, Failure> {
    check_label(&asked.name)?;
    let opened = app.store.redeem(read_id(&id)?, Secret::new(asked.secret)).await?;
    let (session, participant) = (opened.session, ParticipantId(Uuid::new_v4()));
    let iat = jsonwebtoken::get_current_timestamp();
    let claims = Claims {
        aud: session,
        sub: participant,
        jti: Uuid::new_v4(),
        iat,
        exp: iat + TICKET_S,
        name: asked.name,
        role: opened.role,
        grants: opened.grants,
        via: opened.via,
    };
    let ticket = app.tickets.sign(&claims)?;
    Ok(Json(Redeemed { ticket, session, participant, title: opened.title, role: opened.role }))
}

fn check_owner(app: &App, headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|value| value.strip_prefix("Bearer ")).map(|key| Secret::new(key.trim()));
    if key.is_some_and(|key| key.matches(&app.owner)) {
        return Ok(());
    }
    let msg = "making a session takes the owner's key; give the content of the relay's DATA/owner.key";
    Err(Failure::new(ErrorCode::Unauthorized, msg))
}

fn invitation(session: SessionId, role: Role) -> (Invitation, Secret) {
    let (id, secret) = (InviteId(Uuid::new_v4()), Secret::random_128());
    let hash = secret.hash();
    (Invitation { id, session, secret: hash, role, grants: role.grants(), once: false }, secret)
}

pub(super) fn link_text(relay: &str, invite: InviteId, secret: &Secret) -> String {
    InviteLink { relay: relay.to_owned(), invite, secret: secret.reveal().to_owned() }.to_string()
}

pub(super) fn read_id(text: &str) -> Result<InviteId, Failure> {
    let msg = "this is not the id of an invitation; check that the whole link was copied";
    text.parse().map_err(|_| Failure::new(ErrorCode::Unknown, msg))
}

pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|value| value.to_str().ok())
}
