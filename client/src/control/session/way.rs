//! The link, or the way back to it.

use super::super::door::Door;
use crate::signal::{Link, LinkEvent, SignalError};
use protocol::wire::{ClientFrame, ErrorCode, Place, Welcome};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A door again, and what was found behind it.
type Returned = (Box<Door>, Result<(Link, Welcome), SignalError>);

/// Whether one is inside, or on the way in again.
pub(super) enum Way {
    /// Inside.
    In(Link, Box<Door>),
    /// Trying to come back.
    Returning(JoinHandle<Returned>),
    /// Gone for good.
    Closed,
}

/// What the relay has said on the way back, so that people are told once why it does not let them in yet.
#[derive(Default)]
pub(super) struct Told(Option<String>);

impl Told {
    /// The sentence for people, when the relay itself refuses in words that it has not just used. While it is only away
    /// there is nothing new to say.
    pub(super) fn news(&mut self, error: &SignalError) -> Option<String> {
        let SignalError::Refused { code, msg } = error else { return None };
        if *code == ErrorCode::Draining {
            return None;
        }
        let is_new = self.0.replace(msg.clone()).as_ref() != Some(msg);
        is_new.then(|| format!("the relay does not let you back in yet, but it is asked again and again: {msg}"))
    }

    /// One is in again: from now on everything is new.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

/// What comes from the relay's side.
pub(super) enum News {
    /// Over the link.
    Event(LinkEvent),
    /// The way back ended at a door that opened, or did not.
    Returned(Box<Door>, Result<(Link, Box<Welcome>), SignalError>),
}

impl Way {
    /// The next news, awaited. Cancel-safe.
    pub(super) async fn next(&mut self) -> News {
        match self {
            Way::In(link, _) => {
                let ended = || LinkEvent::Broken(SignalError::Broken("its task ended".to_owned()));
                News::Event(link.next().await.unwrap_or_else(ended))
            }
            Way::Returning(returning) => match returning.await {
                Ok((door, entered)) => News::Returned(door, entered.map(|(link, welcome)| (link, Box::new(welcome)))),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            Way::Closed => std::future::pending().await,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Way::In(..))
    }

    /// Queues a frame; false when there is no link that takes it.
    pub(super) fn try_send(&self, frame: ClientFrame) -> bool {
        match self {
            Way::In(link, _) => link.try_send(frame),
            _ => false,
        }
    }

    /// Gives the link up and turns back at once, with the place in the log that one has folded up to.
    pub(super) fn turn_back(&mut self, known: Place) {
        if let Way::In(_, mut door) = std::mem::replace(self, Way::Closed) {
            door.keep_place(known);
            *self = Way::back(door, Duration::ZERO);
        }
    }

    /// The way back through a door, after a wait.
    pub(super) fn back(mut door: Box<Door>, wait: Duration) -> Way {
        Way::Returning(tokio::spawn(async move {
            sleep(wait).await;
            let entered = door.enter_again().await;
            (door, entered)
        }))
    }

    /// Says goodbye, if there is somebody to say it to.
    pub(super) async fn close(&mut self, patience: Duration) {
        match std::mem::replace(self, Way::Closed) {
            Way::In(link, _) => link.close(patience).await,
            Way::Returning(returning) => returning.abort(),
            Way::Closed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_once_why_they_are_not_let_back_in_and_again_when_that_changes() {
        let full = |msg: &str| SignalError::Refused { code: ErrorCode::TooMany, msg: msg.to_owned() };
        let mut told = Told::default();
        let first = told.news(&full("the session is full; come back when somebody has left")).unwrap();
        assert!(first.ends_with(": the session is full; come back when somebody has left"), "{first}");
        assert_eq!(told.news(&full("the session is full; come back when somebody has left")), None);
        let away = SignalError::Refused { code: ErrorCode::Draining, msg: "the relay is going down".to_owned() };
        assert_eq!((told.news(&SignalError::Broken("reset".to_owned())), told.news(&away)), (None, None));
        assert!(told.news(&full("the log is full; go on in a new session")).is_some());
        told.forget();
        assert!(told.news(&full("the log is full; go on in a new session")).is_some());
    }
}
