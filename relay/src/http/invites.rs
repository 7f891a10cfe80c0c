use super::api::{host, link_text, read_id};
use super::{Body, Failure, own};
use crate::app::App;
use crate::rooms::{LookError, NoRoom};
use crate::secret::Secret;
use crate::store::{Right, Shown};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use protocol::api::{Authority, InviteMade, NewInvite, RevokeInvite};
use protocol::ids::{InviteId, ParticipantId, SessionId};
use protocol::session::SessionState;
use protocol::wire::ErrorCode;
use std::sync::Arc;
use uuid::Uuid;

/// `POST /api/v1/invites`: another link, by the right of one that may invite.
///
/// Somebody who has joined carries their id and resume secret in `Authorization: Bearer`, with a dot between: then what
/// the session lets them do now counts, and nothing else.
pub(super) async fn new_invite(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(asked): Body<NewInvite>,
) -> Result<Json<InviteMade>, Failure> {
    let (id, secret) = (InviteId(Uuid::new_v4()), Secret::random_128());
    let right = right(&app, &headers, asked.by).await?;
    app.store.add_invite(right, (id, secret.hash()), asked.role, asked.once).await?;
    app.rooms.tell_invite(id).await?;
    Ok(Json(InviteMade { link: link_text(&app.base_url(host(&headers)), id, &secret) }))
}

/// `POST /api/v1/invites/{id}/revoke`: the link lets nobody in any more. By the same right.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<RevokeInvite>,
) -> Result<StatusCode, Failure> {
    let id = read_id(&id)?;
    let right = right(&app, &headers, asked.by).await?;
    app.store.revoke_invite(right, id).await?;
    app.rooms.tell_invite(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is shown, and what the session says of who shows it.
async fn right(app: &App, headers: &HeaderMap, shown: Authority) -> Result<Right, Failure> {
    let link = (shown.invite, Secret::new(shown.secret));
    let session = app.store.session_of(link.clone()).await?;
    let by = match person(app, session, headers).await? {
        Some(who) => Shown::Person(look(app, session, move |state| state.grants_of(who)).await?.unwrap_or_default()),
        None => {
            let used = look(app, session, move |state| state.grants_by(shown.invite)).await?.flatten();
            used.map_or(Shown::Unused, Shown::Used)
        }
    };
    Ok(Right { link, by })
}

/// Who has joined and says so; none of whom nothing is said.
async fn person(app: &App, session: SessionId, headers: &HeaderMap) -> Result<Option<ParticipantId>, Failure> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let seat = own::bearer(headers).and_then(own::by_id_and_secret).ok_or_else(|| {
        let msg = "who has joined shows their id and resume secret with a dot between; leave the header out else";
        Failure::new(ErrorCode::Unauthorized, msg)
    })?;
    Ok(Some(own::known(app, session, seat).await?.participant))
}

async fn look<T: Send + 'static>(
    app: &App,
    session: SessionId,
    look: impl FnOnce(&SessionState) -> T + Send + 'static,
) -> Result<Option<T>, Failure> {
    app.rooms.look(session, look).await.map_err(|error| match error {
        LookError::NoRoom(NoRoom::Draining) => Failure::new(ErrorCode::Draining, error.to_string()),
        LookError::NoRoom(NoRoom::Full) => Failure::new(ErrorCode::TooMany, error.to_string()),
        error => Failure::internal(error),
    })
}
