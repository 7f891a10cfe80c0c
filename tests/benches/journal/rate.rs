//! Durable events per second over many sessions: rooms and journal as the relay runs them, without links. Everybody asks
//! as much as may be asked at once, so that no limit on a person's rate counts.

use super::holds;
use anyhow::{Context, Result};
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, NoteId, ParticipantId, SessionId};
use protocol::wire::{COMMAND_BURST, ClientFrame, ClientKind, RelayFrame};
use relay::clock::Clock;
use relay::journal::{FILE, Figures, SqliteJournal, Writer};
use relay::media::{MediaConfig, MediaHandle};
use relay::rooms::{LinkEnd, RoomHandle, Rooms, open_link};
use relay::store::Store;
use relay::telemetry::Metrics;
use relay_core::room::{Enter, LinkId};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tests::load::{first, note};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Sessions, and participants of each.
const SHAPES: [(usize, usize); 3] = [(10, 50), (100, 10), (500, 2)];
/// Commands of one participant that wait for their answers.
const OUTSTANDING: usize = 4;
const LEAST_PER_S: f64 = 5_000.0;

pub(super) fn print() -> Result<bool> {
    println!("\nrooms and journal without links, everybody asks {COMMAND_BURST} times, {OUTSTANDING} at once");
    println!("sessions  people of each  events/s  commits  events a commit");
    let mut least_per_s = f64::INFINITY;
    for (sessions, people) in SHAPES {
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Runtime::new()?;
        let (events_per_s, commits, each) = runtime.block_on(measure(folder.path(), sessions, people))?;
        println!("{sessions:8} {people:15} {events_per_s:9.0} {commits:8} {each:16.1}");
        least_per_s = least_per_s.min(events_per_s);
    }
    Ok(holds(&format!("{LEAST_PER_S} durable events a second"), least_per_s >= LEAST_PER_S))
}

async fn measure(data: &Path, sessions: usize, people: usize) -> Result<(f64, u64, f64)> {
    let (rooms, writer, figures) = start(data)?;
    let mut everybody = Vec::new();
    for session in 0..sessions {
        let room = rooms.room(SessionId(Uuid::from_u128(session as u128 + 1)), "Load")?;
        let mut engineer = Somebody::enter(&rooms, &room, Role::Engineer).await;
        engineer.ask(first()).await;
        engineer.answered().await?;
        for _ in 0..people {
            everybody.push(Somebody::enter(&rooms, &room, Role::Mentor).await);
        }
    }
    for somebody in &mut everybody {
        somebody.welcomed().await?;
    }
    let (events, commits) = (figures.events.get(), figures.commits.get());
    let (begun, mut asking) = (Instant::now(), JoinSet::new());
    everybody.into_iter().for_each(|somebody| drop(asking.spawn(somebody.ask_all())));
    while let Some(done) = asking.join_next().await {
        done??;
    }
    let took_s = begun.elapsed().as_secs_f64();
    let (events, commits) = (figures.events.get() - events, figures.commits.get() - commits);
    rooms.drain().await;
    tokio::task::spawn_blocking(|| drop(writer)).await?;
    Ok((events as f64 / took_s, commits, events as f64 / commits as f64))
}

fn start(data: &Path) -> Result<(Rooms, Writer, Figures)> {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (events, news) = mpsc::channel(16);
    let (media, _) = MediaHandle::start(MediaConfig { bind, shards: 1, advertise: None }, events)?;
    let open = || SqliteJournal::open(&data.join(FILE));
    let writer = Writer::start(open()?, open()?)?;
    let store = Store::open(&data.join(relay::store::FILE))?;
    let (handle, figures) = (writer.handle(), writer.handle().figures().clone());
    let metrics = Arc::new(Metrics::new(media.clone(), handle.figures()));
    Ok((Rooms::start(Clock::start(), media, handle, store, news, metrics), writer, figures))
}

/// A participant without a socket.
struct Somebody {
    room: RoomHandle,
    link: LinkId,
    end: LinkEnd,
}

impl Somebody {
    async fn enter(rooms: &Rooms, room: &RoomHandle, role: Role) -> Somebody {
        let (link, client, participant) = (rooms.next_link(), ClientKind::Native, ParticipantId(Uuid::new_v4()));
        let (door, end, _) = open_link();
        let (grants, resume) = (role.grants(), String::new());
        let name = format!("Person {}", link.0);
        room.enter(Enter { link, client, participant, name, role, grants, via: Vec::new(), resume, known: None }, door)
            .await;
        Somebody { room: room.clone(), link, end }
    }

    async fn ask(&self, command: Command) {
        let id = CommandId(Uuid::new_v4());
        self.room.frame(self.link, ClientFrame::Cmd { id, command }).await;
    }

    /// Asks as often as may be asked at once.
    async fn ask_all(mut self) -> Result<()> {
        let all = COMMAND_BURST as usize;
        for n in 0..all + OUTSTANDING {
            if n >= OUTSTANDING {
                self.answered().await?;
            }
            if n < all {
                self.ask(note(NoteId(Uuid::new_v4()), 0.5, n as u64)).await;
            }
        }
        Ok(())
    }

    async fn welcomed(&mut self) -> Result<()> {
        self.until(r#"{"t":"welcome""#).await.map(drop)
    }

    async fn answered(&mut self) -> Result<()> {
        let answer = self.until(r#"{"t":"ok""#).await?;
        anyhow::ensure!(matches!(serde_json::from_str(&answer)?, RelayFrame::Ok { .. }), "{answer}");
        Ok(())
    }

    /// Frames that begin otherwise are taken and not read: that costs the relay nothing, and a reader elsewhere a processor
    /// of its own.
    async fn until(&mut self, beginning: &str) -> Result<String> {
        loop {
            let text = self.end.queue.recv().await.context("the room has closed the link")?;
            anyhow::ensure!(!text.starts_with(r#"{"t":"err""#), "refused: {text}");
            if text.starts_with(beginning) {
                return Ok(text.to_string());
            }
        }
    }
}
