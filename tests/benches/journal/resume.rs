//! Coming into a session of ten thousand events: its room built from snapshot and tail, the state sent, a known place
//! gone on from.

use super::holds;
use anyhow::{Context, Result, bail};
use protocol::grants::Role;
use protocol::ids::{CommandId, NoteId, ParticipantId, SessionId};
use protocol::wire::{ClientFrame, ClientKind, RelayFrame};
use relay::journal::{FILE, Journal, SqliteJournal};
use relay_core::journal::Batch;
use relay_core::room::{Enter, Input, LinkId, Now, Output, Room};
use std::path::Path;
use std::time::{Duration, Instant};
use tests::load::{Person, first, note};
use tests::programs::Relay;
use tokio::runtime::Runtime;
use units::{MonoTime, WallTime};
use uuid::Uuid;

const EVENTS: u64 = 10_000;
const MOST_MS: f64 = 200.0;
/// Who asks: nobody more often than a log takes from one.
const PEOPLE: u64 = 4;
/// A participant may ask ten times a second.
const EVERY: Duration = Duration::from_millis(100);
/// Runs of each measurement, of which the median counts.
const RUNS: usize = 9;

pub(super) fn print() -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let relay = Relay::start_in(folder.path(), &["--log", "error"])?;
    let made = relay.new_session("Long")?;
    let session = made.id.parse()?;
    let address = |relay: &Relay| relay.http.replace("http://", "");
    let (http, runtime) = (address(&relay), Runtime::new()?);
    end(relay)?;
    make_long(folder.path(), session)?;
    let (mut cold, mut whole, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let relay = Relay::start_in(folder.path(), &["--log", "error", "--http", &http])?;
        runtime.block_on(async {
            let person = || Person::by_link(made.link("mentor"), "Ada", 1);
            let (mut one, mut other) = (person().await?, person().await?);
            let link = timed(&mut cold, &mut one).await?;
            let _other = timed(&mut whole, &mut other).await?;
            drop(link);
            one.remember_place();
            let _link = timed(&mut tail, &mut one).await?;
            anyhow::Ok(())
        })?;
        end(relay)?;
    }
    let opened = SqliteJournal::open(&folder.path().join(FILE))?.open(session)?.context("the session has a log")?;
    let kept = opened.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
    println!(
        "\na session of {EVENTS} events, the last snapshot at {kept}; hello to the whole welcome, median of {RUNS}"
    );
    let [cold_ms, whole_ms, tail_ms] = [cold, whole, tail].map(median_ms);
    println!("  not running, built from the journal: {cold_ms:7.1} ms");
    println!("  running, the whole state:            {whole_ms:7.1} ms");
    println!("  running, gone on from a known place: {tail_ms:7.1} ms");
    Ok(holds(&format!("each within {MOST_MS} ms"), [cold_ms, whole_ms, tail_ms].iter().all(|ms| *ms <= MOST_MS)))
}

fn end(mut relay: Relay) -> Result<()> {
    relay.program.terminate();
    relay.program.finish().map(drop)
}

async fn timed(times: &mut Vec<Duration>, person: &mut Person) -> Result<client::signal::Link> {
    let begun = Instant::now();
    let link = person.come_in().await?;
    times.push(begun.elapsed());
    Ok(link)
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Lets people note on until the log is as long as wanted, in virtual time, by the relay's own room and journal.
fn make_long(data: &Path, session: SessionId) -> Result<()> {
    let mut writer = Offline::open(data, session)?;
    (0..PEOPLE).try_for_each(|n| writer.enter(LinkId(n)))?;
    let mut command = first();
    for n in 0.. {
        if writer.room.place().seq >= EVENTS {
            return Ok(());
        }
        let (id, link) = (CommandId(Uuid::new_v4()), LinkId(n % PEOPLE));
        writer.handle(Input::Frame { link, frame: ClientFrame::Cmd { id, command } })?;
        command = note(NoteId(Uuid::new_v4()), 0.5, n);
    }
    Ok(())
}

/// A room whose journal answers at once.
struct Offline {
    journal: SqliteJournal,
    room: Room,
    now: Now,
}

impl Offline {
    fn open(data: &Path, session: SessionId) -> Result<Offline> {
        let mut journal = SqliteJournal::open(&data.join(FILE))?;
        let now = Now { mono: MonoTime(0), wall: WallTime(1_790_000_000_000) };
        journal.create(session, protocol::ids::LogId(Uuid::new_v4()))?;
        let opened = journal.open(session)?.context("the log was just begun")?;
        let room = Room::open(session, opened, "Long", now)?;
        let mut offline = Offline { journal, room, now };
        offline.handle(Input::Deadline)?;
        Ok(offline)
    }

    fn enter(&mut self, link: LinkId) -> Result<()> {
        let (role, client, known) = (Role::Engineer, ClientKind::Native, None);
        let (participant, name) = (ParticipantId(Uuid::new_v4()), format!("Eva {}", link.0));
        let (grants, resume, via) = (role.grants(), String::new(), Vec::new());
        let enter = Enter { link, client, participant, name, role, grants, via, resume, known };
        self.handle(Input::Enter(Box::new(enter)))
    }

    fn handle(&mut self, input: Input) -> Result<()> {
        self.now.mono = self.now.mono + EVERY;
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let mut outputs = Vec::new();
            self.room.handle(self.now, input, &mut outputs);
            for output in outputs {
                match output {
                    Output::Persist(batch) => inputs.push(self.append(batch)?),
                    Output::Keep(session, snapshot) => self.journal.snapshot(session, snapshot)?,
                    Output::Close { closing, .. } => bail!("the room closes the link: {closing:?}"),
                    Output::Send { frame: RelayFrame::Err { msg, .. }, .. } => bail!("the room refuses: {msg}"),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn append(&mut self, batch: Batch) -> Result<Input> {
        let ticket = batch.ticket;
        self.journal.append(&[batch])?.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(Input::Durable { ticket })
    }
}
