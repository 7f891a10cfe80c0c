//! In through the door, and in again after a lost link.

use super::memory::Remembered;
use crate::signal::{Api, Link, Lobby, SignalError};
use protocol::api::Redeemed;
use protocol::link::InviteLink;
use protocol::wire::{ClientKind, ErrorCode, Hello, Place, Resume, VERSION, Welcome};
use tokio::sync::mpsc;

/// Knows the way in.
pub(super) struct Door {
    link: InviteLink,
    name: String,
    api: Api,
    resume: Option<Resume>,
    /// Is told when one has to be let in.
    knocked: mpsc::Sender<Lobby>,
}

impl Door {
    /// Whenever one has to be let in, `knocked` is told so.
    pub(super) fn new(link: InviteLink, name: String, knocked: mpsc::Sender<Lobby>) -> Result<Door, SignalError> {
        let api = Api::new(&link.relay)?;
        Ok(Door { link, name, api, resume: None, knocked })
    }

    /// Shows the invitation; the answer says as what one will come in.
    pub(super) async fn redeem(&self) -> Result<Redeemed, SignalError> {
        self.api.redeem(&self.link, &self.name).await
    }

    /// Comes back as who an earlier run of the program was.
    pub(super) fn remember(&mut self, left: &Remembered) {
        let Remembered { session, participant, resume: secret, .. } = left.clone();
        self.resume = Some(Resume { session, participant, secret, known: None });
    }

    /// Goes in for the first time in this run of the program: with the ticket that the invitation has given already, else
    /// as who one was, else by the invitation. Whoever was sent away does not come back by themselves, but as somebody new
    /// when they start the program again.
    pub(super) async fn enter_first(&mut self, ticket: Option<String>) -> Result<(Link, Welcome), SignalError> {
        if let Some(ticket) = ticket {
            return self.enter(ticket).await;
        }
        match self.enter_again().await {
            Err(SignalError::Refused { code: ErrorCode::Gone, .. }) if self.resume.take().is_some() => {
                self.enter_again().await
            }
            entered => entered,
        }
    }

    /// Keeps the place in the log that one has folded up to, so that only what is missing is told.
    pub(super) fn keep_place(&mut self, place: Place) {
        if let Some(resume) = &mut self.resume {
            resume.known = Some(place);
        }
    }

    /// Goes in again: as who one was if the relay still knows, else by the invitation as somebody new.
    pub(super) async fn enter_again(&mut self) -> Result<(Link, Welcome), SignalError> {
        if let Some(resume) = self.resume.clone() {
            match self.hello(None, Some(resume)).await {
                Err(error @ SignalError::Refused { code: ErrorCode::Gone, .. }) => return Err(error),
                Err(error) if error.is_passing() => return Err(error),
                Err(SignalError::Refused { code, msg }) => {
                    tracing::info!(?code, msg, "the relay does not know us any more");
                    self.resume = None;
                }
                other => return other,
            }
        }
        let redeemed = self.redeem().await?;
        self.enter(redeemed.ticket).await
    }

    /// Whether the relay is on this machine.
    pub(super) fn is_local(&self) -> bool {
        let host = url::Url::parse(&self.link.relay).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        match host {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    async fn enter(&mut self, ticket: String) -> Result<(Link, Welcome), SignalError> {
        self.hello(Some(ticket), None).await
    }

    async fn hello(&mut self, ticket: Option<String>, resume: Option<Resume>) -> Result<(Link, Welcome), SignalError> {
        let hello = Hello { v: VERSION, client: ClientKind::Native, ticket, resume };
        let (link, welcome) = Link::open(&self.link.relay, hello, &self.knocked).await?;
        let (session, participant) = (welcome.session, welcome.participant);
        self.resume = Some(Resume { session, participant, secret: welcome.resume.clone(), known: None });
        Ok((link, welcome))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(relay: &str) -> Door {
        let link = format!("{relay}/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA");
        Door::new(link.parse().unwrap(), "x".to_owned(), mpsc::channel(1).0).unwrap()
    }

    #[test]
    fn a_relay_on_this_machine_is_recognised() {
        for local in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
            assert!(door(local).is_local(), "{local}");
        }
        assert!(!door("https://studio.example").is_local());
    }
}
