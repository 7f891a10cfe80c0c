use serde::{Deserialize, Serialize};

/// Stable reasons of refusal, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The ticket, key or secret is missing, wrong, expired or used up.
    Unauthorized,
    /// A grant is missing.
    Forbidden,
    /// There is no such session, invitation, stream or person.
    Unknown,
    /// The frame, body or SDP cannot be read or is out of range.
    Invalid,
    /// The same id came with another body.
    Conflict,
    /// The command rests on a state that no longer holds.
    Stale,
    /// A limit on how much or how often is reached.
    TooMany,
    /// The invitation was revoked or used up, or the participant was sent away.
    Gone,
    /// It could not be made durable, so nothing has changed; ask again.
    NotSaved,
    /// The message is over the cap.
    TooLarge,
    /// The client speaks another version.
    Version,
    /// The reader fell behind; resume.
    Slow,
    /// The relay is going down; come back in a moment.
    Draining,
    /// Something failed inside the relay; its log has the cause.
    Internal,
}
