//! Who may do what: every command, every role, every state that matters. What is expected is typed by hand from the
//! design's table (section 9) and its phases (section 8); nothing of it comes from the code.

use super::play::type_of;
use super::scene::*;
use protocol::command::Command;
use protocol::grants::{Grant, Grants, Role};
use protocol::ids::TakeNumber;
use protocol::session::note::NoteStatus;
use protocol::session::people::{Policy, Song};
use protocol::session::take::Verdict;
use protocol::stream::StreamKind;
use protocol::wire::ErrorCode;
use std::collections::BTreeSet;
use units::{SampleRate, SampleTime};

/// In the order of the letters below.
const ROLES: [Role; 7] =
    [Role::Owner, Role::Engineer, Role::Artist, Role::Producer, Role::Mentor, Role::Student, Role::Listener];
const WHENS: [When; 4] = [When::Plain, When::Lesson, When::Mine, When::Theirs];

/// A command, what take 5 is doing, and one letter for each role: `y` granted, `0` granted and so already, `-` forbidden,
/// `s` stale.
/// The four words stand for: the baton lies on the desk; the session is a lesson; the baton is mine; it is another's.
type Row = (Command, Live, [&'static str; 4]);

fn same(letters: &'static str) -> [&'static str; 4] {
    [letters; 4]
}

#[rustfmt::skip]
fn people() -> Vec<Row> {
    let (participant, reason) = (OTHER, String::new());
    let song = Song { tempo_mbpm: Some(120_000), ..Song::default() };
    let policy = Policy { lobby: true, ..Policy::default() };
    vec![
        //                                                                              OEAPMSL
        (Command::SessionOpen { title: "Later".into() },              Live::None, same("y------")),
        (Command::SessionClose {},                                    Live::None, same("y------")),
        (Command::SessionPolicy { policy },                           Live::None, same("y------")),
        (Command::ParticipantGrant { participant, grants: Grants(BTreeSet::from([Grant::Admin])) }, Live::None, same("y------")),
        (Command::SessionSong { song },          Live::None, ["yy-y-y-", "yy-yyy-", "yy-y-y-", "yy-y-y-"]),
        (Command::SessionConsent { given: true },                     Live::None, same("yyyyyyy")),
        (Command::InviteMake { invite: NEW_INVITE, role: Role::Listener, once: true }, Live::None, same("yy-y---")),
        (Command::InviteRevoke { invite: INVITE },                    Live::None, same("yy-y---")),
        (Command::LobbyAdmit { participant: WAITS },                  Live::None, same("yy-y---")),
        (Command::LobbyDeny { participant: WAITS },                   Live::None, same("yy-y---")),
        (Command::ParticipantKick { participant, reason: reason.clone() }, Live::None, same("yy-y---")),
        (Command::ParticipantBan { participant, reason },             Live::None, same("yy-y---")),
        (Command::ParticipantUnban { participant: BANNED },           Live::None, same("yy-y---")),
        (Command::BatonTake {},                  Live::None, ["yy-yyy-", "yy-yyy-", "yy-yyy-", "ss-sss-"]),
        (Command::BatonGive { to: Some(OTHER) }, Live::None, ["sssssss", "sssssss", "yyyyyyy", "sssssss"]),
        (Command::BatonReclaim {},               Live::None, ["yy---y-", "yy---y-", "00---0-", "yy---y-"]),
    ]
}

#[rustfmt::skip]
fn sound() -> Vec<Row> {
    let open = |kind| Command::StreamOpen { stream: NEW_STREAM, kind, label: "Main".into(), format: format() };
    let (take, rate, from) = (RECORDED, SampleRate(48_000), SampleTime(9));
    let rolling =
        |stream| Command::PartRolling { take, part: NEW_PART, stream, epoch: 0, from, rate, channels: 1, roll: None };
    let to = SampleTime(96_000);
    let stopped = |part| Command::PartStopped { take, part, to, gaps: vec![], pcm_hash: hash(9) };
    let dead = |part| Command::PartInterrupted { take, part, to: None, gaps: vec![], pcm_hash: None, reason: String::new() };
    vec![
        //                                                                     OEAPMSL
        (open(StreamKind::Program),                          Live::None, same("yy---y-")),
        (open(StreamKind::Mic),                              Live::None, same("yyy--y-")),
        (open(StreamKind::Talkback),                         Live::None, same("yyyyyy-")),
        (Command::StreamEpoch { stream: MY_MIC, map: map(1) }, Live::None, same("yyyyyyy")),
        (Command::StreamClose { stream: MY_MIC },            Live::None, same("yyyyyyy")),
        (rolling(MY_MIC),                                    Live::None, same("yyy--y-")),
        (stopped(MY_PART),                                   Live::None, same("yyyyyyy")),
        (stopped(THEIR_PART),                                Live::None, same("-------")),
        (dead(MY_PART),                                      Live::None, same("yyyyyyy")),
        (dead(GONE_PART),               Live::None, ["yy---y-", "yy---y-", "yy-yyy-", "yy---y-"]),
        (dead(THEIR_PART),              Live::None, ["ss---s-", "ss---s-", "ss-sss-", "ss---s-"]),
        (Command::MixAdd { file: mix(2) },                   Live::None, same("yy---y-")),
    ]
}

#[rustfmt::skip]
fn takes() -> Vec<Row> {
    let (reason, belief, verdict) = (String::new(), None, Verdict::Approved);
    let roll = |take| Command::TakeRoll { take, slate: None, belief: None };
    let stop = |take| Command::TakeStop { take, belief: None };
    vec![
        //                                                                 OEAPMSL    lesson     mine       theirs
        (Command::TakeArm { slate: "bridge".into() },     Live::None,    ["yyy--y-", "yyy--y-", "yyyyyy-", "-------"]),
        (roll(None),                                      Live::None,    ["yyy--y-", "yyy--y-", "yyyyyy-", "-------"]),
        (roll(None),                                      Live::Armed,   ["yy---y-", "yy---y-", "yy-yyy-", "-------"]),
        (roll(Some(LIVE)),                                Live::Armed,   ["yy---y-", "yy---y-", "yy-yyy-", "-------"]),
        (roll(Some(LIVE)),                                Live::OwnArmed, ["yyy--y-", "yyy--y-", "yyyyyy-", "-------"]),
        (roll(None),                                      Live::Rolling, ["ss---s-", "ss---s-", "ss-sss-", "-------"]),
        (Command::TakeCancel { take: LIVE, belief },      Live::Armed,   ["yy---y-", "yy---y-", "yy-yyy-", "-------"]),
        (Command::TakeCancel { take: LIVE, belief },      Live::OwnArmed, ["yyy--y-", "yyy--y-", "yyyyyy-", "-------"]),
        (stop(None),                                      Live::Rolling, ["yy---y-", "yy---y-", "yy-yyy-", "yy---y-"]),
        (stop(Some(LIVE)),                                Live::OwnRolling, ["yyy--y-", "yyy--y-", "yyyyyy-", "yyy--y-"]),
        (Command::TakeSlate { take: REVIEW, slate: "x".into() }, Live::None, ["yy---y-", "yy---y-", "yy-yyy-", "yy---y-"]),
        (Command::TakeSlate { take: LIVE, slate: "x".into() }, Live::OwnArmed, ["yyy--y-", "yyy--y-", "yyyyyy-", "yyy--y-"]),
        (Command::TakeSubmit { take: EMPTY, belief },     Live::None,    ["yy---y-", "yy---y-", "yy-yyy-", "yy---y-"]),
        (Command::TakeVerdict { take: REVIEW, verdict, reason: reason.clone(), belief }, Live::None,
                                                                         ["y--y---", "y--yy--", "y--y---", "y--y---"]),
        (Command::TakeVote { take: REVIEW, verdict, reason: reason.clone() }, Live::None, same("yyyyyy-")),
        (Command::TakeHero { take: REVIEW, on: true },    Live::None,    ["y--y---", "y--yy--", "y--y---", "y--y---"]),
        (Command::TakeClose { take: REVIEW, belief },     Live::None,    ["y--y---", "y--yy--", "y--y---", "y--y---"]),
        (Command::TakeReopen { take: CLOSED, reason, belief }, Live::None, ["y--y---", "y--yy--", "y--y---", "y--y---"]),
        (Command::TakeCircle { take: REVIEW, on: true },  Live::None,    ["yy-y-y-", "yy-yyy-", "yy-y-y-", "yy-y-y-"]),
        (Command::TakeCircle { take: LIVE, on: true },    Live::Rolling, ["yy-y-y-", "yy-yyy-", "yy-y-y-", "yy-y-y-"]),
        (Command::TakeFalseStart { take: LIVE, on: true }, Live::Rolling, ["yy-y-y-", "yy-yyy-", "yy-y-y-", "yy-y-y-"]),
        (Command::TakeWild { take: LIVE, on: true },      Live::Rolling, ["yy-y-y-", "yy-yyy-", "yy-y-y-", "yy-y-y-"]),
    ]
}

#[rustfmt::skip]
fn words() -> Vec<Row> {
    let edit = |note| Command::NoteEdit { note, wording: wording("sharp") };
    let (status, belief) = (NoteStatus::Done, None);
    vec![
        //                                                                                OEAPMSL
        (Command::NoteAdd(note(NEW_NOTE, "flat")),                      Live::None, same("yyyyyy-")),
        (Command::NoteReply { note: NEW_NOTE, parent: THEIR_NOTE, text: "yes".into() }, Live::None, same("yyyyyy-")),
        (edit(MY_NOTE),                                                 Live::None, same("yyyyyy-")),
        (edit(THEIR_NOTE),                                              Live::None, same("-------")),
        (Command::NoteStatus { note: THEIR_NOTE, status, belief },      Live::None, same("yy-yyy-")),
        (Command::NoteAssign { note: MY_NOTE, to: Some(OTHER) },        Live::None, same("yy-yyy-")),
        (Command::NoteRetract { note: MY_NOTE },                        Live::None, same("yyyyyy-")),
        (Command::NoteRetract { note: THEIR_NOTE },                     Live::None, same("y------")),
        (Command::CreditSet { credit: named(MY_CREDIT, ME) },           Live::None, same("yyyyyy-")),
        (Command::CreditSet { credit: named(THEIR_CREDIT, OTHER) },     Live::None, same("yy-yyy-")),
        (Command::CreditSet { credit: named(THEIR_CREDIT, ME) },        Live::None, same("yy-yyy-")),
        (Command::CreditRemove { credit: MY_CREDIT },                   Live::None, same("yyyyyy-")),
        (Command::CreditRemove { credit: THEIR_CREDIT },                Live::None, same("yy-yyy-")),
        (Command::ChatSay { text: "hello".into() },                     Live::None, same("yyyyyy-")),
        (Command::Undo { of: 0 },                                       Live::None, same("yyyyyy-")),
        (Command::Undo { of: 1 },                                       Live::None, same("-------")),
    ]
}

fn named(id: protocol::ids::CreditId, who: protocol::ids::ParticipantId) -> protocol::session::mix::Credit {
    protocol::session::mix::Credit { did: "all the rest".into(), ..credit(id, who) }
}

/// `undo` names my newest change by 0 and the other's by 1.
fn in_scene(command: &Command, scene: &Scene) -> Command {
    match command {
        Command::Undo { of: 0 } => Command::Undo { of: scene.my_change },
        Command::Undo { of: _ } => Command::Undo { of: scene.their_change },
        command => command.clone(),
    }
}

fn letter(answer: &Result<Vec<protocol::event::Event>, protocol::session::Rejection>) -> char {
    match answer.as_ref().map_err(|rejection| rejection.code()) {
        Ok(events) if events.is_empty() => '0',
        Ok(_) => 'y',
        Err(ErrorCode::Forbidden) => '-',
        Err(ErrorCode::Stale) => 's',
        Err(_) => '?',
    }
}

#[test]
fn every_command_is_granted_to_whom_the_table_says_and_to_nobody_else() {
    let rows: Vec<Row> = [people(), sound(), takes(), words()].concat();
    for (command, live, expected) in &rows {
        for (when, letters) in WHENS.into_iter().zip(expected) {
            let granted: String = ROLES
                .into_iter()
                .map(|role| {
                    let mut scene = Scene::of(role, when, *live);
                    let command = in_scene(command, &scene);
                    letter(&scene.ask(ME, &command))
                })
                .collect();
            assert_eq!(granted, *letters, "{command:?}, {when:?}, take 5: {live:?}");
        }
    }
    let asked: BTreeSet<String> = rows.iter().map(|(command, ..)| type_of(command)).collect();
    assert_eq!(asked, commands(), "every command stands in the table");
}

/// The names of all commands, from the text that declares them.
fn commands() -> BTreeSet<String> {
    let declared = include_str!("../../src/command/mod.rs").split("#[serde(rename = \"").skip(1);
    declared.filter_map(|rest| rest.split('"').next()).filter(|name| *name != "if").map(str::to_owned).collect()
}

#[test]
fn every_take_goes_the_way_of_the_phases_and_no_other() {
    let (take, belief, reason) = (LIVE, None, String::new());
    let (part, stream, from, rate) = (NEW_PART, MY_MIC, SampleTime(9), SampleRate(48_000));
    let verdict = Verdict::Approved;
    #[rustfmt::skip]
    let rows = [
        // armed, rolling, recorded, in review, closed, cancelled
        ("ysssss", Command::TakeCancel { take, belief }),
        ("ysssss", Command::TakeRoll { take: Some(take), slate: None, belief }),
        ("syssss", Command::TakeStop { take: Some(take), belief }),
        ("ssysss", Command::TakeSubmit { take, belief }),
        ("sssyss", Command::TakeVerdict { take, verdict, reason: reason.clone(), belief }),
        ("sssyss", Command::TakeClose { take, belief }),
        ("ssssys", Command::TakeReopen { take, reason: reason.clone(), belief }),
        ("syyyys", Command::TakeVote { take, verdict, reason }),
        ("yyyyys", Command::TakeCircle { take, on: true }),
        ("yyyyys", Command::TakeHero { take, on: true }),
        ("yyyyyy", Command::TakeSlate { take, slate: "x".into() }),
        ("syyyys", Command::PartRolling { take, part, stream, epoch: 0, from, rate, channels: 1, roll: None }),
    ];
    for (expected, command) in rows {
        let answers: String = (0..6).map(|phase| letter(&in_phase(phase).ask(ME, &command))).collect();
        assert_eq!(answers, expected, "{command:?}");
    }
}

/// Take 5 in the phase of that column.
fn in_phase(column: usize) -> Scene {
    use protocol::event::Event;
    let take: TakeNumber = LIVE;
    let way =
        [Event::TakeRoll { take }, Event::TakeStop { take }, Event::TakeSubmit { take }, Event::TakeClose { take }];
    let mut scene = Scene::of(Role::Owner, When::Plain, Live::Armed);
    let way = if column == 5 { vec![Event::TakeCancel { take }] } else { way[..column].to_vec() };
    way.into_iter().for_each(|event| {
        scene.record(OTHER, event);
    });
    scene
}

#[test]
fn a_closed_session_takes_what_recorders_still_have_to_say_and_nothing_else() {
    let allowed = ["session.open", "invite.revoke", "participant.kick", "participant.ban", "stream.close"];
    let reports = ["stream.epoch", "part.rolling", "part.stopped", "part.interrupted"];
    for (command, _, [letters, ..]) in [people(), sound(), takes(), words()].concat() {
        let mut scene = Scene::of(Role::Owner, When::Plain, Live::None);
        scene.record(ME, protocol::event::Event::SessionClose {});
        let command = in_scene(&command, &scene);
        let (kind, answer) = (type_of(&command), letter(&scene.ask(ME, &command)));
        let open = allowed.contains(&kind.as_str()) || reports.contains(&kind.as_str());
        let expected = if open { letters.chars().next().unwrap() } else { 's' };
        assert_eq!(answer, expected, "{command:?}");
    }
}
