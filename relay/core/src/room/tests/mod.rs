//! What a room does, in virtual time.

mod door;
mod ephemerals;
mod invites;
mod law;
mod peers;
mod people;
mod properties;
mod repeats;
mod saving;

use super::*;
use crate::journal::{Batch, StoredEvent};
use protocol::command::Command;
use protocol::event::Recorded;
use protocol::grants::Role;
use protocol::ids::{CommandId, InviteId, LogId, StreamId};
use protocol::session::apply;
use protocol::stream::{StreamFormat, StreamKind};
use protocol::wire::{ClientKind, Ephemeral, ErrorCode, PeerNews, Presence};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use units::{SampleRate, WallTime};

const MS: Duration = Duration::from_millis(1);

/// A room with its time, and everything that its links were sent.
struct House {
    room: Room,
    now: MonoTime,
    /// How far the wall clock has jumped, in ms.
    jumped_ms: i64,
    links: u64,
    inboxes: BTreeMap<LinkId, Vec<RelayFrame>>,
    owners: BTreeMap<LinkId, ParticipantId>,
    closed: Vec<(LinkId, Closing)>,
    others: Vec<Output>,
    /// What the journal holds.
    kept: Opened,
    /// Batches that the journal has not answered.
    queue: VecDeque<Batch>,
    /// Whether the journal answers at once.
    prompt: bool,
}

fn person(n: u128) -> ParticipantId {
    ParticipantId(uuid::Uuid::from_u128(n))
}

fn stream(n: u128) -> StreamId {
    StreamId(uuid::Uuid::from_u128(0x5000 + n))
}

fn command(n: u128) -> CommandId {
    CommandId(uuid::Uuid::from_u128(0xc000 + n))
}

fn open(n: u128, kind: StreamKind) -> Command {
    let rate = SampleRate::HZ_48000;
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate };
    Command::StreamOpen { stream: stream(n), kind, label: "Main".into(), format }
}

fn levels(n: u128, dbfs: f32) -> Ephemeral {
    Ephemeral::Levels { stream: stream(n), peak_dbfs: vec![dbfs, dbfs], rms_dbfs: vec![dbfs, dbfs] }
}

impl House {
    fn new() -> House {
        let session = SessionId(uuid::Uuid::from_u128(1));
        let log = LogId(uuid::Uuid::from_u128(2));
        House::open(session, Opened { log, term: 1, snapshot: None, tail: Vec::new(), done: Vec::new() })
    }

    fn open(session: SessionId, kept: Opened) -> House {
        let now = MonoTime(1_000_000_000);
        let room = Room::open(session, kept.clone(), "Cello", House::told(now, 0)).unwrap();
        let (inboxes, owners) = (BTreeMap::new(), BTreeMap::new());
        let (closed, others, queue) = (Vec::new(), Vec::new(), VecDeque::new());
        let (jumped_ms, links, prompt) = (0, 0, true);
        let mut house = House { room, now, jumped_ms, links, inboxes, owners, closed, others, kept, queue, prompt };
        house.handle(Input::Deadline);
        house
    }

    /// The relay dies and starts again with what the journal holds.
    fn restart(&mut self) {
        let links = self.links;
        *self = House::open(self.room.session, self.kept.clone());
        self.links = links;
    }

    /// Nobody is in, so the room ends, and begins again from the journal.
    fn end_and_begin(&mut self) {
        assert!(self.room.is_empty());
        let (now, arrivals) = (self.now, self.room.take_arrivals());
        self.restart();
        self.now = now;
        self.room.set_arrivals(arrivals);
    }

    /// The journal takes the oldest batch, or does not because the disk is full. One that does not follow it never takes.
    fn answer(&mut self, has_space: bool) {
        let Some(batch) = self.queue.pop_front() else { return };
        let fits = batch.first == self.kept.tail.len() as u64 + 1;
        let ticket = batch.ticket;
        if has_space && fits {
            self.kept.tail.extend(batch.events);
            self.kept.done.extend(batch.done);
            self.handle(Input::Durable { ticket });
        } else {
            self.handle(Input::NotDurable { ticket });
        }
    }

    fn answer_all(&mut self) {
        while !self.queue.is_empty() {
            self.answer(true);
        }
    }

    /// Everything that is durable, in its order.
    fn log(&self) -> Vec<Recorded> {
        let read = |event: &StoredEvent| serde_json::from_str(&event.text).unwrap();
        self.kept.tail.iter().map(read).collect()
    }

    fn told(mono: MonoTime, jumped_ms: i64) -> Now {
        Now { mono, wall: WallTime((mono.0 / 1_000_000) as i64 + jumped_ms) }
    }

    /// Events that nobody caused, until the log is so long.
    fn fill(&mut self, events: usize) {
        let filler = Event::SessionOpen { title: "Cello".into() };
        while self.room.log.ahead().seq < events as u64 {
            let next = self.room.log.append(WallTime(0), None, None, filler.clone());
            self.kept.tail.push(StoredEvent { text: next.0.text().into(), hash: next.1.0 });
            self.room.log.commit(next);
        }
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.room.handle(House::told(self.now, self.jumped_ms), input, &mut out);
        for output in out {
            match output {
                Output::Send { to, frame } => {
                    assert!(!to.is_empty(), "a frame for nobody");
                    to.iter().for_each(|link| self.inboxes.entry(*link).or_default().push(frame.clone()));
                }
                Output::SendText { to, text } => {
                    assert!(!to.is_empty(), "a frame for nobody");
                    let frame: RelayFrame = serde_json::from_str(&text).unwrap();
                    to.iter().for_each(|link| self.inboxes.entry(*link).or_default().push(frame.clone()));
                }
                Output::Close { link, closing } => self.closed.push((link, closing)),
                Output::Persist(batch) => self.queue.push_back(batch),
                other => self.others.push(other),
            }
        }
        if self.prompt {
            self.answer_all();
        }
    }

    fn enter(&mut self, n: u128, role: Role) -> LinkId {
        self.enter_with(n, role, ClientKind::Native)
    }

    fn enter_with(&mut self, n: u128, role: Role, client: ClientKind) -> LinkId {
        self.links += 1;
        let link = LinkId(self.links);
        let (participant, name, grants) = (person(n), format!("Person {n}"), role.grants());
        let (via, resume, known) = (Vec::new(), String::from("hush"), None);
        self.come(Enter { link, client, participant, name, role, grants, via, resume, known });
        link
    }

    /// Comes for the first time by an invitation, and then those that it was made by.
    fn enter_by(&mut self, n: u128, role: Role, via: &[u128]) -> LinkId {
        self.links += 1;
        let (link, client, resume) = (LinkId(self.links), ClientKind::Native, String::from("hush"));
        let (participant, name, grants) = (person(n), format!("Person {n}"), role.grants());
        let via = via.iter().map(|n| InviteId(uuid::Uuid::from_u128(*n))).collect();
        self.come(Enter { link, client, participant, name, role, grants, via, resume, known: None });
        link
    }

    /// Comes back on a new link with what one knows.
    fn come_back(&mut self, n: u128, known: Option<Place>) -> LinkId {
        self.links += 1;
        let link = LinkId(self.links);
        let (role, client) = (Role::Engineer, ClientKind::Native);
        let (participant, name, grants) = (person(n), format!("Person {n}"), role.grants());
        let (via, resume) = (Vec::new(), String::from("hush"));
        self.come(Enter { link, client, participant, name, role, grants, via, resume, known });
        link
    }

    fn come(&mut self, enter: Enter) {
        self.owners.insert(enter.link, enter.participant);
        match self.room.charge(House::told(self.now, self.jumped_ms), &enter) {
            Ok(()) => self.handle(Input::Enter(Box::new(enter))),
            Err(refusal) => self.turn_away(enter.link, refusal),
        }
    }

    /// What the shell does with somebody who is not let pass.
    fn turn_away(&mut self, link: LinkId, refusal: Refusal) {
        let closing = if refusal.code == ErrorCode::NotSaved { Closing::NotSaved } else { Closing::Refused };
        self.inboxes.entry(link).or_default().push(refusal.into_frame(None));
        self.closed.push((link, closing));
    }

    fn command(&mut self, link: LinkId, n: u128, command: Command) {
        self.frame(link, ClientFrame::Cmd { id: self::command(n), command });
    }

    fn frame(&mut self, link: LinkId, frame: ClientFrame) {
        self.handle(Input::Frame { link, frame });
    }

    fn lose(&mut self, link: LinkId) {
        self.handle(Input::Closed { link, left: false });
    }

    fn leave(&mut self, link: LinkId) {
        self.handle(Input::Closed { link, left: true });
    }

    /// Lets time pass, with every deadline on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.room.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.handle(Input::Deadline);
        }
        self.now = end;
    }

    fn take(&mut self, link: LinkId) -> Vec<RelayFrame> {
        self.inboxes.remove(&link).unwrap_or_default()
    }

    fn is_present(&self, n: u128) -> bool {
        self.room.state().participants.get(&person(n)).is_some_and(|person| person.present)
    }

    fn is_open(&self, n: u128) -> bool {
        self.room.state().streams.get(&stream(n)).is_some_and(|stream| stream.open)
    }
}

fn presence(frames: &[RelayFrame]) -> Option<&[Presence]> {
    frames.iter().rev().find_map(|frame| match frame {
        RelayFrame::Pres { people } => Some(people.as_slice()),
        _ => None,
    })
}
