//! What has happened in a session, in order. Events are facts: they are never refused, changed or erased.
//!
//! Who caused an event and when stands in its envelope, [`Recorded`]. An event that changes something says what it
//! replaced (`was`), so that the log reads by itself and the change can be undone.

mod later;
mod recorded;
mod stored;
mod types;

pub use later::Later;
pub use recorded::{Chained, Recorded};
pub use stored::{Stored, StoredError, frame_of};
pub use types::TYPES;

use crate::grants::{Grants, Role};
use crate::ids::{CreditId, InviteId, MixNumber, NoteId, PartId, ParticipantId, StreamId, TakeNumber};
use crate::session::mix::{Credit, MixFile};
use crate::session::note::{NewNote, NoteStatus, Wording};
use crate::session::people::{BatonWhy, Policy, Song};
use crate::session::take::{CaptureGap, Flag, Former, Stamp, Verdict};
use crate::stream::{EpochMap, StreamFormat, StreamKind};
use serde::{Deserialize, Serialize};
use units::{SampleRate, SampleTime};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The session was made, opened again or given another title.
    #[serde(rename = "session.open")]
    SessionOpen {
        /// What people call it.
        title: String,
    },
    /// The session was closed.
    #[serde(rename = "session.close")]
    SessionClose {},
    /// The session goes another way from now on.
    #[serde(rename = "session.policy")]
    SessionPolicy {
        /// How it goes.
        policy: Policy,
        /// How it went before.
        was: Policy,
    },
    /// More is known of the song.
    #[serde(rename = "session.song")]
    SessionSong {
        /// What is known.
        song: Song,
        /// What was thought before.
        was: Song,
    },
    /// Somebody agreed to be recorded, or does not agree any more.
    #[serde(rename = "session.consent")]
    SessionConsent {
        /// Who.
        participant: ParticipantId,
        /// Whether they agree.
        given: bool,
    },
    /// An invitation was made. Its secret is not here.
    #[serde(rename = "invite.make")]
    InviteMake {
        /// Which.
        invite: InviteId,
        /// The preset it carries.
        role: Role,
        /// Whether it is used up by its first use.
        once: bool,
    },
    /// An invitation was revoked.
    #[serde(rename = "invite.revoke")]
    InviteRevoke {
        /// Which.
        invite: InviteId,
    },
    /// Somebody waits to be let in.
    #[serde(rename = "lobby.knock")]
    LobbyKnock {
        /// Who.
        participant: ParticipantId,
        /// What people shall call them.
        name: String,
        /// The preset their invitation named.
        role: Role,
        /// What they may do once they are in.
        grants: Grants,
        /// The invitation that they came by; none where that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<InviteId>,
    },
    /// Somebody who waited may come in.
    #[serde(rename = "lobby.admit")]
    LobbyAdmit {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody who waited was turned away, or went.
    #[serde(rename = "lobby.deny")]
    LobbyDeny {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody came in, or came back under another name.
    #[serde(rename = "participant.join")]
    ParticipantJoin {
        /// Who.
        participant: ParticipantId,
        /// What people call them, at most 80 characters.
        name: String,
        /// The preset their invitation named.
        role: Role,
        /// What they may do.
        grants: Grants,
        /// The invitation that they came by; none where that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<InviteId>,
    },
    /// Somebody left: every link of theirs has been gone for the time of grace.
    #[serde(rename = "participant.leave")]
    ParticipantLeave {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody may do other things than before.
    #[serde(rename = "participant.grant")]
    ParticipantGrant {
        /// Who.
        participant: ParticipantId,
        /// What they may do.
        grants: Grants,
        /// What they could do before.
        was: Grants,
    },
    /// Somebody was sent away; with an invitation they may come back.
    #[serde(rename = "participant.kick")]
    ParticipantKick {
        /// Who.
        participant: ParticipantId,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody is kept out for good. Whoever is new and comes by the invitation that they came by waits in the lobby from
    /// now on.
    #[serde(rename = "participant.ban")]
    ParticipantBan {
        /// Who.
        participant: ParticipantId,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody is not kept out any more.
    #[serde(rename = "participant.unban")]
    ParticipantUnban {
        /// Who.
        participant: ParticipantId,
    },
    /// The baton went from hand to hand.
    #[serde(rename = "baton.pass")]
    BatonPass {
        /// Who holds it now; none when it lies on the desk.
        to: Option<ParticipantId>,
        /// Why.
        why: BatonWhy,
        /// How long it is lent each time, in ms; 0 when nobody holds it.
        lease_ms: u32,
    },
    /// A stream began.
    #[serde(rename = "stream.open")]
    StreamOpen {
        /// Which.
        stream: StreamId,
        /// Who publishes it.
        participant: ParticipantId,
        /// What it carries.
        kind: StreamKind,
        /// What people call it.
        label: String,
        /// How it is encoded.
        format: StreamFormat,
    },
    /// A new clock map is in force.
    #[serde(rename = "stream.epoch")]
    StreamEpoch {
        /// The stream.
        stream: StreamId,
        /// The map.
        map: EpochMap,
    },
    /// A stream ended.
    #[serde(rename = "stream.close")]
    StreamClose {
        /// Which.
        stream: StreamId,
    },
    /// A take is ready to roll.
    #[serde(rename = "take.arm")]
    TakeArm {
        /// Its number: the next one.
        take: TakeNumber,
        /// What is said at its beginning; may be empty.
        slate: String,
        /// Only this participant's streams are recorded; none when everybody's are.
        only: Option<ParticipantId>,
    },
    /// A take was given up before it rolled.
    #[serde(rename = "take.cancel")]
    TakeCancel {
        /// Which.
        take: TakeNumber,
    },
    /// Every recorder is asked to record: it starts at once, with its pre-roll.
    #[serde(rename = "take.roll")]
    TakeRoll {
        /// Which.
        take: TakeNumber,
    },
    /// Every recorder is asked to stop.
    #[serde(rename = "take.stop")]
    TakeStop {
        /// Which.
        take: TakeNumber,
    },
    /// A take has another name.
    #[serde(rename = "take.slate")]
    TakeSlate {
        /// Which.
        take: TakeNumber,
        /// What is said at its beginning; may be empty.
        slate: String,
        /// What it was before.
        was: String,
    },
    /// A take can be decided about. It follows by itself after the last part has ended.
    #[serde(rename = "take.submit")]
    TakeSubmit {
        /// Which.
        take: TakeNumber,
    },
    /// A take was decided about.
    #[serde(rename = "take.verdict")]
    TakeVerdict {
        /// Which.
        take: TakeNumber,
        /// What is decided.
        verdict: Verdict,
        /// Why; may be empty.
        reason: String,
        /// Hashes of the parts that it is about, in the order of the parts.
        audio: Vec<String>,
        /// Who decided and when, where an undo puts an earlier decision back; none when it was decided with this event.
        #[serde(default)]
        decided: Option<Stamp>,
        /// What was decided before.
        was: Former,
    },
    /// Somebody who does not decide said what they think.
    #[serde(rename = "take.vote")]
    TakeVote {
        /// Which.
        take: TakeNumber,
        /// Who.
        participant: ParticipantId,
        /// What; `none` takes the vote back.
        verdict: Verdict,
        /// Why; may be empty.
        reason: String,
    },
    /// A take was marked, or a mark taken off.
    #[serde(rename = "take.flag")]
    TakeFlag {
        /// Which.
        take: TakeNumber,
        /// As what.
        flag: Flag,
        /// Whether it is so now.
        on: bool,
    },
    /// A take's audio changed after it was approved, so the approval does not hold any more.
    #[serde(rename = "take.void")]
    TakeVoid {
        /// Which.
        take: TakeNumber,
        /// The part that changed.
        part: PartId,
    },
    /// A take is done with.
    #[serde(rename = "take.close")]
    TakeClose {
        /// Which.
        take: TakeNumber,
    },
    /// A take can be decided about again.
    #[serde(rename = "take.reopen")]
    TakeReopen {
        /// Which.
        take: TakeNumber,
        /// Why; may be empty.
        reason: String,
    },
    /// A recorder records.
    #[serde(rename = "part.rolling")]
    PartRolling {
        /// Which take.
        take: TakeNumber,
        /// The part.
        part: PartId,
        /// Who records.
        participant: ParticipantId,
        /// The stream that is recorded.
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
        /// Channels.
        channels: u8,
        /// The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
        /// when the sound began later than that, or its recorder did not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        roll: Option<SampleTime>,
    },
    /// A recorder has ended its part as it should.
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
        /// What the source never had, in order.
        gaps: Vec<CaptureGap>,
        /// SHA-256 over its PCM, 64 hexadecimal digits in lower case.
        pcm_hash: String,
    },
    /// A recorder died or lost its device. What it has is known once it has been repaired.
    #[serde(rename = "part.interrupted")]
    PartInterrupted {
        /// Which take.
        take: TakeNumber,
        /// The part.
        part: PartId,
        /// The sample after the last one that is left.
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        to: Option<SampleTime>,
        /// What the source never had, in order.
        gaps: Vec<CaptureGap>,
        /// SHA-256 over the PCM that is left.
        pcm_hash: Option<String>,
        /// What happened; may be empty.
        reason: String,
    },
    /// Somebody noted something.
    #[serde(rename = "note.add")]
    NoteAdd(NewNote),
    /// A note says something else.
    #[serde(rename = "note.edit")]
    NoteEdit {
        /// Which.
        note: NoteId,
        /// What it says.
        wording: Wording,
        /// What it said before.
        was: Wording,
    },
    /// Something became of a note.
    #[serde(rename = "note.status")]
    NoteStatus {
        /// Which.
        note: NoteId,
        /// What.
        status: NoteStatus,
        /// What it was before.
        was: NoteStatus,
    },
    /// Somebody shall do it.
    #[serde(rename = "note.assign")]
    NoteAssign {
        /// Which.
        note: NoteId,
        /// Who; none when nobody in particular.
        to: Option<ParticipantId>,
        /// Who should before.
        was: Option<ParticipantId>,
    },
    /// A note was taken back, or stands again.
    #[serde(rename = "note.retract")]
    NoteRetract {
        /// Which.
        note: NoteId,
        /// Whether it is taken back.
        retracted: bool,
    },
    /// There is a new mix version. Notes that are open on earlier ones are carried over to it.
    #[serde(rename = "mix.add")]
    MixAdd {
        /// Its number: the next one.
        mix: MixNumber,
        /// Its file.
        file: MixFile,
    },
    /// It is known who did something, or known better.
    #[serde(rename = "credit.set")]
    CreditSet {
        /// Who and what.
        credit: Credit,
        /// What was known before.
        was: Option<Credit>,
    },
    /// An entry of the credits was wrong.
    #[serde(rename = "credit.remove")]
    CreditRemove {
        /// Which.
        credit: CreditId,
        /// What it said.
        was: Credit,
    },
    /// Somebody said something in the chat.
    #[serde(rename = "chat.say")]
    ChatSay {
        /// What.
        text: String,
    },
    /// An earlier change was undone: the events after it that the same command caused are what undoes it. They are no
    /// change that could be undone.
    #[serde(rename = "undo")]
    Undo {
        /// Number of the change.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        of: u64,
    },
    /// A fact of a later version. It changes nothing here and is kept.
    #[serde(untagged)]
    #[cfg_attr(feature = "ts", ts(skip))]
    Later(Later),
}
