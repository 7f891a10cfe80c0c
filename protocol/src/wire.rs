//! Frames on `/ws`, subprotocol [`SUBPROTOCOL`]: JSON text, one object a message, `t` names the kind.
//! Numbers are integers below 2^53 or levels; fields that a reader does not know are ignored.

use crate::command::Command;
use crate::event::Recorded;
use crate::grants::{Grants, Role};
use crate::ids::{CommandId, LogId, ParticipantId, SessionId, StreamId};
use crate::session::{SessionState, absorb};
use serde::{Deserialize, Serialize};
use units::{RtpTimestamp, Ssrc, Ticks};

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

/// WebSocket close codes (RFC 6455 section 7.4) with a meaning of their own on this protocol's links. The relay sends an
/// `err` frame with the sentence for people first wherever the reader still reads.
pub mod close {
    /// From a client: the participant leaves for good, without the time of grace.
    pub const LEFT: u16 = 1000;
    /// From a browser by itself (RFC 6455 section 7.4.1): its page is closed or loaded anew, which is leaving too.
    pub const GOING_AWAY: u16 = 1001;
    /// From the relay: a message was over the cap.
    pub const TOO_LARGE: u16 = 1009;
    /// From the relay: it is going down; come back with `resume` in a moment.
    pub const DRAINING: u16 = 1012;
    /// From the relay: the reader fell behind; come back with `resume`.
    pub const SLOW: u16 = 1013;
    /// From the relay: the `hello` was refused; the same one will be refused again.
    pub const REFUSED: u16 = 4401;
    /// From the relay: no `hello` came in time, or the link was silent for too long.
    pub const SILENT: u16 = 4408;
    /// From the relay: a newer link of the same participant replaced this one; do not come back by yourself.
    pub const REPLACED: u16 = 4409;
}

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
    /// The invitation was revoked or used up.
    Gone,
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
    },
    /// Something has happened.
    Ev(Recorded),
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
    /// A candidate of the relay's beyond those in the answer.
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

/// Who wants in, and with what. Exactly one of `ticket` and `resume` is given.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hello {
    /// Protocol version, [`VERSION`].
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
    /// The state, or a part of it.
    pub state: SessionState,
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
        absorb(&mut self.state, next.state);
        self.more = next.more;
    }
}

/// A person who is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// Who.
    pub participant: ParticipantId,
    /// What program they use.
    pub client: ClientKind,
    /// Streams that reach them: forwarded to a peer of theirs that is connected.
    pub hears: Vec<StreamId>,
    /// Whether they hold the talk button.
    pub talking: bool,
    /// Whether their peer is connected.
    pub media: bool,
}

/// Droppable, coalesced; the newest of a kind and sender replaces those before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum Ephemeral {
    /// The sender began or ended talking; shown in `pres`, not passed on itself.
    Talk {
        /// Whether they talk.
        on: bool,
    },
    /// Levels of a stream at its source since the last such message.
    Levels {
        /// Which stream.
        stream: StreamId,
        /// Sample peak of each channel in dBFS, −100 at the lowest.
        peak_dbfs: Vec<f32>,
        /// RMS of each channel in dBFS, −100 at the lowest.
        rms_dbfs: Vec<f32>,
    },
    /// Which tick of a stream was captured when, on the relay's clock as its publisher estimates it. For showing delay only.
    Clock {
        /// Which stream.
        stream: StreamId,
        /// Number of the epoch.
        epoch: u32,
        /// Ticks since `rtp0` that were being captured.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        ticks: Ticks,
        /// Relay's wall clock then, in microseconds since the Unix epoch.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        at_us: i64,
        /// Largest error of `at_us`: half the round trip to the relay plus what the device reports.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        error_us: i64,
        /// How long after `at_us` the packet that begins with `ticks` was ready to be sent, in microseconds: the
        /// device's block, the frame and the encoder. Absent where the publisher does not measure it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        encoded_us: Option<u32>,
    },
    /// How a stream arrives at the sender.
    Health(Health),
}

/// How a stream arrives at a listener, over the last second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Which stream.
    pub stream: StreamId,
    /// Upper bound of the delay from capture to ear in ms, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delay_ms: Option<f32>,
    /// How much of `delay_ms` is doubt, in ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doubt_ms: Option<f32>,
    /// Held in the jitter buffer, in ms.
    pub buffer_ms: f32,
    /// Packets received.
    pub received: u32,
    /// Packets that never came.
    pub lost: u32,
    /// Samples per channel that were made up.
    pub concealed: u32,
    /// Samples per channel played.
    pub played: u32,
}

/// A client's offer: its sending media sections and as many receiving ones as it wants to hear streams.
/// Clients always offer, the relay always answers. An offer with a new `peer` number replaces the peer connection,
/// one with the same number renegotiates it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Number of the peer connection, chosen by the client, rising.
    pub peer: u32,
    /// The offer.
    pub sdp: String,
    /// Which of its media sections carries which of the client's open streams.
    pub send: Vec<SendSection>,
}

/// A media section that carries one of the client's own streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendSection {
    /// The section's `a=mid`.
    pub mid: String,
    /// The stream, opened before.
    pub stream: StreamId,
}

/// The relay's side of a peer connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PeerNews {
    /// The offer is accepted.
    Answer {
        /// Which peer connection.
        peer: u32,
        /// The answer.
        sdp: String,
    },
    /// The offer is refused, or the peer connection is gone: offer again with the next number.
    Failed {
        /// Which peer connection.
        peer: u32,
        /// For programs.
        code: ErrorCode,
        /// For people.
        msg: String,
    },
    /// What each receiving media section carries from now on; sent before its first packet. The newest one replaces
    /// those before it. Said again right after a `welcome` when the participant's peer connection still lives; where
    /// the first `pres` comes without it, the relay has none.
    Slots {
        /// Which peer connection.
        peer: u32,
        /// One entry per section in use.
        slots: Vec<Slot>,
        /// Streams that the listener may hear but has no section for: offer more.
        missing: Vec<StreamId>,
    },
    /// The relay wants this peer's publisher to use this much redundancy from now on.
    Redundancy {
        /// Which peer connection.
        peer: u32,
        /// Which stream.
        stream: StreamId,
        /// RED depth in frames.
        depth: u8,
    },
}

/// A receiving media section in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// The section's `a=mid`.
    pub mid: String,
    /// The stream it carries.
    pub stream: StreamId,
    /// The publisher's RTP source that `offset` belongs to.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub source: Ssrc,
    /// The listener's RTP source.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub ssrc: Ssrc,
    /// Add to the publisher's timestamp, modulo 2^32, to get the listener's.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub offset: RtpTimestamp,
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
debug_without_secrets!(Welcome, v, session, participant, role, grants, log, seq);

#[cfg(test)]
mod tests {
    use super::*;
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
    fn secrets_do_not_show_in_debug_output() {
        let id = Uuid::nil();
        let resume = Resume { session: SessionId(id), participant: ParticipantId(id), secret: "hush".into() };
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
