//! Whatever a script writes or a file holds is a command, a memory or a refusal, never a panic. Runs bounded with the
//! suite; `cargo bolero test NAME` fuzzes on.

use client_core::heard::HeardAnchor;
use client_core::outbox::{ANSWERS, Answer, Asked, CAPACITY, Handled, Kept, Outbox, Pending};
use client_core::request::{Pin, Request};
use protocol::command::Command;
use protocol::event::{Event, Recorded};
use protocol::ids::{CommandId, PartId, ParticipantId, StreamId, TakeNumber};
use protocol::session::{SessionState, apply};
use serde_json::{Map, Value, json};
use units::{SampleRate, SampleTime, Ticks, WallTime};
use uuid::Uuid;

const COMMANDS: [&str; 14] = [
    "take.arm",
    "take.roll",
    "take.stop",
    "take.verdict",
    "take.circle",
    "take.slate",
    "note.add",
    "note.reply",
    "note.status",
    "part.stopped",
    "stream.epoch",
    "session.song",
    "undo",
    "no.such",
];
const FIELDS: [&str; 16] = [
    "take", "at", "to", "on", "text", "slate", "verdict", "reason", "if", "part", "note", "status", "song", "of", "id",
    "map",
];

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.25),
        json!(9_999_999.0),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("approved"),
        json!("\u{1b}[2J\u{202e}"),
        json!(Uuid::from_u128(3)),
        json!([]),
        json!({ "phase": "rolling" }),
        json!({ "kind": "take", "take": 1 }),
        json!({ "tempo_mbpm": 120_000 }),
        json!(true),
    ]
}

/// A take with a part at the highest rate that a number can say.
fn session() -> SessionState {
    let (id, take, rate) = (Uuid::from_u128(3), TakeNumber(1), SampleRate(u32::MAX));
    let (participant, stream) = (ParticipantId(id), StreamId(id));
    let (part, epoch, from, channels, roll) = (PartId(id), 0, SampleTime(0), 2, None);
    let mut state = SessionState::default();
    for (event, seq) in [
        Event::TakeArm { take, slate: String::new(), only: None },
        Event::TakeRoll { take },
        Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll },
    ]
    .into_iter()
    .zip(1..)
    {
        apply(&mut state, &Recorded { seq, id: None, by: None, at: WallTime(1), event });
    }
    state
}

#[test]
fn any_fields_of_any_command_are_a_command_or_a_refusal_in_words() {
    let (state, values) = (session(), values());
    let stream = StreamId(Uuid::from_u128(3));
    let heard = HeardAnchor { stream, epoch: 0, at: Ticks(i64::MAX), uncertainty_ms: u32::MAX, concealed: true };
    bolero::check!().with_type::<(u8, bool, Vec<(u8, u8)>)>().for_each(|(cmd, hears, fields)| {
        let cmd = COMMANDS[usize::from(*cmd) % COMMANDS.len()].to_owned();
        let field = |(name, value): &(u8, u8)| {
            let (name, value) = (usize::from(*name) % FIELDS.len(), usize::from(*value) % values.len());
            (FIELDS[name].to_owned(), values[value].clone())
        };
        let fields: Map<String, Value> = fields.iter().take(5).map(field).collect();
        let request = Request { cmd, fields };
        let pin = hears.then_some(Pin { heard, reaction_ms: u32::MAX });
        match request.complete(&state, pin, Uuid::from_u128(99)) {
            Ok(command) => {
                let text = serde_json::to_string(&command).unwrap();
                assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

/// When everything was asked.
const NOW: WallTime = WallTime(1);

fn kept(pending: usize, answered: usize) -> Kept {
    let asked = |n: usize| Asked { id: json!(n), line: json!({ "cmd": "take.stop", "id": n }) };
    let id = |n: usize| CommandId(Uuid::from_u128(n as u128));
    let stop = Command::TakeStop { take: None, belief: None };
    Kept {
        pending: (0..pending).map(|n| Pending::lasting(id(n), stop.clone(), Some(asked(n)), NOW)).collect(),
        answered: (0..answered).map(|n| (asked(1_000 + n), Answer::Done { seq: n as u64 })).collect(),
    }
}

#[test]
fn any_bytes_in_a_memory_are_an_outbox_or_none() {
    let whole = serde_json::to_vec(&kept(2, 2)).unwrap();
    bolero::check!().with_type::<(Vec<(u16, u8)>, u16)>().for_each(|(bytes, cut)| {
        let mut text = whole.clone();
        let length = text.len();
        bytes.iter().take(3).for_each(|(at, byte)| text[usize::from(*at) % length] = *byte);
        text.truncate(length - usize::from(*cut) % length);
        let Ok(kept) = serde_json::from_slice::<Kept>(&text) else { return };
        let outbox = Outbox::restore(kept.clone());
        assert!(outbox.kept().pending.len() <= kept.pending.len());
    });
}

#[test]
fn a_memory_that_holds_more_than_there_may_be_does_not_lift_the_bound() {
    let mut outbox = Outbox::restore(kept(3 * CAPACITY, 2 * ANSWERS));
    assert_eq!((outbox.kept().pending.len(), outbox.kept().answered.len()), (CAPACITY, ANSWERS));
    let stop = Command::TakeStop { take: None, belief: None };
    assert!(outbox.push(Pending::lasting(CommandId(Uuid::from_u128(7_777)), stop, None, NOW)).is_err());
    let (oldest, _) = outbox.next_to_send(NOW, || true).expect("the oldest waits");
    assert!(matches!(outbox.handle_answer(oldest, &Answer::Done { seq: 1 }), Handled::Answered(_)));
    assert_eq!(outbox.kept().answered.len(), ANSWERS);
}
