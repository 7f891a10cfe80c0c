//! One command that waits, and what is known of it.

use protocol::command::Command;
use protocol::ids::{CommandId, ParticipantId, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use units::WallTime;

/// So long, in ms, what is [for now](is_for_now) is meant.
pub const GOOD_FOR_MS: i64 = 15_000;

/// What a script asked, as it wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The id that it gave.
    pub id: Value,
    /// All of its line.
    pub line: Value,
}

impl Asked {
    /// The id that its command goes to the relay under: the same for the same id of the same participant's, so that the
    /// relay knows what it has done already, also when nobody here does any more. A UUIDv8 made of SHA-256 (RFC 9562, B.2).
    pub fn command_id(&self, session: SessionId, me: ParticipantId) -> CommandId {
        let digest = Sha256::digest(format!("{session} {me} {}", self.id));
        let bytes = std::array::from_fn(|n| digest[n]);
        CommandId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// A command that is not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id.
    pub id: CommandId,
    /// What is asked.
    pub command: Command,
    /// How a script asked for it.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Whether people or a script want it, so that it means something to the next run of the program too.
    #[serde(default = "yes")]
    pub lasting: bool,
    /// How often the script asked while it waited for the answer, which it then gets as often.
    #[serde(default = "once")]
    pub times: u32,
    /// After this it does not go out any more; none for what is as good later.
    #[serde(default)]
    pub good_until: Option<WallTime>,
    /// Whether it went out on the present link and is not to go out again there.
    #[serde(skip)]
    pub sent: bool,
    /// Whether it may have been done.
    #[serde(skip, default = "Doubt::of_an_earlier_run")]
    pub(super) doubt: Doubt,
}

/// What is known of whether a command has been done that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It has not: it never went out, or was refused.
    Undone,
    /// It went out on the present link, on which the answer is to come.
    Awaited,
    /// It went out on a link that was lost before the answer. What the log was told since is to be read first.
    Unread,
    /// As before, and what was told since is read: it was not among that.
    Unseen,
    /// As before, and what was told since is the state alone, which does not say what led to it.
    Unknown,
}

impl Doubt {
    /// The file that the next run reads is written before a command goes out.
    fn of_an_earlier_run() -> Doubt {
        Doubt::Unread
    }
}

impl Pending {
    /// A command of the program's own, which means nothing to its next run.
    pub fn own(id: CommandId, command: Command) -> Pending {
        Pending {
            id,
            command,
            asked: None,
            lasting: false,
            times: 1,
            good_until: None,
            sent: false,
            doubt: Doubt::Undone,
        }
    }

    /// A command that somebody wants done, asked at `now`: however long it takes, unless it is [for now](is_for_now).
    pub fn lasting(id: CommandId, command: Command, asked: Option<Asked>, now: WallTime) -> Pending {
        let good_until = is_for_now(&command).then_some(WallTime(now.0 + GOOD_FOR_MS));
        Pending { id, command, asked, lasting: true, times: 1, good_until, sent: false, doubt: Doubt::Undone }
    }

    /// Whether nobody means it any more. A clock that was set back does not make it good for longer.
    pub(super) fn is_over(&self, now: WallTime) -> bool {
        let meant = |until: WallTime| (until.0.saturating_sub(GOOD_FOR_MS)..=until.0).contains(&now.0);
        self.lasting && is_for_now(&self.command) && !self.good_until.is_some_and(meant)
    }

    /// It goes out.
    pub(super) fn handle_sent(&mut self) {
        self.sent = true;
        // What led to a state that was told whole is not told later either.
        if self.doubt != Doubt::Unknown {
            self.doubt = Doubt::Awaited;
        }
    }

    /// The link is gone on which an answer was to come.
    pub(super) fn handle_lost_link(&mut self) {
        self.sent = false;
        if self.doubt == Doubt::Awaited {
            self.doubt = Doubt::Unread;
        }
    }

    /// The relay has told what it had to tell since the link was lost.
    pub(super) fn handle_told(&mut self, left: Doubt) {
        if self.doubt == Doubt::Unread {
            self.doubt = left;
        }
    }

    /// Whether an answer or an event may still come that tells what became of it, without its going out again.
    pub(super) fn is_being_told(&self) -> bool {
        self.sent || matches!(self.doubt, Doubt::Awaited | Doubt::Unread)
    }

    /// Whether it is known that nothing came of it.
    pub(super) fn is_undone(&self) -> bool {
        self.doubt == Doubt::Undone
    }
}

/// Whether a command moves the machine or people, or sets what everybody in the session may do: it is meant now, and is not
/// to be done minutes later. Everything else is as good then.
pub fn is_for_now(command: &Command) -> bool {
    matches!(
        command,
        Command::TakeArm { .. }
            | Command::TakeRoll { .. }
            | Command::TakeStop { .. }
            | Command::TakeCancel { .. }
            | Command::BatonTake {}
            | Command::BatonGive { .. }
            | Command::BatonReclaim {}
            | Command::LobbyAdmit { .. }
            | Command::LobbyDeny { .. }
            | Command::SessionOpen { .. }
            | Command::SessionClose {}
            | Command::SessionPolicy { .. }
            | Command::ParticipantGrant { .. }
            | Command::ParticipantKick { .. }
            | Command::ParticipantBan { .. }
    )
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}
