//! HTTP: the page, the API, health and figures. No session state lives here.

mod api;
mod export;
mod failure;
mod health;
mod invites;
mod own;
mod page;

pub use failure::{Body, Failure};

use crate::app::App;
use crate::ws;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use protocol::wire::ErrorCode;
use std::sync::Arc;

/// Largest body that the API reads, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Every route of the relay.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/sessions", post(api::new_session))
        .route("/sessions/{id}/export", get(export::export))
        .route("/invites", post(invites::new_invite))
        .route("/invites/{id}/redeem", post(api::redeem))
        .route("/invites/{id}/revoke", post(invites::revoke))
        .fallback(no_such_call)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/api/v1", api)
        .route("/ws", get(ws::upgrade))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/", get(page::index))
        .route("/i/{id}", get(page::index))
        .fallback(page::file)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}

async fn no_such_call() -> Failure {
    Failure::new(ErrorCode::Unknown, "there is no such call; see the paths under /api/v1")
}

async fn wrong_method() -> Failure {
    Failure::new(ErrorCode::Invalid, "an export is asked for with GET, every other call is made with POST")
}
