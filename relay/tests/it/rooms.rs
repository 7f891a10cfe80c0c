use crate::house::{HANGS, open, stream};
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, ParticipantId, SessionId};
use protocol::stream::StreamKind;
use protocol::wire::{ClientFrame, ClientKind, RelayFrame};
use relay::clock::Clock;
use relay::journal::{SqliteJournal, Writer};
use relay::media::{MediaConfig, MediaHandle};
use relay::rooms::{LinkEnd, NoRoom, RoomHandle, Rooms, SEND_QUEUE, open_link};
use relay::store::Store;
use relay::telemetry::Metrics;
use relay_core::room::{Closing, Enter, LinkId};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

/// Rooms over a journal in a folder of the test's own.
fn start() -> (Rooms, Writer, tempfile::TempDir) {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (events, news) = mpsc::channel(16);
    let (media, _) = MediaHandle::start(MediaConfig { bind, shards: 1, advertise: None }, events).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteJournal::open(&folder.path().join(relay::journal::FILE)).unwrap();
    let journal = Writer::start(open(), open()).unwrap();
    let metrics = Arc::new(Metrics::new(media.clone(), journal.handle().figures()));
    let store = Store::open(&folder.path().join(relay::store::FILE)).unwrap();
    (Rooms::start(Clock::start(), media, journal.handle(), store, news, metrics), journal, folder)
}

async fn enter(rooms: &Rooms, room: &RoomHandle, n: u128) -> (LinkId, LinkEnd) {
    let (link, role) = (rooms.next_link(), Role::Engineer);
    let (door, end, _) = open_link();
    let (client, participant, name) = (ClientKind::Native, ParticipantId(Uuid::from_u128(n)), format!("Person {n}"));
    let (grants, via, resume) = (role.grants(), Vec::new(), String::new());
    room.enter(Enter { link, client, participant, name, role, grants, via, resume, known: None }, door).await;
    (link, end)
}

/// What is awaited comes.
async fn comes<T>(awaited: impl Future<Output = T>) -> T {
    timeout(HANGS, awaited).await.expect("it comes")
}

/// Reads frames until the answer to command `id`.
async fn answered(end: &mut LinkEnd, id: CommandId) {
    loop {
        let text = comes(end.queue.recv()).await.expect("the link is open");
        if matches!(serde_json::from_str(&text), Ok(RelayFrame::Ok { id: told, .. }) if told == id) {
            return;
        }
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_closed_and_the_others_miss_nothing() {
    let (rooms, _journal, _folder) = start();
    let room = rooms.room(SessionId(Uuid::from_u128(1)), "Cello").unwrap();
    let (_slow, mut behind) = enter(&rooms, &room, 1).await;
    let mut sent = 0;
    for n in 2..=40 {
        let (link, mut end) = enter(&rooms, &room, n).await;
        for k in 0..30 {
            let id = CommandId(Uuid::from_u128(n << 64 | k));
            let command: Command = open(stream(n), StreamKind::Program);
            room.frame(link, ClientFrame::Cmd { id, command }).await;
            answered(&mut end, id).await;
            sent += 1;
        }
        room.closed(link, true).await;
    }
    assert!(sent > SEND_QUEUE);
    assert_eq!(comes(behind.close.recv()).await, Some(Closing::Slow));
    let mut queued = 0;
    while behind.queue.try_recv().is_ok() {
        queued += 1;
    }
    assert_eq!(queued, SEND_QUEUE);
}

#[tokio::test]
async fn a_session_runs_once_and_not_after_the_end() {
    let (rooms, _journal, _folder) = start();
    let session = SessionId(Uuid::from_u128(1));
    let (first, second) = (rooms.room(session, "Cello").unwrap(), rooms.room(session, "Cello").unwrap());
    let (link, mut end) = enter(&rooms, &first, 1).await;
    let id = CommandId(Uuid::from_u128(9));
    let command = open(stream(1), StreamKind::Program);
    second.frame(link, ClientFrame::Cmd { id, command }).await;
    answered(&mut end, id).await;
    rooms.drain().await;
    assert_eq!(comes(end.close.recv()).await, Some(Closing::Draining));
    assert_eq!(rooms.room(session, "Cello").err(), Some(NoRoom::Draining));
}

#[tokio::test]
async fn a_room_that_everybody_has_left_ends_and_goes_on_from_the_journal() {
    let (rooms, _journal, _folder) = start();
    let session = SessionId(Uuid::from_u128(1));
    let room = rooms.room(session, "Cello").unwrap();
    let (link, mut end) = enter(&rooms, &room, 1).await;
    let id = CommandId(Uuid::from_u128(9));
    let command = open(stream(1), StreamKind::Program);
    room.frame(link, ClientFrame::Cmd { id, command: command.clone() }).await;
    answered(&mut end, id).await;
    room.closed(link, true).await;
    assert_eq!(rooms.running(), 1, "somebody has a way to it");
    drop(room);
    comes(async {
        while rooms.running() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let room = rooms.room(session, "Cello").unwrap();
    let (link, mut end) = enter(&rooms, &room, 1).await;
    room.frame(link, ClientFrame::Cmd { id, command }).await;
    answered(&mut end, id).await;
}
