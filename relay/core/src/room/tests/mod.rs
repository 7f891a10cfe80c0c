//! What a room does, in virtual time.

mod ephemerals;
mod law;
mod peers;
mod people;
mod properties;

use super::*;
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, StreamId};
use protocol::session::apply;
use protocol::stream::{StreamFormat, StreamKind};
use protocol::wire::{ClientKind, Ephemeral, PeerNews, Presence};
use std::collections::{BTreeMap, BTreeSet};
use units::{SampleRate, WallTime};

const MS: Duration = Duration::from_millis(1);

/// A room with its time, and everything that its links were sent.
struct House {
    room: Room,
    now: MonoTime,
    links: u64,
    inboxes: BTreeMap<LinkId, Vec<RelayFrame>>,
    owners: BTreeMap<LinkId, ParticipantId>,
    closed: Vec<(LinkId, Closing)>,
    others: Vec<Output>,
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
        let now = MonoTime(1_000_000_000);
        let room = Room::new(session, log, "Cello", House::told(now));
        let (inboxes, owners) = (BTreeMap::new(), BTreeMap::new());
        House { room, now, links: 0, inboxes, owners, closed: Vec::new(), others: Vec::new() }
    }

    fn told(mono: MonoTime) -> Now {
        Now { mono, wall: WallTime((mono.0 / 1_000_000) as i64) }
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.room.handle(House::told(self.now), input, &mut out);
        for output in out {
            match output {
                Output::Send { to, frame } => {
                    assert!(!to.is_empty(), "a frame for nobody");
                    to.iter().for_each(|link| self.inboxes.entry(*link).or_default().push(frame.clone()));
                }
                Output::Close { link, closing } => self.closed.push((link, closing)),
                other => self.others.push(other),
            }
        }
    }

    fn enter(&mut self, n: u128, role: Role) -> LinkId {
        self.enter_with(n, role, ClientKind::Native)
    }

    fn enter_with(&mut self, n: u128, role: Role, client: ClientKind) -> LinkId {
        self.links += 1;
        let link = LinkId(self.links);
        self.owners.insert(link, person(n));
        let (participant, name, grants) = (person(n), format!("Person {n}"), role.grants());
        let resume = String::from("hush");
        self.handle(Input::Enter(Box::new(Enter { link, client, participant, name, role, grants, resume })));
        link
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
