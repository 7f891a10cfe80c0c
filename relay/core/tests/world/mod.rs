//! A room with its journal, its people and its time, all of them made up.

mod client;

pub(crate) use client::Client;

use super::play::{Coverage, Play, Rng};
use protocol::event::{Recorded, Stored};
use protocol::grants::Role;
use protocol::ids::{LogId, ParticipantId, SessionId};
use protocol::wire::{ClientFrame, ClientKind, RelayFrame};
use relay_core::journal::{Batch, Opened};
use relay_core::room::{Closing, Enter, Input, LinkId, Now, Output, Room};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use units::{MonoTime, WallTime};
use uuid::Uuid;

const BEGIN_MS: i64 = 1_800_000_000_000;

/// What happened in a session, or in several.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Commands that were done.
    pub(crate) done: usize,
    /// Commands that were refused.
    pub(crate) refused: usize,
    /// Answers that nothing was saved.
    pub(crate) unsaved: usize,
    /// People who came back and were told what was missing.
    pub(crate) tails: usize,
    /// People who came back and were told everything.
    pub(crate) wholes: usize,
    /// Times that the relay died.
    pub(crate) deaths: usize,
    /// Mirrors that were compared in the end.
    pub(crate) mirrors: usize,
    /// Events by their types, and refusals by their codes.
    pub(crate) coverage: Coverage,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, rhs: Figures) {
        self.done += rhs.done;
        self.refused += rhs.refused;
        self.unsaved += rhs.unsaved;
        self.tails += rhs.tails;
        self.wholes += rhs.wholes;
        self.deaths += rhs.deaths;
        self.mirrors += rhs.mirrors;
        self.coverage.add(rhs.coverage);
    }
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) room: Room,
    pub(crate) clients: Vec<Client>,
    pub(crate) figures: Figures,
    rng: Rng,
    /// Knows what people ask.
    play: Play,
    most: usize,
    now_ms: u64,
    links: u64,
    /// What the journal holds.
    kept: Opened,
    /// Batches that the journal has not answered.
    queue: VecDeque<Batch>,
}

impl World {
    /// A session that has just been made, with its owner in it. What happens follows from the seed.
    pub(crate) fn new(seed: u64) -> World {
        let log = LogId(Uuid::from_u128(2));
        let kept = Opened { log, term: 1, snapshot: None, tail: Vec::new(), done: Vec::new() };
        let most = if seed.is_multiple_of(50) { 20 } else { 3 + seed as usize % 5 };
        let (play, rng, now_ms) = (Play::new(seed), Rng(seed ^ 0x5eed), 1_000);
        let (clients, figures, queue) = (Vec::new(), Figures::default(), VecDeque::new());
        let room = open(&kept, now_ms);
        let mut world = World { room, clients, figures, rng, play, most, now_ms, links: 0, kept, queue };
        world.play.people.clear();
        world.handle(Input::Deadline);
        world.newcomer(Role::Owner);
        (0..4).for_each(|_| world.journal(true));
        world.read_all();
        world
    }

    /// Everything that is durable, in its order.
    pub(crate) fn log(&self) -> Vec<Recorded> {
        let read = |text: &str| Stored::read(text).expect("the journal holds events").recorded().clone();
        self.kept.tail.iter().map(|event| read(&event.text)).collect()
    }

    /// Whether it is one with twenty people.
    pub(crate) fn is_large(&self) -> bool {
        self.most == 20
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        match self.rng.below(24) {
            0 if self.clients.len() < self.most => {
                let role = self.rng.pick(&Role::ALL).expect("there are roles");
                self.newcomer(role);
            }
            0 | 1 => self.lose(),
            2 | 3 => self.come_back(),
            4 => self.pass(),
            5 if self.rng.once_in(6) => self.die(),
            5..=9 => {
                let has_room = !self.rng.once_in(12);
                self.journal(has_room);
            }
            10..=13 => self.read_some(),
            _ => self.ask(),
        }
    }

    /// Everybody who may comes back and asks again until everything is answered, and reads all there is.
    pub(crate) fn settle(&mut self) {
        for _ in 0..200 {
            self.now_ms += 2_000;
            self.handle(Input::Deadline);
            for n in 0..self.clients.len() {
                if self.clients[n].link.is_none() {
                    self.enter(n);
                }
            }
            while !self.queue.is_empty() {
                self.journal(true);
            }
            self.read_all();
            if self.queue.is_empty() && self.clients.iter().all(Client::is_quiet) {
                self.figures.mirrors += self.clients.iter().filter(|client| client.is_in()).count();
                return;
            }
            // Whoever was told that nothing was saved asks again on another link.
            for n in 0..self.clients.len() {
                if !self.clients[n].is_quiet() {
                    self.drop_link(n);
                }
            }
        }
        panic!("it does not come to rest: {:?}", self.clients.iter().filter(|c| !c.is_quiet()).collect::<Vec<_>>());
    }

    fn newcomer(&mut self, role: Role) {
        let me = ParticipantId(Uuid::from_u128(0x100 + self.clients.len() as u128));
        self.play.people.push(me);
        self.clients.push(Client::new(me, role));
        self.enter(self.clients.len() - 1);
    }

    /// Knocks on a new link, with what one knows, and asks again for what is not answered.
    fn enter(&mut self, n: usize) {
        if self.clients[n].is_out {
            return;
        }
        self.links += 1;
        let link = LinkId(self.links);
        let client = &mut self.clients[n];
        (client.link, client.knocks) = (Some(link), true);
        let (participant, role, known) = (client.me, client.role, client.place);
        let (name, grants, resume) = (format!("p{n}"), role.grants(), String::new());
        let (client, via) = (ClientKind::Native, Vec::new());
        let enter = Enter { link, client, participant, name, role, grants, via, resume, known };
        self.handle(Input::Enter(Box::new(enter)));
    }

    fn somebody(&mut self) -> usize {
        self.rng.below(self.clients.len() as u64) as usize
    }

    fn lose(&mut self) {
        let n = self.somebody();
        self.drop_link(n);
    }

    fn drop_link(&mut self, n: usize) {
        if let Some(link) = self.clients[n].lose() {
            self.handle(Input::Closed { link, left: false });
        }
    }

    /// In a large session the second to come stays away once they are, until all come back.
    fn come_back(&mut self) {
        let n = self.somebody();
        if self.clients[n].link.is_none() && !(self.is_large() && n == 1) {
            self.enter(n);
        }
    }

    /// Mostly a moment; now and then longer than anybody's grace.
    fn pass(&mut self) {
        self.now_ms += if self.rng.once_in(6) { 30_000 } else { self.rng.below(3_000) };
        self.handle(Input::Deadline);
    }

    /// The relay dies with all that was not durable, and starts again.
    fn die(&mut self) {
        self.figures.deaths += 1;
        self.queue.clear();
        for client in &mut self.clients {
            client.lose();
        }
        self.room = open(&self.kept, self.now_ms);
        self.handle(Input::Deadline);
    }

    /// Somebody asks, with a link or without: mostly what they may have by what they see, now and then anything.
    fn ask(&mut self) {
        let n = self.somebody();
        let client = &mut self.clients[n];
        if client.place.is_none() || client.pending.len() > 5 {
            return;
        }
        let command = if self.rng.once_in(4) {
            self.play.ask_seeing(&mut client.state)
        } else {
            self.play.ask_lawfully(client.me, &mut client.state)
        };
        let frame = client.ask(command);
        if let Some(link) = client.link.filter(|_| !client.knocks) {
            self.handle(Input::Frame { link, frame });
        }
    }

    fn read_some(&mut self) {
        let (n, count) = (self.somebody(), 1 + self.rng.below(6));
        (0..count).for_each(|_| self.read(n));
    }

    fn read_all(&mut self) {
        while let Some(n) = self.clients.iter().position(|client| !client.inbox.is_empty()) {
            self.read(n);
        }
    }

    /// The next frame that waits for somebody.
    fn read(&mut self, n: usize) {
        let Some(frame) = self.clients[n].inbox.pop_front() else { return };
        let asks_again = self.clients[n].handle(&frame, &mut self.figures);
        let link = self.clients[n].link;
        for (frame, link) in asks_again.into_iter().flat_map(|frame| Some((frame, link?))) {
            self.handle(Input::Frame { link, frame });
        }
    }

    /// The journal takes the oldest batch, or does not because the disk is full. One that does not follow it never takes.
    fn journal(&mut self, has_room: bool) {
        let Some(batch) = self.queue.pop_front() else { return };
        let (follows, ticket) = (batch.first == self.kept.tail.len() as u64 + 1, batch.ticket);
        if has_room && follows {
            self.kept.tail.extend(batch.events);
            self.kept.done.extend(batch.done);
            self.handle(Input::Durable { ticket });
        } else {
            self.handle(Input::NotDurable { ticket });
        }
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.room.handle(now(self.now_ms), input, &mut out);
        for output in out {
            match output {
                Output::Send { to, frame } => self.deliver(&to, Rc::new(frame)),
                Output::SendText { to, text } => {
                    let frame: RelayFrame = serde_json::from_str(&text).expect("an event is a frame");
                    self.deliver(&to, Rc::new(frame));
                }
                Output::Persist(batch) => self.queue.push_back(batch),
                Output::Close { link, closing } => self.close(link, closing),
                _ => {}
            }
        }
    }

    fn deliver(&mut self, to: &[LinkId], frame: Rc<RelayFrame>) {
        let reached = self.clients.iter_mut().filter(|client| client.link.is_some_and(|link| to.contains(&link)));
        reached.for_each(|client| client.inbox.push_back(Rc::clone(&frame)));
    }

    fn close(&mut self, link: LinkId, closing: Closing) {
        let Some(client) = self.clients.iter_mut().find(|client| client.link == Some(link)) else { return };
        client.is_out |= matches!(closing, Closing::SentAway | Closing::Refused);
        client.lose();
    }
}

fn open(kept: &Opened, now_ms: u64) -> Room {
    Room::open(SessionId(Uuid::from_u128(1)), kept.clone(), "Blue hour", now(now_ms)).expect("the journal is whole")
}

fn now(now_ms: u64) -> Now {
    Now { mono: MonoTime(0) + Duration::from_millis(now_ms), wall: WallTime(BEGIN_MS + now_ms as i64) }
}

/// A command on its way.
pub(crate) fn frame_of(id: protocol::ids::CommandId, command: protocol::command::Command) -> ClientFrame {
    ClientFrame::Cmd { id, command }
}
