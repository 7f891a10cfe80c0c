//! What a participant can ask of a session.

mod belief;
mod nature;

pub use belief::Belief;

use crate::grants::{Grants, Role};
use crate::ids::{CreditId, InviteId, NoteId, PartId, ParticipantId, StreamId, TakeNumber};
use crate::session::mix::{Credit, MixFile};
use crate::session::note::{NewNote, NoteStatus, Wording};
use crate::session::people::{Policy, Song};
use crate::session::take::{CaptureGap, Verdict};
use crate::stream::{EpochMap, StreamFormat, StreamKind};
use serde::{Deserialize, Serialize};
use units::{SampleRate, SampleTime};

/// A request to change the session. Whether it is granted, [`crate::session::decide`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// Open a closed session again, or give an open one another title.
    #[serde(rename = "session.open")]
    SessionOpen {
        /// What people call it, up to 80 characters.
        title: String,
    },
    /// Close the session: nothing changes any more, but for what recorders still have to report.
    #[serde(rename = "session.close")]
    SessionClose {},
    /// Say how the session goes.
    #[serde(rename = "session.policy")]
    SessionPolicy {
        /// How, as a whole.
        policy: Policy,
    },
    /// Say what is known of the song.
    #[serde(rename = "session.song")]
    SessionSong {
        /// What, as a whole.
        song: Song,
    },
    /// Agree to be recorded, or not any more.
    #[serde(rename = "session.consent")]
    SessionConsent {
        /// Whether one agrees.
        given: bool,
    },
    /// Put an invitation into the journal. The relay makes its secret and its link by `POST /api/v1/invites`, and takes
    /// this for no other.
    #[serde(rename = "invite.make")]
    InviteMake {
        /// Its id.
        invite: InviteId,
        /// The preset it carries; not more than one's own grants.
        role: Role,
        /// Whether it is used up by its first use.
        #[serde(default)]
        once: bool,
    },
    /// Revoke an invitation. Whoever is in stays in.
    #[serde(rename = "invite.revoke")]
    InviteRevoke {
        /// Which.
        invite: InviteId,
    },
    /// Let somebody in who waits.
    #[serde(rename = "lobby.admit")]
    LobbyAdmit {
        /// Who.
        participant: ParticipantId,
    },
    /// Turn somebody away who waits.
    #[serde(rename = "lobby.deny")]
    LobbyDeny {
        /// Who.
        participant: ParticipantId,
    },
    /// Change what somebody may do.
    #[serde(rename = "participant.grant")]
    ParticipantGrant {
        /// Who.
        participant: ParticipantId,
        /// What they may do from now on.
        grants: Grants,
    },
    /// Send somebody away.
    #[serde(rename = "participant.kick")]
    ParticipantKick {
        /// Who.
        participant: ParticipantId,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// Send somebody away and keep them out for good.
    #[serde(rename = "participant.ban")]
    ParticipantBan {
        /// Who.
        participant: ParticipantId,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// Keep somebody out no longer.
    #[serde(rename = "participant.unban")]
    ParticipantUnban {
        /// Who.
        participant: ParticipantId,
    },
    /// Take the baton from the desk, or keep it for longer.
    #[serde(rename = "baton.take")]
    BatonTake {},
    /// Give the baton to somebody, or put it down.
    #[serde(rename = "baton.give")]
    BatonGive {
        /// To whom; none puts it down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ParticipantId>,
    },
    /// Take the baton back from whoever holds it.
    #[serde(rename = "baton.reclaim")]
    BatonReclaim {},
    /// Begin publishing a stream, or begin again with one that was closed. The author makes the id.
    #[serde(rename = "stream.open")]
    StreamOpen {
        /// Its id.
        stream: StreamId,
        /// What it carries.
        kind: StreamKind,
        /// What people call it, at most 80 characters.
        label: String,
        /// How it is encoded.
        format: StreamFormat,
    },
    /// Declare the clock map of a new epoch of one's own stream, also after the fact. Epochs are numbered without gaps from 0.
    #[serde(rename = "stream.epoch")]
    StreamEpoch {
        /// The stream.
        stream: StreamId,
        /// The map.
        map: EpochMap,
    },
    /// Stop publishing a stream.
    #[serde(rename = "stream.close")]
    StreamClose {
        /// The stream.
        stream: StreamId,
    },
    /// Get the next take ready.
    #[serde(rename = "take.arm")]
    TakeArm {
        /// What is said at its beginning, up to 80 characters.
        #[serde(default)]
        slate: String,
    },
    /// Give an armed take up.
    #[serde(rename = "take.cancel")]
    TakeCancel {
        /// Which.
        take: TakeNumber,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Ask every recorder to record.
    #[serde(rename = "take.roll")]
    TakeRoll {
        /// Which take; none means the armed one, and arms the next one where none is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<TakeNumber>,
        /// What is said at its beginning; none leaves it as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slate: Option<String>,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Ask every recorder to stop.
    #[serde(rename = "take.stop")]
    TakeStop {
        /// Which take; none means the rolling one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<TakeNumber>,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Give a take another name.
    #[serde(rename = "take.slate")]
    TakeSlate {
        /// Which.
        take: TakeNumber,
        /// What is said at its beginning; may be empty.
        slate: String,
    },
    /// Have a recorded take decided about although parts are missing whose recorders are gone.
    #[serde(rename = "take.submit")]
    TakeSubmit {
        /// Which.
        take: TakeNumber,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Decide about a take.
    #[serde(rename = "take.verdict")]
    TakeVerdict {
        /// Which.
        take: TakeNumber,
        /// What.
        verdict: Verdict,
        /// Why, up to 500 characters.
        #[serde(default)]
        reason: String,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Say what one thinks of a take, without deciding.
    #[serde(rename = "take.vote")]
    TakeVote {
        /// Which.
        take: TakeNumber,
        /// What; `none` takes the vote back.
        verdict: Verdict,
        /// Why, up to 500 characters.
        #[serde(default)]
        reason: String,
    },
    /// Choose a take.
    #[serde(rename = "take.circle")]
    TakeCircle {
        /// Which.
        take: TakeNumber,
        /// Whether it is chosen.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Make a take the one; the one before is not any more.
    #[serde(rename = "take.hero")]
    TakeHero {
        /// Which.
        take: TakeNumber,
        /// Whether it is the one.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Mark a take as a false start.
    #[serde(rename = "take.false_start")]
    TakeFalseStart {
        /// Which.
        take: TakeNumber,
        /// Whether it is one.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Mark a take as wild.
    #[serde(rename = "take.wild")]
    TakeWild {
        /// Which.
        take: TakeNumber,
        /// Whether it is.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Be done with a take.
    #[serde(rename = "take.close")]
    TakeClose {
        /// Which.
        take: TakeNumber,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Decide about a closed take again.
    #[serde(rename = "take.reopen")]
    TakeReopen {
        /// Which.
        take: TakeNumber,
        /// Why, up to 500 characters.
        #[serde(default)]
        reason: String,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Tell that one records one's own stream. The recorder makes the id.
    #[serde(rename = "part.rolling")]
    PartRolling {
        /// Which take.
        take: TakeNumber,
        /// The part's id.
        part: PartId,
        /// The stream.
        stream: StreamId,
        /// The epoch that the positions are of.
        epoch: u32,
        /// First sample, pre-roll included.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        from: SampleTime,
        /// Samples per second.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        rate: SampleRate,
        /// Channels, 1 to 64.
        channels: u8,
        /// The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
        /// when the sound began later than that, or a recorder does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        roll: Option<SampleTime>,
    },
    /// Tell that one's own part has ended as it should, or was found whole after all.
    #[serde(rename = "part.stopped")]
    PartStopped {
        /// Which take.
        take: TakeNumber,
        /// The part.
        part: PartId,
        /// The sample after the last one.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        to: SampleTime,
        /// What the source never had, in order, without overlap.
        #[serde(default)]
        gaps: Vec<CaptureGap>,
        /// SHA-256 over its PCM, 64 hexadecimal digits in lower case.
        pcm_hash: String,
    },
    /// Tell that a recorder died: one's own, with or without what was left of it, or somebody's who is not here.
    #[serde(rename = "part.interrupted")]
    PartInterrupted {
        /// Which take.
        take: TakeNumber,
        /// The part.
        part: PartId,
        /// The sample after the last one that is left. With it comes the hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        to: Option<SampleTime>,
        /// What the source never had, in order, without overlap.
        #[serde(default)]
        gaps: Vec<CaptureGap>,
        /// SHA-256 over the PCM that is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pcm_hash: Option<String>,
        /// What happened, up to 500 characters.
        #[serde(default)]
        reason: String,
    },
    /// Note something.
    #[serde(rename = "note.add")]
    NoteAdd(NewNote),
    /// Say it in other words, or elsewhere.
    #[serde(rename = "note.edit")]
    NoteEdit {
        /// Which.
        note: NoteId,
        /// What it shall say, as a whole.
        wording: Wording,
    },
    /// Say what became of a note.
    #[serde(rename = "note.status")]
    NoteStatus {
        /// Which.
        note: NoteId,
        /// What.
        status: NoteStatus,
        /// What one believes of it.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        belief: Option<Belief>,
    },
    /// Say who shall do it.
    #[serde(rename = "note.assign")]
    NoteAssign {
        /// Which.
        note: NoteId,
        /// Who; none when nobody in particular.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ParticipantId>,
    },
    /// Answer a note, at its place.
    #[serde(rename = "note.reply")]
    NoteReply {
        /// The reply's id, made by the author.
        note: NoteId,
        /// The note. An answer to an answer answers the same note.
        parent: NoteId,
        /// What, up to 2 000 characters.
        text: String,
    },
    /// Take a note back.
    #[serde(rename = "note.retract")]
    NoteRetract {
        /// Which.
        note: NoteId,
    },
    /// Add the next mix version.
    #[serde(rename = "mix.add")]
    MixAdd {
        /// Its file.
        file: MixFile,
    },
    /// Say who did what, or say it better.
    #[serde(rename = "credit.set")]
    CreditSet {
        /// Who and what.
        credit: Credit,
    },
    /// Take an entry out of the credits.
    #[serde(rename = "credit.remove")]
    CreditRemove {
        /// Which.
        credit: CreditId,
    },
    /// Say something in the chat.
    #[serde(rename = "chat.say")]
    ChatSay {
        /// What, up to 1 000 characters.
        text: String,
    },
    /// Undo a change of one's own: everything that one command changed.
    #[serde(rename = "undo")]
    Undo {
        /// Number of the change.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        of: u64,
    },
}

fn yes() -> bool {
    true
}
