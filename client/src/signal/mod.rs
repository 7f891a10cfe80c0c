//! Talking to the relay: HTTP calls that make sessions and invitations, and the WebSocket link of a participant.
//!
//! *Absent*: session state, retries. Who calls decides when to try again.

mod error;
mod http;
mod link;

pub use error::SignalError;
pub use http::{Api, Wanted};
pub use link::{Link, LinkEvent, Lobby};
