use super::{Failure, own};
use crate::app::App;
use crate::auth::Claims;
use crate::store::Identity;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use protocol::event::Stored;
use protocol::export::{ExportError, Format, Scope, Source};
use protocol::grants::{Action, may};
use protocol::ids::{LogId, MixNumber, SessionId, TakeNumber};
use protocol::session::{Entry, SessionState};
use protocol::wire::ErrorCode;
use relay_core::journal::StoredEvent;
use serde::Deserialize;
use std::fmt::Write;
use std::sync::Arc;

/// What stands after the question mark.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    format: String,
    take: Option<u32>,
    mix: Option<u32>,
}

/// `GET /api/v1/sessions/{id}/export?format=&take=&mix=`: a session, one of its takes or one of its mix versions as a
/// file, for whoever has the grant `export`.
///
/// `Authorization: Bearer` carries a fresh join ticket, which it uses up without anybody joining, or, of somebody who
/// has joined, their id and resume secret with a dot between, which it does not use up.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Path(session): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = session.parse().map_err(|_| unknown())?;
    let (format, scope) = read(asked)?;
    // The place comes first: who is turned away keeps their ticket.
    let _place = app.exports.try_acquire().map_err(|_| {
        Failure::new(ErrorCode::TooMany, "the relay is working out other exports; ask again in a moment")
    })?;
    let who = authorise(&app, session, &headers).await?;
    let log = events(&app, session).await?;
    // A log of the greatest length takes long enough to hold others up.
    let work = tokio::task::spawn_blocking(move || work_out(&who, log, scope, format));
    let (bytes, name) = work.await.map_err(Failure::internal)??;
    Ok(file(bytes, &name, format))
}

fn work_out(
    who: &Identity,
    (log, events): (LogId, Vec<StoredEvent>),
    scope: Scope,
    format: Format,
) -> Result<(Vec<u8>, String), Failure> {
    let stored: Result<Vec<Stored>, _> = events.iter().map(|event| Stored::read(&event.text)).collect();
    let source = Source::new(who.session, log, stored.map_err(Failure::internal)?);
    check_may(source.state(), who)?;
    let bytes = source.export(scope, format).map_err(no_such)?;
    Ok((bytes, source.file_name(scope, format)))
}

fn read(asked: Result<Query<Asked>, QueryRejection>) -> Result<(Format, Scope), Failure> {
    let wrong = |msg: &str| Failure::new(ErrorCode::Invalid, msg);
    let Query(Asked { format, take, mix }) = asked
        .map_err(|_| wrong("an export is asked for as ?format=FORMAT, with &take=N or &mix=N for less than all"))?;
    let format = format.parse::<Format>().map_err(|error| wrong(&error.to_string()))?;
    match (take, mix) {
        (None, None) => Ok((format, Scope::Session)),
        (Some(take), None) => Ok((format, Scope::Take(TakeNumber(take)))),
        (None, Some(mix)) => Ok((format, Scope::Mix(MixNumber(mix)))),
        (Some(_), Some(_)) => Err(wrong("an export is of a take or of a mix version; leave one of them out")),
    }
}

async fn authorise(app: &App, session: SessionId, headers: &HeaderMap) -> Result<Identity, Failure> {
    let bearer = own::bearer(headers).ok_or_else(|| {
        Failure::new(ErrorCode::Unauthorized, "an export takes a join ticket; open the invitation link again")
    })?;
    match own::by_id_and_secret(bearer) {
        Some(seat) => own::known(app, session, seat).await,
        None => by_ticket(app, session, bearer).await,
    }
}

async fn by_ticket(app: &App, session: SessionId, ticket: &str) -> Result<Identity, Failure> {
    let unauthorized = |error: crate::auth::TicketError| Failure::new(ErrorCode::Unauthorized, error.to_string());
    let claims = app.tickets.read(ticket).map_err(unauthorized)?;
    if claims.aud != session {
        let msg = "the ticket is for another session; open the invitation link of this one";
        return Err(Failure::new(ErrorCode::Unauthorized, msg));
    }
    // Seconds since 1970 are far below 2^63.
    app.store.spend(claims.jti, claims.exp as i64, session).await.map_err(own::not_admitted)?;
    let Claims { sub: participant, name, role, grants, via, .. } = claims;
    Ok(Identity { session, participant, name, role, grants, via })
}

async fn events(app: &App, session: SessionId) -> Result<(LogId, Vec<StoredEvent>), Failure> {
    app.rooms.log(session).await.map_err(Failure::internal)?.ok_or_else(|| {
        Failure::new(
            ErrorCode::Unknown,
            "nobody was ever in this session, so there is nothing to export; join it first",
        )
    })
}

/// Whoever has joined may what the session says now; somebody new may what their ticket says, unless they would have to
/// wait to come in.
fn check_may(state: &SessionState, who: &Identity) -> Result<(), Failure> {
    let known = state.participants.get(&who.participant);
    let grants = known.map_or(&who.grants, |known| &known.grants);
    match state.entry(who.participant, grants, &who.via) {
        Entry::Open => {}
        Entry::Wait(_) => {
            let msg = "you have to be let in before you can export this session; join it first";
            return Err(Failure::new(ErrorCode::Forbidden, msg));
        }
        Entry::SentAway | Entry::Banned => {
            return Err(Failure::new(ErrorCode::Gone, "you were sent away from this session; ask its owner"));
        }
    }
    if may(grants, Action::Export, state.here(who.participant, false)) {
        return Ok(());
    }
    let msg = "your invitation does not let you export; ask the session's owner for another one";
    Err(Failure::new(ErrorCode::Forbidden, msg))
}

fn file(bytes: Vec<u8>, name: &str, format: Format) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{}", percent(name)));
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, disposition.expect("percent-encoded text is ASCII")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (fixed, bytes).into_response()
}

/// A name for a header (RFC 8187).
fn percent(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => write!(text, "{}", byte as char),
            other => write!(text, "%{other:02X}"),
        };
        text
    })
}

fn unknown() -> Failure {
    Failure::new(ErrorCode::Unknown, "there is no such session on this relay; check its id")
}

fn no_such(error: ExportError) -> Failure {
    Failure::new(ErrorCode::Unknown, error.to_string())
}
