use crate::journal::{Batch, Snapshot};
use crate::plan::Plan;
use protocol::grants::{Grants, Role};
use protocol::ids::{CommandId, InviteId, ParticipantId, SessionId, StreamId};
use protocol::session::limits::MAX_WAITING;
use protocol::session::{Current, Rejection};
use protocol::stream::StreamKind;
use protocol::wire::{ClientFrame, ClientKind, ErrorCode, MAX_PARTICIPANTS, Place, RelayFrame, Slot, close};
use std::sync::Arc;
use units::{MonoTime, RtpTimestamp, Ssrc, WallTime};

/// One WebSocket, numbered by the shell; numbers are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// The time, told with every input.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines and limits.
    pub mono: MonoTime,
    /// For the log.
    pub wall: WallTime,
}

/// Something that happened to the room.
#[derive(Debug)]
pub enum Input {
    /// Somebody whose ticket or resume secret was good is on a new link, and [`super::Room::charge`] has let them pass.
    Enter(Box<Enter>),
    /// A frame came in.
    Frame {
        /// On which link.
        link: LinkId,
        /// The frame.
        frame: ClientFrame,
    },
    /// A link is gone.
    Closed {
        /// Which.
        link: LinkId,
        /// Whether the participant said that they leave for good.
        left: bool,
    },
    /// News of a participant's peer connection.
    Media {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        peer: u32,
        /// What.
        media: MediaInput,
    },
    /// The batch with this ticket is durable. Batches are answered in their order, each once.
    Durable {
        /// Which.
        ticket: u64,
    },
    /// The batch with this ticket is not durable and never will be.
    NotDurable {
        /// Which.
        ticket: u64,
    },
    /// Invitations of the session, as the store has them that lets people in.
    Invites(Vec<KnownInvite>),
    /// The time named by [`super::Room::next_deadline`] has come.
    Deadline,
    /// The relay is going down: everybody is told and every link closed.
    Drain,
}

/// An invitation's link, as the store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownInvite {
    /// Its id.
    pub invite: InviteId,
    /// The preset that it carries.
    pub role: Role,
    /// Whether its first use uses it up.
    pub once: bool,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Who comes in, as the ticket or the stored resume secret vouches. Of somebody whom the session knows, the session says
/// what they may do.
#[derive(Clone)]
pub struct Enter {
    /// The new link.
    pub link: LinkId,
    /// What program is on it.
    pub client: ClientKind,
    /// Who.
    pub participant: ParticipantId,
    /// What people call them.
    pub name: String,
    /// The preset of their invitation.
    pub role: Role,
    /// What they may do.
    pub grants: Grants,
    /// The invitation that they come by, and then those by whose right it was made; empty for who comes back.
    pub via: Vec<InviteId>,
    /// Their next resume secret, passed on in `welcome`.
    pub resume: String,
    /// What they have folded already.
    pub known: Option<Place>,
}

impl std::fmt::Debug for Enter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enter")
            .field("link", &self.link)
            .field("participant", &self.participant)
            .finish_non_exhaustive()
    }
}

/// News of a peer connection.
#[derive(Clone, Debug)]
pub enum MediaInput {
    /// The offer is answered or refused.
    Answered(Result<String, Refusal>),
    /// It is connected.
    Connected,
    /// It is gone.
    Gone {
        /// One sentence for people.
        why: String,
    },
    /// What its receiving sections carry from now on.
    Slots {
        /// The sections in use.
        slots: Vec<Slot>,
        /// Streams without a section.
        missing: Vec<StreamId>,
    },
    /// The first packet of a stream from one RTP source.
    FirstPacket {
        /// Which stream.
        stream: StreamId,
        /// The source.
        ssrc: Ssrc,
        /// The packet's timestamp.
        rtp: RtpTimestamp,
    },
    /// Which streams are being forwarded to it.
    Hearing(Vec<StreamId>),
    /// How many earlier frames its listeners, or its way to the relay, need with each one of a stream that it publishes.
    Redundancy {
        /// Which stream.
        stream: StreamId,
        /// RED depth: 0 to 3.
        depth: u8,
    },
}

/// Something the shell has to do.
#[derive(Debug)]
pub enum Output {
    /// Write one frame to each of these links.
    Send {
        /// The links, at least one.
        to: Vec<LinkId>,
        /// The frame.
        frame: RelayFrame,
    },
    /// Write one frame, which holds an event's stored bytes, to each of these links.
    SendText {
        /// The links, at least one.
        to: Vec<LinkId>,
        /// The frame's JSON text.
        text: String,
    },
    /// Make a batch durable; [`Input::Durable`] or [`Input::NotDurable`] follows.
    Persist(Batch),
    /// Let the journal keep a state. It does not matter to the room whether it does.
    Keep(SessionId, Snapshot),
    /// Let this invitation's link let nobody in any more.
    RevokeInvite(InviteId),
    /// Close a link after what was sent to it. [`Input::Closed`] need not follow.
    Close {
        /// Which.
        link: LinkId,
        /// Why.
        closing: Closing,
    },
    /// Let the media plane answer an offer; [`MediaInput::Answered`] follows.
    Offer(PeerOffer),
    /// Let the media plane close a peer connection.
    ClosePeer {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        peer: u32,
    },
    /// From now on this is who hears whom.
    SetPlan(Arc<Plan>),
}

impl Output {
    pub(super) fn to(link: LinkId, frame: RelayFrame) -> Output {
        Output::Send { to: vec![link], frame }
    }
}

/// An offer whose sections were checked against the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerOffer {
    /// Whose.
    pub participant: ParticipantId,
    /// Number of the peer connection.
    pub peer: u32,
    /// The offer's SDP, unchecked.
    pub sdp: String,
    /// Which section (`a=mid`) carries which of the participant's open streams.
    pub send: Vec<(String, StreamId, StreamKind)>,
    /// What program offers.
    pub client: ClientKind,
}

/// Why the relay closes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A message was over the cap.
    TooLarge,
    /// The relay is going down.
    Draining,
    /// The reader fell behind.
    Slow,
    /// The `hello` was refused.
    Refused,
    /// Somebody sent the participant away.
    SentAway,
    /// That they come in could not be saved.
    NotSaved,
    /// No `hello` in time, or silence.
    Silent,
    /// A newer link took over.
    Replaced,
}

impl Closing {
    /// The WebSocket close code.
    pub fn code(self) -> u16 {
        match self {
            Closing::TooLarge => close::TOO_LARGE,
            Closing::Draining => close::DRAINING,
            Closing::Slow => close::SLOW,
            Closing::Refused => close::REFUSED,
            Closing::SentAway => close::SENT_AWAY,
            Closing::NotSaved => close::NOT_SAVED,
            Closing::Silent => close::SILENT,
            Closing::Replaced => close::REPLACED,
        }
    }

    /// The close reason: one sentence of at most 123 bytes (RFC 6455 section 5.5).
    pub fn sentence(self) -> &'static str {
        match self {
            Closing::TooLarge => "a message was larger than 32 KiB; send smaller ones",
            Closing::Draining => "the relay is going down; come back in a moment",
            Closing::Slow => "you fell behind in reading; come back and resume",
            Closing::Refused => "you were not let in; the error before this says why",
            Closing::SentAway => "you were sent away from the session",
            Closing::NotSaved => "the relay could not save that you come in; come back in a moment",
            Closing::Silent => "nothing was heard from you for too long; come back and resume",
            Closing::Replaced => "you came in again elsewhere, so this link is closed",
        }
    }
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{msg}")]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// One sentence for people.
    pub msg: String,
    /// What a command met that rests on something else.
    pub current: Option<Current>,
}

impl Refusal {
    /// A refusal with this code and sentence.
    pub fn new(code: ErrorCode, msg: impl Into<String>) -> Refusal {
        Refusal { code, msg: msg.into(), current: None }
    }

    /// The `err` frame that tells it, about the command `id` where there is one.
    pub fn into_frame(self, id: Option<CommandId>) -> RelayFrame {
        RelayFrame::Err { id, code: self.code, msg: self.msg, current: self.current }
    }

    pub(super) fn full() -> Refusal {
        let msg = format!("the session is full with {MAX_PARTICIPANTS} people; come back when somebody has left");
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn not_saved() -> Refusal {
        Refusal::new(ErrorCode::NotSaved, "nothing was saved, so nothing has changed; try again in a moment")
    }

    pub(super) fn sent_away(reason: &str) -> Refusal {
        let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let msg =
            format!("you were sent away from this session{why}; ask its owner before you open an invitation again");
        Refusal::new(ErrorCode::Gone, msg)
    }

    pub(super) fn not_let_in() -> Refusal {
        Refusal::new(ErrorCode::Gone, "you were not let into this session; ask whoever invited you")
    }

    pub(super) fn kept_out() -> Refusal {
        Refusal::new(ErrorCode::Gone, "you are kept out of this session; ask whoever invited you")
    }

    pub(super) fn lobby_full() -> Refusal {
        Refusal::new(ErrorCode::TooMany, format!("{MAX_WAITING} people wait to be let in already; come back later"))
    }

    pub(super) fn not_here() -> Refusal {
        Refusal::new(ErrorCode::Forbidden, "you are not in this session any more; come in again")
    }

    pub(super) fn log_full() -> Refusal {
        let msg = "this session's log is full; go on in a new session, which its owner can make at any time";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn too_many_commands() -> Refusal {
        let msg = "you have changed this session as often as one person may; leave and open your invitation again";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn no_link() -> Refusal {
        let msg =
            "no link belongs to this invitation; make the link first, by POST /api/v1/invites, which notes it too";
        Refusal::new(ErrorCode::Unknown, msg)
    }

    pub(super) fn replaced() -> Refusal {
        Refusal::new(ErrorCode::Conflict, Closing::Replaced.sentence())
    }

    pub(super) fn draining() -> Refusal {
        Refusal::new(ErrorCode::Draining, Closing::Draining.sentence())
    }

    pub(super) fn hello_again() -> Refusal {
        Refusal::new(ErrorCode::Invalid, "you are already in; say hello only once on a link")
    }

    pub(super) fn too_fast() -> Refusal {
        Refusal::new(ErrorCode::TooMany, "you send commands faster than 10 a second; send this one again in a second")
    }

    pub(super) fn repeats_too_fast() -> Refusal {
        let msg = "you repeat commands faster than 50 a second; send this one again in a second";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn comes_too_often() -> Refusal {
        let msg = "you come and go too often; come back in half a minute";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn crowded() -> Refusal {
        let msg = "too many new people come in at this moment; try again in half a minute";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn crowded_link() -> Refusal {
        let msg = "too many new people come in by this invitation at this moment; try again in half a minute";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn nearly_full() -> Refusal {
        let msg = "this session's log is nearly full and takes in nobody new; ask its owner for a new session";
        Refusal::new(ErrorCode::TooMany, msg)
    }

    pub(super) fn talks_too_fast() -> Refusal {
        Refusal::new(ErrorCode::TooMany, "you write in the chat faster than once a second; send this again in a second")
    }

    pub(super) fn offers_too_fast() -> Refusal {
        Refusal::new(ErrorCode::TooMany, "you offer peer connections too often; offer again in a few seconds")
    }

    pub(super) fn conflict() -> Refusal {
        Refusal::new(ErrorCode::Conflict, "this command's id was used for another command; make a new id")
    }

    pub(super) fn may_not_talk() -> Refusal {
        Refusal::new(
            ErrorCode::Forbidden,
            "your invitation does not let you talk; ask the session's owner for another one",
        )
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        let current = rejection.current();
        Refusal { current, ..Refusal::new(rejection.code(), rejection.to_string()) }
    }
}
