//! Frames on `/ws`, subprotocol [`SUBPROTOCOL`]: JSON text, one object a message, `t` names the kind.
//! Numbers are integers below 2^53 or levels; fields that a reader does not know are ignored.
//!
//! An `ev` frame is the event's stored text, to the byte, after `{"t":"ev","prev":"…","hash":"…",`: `prev` is the
//! [chain's hash](crate::chain) before the event and `hash` the one after it. A reader holds the place that it has
//! folded up to; an event whose `prev` is not that place's hash does not follow on it, and the reader comes back with
//! [`Resume`] to be told what is missing.

mod code;
mod door;
mod media;
mod passing;

pub mod close;

pub use code::ErrorCode;
pub use door::{Hello, Place, Resume, Welcome};
pub use media::{Offer, PeerNews, SendSection, Slot};
pub use passing::{Ephemeral, Health, Presence};

use crate::command::Command;
use crate::event::Chained;
use crate::ids::{CommandId, ParticipantId};
use crate::session::Current;
use crate::session::people::LobbyWhy;
use serde::{Deserialize, Serialize};

/// WebSocket subprotocol of this version.
pub const SUBPROTOCOL: &str = "farfield.v1";
/// Protocol version in `hello` and `welcome`.
pub const VERSION: u32 = 1;
/// Largest message that the relay reads, in bytes.
pub const MAX_IN_BYTES: usize = 32 * 1024;
/// Largest message that the relay writes, in bytes.
pub const MAX_OUT_BYTES: usize = 256 * 1024;
/// Commands per second that one participant may send for long.
pub const COMMANDS_PER_S: u32 = 10;
/// Commands that one participant may send at once.
pub const COMMAND_BURST: u32 = 30;
/// Participants that one session holds at once.
pub const MAX_PARTICIPANTS: usize = 100;
/// Streams that one listener's peer can carry at once; a peer offers at most as many receiving media sections.
pub const MAX_SLOTS: usize = 16;

/// What a client program is, for the relay's choice of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// The page in a browser.
    Page,
    /// The program `farfield`.
    Native,
}

/// Frames from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum ClientFrame {
    /// The first frame on a link.
    Hello(Hello),
    /// A command.
    Cmd {
        /// Made by the author.
        id: CommandId,
        /// What is asked.
        #[serde(flatten)]
        command: Command,
    },
    /// Something worth telling the others only now.
    Eph(Ephemeral),
    /// An offer.
    Sdp(Offer),
    /// A candidate of the client's; the relay finds clients by their checks and does not need it.
    Ice {
        /// Which peer connection.
        peer: u32,
        /// The candidate line.
        candidate: String,
    },
    /// Answered by `pong` with the same number.
    Ping {
        /// Any number.
        n: u32,
    },
    /// Answer to the relay's `ping`.
    Pong {
        /// The ping's number.
        n: u32,
    },
}

/// Frames from the relay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum RelayFrame {
    /// Answer to a good `hello`.
    Welcome(Box<Welcome>),
    /// Answer to a good `hello` of somebody who has to wait until they are let in. `welcome` follows on the same link, or
    /// `err` and the close when they are not.
    Lobby {
        /// What people call the session.
        title: String,
        /// Why one has to wait; none when the relay does not say.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        why: Option<LobbyWhy>,
    },
    /// The command is done and recorded.
    Ok {
        /// The command's id.
        id: CommandId,
        /// Number of the last event it caused, or of the log's end when it changed nothing.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        seq: u64,
    },
    /// The command, or the frame when there is no id, is refused.
    Err {
        /// The command's id.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        id: Option<CommandId>,
        /// For programs.
        code: ErrorCode,
        /// For people.
        msg: String,
        /// What the command met, where it was `stale`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        current: Option<Current>,
    },
    /// Something has happened.
    Ev(Box<Chained>),
    /// What another participant tells.
    Eph {
        /// Who.
        from: ParticipantId,
        /// What.
        #[serde(flatten)]
        eph: Ephemeral,
    },
    /// Who is here. The newest one replaces all before it.
    Pres {
        /// Everybody present.
        people: Vec<Presence>,
    },
    /// Answer to an offer, or news of an answered one.
    Sdp(PeerNews),
    /// A candidate of the relay's beyond those in the answer; this relay puts all of its candidates there and sends none.
    Ice {
        /// Which peer connection.
        peer: u32,
        /// The candidate line.
        candidate: String,
    },
    /// Answered by `pong` with the same number.
    Ping {
        /// Any number.
        n: u32,
    },
    /// Answer to the client's `ping`.
    Pong {
        /// The ping's number.
        n: u32,
        /// The relay's wall clock in microseconds since the Unix epoch when it answered.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        at_us: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SessionId;
    use uuid::Uuid;

    #[test]
    fn a_command_travels_as_the_design_writes_it() {
        let text = r#"{"t":"cmd","id":"018f4d3e-0000-7000-8000-000000000001","type":"stream.close","data":{"stream":"018f4d3e-0000-7000-8000-000000000002"}}"#;
        let frame: ClientFrame = serde_json::from_str(text).unwrap();
        assert!(matches!(frame, ClientFrame::Cmd { command: Command::StreamClose { .. }, .. }));
        assert_eq!(serde_json::to_string(&frame).unwrap(), text);
    }

    #[test]
    fn unknown_fields_are_ignored_and_unknown_kinds_are_errors() {
        let known: Result<ClientFrame, _> = serde_json::from_str(r#"{"t":"ping","n":3,"later":true}"#);
        assert_eq!(known.unwrap(), ClientFrame::Ping { n: 3 });
        assert!(serde_json::from_str::<ClientFrame>(r#"{"t":"later"}"#).is_err());
    }

    #[test]
    fn a_relay_that_says_not_why_one_waits_is_understood() {
        let frame: RelayFrame = serde_json::from_str(r#"{"t":"lobby","title":"Cello"}"#).unwrap();
        assert_eq!(frame, RelayFrame::Lobby { title: "Cello".into(), why: None });
        let frame = RelayFrame::Lobby { title: "Cello".into(), why: Some(LobbyWhy::Link) };
        assert_eq!(serde_json::to_string(&frame).unwrap(), r#"{"t":"lobby","title":"Cello","why":"link"}"#);
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let id = Uuid::nil();
        let resume =
            Resume { session: SessionId(id), participant: ParticipantId(id), secret: "hush".into(), known: None };
        let hello = Hello { v: 1, client: ClientKind::Page, ticket: Some("hush".into()), resume: Some(resume) };
        assert!(!format!("{:?}", ClientFrame::Hello(hello)).contains("hush"));
    }

    #[test]
    fn an_ephemeral_names_its_type_and_its_sender() {
        let frame = RelayFrame::Eph { from: ParticipantId(Uuid::nil()), eph: Ephemeral::Talk { on: true } };
        let text = serde_json::to_string(&frame).unwrap();
        assert!(text.contains(r#""t":"eph""#) && text.contains(r#""type":"talk""#), "{text}");
        assert_eq!(serde_json::from_str::<RelayFrame>(&text).unwrap(), frame);
    }
}
