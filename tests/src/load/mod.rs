//! Load on a relay's journal: participants who keep asking over real links, through kills and cuts, and a tape of what
//! each of them was told.
//!
//! A participant here is a small client of its own: it counts events as it gets them, comes back by the way back and
//! the place that it has folded up to, asks again with the same id what was not answered, and sometimes repeats what
//! was. The links are the native client's. What is on the tape is judged by [`crate::acks`].
//!
//! *Absent*: sound, folding of states.

mod crowd;
mod person;
mod plan;
mod tape;

pub use crowd::{Crowd, Load};
pub use person::{Goal, Lost, Person, take_part};
pub use plan::{Plan, first, note};
pub use tape::Tape;

use anyhow::{Context, Result};
use client::signal::Api;
use protocol::link::InviteLink;

/// Comes into a session by a link for the first time.
///
/// # Errors
/// When the relay refuses or is not there.
pub async fn redeem(link: &str, name: &str) -> Result<(String, protocol::api::Redeemed)> {
    let link: InviteLink = link.parse().context("the link is an invitation")?;
    let redeemed = Api::new(&link.relay)?.redeem(&link, name).await?;
    Ok((link.relay, redeemed))
}
