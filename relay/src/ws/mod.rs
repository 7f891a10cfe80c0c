//! `/ws`: who may open a link, the hello on it, and the link's two loops.

mod hello;
mod link;
mod origin;

use crate::app::App;
use crate::http::Failure;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use protocol::wire::{ErrorCode, SUBPROTOCOL};
use std::sync::Arc;

/// Frames and messages that the library hands over at all, in bytes. Twice what the protocol allows, so that a message
/// somewhat over the cap is still read and answered with a close that says why.
const LIBRARY_CAP_BYTES: usize = 2 * protocol::wire::MAX_IN_BYTES;
/// What the library holds back at most when the reader does not read, in bytes.
const WRITE_BUFFER_BYTES: usize = 1024 * 1024;

/// Opens a link, if the caller speaks our subprotocol and comes from our own page or from none.
pub async fn upgrade(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade
        .map_err(|_| Failure::new(ErrorCode::Invalid, "this address takes WebSockets only; open the page at /"))?;
    origin::check(&headers, app.public_url.as_deref())?;
    check_subprotocol(&headers)?;
    let (Some(alive), false) = (app.alive.upgrade(), app.is_draining()) else {
        return Err(Failure::new(ErrorCode::Draining, "the relay is going down; come back in a moment"));
    };
    let Ok(place) = Arc::clone(&app.waiting).try_acquire_owned() else {
        let msg = "too many people come in at this moment; try again in a few seconds";
        return Err(Failure::new(ErrorCode::TooMany, msg));
    };
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(LIBRARY_CAP_BYTES)
        .max_frame_size(LIBRARY_CAP_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES);
    Ok(upgrade.on_upgrade(async move |socket| {
        link::run(app, socket, place).await;
        drop(alive);
    }))
}

fn check_subprotocol(headers: &HeaderMap) -> Result<(), Failure> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    if offered.flat_map(|list| list.split(',')).any(|name| name.trim() == SUBPROTOCOL) {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::Version, format!("speak the WebSocket subprotocol {SUBPROTOCOL}; update your program")))
}
