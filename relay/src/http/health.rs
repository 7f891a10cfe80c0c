use super::Failure;
use crate::app::App;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use protocol::wire::ErrorCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A store that has not answered for so long does not work.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// `GET /healthz`: the process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: new people can come in, and what they do can be saved. Else status 503 and an `ApiError` that says why.
/// The journal is not written to for each call.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Failure> {
    if app.is_draining() {
        return Err(Failure::new(ErrorCode::Draining, "the relay is going down; ask again when it has started"));
    }
    match timeout(ANSWER_WITHIN, both_stores(&app)).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(why)) => Err(Failure::new(ErrorCode::NotSaved, why)),
        Err(_) => {
            let msg = "the disk with the data folder has not answered for 5 s; look after it";
            Err(Failure::new(ErrorCode::NotSaved, msg))
        }
    }
}

async fn both_stores(app: &App) -> Result<(), String> {
    app.journal.check().await.map_err(|error| error.to_string())?;
    app.store.check().await.map_err(|error| error.to_string())
}

/// `GET /metrics`: figures in the OpenMetrics text format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.to_text())
}
