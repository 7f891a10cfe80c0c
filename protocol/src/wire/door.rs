use super::ClientKind;
use crate::chain::ChainHash;
use crate::grants::{Grants, Role};
use crate::ids::{LogId, ParticipantId, SessionId};
use crate::session::{SessionState, absorb};
use serde::{Deserialize, Serialize};

/// Who wants in, and with what. Exactly one of `ticket` and `resume` is given.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hello {
    /// Protocol version, [`super::VERSION`].
    pub v: u32,
    /// What program asks.
    pub client: ClientKind,
    /// Join ticket from redeeming an invitation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ticket: Option<String>,
    /// Way back in after a lost link.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resume: Option<Resume>,
}

/// Way back in. The secret is good once; every `welcome` brings the next one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resume {
    /// Which session.
    pub session: SessionId,
    /// Who one was.
    pub participant: ParticipantId,
    /// Secret from the last `welcome`.
    pub secret: String,
    /// What one has folded so far; none when one has nothing. Where it is on the relay's log and not too far behind, only
    /// the events after it are sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub known: Option<Place>,
}

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// Which incarnation of the log.
    pub log: LogId,
    /// Number of the last event before it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// The chain's hash there.
    pub hash: ChainHash,
}

/// What somebody who came in needs to know.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Welcome {
    /// Protocol version.
    pub v: u32,
    /// Which session.
    pub session: SessionId,
    /// Who one is.
    pub participant: ParticipantId,
    /// The preset of one's invitation, for display.
    pub role: Role,
    /// What one may do.
    pub grants: Grants,
    /// Secret for coming back.
    pub resume: String,
    /// Which incarnation of the log.
    pub log: LogId,
    /// The state's place in it; events go on from the next number.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// The chain's hash there.
    pub hash: ChainHash,
    /// The state, or a part of it; none when the place is the one that the `hello` knew: what one has holds, and the
    /// events after it follow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<Box<SessionState>>,
    /// Whether another `welcome` follows with the next part of the state, because the whole is larger than a message may
    /// be. One is in with the last part.
    #[serde(default)]
    pub more: bool,
    /// The relay pings at least so often; silence of three times as long means the link is dead.
    pub ping_ms: u32,
}

impl Welcome {
    /// Puts the next part to those before it.
    pub fn absorb(&mut self, next: Welcome) {
        if let (Some(state), Some(part)) = (&mut self.state, next.state) {
            absorb(state, *part);
        }
        self.more = next.more;
    }

    /// The place that one is at with this welcome.
    pub fn place(&self) -> Place {
        Place { log: self.log, seq: self.seq, hash: self.hash }
    }
}

/// Hides the named secret field's value, so that frames can be logged.
macro_rules! debug_without_secrets {
    ($name:ident, $($field:ident),+) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    };
}

debug_without_secrets!(Hello, v, client);
debug_without_secrets!(Resume, session, participant);
debug_without_secrets!(Welcome, v, session, participant, role, grants, log, seq, hash);
