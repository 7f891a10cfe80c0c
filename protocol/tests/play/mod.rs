//! Random sessions in virtual time: people who come and go and ask for everything, sensible or not. A seed says it all.

#![allow(dead_code, reason = "each of the programs that play uses a part of this")]

mod ask;
pub(crate) mod asked;

use protocol::command::Command;
use protocol::event::{Event, Recorded};
use protocol::grants::Role;
use protocol::ids::{CommandId, InviteId, ParticipantId};
use protocol::session::{Actor, Entry, Rejection, SessionState, apply, decide, due};
use protocol::wire::ErrorCode;
use serde_json::Value;
use std::collections::BTreeMap;
use units::WallTime;
use uuid::Uuid;

/// Numbers that a seed determines (SplitMix64, public domain, Steele and others 2014).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len() as u64) as usize).cloned()
    }
}

/// Commands that somebody thinks of at most before they ask for one that they may not get.
const TRIES: usize = 20;

/// How often each type of event was accepted and each code was given.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) events: BTreeMap<String, u64>,
    pub(crate) codes: BTreeMap<String, u64>,
}

/// One session while it is played.
pub(crate) struct Play {
    pub(crate) rng: Rng,
    pub(crate) state: SessionState,
    pub(crate) log: Vec<Recorded>,
    pub(crate) people: Vec<ParticipantId>,
    /// By which of a few invitations each of them came.
    ways: BTreeMap<ParticipantId, InviteId>,
    pub(crate) now: i64,
    ids: u128,
}

impl Play {
    /// A session that has just been made, with its owner in it.
    pub(crate) fn new(seed: u64) -> Play {
        let (rng, now) = (Rng(seed), 1_800_000_000_000);
        let (state, log, people, ways) = (SessionState::default(), Vec::new(), Vec::new(), BTreeMap::new());
        let mut play = Play { rng, state, log, people, ways, now, ids: 0 };
        play.record(None, Event::SessionOpen { title: "Blue hour".into() });
        play.come(Role::Owner);
        play
    }

    /// One thing happens. What was asked and how it was answered is told to `told`.
    pub(crate) fn step(&mut self, told: &mut impl FnMut(&Command, &Result<Vec<Event>, Rejection>)) {
        self.now += self.rng.below(20_000) as i64;
        if self.rng.once_in(400) {
            self.now += 3_600_000;
        }
        for event in due(&self.state, WallTime(self.now)) {
            self.record(None, event);
        }
        match self.rng.below(20) {
            0 if self.people.len() < 20 => {
                let role = self.rng.pick(&Role::ALL).unwrap();
                self.come(role);
            }
            1 if self.rng.once_in(3) => self.go(),
            2 => self.come_back(),
            _ => {
                let (who, command) = self.ask();
                let answer = self.command(who, &command);
                told(&command, &answer);
            }
        }
    }

    /// What somebody might ask who sees `seen`.
    pub(crate) fn ask_seeing(&mut self, seen: &mut SessionState) -> Command {
        std::mem::swap(&mut self.state, seen);
        let (_, command) = self.ask();
        std::mem::swap(&mut self.state, seen);
        command
    }

    /// What `me` might ask who sees `seen` and knows the law: something that it grants as far as that is found in a few
    /// tries. What ends something for others is seldom asked, else soon nothing could be.
    pub(crate) fn ask_lawfully(&mut self, me: ParticipantId, seen: &mut SessionState) -> Command {
        let mut command = self.ask_seeing(seen);
        for _ in 0..TRIES {
            let wanted = !ends_something(&command) || self.rng.once_in(10);
            if wanted && is_granted(seen, me, &command) {
                break;
            }
            command = self.ask_seeing(seen);
        }
        command
    }

    /// What the room does with a command.
    pub(crate) fn command(&mut self, who: ParticipantId, command: &Command) -> Result<Vec<Event>, Rejection> {
        let grants = self.state.participants.get(&who).map(|person| person.grants.clone()).unwrap_or_default();
        let events = decide(&self.state, &Actor { participant: who, grants: &grants }, command)?;
        let id = Some(CommandId(self.id()));
        for event in events.clone() {
            self.record_for(id, Some(who), event);
        }
        Ok(events)
    }

    pub(crate) fn record(&mut self, by: Option<ParticipantId>, event: Event) {
        self.record_for(None, by, event);
    }

    fn record_for(&mut self, id: Option<CommandId>, by: Option<ParticipantId>, event: Event) {
        let recorded = Recorded { seq: self.log.len() as u64 + 1, id, by, at: WallTime(self.now), event };
        apply(&mut self.state, &recorded);
        self.log.push(recorded);
    }

    pub(crate) fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(0x018f_4d3e_0000_7000_8000_0000_0000_0000 + self.ids)
    }

    fn come(&mut self, role: Role) {
        let participant = ParticipantId(self.id());
        self.people.push(participant);
        let (name, grants) = (format!("p{}", self.people.len()), role.grants());
        let way = InviteId(Uuid::from_u128(u128::from(self.rng.below(4))));
        self.ways.insert(participant, way);
        let invite = Some(way);
        match self.state.entry(participant, &grants, &[way]) {
            Entry::Open => self.record(None, Event::ParticipantJoin { participant, name, role, grants, invite }),
            Entry::Wait(_) => self.record(None, Event::LobbyKnock { participant, name, role, grants, invite }),
            Entry::SentAway | Entry::Banned => {}
        }
    }

    fn go(&mut self) {
        let present: Vec<_> = self.state.participants.iter().filter(|(_, person)| person.present).collect();
        let ids: Vec<_> = present.into_iter().map(|(id, _)| *id).collect();
        let Some(participant) = self.rng.pick(&ids) else { return };
        let open = self.state.streams.values().filter(|stream| stream.open && stream.participant == participant);
        let open: Vec<_> = open.map(|stream| stream.id).collect();
        open.into_iter().for_each(|stream| self.record(Some(participant), Event::StreamClose { stream }));
        self.record(Some(participant), Event::ParticipantLeave { participant });
    }

    fn come_back(&mut self) {
        let Some(participant) = self.rng.pick(&self.people.clone()) else { return };
        let known = self.state.participants.get(&participant).filter(|person| !person.present).cloned();
        let admitted = self.state.admitted.contains(&participant);
        let (name, role, grants) = match known {
            Some(person) => (person.name, person.role, person.grants),
            None if admitted => ("admitted".into(), Role::Artist, Role::Artist.grants()),
            None => return,
        };
        let invite = self.ways.get(&participant).copied();
        if self.state.entry(participant, &grants, invite.as_slice()) == Entry::Open && !self.is_here(participant) {
            self.record(None, Event::ParticipantJoin { participant, name, role, grants, invite });
        }
    }

    pub(crate) fn is_here(&self, id: ParticipantId) -> bool {
        self.state.participants.get(&id).is_some_and(|person| person.present)
    }
}

/// Whether somebody shuts the session, sends somebody away or gives them other rights.
fn ends_something(command: &Command) -> bool {
    matches!(
        command,
        Command::SessionClose {}
            | Command::SessionPolicy { .. }
            | Command::ParticipantGrant { .. }
            | Command::ParticipantKick { .. }
            | Command::ParticipantBan { .. }
            | Command::LobbyDeny { .. }
    )
}

/// Whether something would come of a command.
fn is_granted(state: &SessionState, who: ParticipantId, command: &Command) -> bool {
    let Some(person) = state.participants.get(&who) else { return false };
    decide(state, &Actor { participant: who, grants: &person.grants }, command).is_ok_and(|events| !events.is_empty())
}

/// The `type` of something that travels.
pub(crate) fn type_of(thing: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(thing).unwrap();
    value.get("type").and_then(Value::as_str).unwrap_or("?").to_owned()
}

impl Coverage {
    pub(crate) fn count(&mut self, answer: &Result<Vec<Event>, Rejection>) {
        if let Err(rejection) = answer {
            self.count_code(rejection.code());
        }
    }

    pub(crate) fn count_code(&mut self, code: ErrorCode) {
        let code = serde_json::to_value(code).unwrap();
        *self.codes.entry(code.as_str().unwrap().to_owned()).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Coverage) {
        other.events.into_iter().for_each(|(kind, n)| *self.events.entry(kind).or_default() += n);
        other.codes.into_iter().for_each(|(code, n)| *self.codes.entry(code).or_default() += n);
    }

    pub(crate) fn count_log(&mut self, log: &[Recorded]) {
        for recorded in log {
            *self.events.entry(type_of(&recorded.event)).or_default() += 1;
        }
    }
}
