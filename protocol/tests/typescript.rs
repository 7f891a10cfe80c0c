//! What the page and others hold of this crate is what this crate says today: the types, the JSON Schema, and the golden
//! traces and places that the page's reducer and timeline are held against.

mod places;
mod play;

use play::asked::{Asked, Kind, Kinds, full, in_turn, one_by_one};
use play::{Coverage, Play, type_of};
use protocol::event::{Event, Recorded, TYPES};
use protocol::grants::{Action, Here, Role, may};
use protocol::ids::{ParticipantId, StreamId, TakeNumber};
use protocol::session::{SessionState, apply};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

/// Compares a committed file with what it should be. With `UPDATE_PAGE` set it writes it instead.
fn committed_is(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_PAGE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "{name} is stale: run `UPDATE_PAGE=1 cargo test -p protocol --test typescript`");
}

#[test]
fn the_pages_types_are_those_of_the_protocol() {
    committed_is("../client/web/src/protocol.gen.ts", &protocol::typescript::declarations());
}

#[test]
fn the_json_schema_is_that_of_the_protocol() {
    committed_is("farfield.v1.schema.json", &protocol::schema::document());
}

/// The story with the state after every step, and a few random sessions with the state after their last.
#[test]
fn the_pages_golden_traces_are_what_the_law_says() {
    let mut seen = BTreeSet::new();
    let mut state = SessionState::default();
    let steps: Vec<Value> = story()
        .into_iter()
        .zip(1..)
        .map(|(event, seq)| {
            seen.insert(type_of(&event));
            let recorded = Recorded { seq, id: None, by: None, at: WallTime(1_800_000_000_000 + seq as i64), event };
            apply(&mut state, &recorded);
            json!({ "ev": recorded, "state": state })
        })
        .collect();
    let sessions: Vec<Value> = sessions(&mut seen);
    assert!(TYPES.into_iter().all(|kind| seen.contains(kind)), "a type is in no trace; it has {seen:?}");
    let lines = |list: &[Value]| list.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
    let (steps, sessions, may) = (lines(&steps), lines(&sessions), lines(&permissions()));
    let text = format!("{{\"steps\":[\n{steps}\n],\"sessions\":[\n{sessions}\n],\"may\":[\n{may}\n]}}\n");
    committed_is("../client/web/src/lib/reducer.golden.json", &text);
}

/// Questions of everybody in random sessions, one of each kind in each of them, with the law's answers.
#[test]
fn the_pages_golden_answers_are_what_the_law_says() {
    let (mut kinds, mut sessions) = (Kinds::default(), Vec::new());
    let mut missing = gaps(&kinds);
    for seed in 0.. {
        if seed >= GATE_SESSIONS && missing.is_empty() {
            break;
        }
        assert!(seed < 100, "nobody asks in any session for {missing:?}");
        let (play, asks) = questioned(seed);
        for asked in &asks {
            kinds.is_new(asked);
        }
        let before = std::mem::replace(&mut missing, gaps(&kinds));
        if seed < GATE_SESSIONS || missing.len() < before.len() {
            sessions.push(session_of(&play, &asks));
        }
    }
    sessions.extend([full(), one_by_one(), in_turn()].map(|(play, asks)| session_of(&play, &asks)));
    let lines = sessions.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
    committed_is("../client/web/src/lib/gate.golden.json", &format!("[\n{lines}\n]\n"));
}

/// What was heard where takes overlap, with the take that the exports lay it on.
#[test]
fn the_pages_golden_places_are_where_the_exports_lay_them() {
    let (told, heard) = (places::told(), places::HEARD.map(places::row));
    for (row, (ms, expected)) in heard.iter().zip(places::HEARD) {
        assert_eq!(told[&ms], expected, "{row}");
    }
    let heard = heard.map(|row| row.to_string()).join(",\n");
    let text = format!("{{\"state\":{},\n\"heard\":[\n{heard}\n]}}\n", json!(places::state()));
    committed_is("../client/web/src/lib/timeline.golden.json", &text);
}

/// Random sessions that the page's answers are held against at least, things that happen in each, and questions after
/// each of them.
const GATE_SESSIONS: u64 = 8;
const GATE_STEPS: u64 = 120;
const GATE_QUESTIONS: u64 = 40;
/// Commands that the page offers.
const OFFERED_COMMANDS: usize = 43;

fn questioned(seed: u64) -> (Play, Vec<Asked>) {
    let (mut play, mut here, mut asks) = (Play::new(seed), Kinds::default(), Vec::new());
    for _ in 0..GATE_STEPS {
        play.step(&mut |_, _| {});
        let asked: Vec<Asked> = (0..GATE_QUESTIONS).map(|_| play.wonder()).collect();
        asks.extend(asked.into_iter().filter(|asked| here.is_new(asked)));
    }
    (play, asks)
}

fn session_of(play: &Play, asks: &[Asked]) -> Value {
    json!({ "log": play.log, "asks": asks.iter().map(Asked::row).collect::<Vec<_>>() })
}

/// What is missing until every command that the page offers was asked by every role, granted and refused, and every code
/// was given.
fn gaps(kinds: &Kinds) -> Vec<String> {
    let seen: Vec<_> = kinds.seen().collect();
    let commands: BTreeSet<_> = seen.iter().map(|(command, ..)| command).collect();
    let lacks = |of: &dyn Fn(&Kind) -> bool| !seen.iter().any(|kind| of(kind));
    let mut gaps = vec!["another command".to_owned(); OFFERED_COMMANDS - commands.len()];
    for command in commands {
        let by = |role: &Role| lacks(&|(kind, who, _)| kind == command && *who == Some(*role));
        gaps.extend(Role::ALL.into_iter().filter(by).map(|role| format!("{command} by the {role}")));
        let so = |granted: &bool| lacks(&|(kind, _, code)| kind == command && code.is_none() == *granted);
        gaps.extend([true, false].into_iter().filter(so).map(|granted| format!("{command}, granted: {granted}")));
    }
    let codes = ["forbidden", "unknown", "invalid", "conflict", "stale"];
    let silent = codes.into_iter().filter(|code| lacks(&|(.., given)| given.as_deref() == Some(*code)));
    gaps.extend(silent.map(str::to_owned));
    gaps
}

/// For each role and action, whether it is allowed: one digit for each of the twelve ways the session can stand.
fn permissions() -> Vec<Value> {
    let mut heres = Vec::new();
    for lesson in [false, true] {
        for (baton, baton_elsewhere) in [(false, false), (true, false), (false, true)] {
            heres.extend([false, true].map(|own| Here { lesson, baton, baton_elsewhere, own }));
        }
    }
    let digit = |allowed: bool| if allowed { '1' } else { '0' };
    let of = |role: Role, action: Action| {
        let digits: String = heres.iter().map(|here| digit(may(&role.grants(), action, *here))).collect();
        json!({ "role": role, "grants": role.grants(), "action": action, "here": digits })
    };
    Role::ALL.into_iter().flat_map(|role| Action::ALL.map(|action| of(role, action))).collect()
}

/// Random sessions, as few as show every type of event.
fn sessions(seen: &mut BTreeSet<String>) -> Vec<Value> {
    let mut chosen = Vec::new();
    for seed in 0.. {
        let mut play = Play::new(seed);
        let mut coverage = Coverage::default();
        (0..120).for_each(|_| play.step(&mut |_, _| {}));
        coverage.count_log(&play.log);
        let new = coverage.events.keys().filter(|kind| !seen.contains(*kind)).count();
        if new > 0 {
            seen.extend(coverage.events.into_keys());
            chosen.push(json!({ "seed": seed, "log": play.log, "state": play.state }));
        }
        if TYPES.into_iter().all(|kind| seen.contains(kind)) {
            break;
        }
    }
    chosen
}

/// What also visits what changes nothing: unknown people, streams and takes.
fn story() -> Vec<Event> {
    let (nina, paul) = (ParticipantId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(2)));
    let (program, talk) = (StreamId(Uuid::from_u128(16)), StreamId(Uuid::from_u128(17)));
    let join = |participant, name: &str, role: Role| Event::ParticipantJoin {
        participant,
        name: name.into(),
        role,
        grants: role.grants(),
        invite: None,
    };
    let open = |stream, participant, kind, channels| Event::StreamOpen {
        stream,
        participant,
        kind,
        label: format!("{kind:?}"),
        format: StreamFormat { channels, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(44_100) },
    };
    let epoch = |stream, epoch, from| Event::StreamEpoch { stream, map: map(epoch, from) };
    vec![
        Event::SessionOpen { title: "Blue hour".into() },
        join(nina, "Nina", Role::Engineer),
        join(paul, "Paul", Role::Mentor),
        open(program, nina, StreamKind::Program, 2),
        epoch(program, 0, 0),
        epoch(talk, 0, 0),
        open(talk, paul, StreamKind::Talkback, 1),
        epoch(program, 1, 96_000),
        Event::StreamClose { stream: program },
        open(program, nina, StreamKind::Program, 1),
        Event::StreamClose { stream: StreamId(Uuid::from_u128(99)) },
        Event::ParticipantLeave { participant: paul },
        Event::ParticipantLeave { participant: ParticipantId(Uuid::from_u128(99)) },
        join(paul, "Paul T.", Role::Producer),
        Event::TakeArm { take: TakeNumber(2), slate: "not the next number".into(), only: None },
        Event::TakeRoll { take: TakeNumber(0) },
        Event::TakeArm { take: TakeNumber(1), slate: "verse".into(), only: Some(nina) },
        Event::TakeStop { take: TakeNumber(7) },
    ]
}

fn map(epoch: u32, from: i64) -> EpochMap {
    EpochMap {
        epoch,
        ssrc: Ssrc(0x1234_5678),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(from),
        sample0: SampleTime(from),
        rate: SampleRate(44_100),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(17),
        trusted: true,
    }
}
