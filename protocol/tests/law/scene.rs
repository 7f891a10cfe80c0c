//! One session that has everything in it, seen by one person of a chosen role.

use protocol::command::{Belief, Command};
use protocol::event::{Event, Recorded};
use protocol::grants::Role;
use protocol::ids::{CommandId, CreditId, InviteId, NoteId, PartId, ParticipantId, StreamId, TakeNumber};
use protocol::session::mix::{Credit, MixFile};
use protocol::session::note::{Anchor, NewNote, Severity, Wording};
use protocol::session::people::{BatonWhy, Decides, Policy};
use protocol::session::take::Verdict;
use protocol::session::{Actor, Rejection, SessionState, apply, decide};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use protocol::wire::ErrorCode;
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

pub(crate) const ME: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub(crate) const OTHER: ParticipantId = ParticipantId(Uuid::from_u128(2));
pub(crate) const GONE: ParticipantId = ParticipantId(Uuid::from_u128(3));
pub(crate) const WAITS: ParticipantId = ParticipantId(Uuid::from_u128(4));
pub(crate) const BANNED: ParticipantId = ParticipantId(Uuid::from_u128(5));
pub(crate) const MY_MIC: StreamId = StreamId(Uuid::from_u128(16));
pub(crate) const PROGRAM: StreamId = StreamId(Uuid::from_u128(17));
pub(crate) const NEW_STREAM: StreamId = StreamId(Uuid::from_u128(18));
pub(crate) const INVITE: InviteId = InviteId(Uuid::from_u128(32));
pub(crate) const NEW_INVITE: InviteId = InviteId(Uuid::from_u128(33));
pub(crate) const MY_NOTE: NoteId = NoteId(Uuid::from_u128(48));
pub(crate) const THEIR_NOTE: NoteId = NoteId(Uuid::from_u128(49));
pub(crate) const NEW_NOTE: NoteId = NoteId(Uuid::from_u128(50));
pub(crate) const MY_CREDIT: CreditId = CreditId(Uuid::from_u128(64));
pub(crate) const THEIR_CREDIT: CreditId = CreditId(Uuid::from_u128(65));
pub(crate) const MY_PART: PartId = PartId(Uuid::from_u128(80));
pub(crate) const THEIR_PART: PartId = PartId(Uuid::from_u128(81));
pub(crate) const GONE_PART: PartId = PartId(Uuid::from_u128(82));
pub(crate) const NEW_PART: PartId = PartId(Uuid::from_u128(83));
/// In review.
pub(crate) const REVIEW: TakeNumber = TakeNumber(1);
/// Closed.
pub(crate) const CLOSED: TakeNumber = TakeNumber(2);
/// Recorded; my part, another's part and the part of somebody who has gone are not in yet.
pub(crate) const RECORDED: TakeNumber = TakeNumber(3);
/// Recorded, without parts.
pub(crate) const EMPTY: TakeNumber = TakeNumber(4);
/// The live one, where there is one.
pub(crate) const LIVE: TakeNumber = TakeNumber(5);
/// The first one of a scene that has no other.
pub(crate) const ONE: TakeNumber = TakeNumber(1);

/// Who holds the baton, and whether the session is a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The baton lies on the desk, the producer decides.
    Plain,
    /// The mentor decides.
    Lesson,
    /// The baton is mine.
    Mine,
    /// The baton is the other's.
    Theirs,
}

/// What take 5 is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    None,
    Armed,
    Rolling,
    /// Armed by me, for my own parts only.
    OwnArmed,
    /// The same, rolling.
    OwnRolling,
}

/// A session and the number of my own newest change in it.
pub(crate) struct Scene {
    pub(crate) state: SessionState,
    pub(crate) my_change: u64,
    pub(crate) their_change: u64,
    seq: u64,
}

pub(crate) fn hash(n: u8) -> String {
    format!("{n:064x}")
}

pub(crate) fn map(epoch: u32) -> EpochMap {
    EpochMap {
        epoch,
        ssrc: Ssrc(7),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(0),
        sample0: SampleTime(0),
        rate: SampleRate(48_000),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(0),
        trusted: true,
    }
}

pub(crate) fn format() -> StreamFormat {
    StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(48_000) }
}

pub(crate) fn live(at: i64) -> Anchor {
    Anchor::Live { stream: PROGRAM, epoch: 0, at: Ticks(at), to: None }
}

pub(crate) fn note(note: NoteId, text: &str) -> NewNote {
    let (on, severity) = (live(48_000), Severity::Minor);
    let (reaction_ms, uncertainty_ms, concealed) = (250, 5, false);
    NewNote { note, on, reaction_ms, uncertainty_ms, concealed, text: text.into(), tag: None, severity, parent: None }
}

pub(crate) fn wording(text: &str) -> Wording {
    Wording { on: live(48_000), text: text.into(), tag: None, severity: Severity::Minor }
}

pub(crate) fn mix(n: u8) -> MixFile {
    let (rate, length) = (SampleRate(48_000), SampleCount(48_000 * 60));
    MixFile { title: format!("Mix {n}"), rate, channels: 2, length, pcm_hash: hash(n) }
}

pub(crate) fn credit(id: CreditId, participant: ParticipantId) -> Credit {
    Credit { id, participant: Some(participant), name: "Nina".into(), did: "lead vocal".into() }
}

pub(crate) fn code(answer: Result<Vec<Event>, Rejection>) -> ErrorCode {
    answer.expect_err("it is refused").code()
}

pub(crate) fn roll() -> Command {
    Command::TakeRoll { take: None, slate: Some("verse".into()), belief: None }
}

pub(crate) fn stop() -> Command {
    Command::TakeStop { take: None, belief: None }
}

pub(crate) fn verdict(verdict: Verdict, belief: Option<Belief>) -> Command {
    Command::TakeVerdict { take: ONE, verdict, reason: "tight".into(), belief }
}

pub(crate) fn rolling(part: PartId) -> Command {
    let (rate, from) = (SampleRate(48_000), SampleTime(48_000));
    Command::PartRolling { take: ONE, part, stream: MY_MIC, epoch: 0, from, rate, channels: 1, roll: None }
}

pub(crate) fn stopped(part: PartId, n: u8) -> Command {
    let (to, gaps) = (SampleTime(96_000), Vec::new());
    Command::PartStopped { take: ONE, part, to, gaps, pcm_hash: hash(n) }
}

/// An owner who publishes a microphone, and an engineer; take 1 rolls with one part.
pub(crate) fn rolling_scene() -> Scene {
    let mut scene = Scene::empty(Role::Owner);
    let open = Command::StreamOpen { stream: MY_MIC, kind: StreamKind::Mic, label: "Voice".into(), format: format() };
    for command in [open, Command::StreamEpoch { stream: MY_MIC, map: map(0) }, roll(), rolling(MY_PART)] {
        scene.ask(ME, &command).unwrap();
    }
    scene
}

/// The same take in review.
pub(crate) fn review_scene() -> Scene {
    let mut scene = rolling_scene();
    scene.ask(ME, &stop()).unwrap();
    scene.ask(ME, &stopped(MY_PART, 1)).unwrap();
    scene
}

impl Scene {
    /// A session with an owner who is not in it, nothing else.
    pub(crate) fn empty(role: Role) -> Scene {
        let mut scene = Scene { state: SessionState::default(), my_change: 0, their_change: 0, seq: 0 };
        scene.record(None, Event::SessionOpen { title: "Blue hour".into() });
        scene.join(ME, role);
        scene.join(OTHER, Role::Engineer);
        scene
    }

    pub(crate) fn of(role: Role, when: When, live: Live) -> Scene {
        let mut scene = Scene::empty(role);
        scene.people();
        scene.sound();
        scene.takes();
        scene.words();
        scene.live(live);
        scene.at(when);
        scene
    }

    pub(crate) fn record(&mut self, by: impl Into<Option<ParticipantId>>, event: Event) -> u64 {
        self.happen(None, by.into(), event)
    }

    fn happen(&mut self, id: Option<CommandId>, by: Option<ParticipantId>, event: Event) -> u64 {
        self.seq += 1;
        let at = WallTime(1_800_000_000_000 + self.seq as i64);
        apply(&mut self.state, &Recorded { seq: self.seq, id, by, at, event });
        self.seq
    }

    /// Somebody asks for something; what is granted has happened.
    pub(crate) fn ask(&mut self, who: ParticipantId, command: &Command) -> Result<Vec<Event>, Rejection> {
        let grants = self.state.participants[&who].grants.clone();
        let events = decide(&self.state, &Actor { participant: who, grants: &grants }, command)?;
        let id = Some(CommandId(Uuid::from_u128(0xc000_0000 + u128::from(self.seq))));
        events.iter().for_each(|event| {
            self.happen(id, Some(who), event.clone());
        });
        Ok(events)
    }

    pub(crate) fn join(&mut self, participant: ParticipantId, role: Role) {
        let (name, grants) = (format!("{role} {}", participant.0.as_u128()), role.grants());
        self.record(None, Event::ParticipantJoin { participant, name, role, grants, invite: None });
    }

    fn people(&mut self) {
        self.join(GONE, Role::Artist);
        self.record(GONE, Event::ParticipantLeave { participant: GONE });
        let (name, role) = ("Paul".to_owned(), Role::Mentor);
        self.record(None, Event::LobbyKnock { participant: WAITS, name, role, grants: role.grants(), invite: None });
        self.record(OTHER, Event::ParticipantBan { participant: BANNED, reason: String::new() });
        self.record(OTHER, Event::InviteMake { invite: INVITE, role: Role::Listener, once: false });
    }

    fn sound(&mut self) {
        for (stream, participant, kind) in [(MY_MIC, ME, StreamKind::Mic), (PROGRAM, OTHER, StreamKind::Program)] {
            let open = Event::StreamOpen { stream, participant, kind, label: "Main".into(), format: format() };
            self.record(participant, open);
            self.record(participant, Event::StreamEpoch { stream, map: map(0) });
        }
        self.record(OTHER, Event::MixAdd { mix: protocol::ids::MixNumber(1), file: mix(1) });
    }

    fn takes(&mut self) {
        for take in [REVIEW, CLOSED, RECORDED, EMPTY] {
            self.record(OTHER, Event::TakeArm { take, slate: "verse".into(), only: None });
            self.record(OTHER, Event::TakeRoll { take });
            if take == RECORDED {
                self.part(MY_PART, ME, MY_MIC);
                self.part(THEIR_PART, OTHER, PROGRAM);
                self.part(GONE_PART, GONE, PROGRAM);
            }
            self.record(OTHER, Event::TakeStop { take });
        }
        self.record(OTHER, Event::TakeSubmit { take: REVIEW });
        self.record(OTHER, Event::TakeSubmit { take: CLOSED });
        self.record(OTHER, Event::TakeClose { take: CLOSED });
    }

    fn part(&mut self, part: PartId, participant: ParticipantId, stream: StreamId) {
        let (take, epoch, from, rate, channels, roll) = (RECORDED, 0, SampleTime(48_000), SampleRate(48_000), 1, None);
        let begun = Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll };
        self.record(participant, begun);
    }

    fn words(&mut self) {
        for (id, by) in [(MY_NOTE, ME), (THEIR_NOTE, OTHER)] {
            self.record(by, Event::NoteAdd(note(id, "flat")));
        }
        for (id, by) in [(MY_CREDIT, ME), (THEIR_CREDIT, OTHER)] {
            self.record(by, Event::CreditSet { credit: credit(id, by), was: None });
        }
        let was = wording("flat");
        let edit = |note| Event::NoteEdit { note, wording: wording("a bit flat"), was: was.clone() };
        self.my_change = self.record(ME, edit(MY_NOTE));
        self.their_change = self.record(OTHER, edit(THEIR_NOTE));
    }

    fn live(&mut self, live: Live) {
        if live == Live::None {
            return;
        }
        let only = matches!(live, Live::OwnArmed | Live::OwnRolling).then_some(ME);
        let by = only.unwrap_or(OTHER);
        self.record(by, Event::TakeArm { take: LIVE, slate: "chorus".into(), only });
        if matches!(live, Live::Rolling | Live::OwnRolling) {
            self.record(by, Event::TakeRoll { take: LIVE });
        }
    }

    fn at(&mut self, when: When) {
        let to = match when {
            When::Plain => return,
            When::Lesson => {
                let policy = Policy { decides: Decides::Mentor, ..Policy::default() };
                self.record(OTHER, Event::SessionPolicy { policy, was: Policy::default() });
                return;
            }
            When::Mine => Some(ME),
            When::Theirs => Some(OTHER),
        };
        self.record(None, Event::BatonPass { to, why: BatonWhy::Taken, lease_ms: 600_000 });
    }
}
