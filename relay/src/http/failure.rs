use crate::auth::TicketError;
use crate::reading::what_is_wrong;
use crate::store::FAILED_INSIDE;
use crate::store::{InviteError, StoreError};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::api::ApiError;
use protocol::session::Rejection;
use protocol::wire::ErrorCode;
use serde::de::DeserializeOwned;

/// An error of the HTTP interface: an [`ApiError`] with the status that belongs to its code.
#[derive(Debug)]
pub struct Failure(pub ApiError);

impl Failure {
    /// A failure with this code and sentence.
    pub fn new(code: ErrorCode, msg: impl Into<String>) -> Failure {
        Failure(ApiError { code, msg: msg.into() })
    }

    /// A failure inside the relay, whose cause goes to the log and not to the caller.
    pub fn internal(cause: impl std::fmt::Display) -> Failure {
        tracing::error!(%cause, "a call failed");
        Failure::new(ErrorCode::Internal, FAILED_INSIDE)
    }

    /// The HTTP status that belongs to the code.
    pub fn status(&self) -> StatusCode {
        match self.0.code {
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::Unknown => StatusCode::NOT_FOUND,
            ErrorCode::Invalid | ErrorCode::Version => StatusCode::BAD_REQUEST,
            ErrorCode::Conflict | ErrorCode::Stale => StatusCode::CONFLICT,
            ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Gone => StatusCode::GONE,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Slow | ErrorCode::Draining | ErrorCode::NotSaved => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status(), axum::Json(self.0)).into_response()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        if let StoreError::TooManySessions = error {
            return Failure::new(ErrorCode::TooMany, error.to_string());
        }
        tracing::error!(%error, "a call failed");
        let (code, msg) = error.told();
        Failure::new(code, msg)
    }
}

impl From<TicketError> for Failure {
    fn from(error: TicketError) -> Failure {
        Failure::internal(error)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Failure {
        Failure::new(rejection.code(), rejection.to_string())
    }
}

impl From<InviteError> for Failure {
    fn from(error: InviteError) -> Failure {
        let code = match error {
            InviteError::Unknown => ErrorCode::Unknown,
            InviteError::WrongSecret => ErrorCode::Unauthorized,
            InviteError::Revoked | InviteError::UsedUp => ErrorCode::Gone,
            InviteError::Forbidden | InviteError::Lost | InviteError::NotYou => ErrorCode::Forbidden,
            InviteError::TooMany | InviteError::TooDeep => ErrorCode::TooMany,
            InviteError::Store(cause) => return cause.into(),
        };
        Failure::new(code, error.to_string())
    }
}

/// A JSON body, read within [`super::MAX_BODY_BYTES`]. What is wrong with it is told without repeating its values.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Failure::new(ErrorCode::TooLarge, "the body is larger than 16 KiB; send a shorter one")
            }
            _ => Failure::new(ErrorCode::Invalid, "the body did not arrive whole; send it again"),
        })?;
        let wrong = |error| Failure::new(ErrorCode::Invalid, format!("the body is wrong: {}", what_is_wrong(&error)));
        serde_json::from_slice(&bytes).map(Body).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_inside_says_what_to_do_and_not_what_failed() {
        let ApiError { code, msg } = Failure::internal("no such table: invite").0;
        assert_eq!(
            (code, msg.contains("; try again"), msg.contains("table")),
            (ErrorCode::Internal, true, false),
            "{msg}"
        );
    }
}
