//! The session's own rules, and who holds, waits and is invited.

use crate::grants::{Grants, Role};
use crate::ids::{InviteId, ParticipantId};
use serde::{Deserialize, Serialize};
use units::WallTime;

/// Whose verdict counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decides {
    /// The producer's.
    #[default]
    Producer,
    /// The mentor's too: the session is a lesson.
    Mentor,
}

/// How the session goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policy {
    /// Whose verdict counts.
    pub decides: Decides,
    /// Whether newcomers wait until somebody admits them.
    pub lobby: bool,
    /// Whether a take rolls only when everybody who is recorded has agreed to it.
    pub consent: bool,
}

/// Beats in a bar, and which note is one beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metre {
    /// Beats in a bar, 1 to 64.
    pub beats: u8,
    /// One beat is one over this: 1, 2, 4, 8, 16 or 32.
    pub unit: u8,
}

/// What is known of the song.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Song {
    /// Tempo in thousandths of a beat per minute, 10 000 to 999 000.
    #[serde(default)]
    pub tempo_mbpm: Option<u32>,
    /// Metre.
    #[serde(default)]
    pub metre: Option<Metre>,
    /// Key as people write it: "F♯ minor", up to 24 characters.
    #[serde(default)]
    pub key: Option<String>,
}

/// Exclusive control of record and transport, lent for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Baton {
    /// Who holds it.
    pub holder: ParticipantId,
    /// When it falls back unless its holder rolls or stops a take or takes it again, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub until: WallTime,
    /// How long it is lent each time, in ms.
    pub lease_ms: u32,
}

/// Why the baton went from hand to hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatonWhy {
    /// It was free, or its holder wants it for longer.
    Taken,
    /// Its holder gave it away or put it down.
    Given,
    /// Whoever runs the machine took it back.
    Reclaimed,
    /// Its time was over.
    Expired,
    /// Its holder may not hold it any more.
    Revoked,
}

/// An invitation as the journal knows it. Its secret is never here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// The preset it carries.
    pub role: Role,
    /// Whether it is used up by its first use.
    pub once: bool,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Why somebody has to be let in. A relay that has another reason than these tells none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LobbyWhy {
    /// The session has every newcomer wait.
    Policy,
    /// Whoever is new and comes by this invitation, or by one that was made with it, waits; by another one they need not.
    /// Because of whom is for those inside only.
    Link,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// What people shall call them.
    pub name: String,
    /// The preset of their invitation.
    pub role: Role,
    /// What they may do once they are in.
    pub grants: Grants,
    /// The invitation that they came by; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<InviteId>,
}

/// A sentence of the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Said {
    /// Number of its event.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// Who said it; none when the relay itself did.
    pub by: Option<ParticipantId>,
    /// When, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub at: WallTime,
    /// What.
    pub text: String,
}
