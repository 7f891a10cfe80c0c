//! Every command there is, again and again.

use super::super::peers::implicit_epoch;
use super::*;
use protocol::ids::{CreditId, InviteId, NoteId, PartId, TakeNumber};
use protocol::session::mix::{Credit, MixFile};
use protocol::session::note::{Anchor, NewNote, NoteStatus, Severity, Wording};
use protocol::session::people::{Policy, Song};
use protocol::session::take::Verdict;
use units::{RtpTimestamp, SampleCount, SampleTime, Ssrc};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x77);
const ONE: TakeNumber = TakeNumber(1);
const TWO: TakeNumber = TakeNumber(2);
const THREE: TakeNumber = TakeNumber(3);

/// A session in which every command is granted to its owner, one after the other.
fn script() -> Vec<Command> {
    [people(), sound_and_takes(), verdicts(), words(), endings()].concat()
}

fn people() -> Vec<Command> {
    let participant = person(2);
    vec![
        Command::SessionOpen { title: "Later".into() },
        Command::SessionSong { song: Song { tempo_mbpm: Some(120_000), ..Song::default() } },
        Command::SessionConsent { given: true },
        Command::InviteMake { invite: InviteId(ID), role: Role::Listener, once: true },
        Command::InviteRevoke { invite: InviteId(ID) },
        Command::LobbyAdmit { participant: person(5) },
        Command::LobbyDeny { participant: person(6) },
        Command::SessionPolicy { policy: Policy { lobby: false, consent: true, ..Policy::default() } },
        Command::ParticipantGrant { participant, grants: Role::Producer.grants() },
        Command::BatonTake {},
        Command::BatonGive { to: Some(participant) },
        Command::BatonReclaim {},
    ]
}

fn sound_and_takes() -> Vec<Command> {
    let (belief, take, part, stream) = (None, TWO, PartId(ID), stream(1));
    let (from, to, rate, gaps) = (SampleTime(0), SampleTime(9), SampleRate::HZ_48000, Vec::new());
    let (pcm_hash, reason) = ("ab".repeat(32), String::new());
    let map = implicit_epoch(0, Ssrc(5), RtpTimestamp(9));
    vec![
        open(1, StreamKind::Mic),
        Command::StreamEpoch { stream, map },
        Command::TakeArm { slate: "verse".into() },
        Command::TakeCancel { take: ONE, belief },
        Command::TakeRoll { take: None, slate: Some("verse".into()), belief },
        Command::PartRolling { take, part, stream, epoch: 0, from, rate, channels: 1, roll: None },
        Command::TakeStop { take: None, belief },
        Command::PartInterrupted { take, part, to: None, gaps: gaps.clone(), pcm_hash: None, reason },
        Command::PartStopped { take, part, to, gaps, pcm_hash },
        Command::TakeRoll { take: None, slate: None, belief },
        Command::TakeStop { take: None, belief },
        Command::TakeSubmit { take: THREE, belief },
    ]
}

fn verdicts() -> Vec<Command> {
    let (take, belief, verdict, on, reason) = (TWO, None, Verdict::Approved, true, String::from("tight"));
    vec![
        Command::TakeSlate { take, slate: "chorus".into() },
        Command::TakeVerdict { take, verdict, reason: reason.clone(), belief },
        Command::TakeVote { take, verdict, reason: reason.clone() },
        Command::TakeCircle { take, on },
        Command::TakeHero { take, on },
        Command::TakeFalseStart { take, on },
        Command::TakeWild { take, on },
        Command::TakeClose { take, belief },
        Command::TakeReopen { take, reason, belief },
    ]
}

fn words() -> Vec<Command> {
    let (note, reply) = (NoteId(ID), NoteId(Uuid::from_u128(0x78)));
    let on = Anchor::Take { take: TWO, part: None, at: None, to: None };
    let (text, tag, severity) = (String::from("flat"), None, Severity::Minor);
    let wording = Wording { on, text: "sharp".into(), tag: tag.clone(), severity };
    let (reaction_ms, uncertainty_ms, concealed, parent) = (0, 5, false, None);
    let new = NewNote { note, on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent };
    let pcm_hash = "cd".repeat(32);
    let file =
        MixFile { title: "Mix".into(), rate: SampleRate::HZ_48000, channels: 2, length: SampleCount(9), pcm_hash };
    let credit = Credit { id: CreditId(ID), participant: None, name: "Nina".into(), did: "lead vocal".into() };
    vec![
        Command::NoteAdd(new),
        Command::NoteEdit { note, wording },
        Command::NoteStatus { note, status: NoteStatus::Done, belief: None },
        Command::NoteAssign { note, to: Some(person(1)) },
        Command::NoteReply { note: reply, parent: note, text: "yes".into() },
        Command::NoteRetract { note: reply },
        Command::MixAdd { file },
        Command::CreditSet { credit: credit.clone() },
        Command::CreditRemove { credit: credit.id },
        Command::ChatSay { text: "good".into() },
    ]
}

fn endings() -> Vec<Command> {
    let reason = String::new();
    vec![
        Command::Undo { of: 0 },
        Command::StreamClose { stream: stream(1) },
        Command::ParticipantKick { participant: person(3), reason: reason.clone() },
        Command::ParticipantBan { participant: person(4), reason },
        Command::ParticipantUnban { participant: person(4) },
        Command::SessionClose {},
    ]
}

/// `undo` is of the newest change.
fn in_house(command: Command, house: &House) -> Command {
    match command {
        Command::Undo { .. } => Command::Undo { of: house.room.state().undoable.last().unwrap().seq },
        command => command,
    }
}

fn answer(frames: &[RelayFrame]) -> RelayFrame {
    let is_answer = |frame: &&RelayFrame| matches!(frame, RelayFrame::Ok { .. } | RelayFrame::Err { id: Some(_), .. });
    frames.iter().find(is_answer).expect("an answer").clone()
}

/// An owner on a link, three others who are in, and two who wait.
fn house() -> (House, LinkId) {
    let mut house = House::new();
    let owner = house.enter(1, Role::Owner);
    let invite = KnownInvite { invite: InviteId(ID), role: Role::Listener, once: true, revoked: false };
    house.handle(Input::Invites(vec![invite]));
    for n in 2..=4 {
        house.enter(n, Role::Mentor);
    }
    house.command(owner, 0, Command::SessionPolicy { policy: Policy { lobby: true, ..Policy::default() } });
    for n in 5..=6 {
        house.enter(n, Role::Mentor);
    }
    (house, owner)
}

#[test]
fn every_command_sent_four_times_is_granted_once_and_answered_alike() {
    let (mut house, owner) = house();
    let mut kinds = BTreeSet::new();
    let mut sent: Vec<(u128, Command, RelayFrame)> = Vec::new();
    for (n, command) in (1..).zip(script()) {
        let command = in_house(command, &house);
        kinds.insert(serde_json::to_value(&command).unwrap()["type"].as_str().unwrap().to_owned());
        house.pass(MS * 200);
        house.take(owner);
        house.command(owner, n, command.clone());
        let first = answer(&house.take(owner));
        assert!(matches!(first, RelayFrame::Ok { .. }), "{command:?}: {first:?}");
        sent.push((n, command, first));
    }
    let (log, state) = (house.log(), house.room.state().clone());
    for (n, command, first) in [&sent[..], &sent, &sent].concat() {
        house.take(owner);
        house.command(owner, n, command.clone());
        assert_eq!(answer(&house.take(owner)), first, "{command:?}");
    }
    assert_eq!((house.log(), house.room.state()), (log, &state));
    let declared = include_str!("../../../../../protocol/src/command/mod.rs").split("#[serde(rename = \"").skip(1);
    let declared = declared.filter_map(|rest| rest.split('"').next()).filter(|name| *name != "if");
    assert_eq!(kinds, declared.map(str::to_owned).collect(), "every command is in the script");
}
