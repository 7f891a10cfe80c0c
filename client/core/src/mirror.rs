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
            state: welcome.state.as_deref().cloned().unwrap_or_default(),
            people: Vec::new(),
            clocks: BTreeMap::new(),
            levels: BTreeMap::new(),
            health: BTreeMap::new(),
        }
    }

    /// Goes on behind the door: from what is known where the relay says that it holds, else from what the relay says.
    /// What is only told in passing is forgotten either way.
    pub fn handle_welcome(&mut self, welcome: &Welcome) {
        let known = welcome.state.is_none().then(|| std::mem::take(&mut self.state));
        *self = Mirror::new(welcome);
        if let Some(state) = known {
            self.state = state;
        }
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
mod tests {
    use super::*;
    use crate::route::Router;
    use proptest::prelude::*;
    use protocol::command::Command;
    use protocol::event::Recorded;
    use protocol::grants::Role;
    use protocol::session::{Actor, decide};
    use protocol::stream::{EpochMap, StreamFormat, StreamKind};
    use protocol::wire::{ClientKind, PeerNews, Slot, VERSION};
    use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc, Ticks, WallTime};

    fn id<T: std::str::FromStr>(n: u32) -> T
    where
        T::Err: std::fmt::Debug,
    {
        format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn welcome(seq: u64, state: SessionState) -> Welcome {
        Welcome {
            more: false,
            v: VERSION,
            session: id(1),
            participant: id(2),
            role: Role::Owner,
            grants: Role::Owner.grants(),
            resume: String::new(),
            log: id(3),
            seq,
            hash: hash(seq),
            state: Some(Box::new(state)),
            ping_ms: 5_000,
        }
    }

    /// A stand-in for the chain's hash after event `seq`.
    fn hash(seq: u64) -> ChainHash {
        ChainHash([seq as u8; 32])
    }

    fn recorded(seq: u64, event: Event) -> RelayFrame {
        let recorded = Recorded { seq, id: None, by: None, at: WallTime(0), event };
        RelayFrame::Ev(Box::new(Chained { prev: hash(seq - 1), hash: hash(seq), recorded }))
    }

    fn join(n: u32) -> Event {
        let (role, grants) = (Role::Owner, Role::Owner.grants());
        Event::ParticipantJoin { participant: id(n), name: format!("p{n}"), role, grants, invite: None }
    }

    fn command() -> impl Strategy<Value = (u32, Command)> {
        let format =
            StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(48_000) };
        let map = |epoch| EpochMap {
            epoch,
            ssrc: Ssrc(7),
            rtp0: RtpTimestamp(5),
            from: Ticks(0),
            sample0: SampleTime(0),
            rate: SampleRate(48_000),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(0),
            trusted: true,
        };
        (10u32..13, 20u32..24, 0u32..3, 0u32..3).prop_map(move |(who, stream, what, epoch)| {
            let stream = id(stream);
            let (kind, label, format) = (StreamKind::Mic, "voice".to_owned(), format.clone());
            let command = match what {
                0 => Command::StreamOpen { stream, kind, label, format },
                1 => Command::StreamEpoch { stream, map: map(epoch) },
                _ => Command::StreamClose { stream },
            };
            (who, command)
        })
    }

    proptest! {
        #[test]
        fn whoever_folds_the_same_events_holds_the_same_state(
            commands in prop::collection::vec(command(), 0..60), late in 0usize..60,
        ) {
            let (mut state, mut seq) = (SessionState::default(), 0);
            let mut early = Mirror::new(&welcome(0, state.clone()));
            let mut comer: Option<Mirror> = None;
            let mut record = |state: &mut SessionState, event: Event, comer: &mut Option<Mirror>| {
                seq += 1;
                let frame = recorded(seq, event);
                let RelayFrame::Ev(told) = &frame else { unreachable!("it was made as one") };
                session::apply(state, &told.recorded);
                for mirror in [Some(&mut early), comer.as_mut()].into_iter().flatten() {
                    mirror.handle_frame(&frame).unwrap();
                }
                seq
            };
            for n in 10..13 {
                record(&mut state, join(n), &mut comer);
            }
            let mut last = 3;
            for (n, (who, command)) in commands.into_iter().enumerate() {
                if n == late {
                    comer = Some(Mirror::new(&welcome(last, state.clone())));
                }
                let actor = Actor { participant: id(who), grants: &Role::Owner.grants() };
                for event in decide(&state, &actor, &command).unwrap_or_default() {
                    last = record(&mut state, event, &mut comer);
                }
            }
            prop_assert_eq!(&early.state, &state);
            if let Some(comer) = comer {
                prop_assert_eq!(&comer.state, &state);
            }
        }

        #[test]
        fn no_frame_makes_the_mirror_panic_however_it_is_bent(
            which in 0usize..8, bends in prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        ) {
            let mut text = serde_json::to_vec(&frames()[which]).unwrap();
            for (at, byte) in bends {
                let at = at % text.len();
                text[at] = byte;
            }
            let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
            mirror.handle_frame(&recorded(1, join(10))).unwrap();
            if let Ok(frame) = serde_json::from_slice::<RelayFrame>(&text) {
                let _ = mirror.handle_frame(&frame);
                if let RelayFrame::Sdp(PeerNews::Slots { slots, .. }) = frame {
                    let _ = Router::<()>::default().handle_slots(&slots);
                }
            }
        }
    }

    /// One frame of each kind that changes something.
    fn frames() -> Vec<RelayFrame> {
        let (stream, participant, label) = (id(20), id(10), "mix".to_owned());
        let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 1, redundancy: 0, rate: SampleRate(48_000) };
        let slot = Slot { mid: "1".into(), stream, source: Ssrc(1), ssrc: Ssrc(2), offset: RtpTimestamp(3) };
        let levels = Ephemeral::Levels { stream, peak_dbfs: vec![-3.0], rms_dbfs: vec![-12.5] };
        let clock = Ephemeral::Clock { stream, epoch: 0, ticks: Ticks(1), at_us: 2, error_us: 3, encoded_us: None };
        let present =
            Presence { participant, client: ClientKind::Page, hears: vec![stream], talking: true, media: true };
        vec![
            recorded(2, join(11)),
            recorded(2, Event::StreamOpen { stream, participant, kind: StreamKind::Program, label, format }),
            recorded(2, Event::StreamClose { stream }),
            RelayFrame::Eph { from: participant, eph: levels },
            RelayFrame::Eph { from: participant, eph: clock },
            RelayFrame::Pres { people: vec![present] },
            RelayFrame::Sdp(PeerNews::Slots { peer: 1, slots: vec![slot], missing: vec![stream] }),
            RelayFrame::Pong { n: 1, at_us: 5 },
        ]
    }

    #[test]
    fn an_event_out_of_order_is_refused_and_one_that_is_known_is_ignored() {
        let mut mirror = Mirror::new(&welcome(4, SessionState::default()));
        assert_eq!(mirror.handle_frame(&recorded(6, join(1))), Err(EventGap { expected: 5, got: 6 }));
        assert_eq!(mirror.handle_frame(&recorded(4, join(1))), Ok(vec![]));
        assert!(mirror.state.participants.is_empty());
        assert_eq!(mirror.handle_frame(&recorded(5, join(1))), Ok(vec![Change::Came(id(1))]));
    }

    #[test]
    fn an_event_of_another_chain_is_refused_although_its_number_fits() {
        let mut mirror = Mirror::new(&welcome(4, SessionState::default()));
        let RelayFrame::Ev(mut forked) = recorded(5, join(1)) else { unreachable!("it was made as one") };
        forked.prev = hash(9);
        assert_eq!(mirror.handle_frame(&RelayFrame::Ev(forked)), Err(EventGap { expected: 5, got: 5 }));
        assert!(mirror.state.participants.is_empty());
    }

    #[test]
    fn who_comes_back_keeps_what_holds_and_takes_what_does_not() {
        let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
        mirror.handle_frame(&recorded(1, join(10))).unwrap();
        let back = Welcome { state: None, ..welcome(1, SessionState::default()) };
        mirror.handle_welcome(&back);
        assert_eq!(mirror.state.participants.len(), 1);
        assert_eq!(mirror.handle_frame(&recorded(2, join(11))), Ok(vec![Change::Came(id(11))]));
        mirror.handle_welcome(&welcome(7, SessionState::default()));
        assert_eq!((mirror.seq, mirror.state.participants.len()), (7, 0));
        assert_eq!(mirror.place(), Place { log: id(3), seq: 7, hash: hash(7) });
    }

    #[test]
    fn only_a_streams_publisher_is_believed_about_it() {
        let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
        let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 1, redundancy: 0, rate: SampleRate(48_000) };
        let (stream, participant, label) = (id(20), id(10), String::new());
        let open = Event::StreamOpen { stream, participant, kind: StreamKind::Program, label, format };
        mirror.handle_frame(&recorded(1, open)).unwrap();
        let eph = Ephemeral::Clock { stream, epoch: 0, ticks: Ticks(0), at_us: 5, error_us: 1, encoded_us: None };
        mirror.handle_frame(&RelayFrame::Eph { from: id(11), eph: eph.clone() }).unwrap();
        assert!(mirror.clocks.is_empty());
        mirror.handle_frame(&RelayFrame::Eph { from: participant, eph }).unwrap();
        assert_eq!(mirror.clocks[&stream].at.at_us, 5);
    }

    #[test]
    fn presence_names_who_changed_and_who_is_gone() {
        let mut mirror = Mirror::new(&welcome(0, SessionState::default()));
        let person =
            |n, talking| Presence { participant: id(n), client: ClientKind::Page, hears: vec![], talking, media: true };
        let here = RelayFrame::Pres { people: vec![person(1, false), person(2, false)] };
        assert_eq!(mirror.handle_frame(&here).unwrap().len(), 2);
        assert_eq!(mirror.handle_frame(&here).unwrap(), []);
        let then = RelayFrame::Pres { people: vec![person(1, true)] };
        assert_eq!(mirror.handle_frame(&then).unwrap(), [Change::Presence(id(1)), Change::Presence(id(2))]);
    }
}
