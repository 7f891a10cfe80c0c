//! What this client knows of the session: the state, folded from the relay's events by the session's own law, and the
//! newest of everything that is only told in passing.

use crate::clock::RelayTime;
use crate::delay::SourceClock;
use protocol::chain::ChainHash;
use protocol::event::{Chained, Event};
use protocol::ids::{LogId, ParticipantId, SessionId, StreamId};
use protocol::session::{self, SessionState};
use protocol::wire::{Ephemeral, Health, Place, Presence, RelayFrame, Welcome};
use std::collections::BTreeMap;

/// The session as this client sees it.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Which session.
    pub session: SessionId,
    /// Who one is.
    pub me: ParticipantId,
    /// Which incarnation of the log.
    pub log: LogId,
    /// Number of the last event in `state`.
    pub seq: u64,
    /// The chain's hash after that event.
    pub hash: ChainHash,
    /// Number of the last event that the relay has said to be saved for this client.
    saved_to: u64,
    /// Everything the events add up to.
    pub state: SessionState,
    /// Who is here.
    pub people: Vec<Presence>,
    /// Newest clock message of each stream.
    pub clocks: BTreeMap<StreamId, SourceClock>,
    /// Newest levels of each stream at its source: peak and RMS of each channel in dBFS.
    pub levels: BTreeMap<StreamId, (Vec<f32>, Vec<f32>)>,
    /// How each stream arrives at each of the others.
    pub health: BTreeMap<(ParticipantId, StreamId), Health>,
}

/// Something that people may want to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody came in.
    Came(ParticipantId),
    /// Somebody left.
    Left(ParticipantId),
    /// Somebody's presence changed: what they hear, whether they talk, whether their sound is connected.
    Presence(ParticipantId),
    /// A stream began, or began again.
    Opened(StreamId),
    /// A stream has a new clock map.
    Epoch(StreamId),
    /// A stream ended.
    Closed(StreamId),
}

/// The relay's events do not follow on what is known, by their number or by the chain of hashes: resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {got} does not follow on what is known, where event {expected} is due; the link must be resumed")]
pub struct EventGap {
    /// The number that was due.
    pub expected: u64,
    /// The number that came.
    pub got: u64,
}

impl Mirror {
    /// Starts from what the relay says at the door.
    pub fn new(welcome: &Welcome) -> Mirror {
        Mirror {
            session: welcome.session,
            me: welcome.participant,
            log: welcome.log,
            seq: welcome.seq,
            hash: welcome.hash,
            saved_to: 0,
            state: welcome.state.as_deref().cloned().unwrap_or_default(),
            people: Vec::new(),
            clocks: BTreeMap::new(),
            levels: BTreeMap::new(),
            health: BTreeMap::new(),
        }
    }

    /// Goes on behind the door: from what is known where the relay says that it holds, else from what the relay says.
    /// What is only told in passing is forgotten either way. A state that is told whole has all that is saved, also where
    /// the log is shorter than it was, because the relay has restored a backup.
    pub fn handle_welcome(&mut self, welcome: &Welcome) {
        let known = welcome.state.is_none().then(|| (std::mem::take(&mut self.state), self.saved_to));
        *self = Mirror::new(welcome);
        if let Some(known) = known {
            (self.state, self.saved_to) = known;
        }
    }

    /// The relay has said that the events up to this number are saved; they may be told later.
    pub fn handle_saved(&mut self, seq: u64) {
        self.saved_to = self.saved_to.max(seq);
    }

    /// Whether everything that the relay has said to be saved is in the state.
    pub fn has_saved(&self) -> bool {
        self.seq >= self.saved_to
    }

    /// The place in the log that the state is of: what one comes back with.
    pub fn place(&self) -> Place {
        Place { log: self.log, seq: self.seq, hash: self.hash }
    }

    /// Takes one of the relay's frames; those that are not about the session's state change nothing.
    pub fn handle_frame(&mut self, frame: &RelayFrame) -> Result<Vec<Change>, EventGap> {
        match frame {
            RelayFrame::Ev(told) => self.handle_event(told),
            RelayFrame::Pres { people } => Ok(self.handle_presence(people)),
            RelayFrame::Eph { from, eph } => {
                self.handle_ephemeral(*from, eph);
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What people call somebody; their id when nobody ever came in under it.
    pub fn name_of(&self, participant: ParticipantId) -> String {
        self.state.participants.get(&participant).map_or_else(|| participant.to_string(), |person| person.name.clone())
    }

    fn handle_event(&mut self, told: &Chained) -> Result<Vec<Change>, EventGap> {
        let recorded = &told.recorded;
        if recorded.seq <= self.seq {
            // Already in the state that came with the welcome.
            return Ok(Vec::new());
        }
        if recorded.seq != self.seq + 1 || told.prev != self.hash {
            return Err(EventGap { expected: self.seq + 1, got: recorded.seq });
        }
        session::apply(&mut self.state, recorded);
        (self.seq, self.hash) = (recorded.seq, told.hash);
        Ok(change_of(&recorded.event).into_iter().collect())
    }

    fn handle_presence(&mut self, people: &[Presence]) -> Vec<Change> {
        let before = std::mem::replace(&mut self.people, people.to_vec());
        let known = |person: &&Presence| !before.contains(person);
        let mut changes: Vec<Change> =
            people.iter().filter(known).map(|person| Change::Presence(person.participant)).collect();
        let gone = before.iter().filter(|was| !people.iter().any(|is| is.participant == was.participant));
        changes.extend(gone.map(|person| Change::Presence(person.participant)));
        changes
    }

    fn handle_ephemeral(&mut self, from: ParticipantId, eph: &Ephemeral) {
        match eph {
            Ephemeral::Levels { stream, peak_dbfs, rms_dbfs } if self.publishes(from, *stream) => {
                self.levels.insert(*stream, (peak_dbfs.clone(), rms_dbfs.clone()));
            }
            Ephemeral::Clock { stream, epoch, ticks, at_us, error_us, .. } if self.publishes(from, *stream) => {
                let at = RelayTime { at_us: *at_us, error_us: (*error_us).max(0) };
                self.clocks.insert(*stream, SourceClock { epoch: *epoch, ticks: *ticks, at });
            }
            Ephemeral::Health(health) if self.state.streams.contains_key(&health.stream) => {
                self.health.insert((from, health.stream), health.clone());
            }
            _ => {}
        }
    }

    /// Only a stream's publisher is believed about it.
    fn publishes(&self, participant: ParticipantId, stream: StreamId) -> bool {
        self.state.streams.get(&stream).is_some_and(|stream| stream.participant == participant)
    }
}

fn change_of(event: &Event) -> Option<Change> {
    Some(match event {
        Event::ParticipantJoin { participant, .. } => Change::Came(*participant),
        Event::ParticipantLeave { participant } => Change::Left(*participant),
        Event::StreamOpen { stream, .. } => Change::Opened(*stream),
        Event::StreamEpoch { stream, .. } => Change::Epoch(*stream),
        Event::StreamClose { stream } => Change::Closed(*stream),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
