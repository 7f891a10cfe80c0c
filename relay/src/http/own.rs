//! Who has joined and says so: by their id and resume secret, with a dot between, as a bearer.

use super::Failure;
use crate::app::App;
use crate::secret::Secret;
use crate::store::{AdmitError, Identity};
use axum::http::{HeaderMap, header};
use protocol::ids::{ParticipantId, SessionId};
use protocol::wire::ErrorCode;

/// What stands behind `Bearer` in the header; none without such a header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}

/// A ticket has two dots and begins with no id.
pub(super) fn by_id_and_secret(bearer: &str) -> Option<(ParticipantId, Secret)> {
    let (id, secret) = bearer.split_once('.')?;
    Some((id.parse().ok()?, Secret::new(secret)))
}

/// Whose id and secret these are. The secret stays good.
pub(super) async fn known(
    app: &App,
    session: SessionId,
    (participant, secret): (ParticipantId, Secret),
) -> Result<Identity, Failure> {
    app.store.known(session, participant, secret).await.map_err(not_admitted)
}

pub(super) fn not_admitted(error: AdmitError) -> Failure {
    match error {
        AdmitError::Store(cause) => cause.into(),
        other => Failure::new(ErrorCode::Unauthorized, other.to_string()),
    }
}
