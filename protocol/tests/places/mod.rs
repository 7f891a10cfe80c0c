//! A session whose takes overlap, and where what was heard in it lies on them.

use super::map;
use protocol::event::{Event, Recorded, Stored};
use protocol::export::{Format, Scope, Source};
use protocol::grants::Role;
use protocol::ids::{LogId, NoteId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use protocol::session::SessionState;
use protocol::session::note::{Anchor, NewNote, Severity};
use protocol::stream::{StreamFormat, StreamKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use units::{SampleRate, SampleTime, Ticks, WallTime};
use uuid::Uuid;

const NINA: ParticipantId = ParticipantId(Uuid::from_u128(1));
const PROGRAM: StreamId = StreamId(Uuid::from_u128(16));
const RATE: SampleRate = SampleRate(44_100);
/// What the program's map takes off: its codec and its resampler.
const DELAY: i64 = 120 + 17;

/// A take and the time since its roll in ms.
pub(super) type OnTake = (u32, i64);

/// Each take's first sample, its roll and its end, in ms of the program.
const TAKES: [[i64; 3]; 4] = [
    [10_000, 15_000, 60_000],
    // Rolled three seconds after the end of the one before; given up after a second.
    [58_000, 63_000, 64_000],
    [60_000, 65_000, 80_000],
    // Rolled before the file of the one before ends.
    [74_000, 79_000, 90_000],
];

/// Where in the program something was heard, in ms, and the take that it is on.
pub(super) const HEARD: [(i64, Option<OnTake>); 13] = [
    (9_990, None),
    (10_000, Some((1, -5_000))),
    (57_000, Some((1, 42_000))),
    (59_000, Some((1, 44_000))),
    (59_990, Some((1, 44_990))),
    (60_000, Some((2, -3_000))),
    (63_500, Some((2, 500))),
    (64_500, Some((3, -500))),
    (65_000, Some((3, 0))),
    (78_990, Some((3, 13_990))),
    (79_000, Some((4, 0))),
    (79_500, Some((4, 500))),
    (90_010, None),
];

/// One of them for the page.
pub(super) fn row((ms, on): (i64, Option<OnTake>)) -> Value {
    let (take, since_roll_ms) = on.unzip();
    json!({ "stream": PROGRAM, "at": ticks(ms), "take": take, "since_roll_ms": since_roll_ms })
}

/// The session before anybody noted what they heard.
pub(super) fn state() -> SessionState {
    source(takes()).state().clone()
}

/// What the table of the whole session says of notes on what was heard.
pub(super) fn told() -> BTreeMap<i64, Option<OnTake>> {
    let mut events = takes();
    events.extend(HEARD.map(|(ms, _)| (90_000, note(ms))));
    let table = String::from_utf8(source(events).export(Scope::Session, Format::Csv).unwrap()).unwrap();
    let mut rows = table.trim_start_matches('\u{feff}').lines().map(|row| row.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let cell = |row: &[&str], name| row[head.iter().position(|column| *column == name).unwrap()].to_owned();
    let notes = rows.filter(|row| cell(row, "kind") == "note");
    let told = |row: Vec<&str>| {
        let since_roll = cell(&row, "since_roll_s").replace('.', "");
        let on = cell(&row, "take").parse().ok().map(|take| (take, since_roll.parse::<i64>().unwrap() / 1_000_000));
        (cell(&row, "text").trim_matches('"').parse().unwrap(), on)
    };
    notes.map(told).collect()
}

fn source(events: Vec<(i64, Event)>) -> Source {
    let stored = |((ms, event), seq)| {
        let at = WallTime(1_800_000_000_000 + ms);
        Stored::write(Recorded { seq, id: None, by: Some(NINA), at, event })
    };
    let events = events.into_iter().zip(1..).map(stored).collect();
    Source::new(SessionId(Uuid::from_u128(77)), LogId(Uuid::from_u128(78)), events)
}

/// What happens until the last take has stopped, each with when.
fn takes() -> Vec<(i64, Event)> {
    let (name, role) = ("Nina".to_owned(), Role::Owner);
    let (stream, kind, label) = (PROGRAM, StreamKind::Program, "Main".to_owned());
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: RATE };
    let mut events = vec![
        (0, Event::SessionOpen { title: "Blue hour".into() }),
        (0, Event::ParticipantJoin { participant: NINA, name, role, grants: role.grants(), invite: None }),
        (0, Event::StreamOpen { stream, participant: NINA, kind, label, format }),
        (0, Event::StreamEpoch { stream, map: map(0, 0) }),
    ];
    events.extend(TAKES.into_iter().zip(1..).flat_map(|(times, number)| take(TakeNumber(number), times)));
    events
}

fn take(take: TakeNumber, [from_ms, roll_ms, to_ms]: [i64; 3]) -> [(i64, Event); 5] {
    let part = PartId(Uuid::from_u128(100 + u128::from(take.0)));
    let (from, roll, to) = (sample(from_ms), Some(sample(roll_ms)), sample(to_ms));
    let (participant, stream, epoch, rate, channels) = (NINA, PROGRAM, 0, RATE, 2);
    let (gaps, pcm_hash) = (Vec::new(), "cd".repeat(32));
    [
        (roll_ms, Event::TakeArm { take, slate: String::new(), only: None }),
        (roll_ms, Event::TakeRoll { take }),
        (roll_ms, Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll }),
        (to_ms, Event::TakeStop { take }),
        (to_ms, Event::PartStopped { take, part, to, gaps, pcm_hash }),
    ]
}

fn note(ms: i64) -> Event {
    Event::NoteAdd(NewNote {
        note: NoteId(Uuid::from_u128(1_000 + ms as u128)),
        on: Anchor::Live { stream: PROGRAM, epoch: 0, at: ticks(ms), to: None },
        reaction_ms: 0,
        uncertainty_ms: 5,
        concealed: false,
        text: ms.to_string(),
        tag: None,
        severity: Severity::Minor,
        parent: None,
    })
}

fn sample(ms: i64) -> SampleTime {
    SampleTime(ms * i64::from(RATE.0) / 1_000)
}

fn ticks(ms: i64) -> Ticks {
    Ticks(ms * 48 + DELAY)
}
