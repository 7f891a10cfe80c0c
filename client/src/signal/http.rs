use super::SignalError;
use super::error::root_cause;
use protocol::api::{Authority, InviteMade, NewInvite, NewSession, Redeem, Redeemed, RevokeInvite, SessionMade};
use protocol::export::{Format, Scope};
use protocol::grants::Role;
use protocol::ids::{InviteId, SessionId};
use protocol::link::InviteLink;
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// An answer that takes longer is no answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A whole session over a slow line takes longer.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(120);

/// What to export.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Of which session.
    pub session: SessionId,
    /// As what.
    pub format: Format,
    /// What of it.
    pub scope: Scope,
}

/// The HTTP interface of one relay.
#[derive(Clone, Debug)]
pub struct Api {
    relay: String,
    client: reqwest::Client,
}

impl Api {
    /// For the relay at `relay`, as in `https://studio.example`.
    pub fn new(relay: &str) -> Result<Api, SignalError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| SignalError::Tls(root_cause(&error)))?;
        Ok(Api { relay: relay.trim_end_matches('/').to_owned(), client })
    }

    /// Makes a session by the right of the relay's owner key.
    pub async fn new_session(&self, owner_key: &str, title: &str) -> Result<SessionMade, SignalError> {
        let body = NewSession { title: title.to_owned() };
        let request = self.post("sessions", &body).bearer_auth(owner_key);
        self.json(request).await
    }

    /// Turns a link into a join ticket that is good for 30 s.
    pub async fn redeem(&self, link: &InviteLink, name: &str) -> Result<Redeemed, SignalError> {
        let body = Redeem { secret: link.secret.clone(), name: name.to_owned() };
        self.json(self.post(&format!("invites/{}/redeem", link.invite), &body)).await
    }

    /// Makes another invitation by the right of `by`.
    pub async fn new_invite(&self, by: &InviteLink, role: Role, once: bool) -> Result<InviteMade, SignalError> {
        let body = NewInvite { by: authority(by), role, once };
        self.json(self.post("invites", &body)).await
    }

    /// Ends an invitation by the right of `by`.
    pub async fn revoke_invite(&self, invite: InviteId, by: &InviteLink) -> Result<(), SignalError> {
        let body = RevokeInvite { by: authority(by) };
        self.send(self.post(&format!("invites/{invite}/revoke"), &body)).await.map(|_| ())
    }

    /// A session's export as the bytes of a file, by the right of a fresh ticket, which it uses up.
    pub async fn export(&self, wanted: Wanted, ticket: &str) -> Result<Vec<u8>, SignalError> {
        let Wanted { session, format, scope } = wanted;
        let only = match scope {
            Scope::Session => String::new(),
            Scope::Take(take) => format!("&take={take}"),
            Scope::Mix(mix) => format!("&mix={mix}"),
        };
        let url = format!("{}/api/v1/sessions/{session}/export?format={format}{only}", self.relay);
        let response = self.send(self.client.get(url).bearer_auth(ticket).timeout(EXPORT_TIMEOUT)).await?;
        let broken = |error: reqwest::Error| SignalError::Broken(root_cause(&error));
        response.bytes().await.map(Vec::from).map_err(broken)
    }

    fn post(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.client.post(format!("{}/api/v1/{path}", self.relay)).json(body)
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, SignalError> {
        let response = self.send(request).await?;
        response.json().await.map_err(|error| self.strange(root_cause(&error)))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, SignalError> {
        let unreachable =
            |error: reqwest::Error| SignalError::Unreachable { relay: self.relay.clone(), cause: root_cause(&error) };
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        // An answer that breaks off says no more than its status.
        let body = response.bytes().await.unwrap_or_default();
        Err(SignalError::of_answer(&self.relay, status, &body))
    }

    fn strange(&self, cause: String) -> SignalError {
        SignalError::Strange { relay: self.relay.clone(), cause }
    }
}

fn authority(by: &InviteLink) -> Authority {
    Authority { invite: by.invite, secret: by.secret.clone() }
}
