mod desk;
mod notes;
mod parts;
mod people;
mod review;
mod streams;
mod transport;
mod undo;

pub use streams::{check_label, hear_grant, publish_grant};

use super::{Rejection, SessionState};
use crate::command::Command;
use crate::event::Event;
use crate::grants::{Action, Condition, Grants, may};
use crate::ids::ParticipantId;
use crate::text::{self, Limit, Unfit};

/// Who asks, with what they may do now.
#[derive(Clone, Debug)]
pub struct Actor<'a> {
    /// Their id.
    pub participant: ParticipantId,
    /// Their grants.
    pub grants: &'a Grants,
}

/// What a command comes to.
type Decided = Result<Vec<Event>, Rejection>;

/// Turns a command into the events it causes, or says why not. Pure: the same arguments give the same answer. No event
/// at all means that what is asked is so already. Repeating a command under one id is the caller's business.
pub fn decide(state: &SessionState, actor: &Actor<'_>, command: &Command) -> Result<Vec<Event>, Rejection> {
    if state.closed && !command.outlives_the_session() {
        return Err(Rejection::Closed);
    }
    let ask = Ask { state, actor };
    match command {
        Command::SessionOpen { title } => ask.open_session(title),
        Command::SessionClose {} => ask.close_session(),
        Command::SessionPolicy { policy } => ask.set_policy(*policy),
        Command::SessionSong { song } => ask.set_song(song),
        Command::SessionConsent { given } => ask.consent(*given),
        Command::InviteMake { invite, role, once } => ask.make_invite(*invite, *role, *once),
        Command::InviteRevoke { invite } => ask.revoke_invite(*invite),
        Command::LobbyAdmit { participant } => ask.admit(*participant),
        Command::LobbyDeny { participant } => ask.deny(*participant),
        Command::ParticipantGrant { participant, grants } => ask.grant(*participant, grants),
        Command::ParticipantKick { participant, reason } => ask.kick(*participant, reason),
        Command::ParticipantBan { participant, reason } => ask.ban(*participant, reason),
        Command::ParticipantUnban { participant } => ask.unban(*participant),
        Command::BatonTake {} => ask.take_baton(),
        Command::BatonGive { to } => ask.give_baton(*to),
        Command::BatonReclaim {} => ask.reclaim_baton(),
        Command::StreamOpen { stream, kind, label, format } => ask.open_stream(*stream, *kind, label, format),
        Command::StreamEpoch { stream, map } => ask.begin_epoch(*stream, map),
        Command::StreamClose { stream } => ask.close_stream(*stream),
        _ => ask.decide_on_takes_and_notes(command),
    }
}

/// One command in front of one state.
struct Ask<'a> {
    state: &'a SessionState,
    actor: &'a Actor<'a>,
}

impl Ask<'_> {
    fn decide_on_takes_and_notes(&self, command: &Command) -> Decided {
        use crate::session::take::Flag;
        match command {
            Command::TakeArm { slate } => self.arm(slate),
            Command::TakeCancel { take, belief } => self.cancel(*take, *belief),
            Command::TakeRoll { take, slate, belief } => self.roll(*take, slate.as_deref(), *belief),
            Command::TakeStop { take, belief } => self.stop(*take, *belief),
            Command::TakeSlate { take, slate } => self.slate(*take, slate),
            Command::TakeSubmit { take, belief } => self.submit(*take, *belief),
            Command::TakeVerdict { take, verdict, reason, belief } => self.rule(*take, *verdict, reason, *belief),
            Command::TakeVote { take, verdict, reason } => self.vote(*take, *verdict, reason),
            Command::TakeCircle { take, on } => self.mark(*take, Flag::Circled, *on),
            Command::TakeHero { take, on } => self.crown(*take, *on),
            Command::TakeFalseStart { take, on } => self.mark(*take, Flag::FalseStart, *on),
            Command::TakeWild { take, on } => self.mark(*take, Flag::Wild, *on),
            Command::TakeClose { take, belief } => self.close_take(*take, *belief),
            Command::TakeReopen { take, reason, belief } => self.reopen(*take, reason, *belief),
            Command::PartRolling { .. } => self.begin_part(command),
            Command::PartStopped { take, part, to, gaps, pcm_hash } => self.end_part(*take, *part, *to, gaps, pcm_hash),
            Command::PartInterrupted { take, part, to, gaps, pcm_hash, reason } => {
                self.interrupt_part(*take, *part, parts::Left { to: *to, gaps, pcm_hash: pcm_hash.as_deref() }, reason)
            }
            Command::NoteAdd(new) => self.add_note(new),
            Command::NoteEdit { note, wording } => self.edit_note(*note, wording),
            Command::NoteStatus { note, status, belief } => self.settle_note(*note, *status, *belief),
            Command::NoteAssign { note, to } => self.assign_note(*note, *to),
            Command::NoteReply { note, parent, text } => self.reply(*note, *parent, text),
            Command::NoteRetract { note } => self.retract_note(*note),
            Command::MixAdd { file } => self.add_mix(file),
            Command::CreditSet { credit } => self.set_credit(credit),
            Command::CreditRemove { credit } => self.remove_credit(*credit),
            Command::ChatSay { text } => self.say(text),
            Command::Undo { of } => self.undo(*of),
            _ => unreachable!("decide takes every other command"),
        }
    }

    fn me(&self) -> ParticipantId {
        self.actor.participant
    }

    fn may(&self, action: Action, own: bool) -> bool {
        may(self.actor.grants, action, self.state.here(self.me(), own))
    }

    /// Refuses who may not, and says what would help where something does.
    fn must(&self, action: Action, own: bool) -> Result<(), Rejection> {
        if self.may(action, own) {
            return Ok(());
        }
        let mine = action.rules().iter().find(|rule| self.actor.grants.has(rule.grant));
        Err(mine.and_then(|rule| why_not(rule.when)).map_or(Rejection::Forbidden, Rejection::NotNow))
    }

    fn text(&self, text: &str, limit: Limit, invalid: &'static str) -> Result<String, Rejection> {
        text::lines(text, limit).map_err(|_| Rejection::Invalid(invalid))
    }

    /// A text of one line that may be left empty.
    fn optional(&self, text: &str, limit: Limit, invalid: &'static str) -> Result<String, Rejection> {
        match text::line(text, limit) {
            Ok(text) => Ok(text),
            Err(Unfit::Empty) => Ok(String::new()),
            Err(Unfit::TooLong) => Err(Rejection::Invalid(invalid)),
        }
    }

    fn reason(&self, reason: &str) -> Result<String, Rejection> {
        self.optional(reason, super::limits::REASON, "a reason has up to 500 characters; say it shorter")
    }
}

/// What would have to be so for a grant to be good.
fn why_not(when: Condition) -> Option<&'static str> {
    Some(match when {
        Condition::Always => return None,
        Condition::Own => "this is somebody else's; ask them, or whoever runs the session",
        Condition::Lesson => "a mentor decides in a lesson only; ask the session's owner to make it one",
        Condition::Baton => "take the baton first, then ask again",
        Condition::BatonFree => "somebody else holds the baton; ask them for it or take it back",
        Condition::OwnBatonFree => "you roll takes of your own parts only, while nobody else holds the baton; ask them",
    })
}

/// Refuses a list that is full.
fn room_for(count: usize, most: usize, what: &'static str, way_out: &'static str) -> Result<(), Rejection> {
    if count < most { Ok(()) } else { Err(Rejection::Limit { what, most, way_out }) }
}

/// Refuses what is not 64 hexadecimal digits in lower case.
fn check_hash(hash: &str) -> Result<(), Rejection> {
    let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if hash.len() == 64 && hash.bytes().all(is_digit) {
        return Ok(());
    }
    Err(Rejection::Invalid("a hash is the SHA-256 of the PCM in 64 hexadecimal digits in lower case"))
}
