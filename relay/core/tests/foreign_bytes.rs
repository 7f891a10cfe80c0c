//! Whatever a journal holds is a room or an error, never a panic. Runs bounded with the suite; `cargo bolero test NAME`
//! fuzzes on.

use protocol::event::{Event, Recorded, Stored};
use protocol::grants::Role;
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::session::people::{Baton, Policy};
use protocol::session::{SessionState, apply};
use relay_core::journal::{Opened, Snapshot, StoredEvent};
use relay_core::room::{Input, Now, Room};
use std::time::Duration;
use units::{MonoTime, WallTime};
use uuid::Uuid;

const LOG: LogId = LogId(Uuid::from_u128(2));

fn recorded(seq: u64, event: Event) -> Recorded {
    Recorded { seq, id: None, by: None, at: WallTime(1_000), event }
}

fn join(n: u128) -> Event {
    let (participant, name, role) = (ParticipantId(Uuid::from_u128(n)), format!("Person {n}"), Role::Owner);
    Event::ParticipantJoin { participant, name, role, grants: role.grants(), invite: None }
}

/// A small state in which something is due.
fn state() -> SessionState {
    let mut state = SessionState::default();
    for (event, seq) in [Event::SessionOpen { title: "Cello".into() }, join(1), join(2)].into_iter().zip(1..) {
        apply(&mut state, &recorded(seq, event));
    }
    state.baton = Some(Baton { holder: ParticipantId(Uuid::from_u128(1)), until: WallTime(2_000), lease_ms: 1_000 });
    state.policy = Policy { lobby: true, ..Policy::default() };
    state
}

fn bend(text: &str, bytes: &[(u16, u8)]) -> String {
    let mut bent = text.as_bytes().to_vec();
    let length = bent.len();
    bytes.iter().take(3).for_each(|(at, byte)| bent[usize::from(*at) % length] = *byte);
    String::from_utf8_lossy(&bent).into_owned()
}

/// A room that could be built lives on for an hour of any clock.
fn live(opened: Opened) {
    let at = |mono: u64, wall: i64| Now { mono: MonoTime(mono), wall: WallTime(wall) };
    let Ok(mut room) = Room::open(SessionId(Uuid::from_u128(1)), opened, "Cello", at(1, i64::MAX)) else { return };
    let mut out = Vec::new();
    for wall in [0, i64::MAX, 5_000] {
        let mono = room.next_deadline().unwrap_or_default() + Duration::from_secs(3_600);
        room.handle(at(mono.0, wall), Input::Deadline, &mut out);
    }
}

#[test]
fn any_snapshot_and_any_event_are_a_room_or_an_error() {
    let snapshot = serde_json::to_string(&state()).unwrap();
    let tail = Stored::write(recorded(4, join(3)));
    bolero::check!().with_type::<(Vec<(u16, u8)>, Vec<(u16, u8)>, i64)>().for_each(|(first, second, at)| {
        let text = bend(&snapshot, first);
        let event = bend(&tail.text().replace(":1000", &format!(":{at}")), second);
        let tail = vec![StoredEvent::after(&[0; 32], event)];
        let snapshot = Some(Snapshot { seq: 3, hash: [0; 32], text });
        live(Opened { log: LOG, term: 1, snapshot, tail, done: Vec::new() });
    });
}
