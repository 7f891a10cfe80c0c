//! The keeper in front of the session's own law and a recorder that does as it is told, in virtual time.

use super::*;
use proptest::prelude::*;
use protocol::event::{Event, Recorded};
use protocol::grants::Role;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::take::CaptureGap;
use protocol::session::{Actor, apply, decide};
use protocol::stream::{EpochMap, StreamFormat};
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks, WallTime};

const PROGRAM: LaneId = LaneId(0);
const MIC: LaneId = LaneId(1);
const TALK: LaneId = LaneId(2);

fn id<T: std::str::FromStr>(n: u32) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap()
}

/// The producer, who rolls; and us.
const PRODUCER: u32 = 10;
const ENGINEER: u32 = 11;

/// A session, the keeper in it, and the recorder.
struct Bench {
    now: MonoTime,
    seq: u64,
    state: SessionState,
    seat: Seat,
    /// What the relay's clock shows, as far as we know.
    relay_now: Option<WallTime>,
    keeper: TakeKeeper,
    /// Orders in the order in which they came.
    orders: Vec<Order>,
    told: Vec<String>,
    /// What the law had against our commands.
    refused: Vec<String>,
    recorder: Recorder,
}

/// A recorder that begins and ends parts when it is asked to, as far as `sound` allows.
#[derive(Default)]
struct Recorder {
    parts: u32,
    seat: Option<Seat>,
    names: BTreeMap<LaneId, EpochName>,
    rolls: BTreeMap<LaneId, (TakeNumber, Seat, Option<SampleTime>)>,
    running: BTreeMap<LaneId, PartId>,
    settled: BTreeSet<PartId>,
    mute: bool,
    at: i64,
    news: Vec<News>,
}

impl Bench {
    /// A session in which somebody rolls takes and we, the engineer, publish a program and talkback.
    fn new() -> Bench {
        let seat = Seat { session: id(1), log: id(2), participant: id(ENGINEER) };
        let mut bench = Bench {
            now: MonoTime(1_000_000_000),
            seq: 0,
            state: SessionState::default(),
            seat,
            relay_now: Some(WallTime(0)),
            keeper: TakeKeeper::default(),
            orders: Vec::new(),
            told: Vec::new(),
            refused: Vec::new(),
            recorder: Recorder::default(),
        };
        bench.join(PRODUCER);
        bench.join(ENGINEER);
        bench.publish(PROGRAM, StreamKind::Program, 20);
        bench.publish(TALK, StreamKind::Talkback, 22);
        bench
    }

    fn join(&mut self, n: u32) {
        let (role, grants) = (Role::Owner, Role::Owner.grants());
        self.record(
            None,
            Event::ParticipantJoin { participant: id(n), name: format!("p{n}"), role, grants, invite: None },
        );
    }

    fn record(&mut self, by: Option<ParticipantId>, event: Event) {
        self.seq += 1;
        apply(&mut self.state, &Recorded { seq: self.seq, id: None, by, at: WallTime(0), event });
        self.give(Input::State);
    }

    fn publish(&mut self, lane: LaneId, kind: StreamKind, stream: u32) {
        let stream = id(stream);
        let format =
            StreamFormat { channels: 2, frame_us: 10_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(48_000) };
        let me = self.seat.participant;
        self.ask(me, Command::StreamOpen { stream, kind, label: "mix".to_owned(), format }).unwrap();
        self.give(Input::Stream { lane, kind });
        let next = self.state.streams[&stream].epochs.len() as u32;
        self.begin_epoch(lane, 0, stream, next);
    }

    /// The publisher declares the clock map before its recorder hears of the epoch.
    fn begin_epoch(&mut self, lane: LaneId, run: u32, stream: StreamId, epoch: u32) {
        let (ssrc, rtp0, rate, zero) = (Ssrc(epoch), RtpTimestamp(0), SampleRate(48_000), Ticks(0));
        let (sample0, trusted) = (SampleTime(0), true);
        let map = EpochMap {
            epoch,
            ssrc,
            rtp0,
            from: zero,
            sample0,
            rate,
            codec_delay: zero,
            resampler_delay: zero,
            trusted,
        };
        self.ask(self.seat.participant, Command::StreamEpoch { stream, map }).unwrap();
        self.give(Input::Epoch { lane, run, name: EpochName { stream, epoch } });
    }

    fn ask(&mut self, by: ParticipantId, command: Command) -> Result<(), String> {
        let grants = self.state.participants[&by].grants.clone();
        let decided = decide(&self.state, &Actor { participant: by, grants: &grants }, &command);
        let events = decided.map_err(|rejection| format!("{command:?}: {rejection}"))?;
        events.into_iter().for_each(|event| self.record(Some(by), event));
        Ok(())
    }

    fn roll(&mut self) {
        self.ask(id(PRODUCER), Command::TakeRoll { take: None, slate: None, belief: None }).unwrap();
    }

    fn stop(&mut self) {
        self.ask(id(PRODUCER), Command::TakeStop { take: None, belief: None }).unwrap();
    }

    fn give(&mut self, input: Input) {
        let mut outputs = Vec::new();
        let view = View { seat: self.seat, state: &self.state, relay_now: self.relay_now };
        self.keeper.handle(self.now, view, input, &mut outputs);
        for output in outputs {
            match output {
                Output::Order(order) => {
                    self.recorder.take(&order);
                    self.orders.push(order);
                }
                Output::Command(command) => {
                    let refused = self.ask(self.seat.participant, command).err();
                    self.refused.extend(refused);
                }
                Output::Tell(sentence) => self.told.push(sentence),
            }
        }
    }

    /// Lets the recorder's news in.
    fn hear(&mut self) {
        for news in std::mem::take(&mut self.recorder.news) {
            self.give(Input::News(news));
        }
    }

    fn parts(&self, take: u32) -> Vec<Part> {
        self.state.take(TakeNumber(take)).unwrap().parts.clone()
    }

    fn phase(&self, take: u32) -> Phase {
        self.state.take(TakeNumber(take)).unwrap().phase
    }
}

impl Recorder {
    fn take(&mut self, order: &Order) {
        self.at += 1_000;
        match order {
            Order::Name { lane, name, .. } => {
                self.names.insert(*lane, *name);
                self.begin(*lane);
            }
            Order::Sit { seat } => {
                self.seat = Some(*seat);
                self.names.clear();
            }
            Order::Roll { take, lanes, prompt } => {
                let (seat, roll) = (self.seat.unwrap(), prompt.then_some(SampleTime(self.at + 500)));
                self.rolls.extend(lanes.iter().map(|lane| (*lane, (*take, seat, roll))));
                lanes.iter().for_each(|lane| self.begin(*lane));
            }
            Order::Stop => {
                let lanes: Vec<LaneId> = self.rolls.keys().copied().collect();
                lanes.into_iter().for_each(|lane| self.end(lane, None));
                self.rolls.clear();
            }
            Order::Lost { lane } => self.end(*lane, Some("its device is gone".to_owned())),
            Order::Settle { part } => drop(self.settled.insert(*part)),
        }
    }

    fn begin(&mut self, lane: LaneId) {
        let (Some(&(take, seat, roll)), Some(&name)) = (self.rolls.get(&lane), self.names.get(&lane)) else { return };
        if self.mute || self.running.contains_key(&lane) {
            return;
        }
        self.parts += 1;
        let part = id(1_000 + self.parts);
        self.running.insert(lane, part);
        let (from, rate, channels) = (SampleTime(self.at), SampleRate(48_000), 2);
        let roll = roll.filter(|roll| *roll >= from);
        let head = PartHead { part, take, seat, name, from, rate, channels, roll };
        self.news.push(News::Began(Began { lane, head }));
    }

    fn end(&mut self, lane: LaneId, reason: Option<String>) {
        let Some(part) = self.running.remove(&lane) else { return };
        self.news.push(News::Ended { part, left: left(self.at, reason) });
    }
}

fn left(to: i64, reason: Option<String>) -> Left {
    let gaps = vec![CaptureGap { at: SampleTime(to - 10), samples: SampleCount(4) }];
    Left { to: SampleTime(to), gaps, pcm_hash: format!("{to:064x}"), reason }
}

fn found(bench: &Bench, part: u32, stream: u32, left: Option<Left>) -> Input {
    let head = PartHead {
        part: id(part),
        take: TakeNumber(1),
        seat: bench.seat,
        name: EpochName { stream: id(stream), epoch: 0 },
        from: SampleTime(100),
        rate: SampleRate(48_000),
        channels: 2,
        roll: Some(SampleTime(300)),
    };
    Input::News(News::Found(Found { head, left, file: "take-001/program.wav".to_owned() }))
}

#[test]
fn a_take_is_recorded_on_every_lane_but_talkback_and_comes_into_review_by_itself() {
    let mut bench = Bench::new();
    bench.publish(MIC, StreamKind::Mic, 21);
    bench.roll();
    assert!(matches!(bench.orders.last(), Some(Order::Roll { lanes, .. }) if *lanes == [PROGRAM, MIC]));
    bench.hear();
    assert_eq!(bench.parts(1).len(), 2);
    bench.stop();
    assert_eq!((bench.phase(1), bench.keeper.running().count()), (Phase::Recorded, 2));
    bench.hear();
    assert!(bench.parts(1).iter().all(|part| part.phase == PartPhase::Stopped && part.gaps.len() == 1));
    assert_eq!((bench.phase(1), bench.recorder.settled.len()), (Phase::InReview, 2));
    assert_eq!((bench.refused, bench.told, bench.keeper.next_deadline()), (vec![], vec![], None));
}

/// Whether the order to roll says that the roll was just now, and what the part of it says.
fn told_roll(relay_now: Option<i64>) -> (bool, bool) {
    let mut bench = Bench::new();
    bench.relay_now = relay_now.map(WallTime);
    bench.roll();
    bench.hear();
    let prompt = bench.orders.iter().find_map(|order| match order {
        Order::Roll { prompt, .. } => Some(*prompt),
        _ => None,
    });
    assert_eq!(bench.refused, [""; 0]);
    (prompt.unwrap(), bench.parts(1)[0].roll.is_some())
}

#[test]
fn a_part_tells_of_the_roll_unless_the_order_came_late_or_nobody_knows_whether_it_did() {
    let prompt_ms = PROMPT.as_millis() as i64;
    // The relay's stamps say 0 here. Its clock is known to some milliseconds, so it may seem to be behind them.
    assert_eq!([-7, 0, prompt_ms].map(|now| told_roll(Some(now))), [(true, true); 3]);
    assert_eq!([Some(prompt_ms + 1), None].map(told_roll), [(false, false); 2]);
}

#[test]
fn a_lane_that_comes_into_a_rolling_take_does_not_take_its_own_beginning_for_the_roll() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    bench.publish(MIC, StreamKind::Mic, 21);
    bench.hear();
    let rolls: Vec<bool> = bench.parts(1).iter().map(|part| part.roll.is_some()).collect();
    assert_eq!((rolls, bench.refused), (vec![true, false], vec![]));
}

#[test]
fn what_is_published_while_a_take_rolls_is_recorded_from_then_on() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    bench.publish(MIC, StreamKind::Mic, 21);
    bench.hear();
    assert_eq!((bench.parts(1).len(), bench.refused), (2, vec![]));
}

#[test]
fn a_take_of_somebody_elses_parts_is_not_recorded() {
    let mut bench = Bench::new();
    let only = Some(id(PRODUCER));
    bench.record(None, Event::TakeArm { take: TakeNumber(1), slate: String::new(), only });
    bench.record(None, Event::TakeRoll { take: TakeNumber(1) });
    assert!(!bench.orders.iter().any(|order| matches!(order, Order::Roll { .. })));
}

#[test]
fn nobody_is_recorded_before_they_agree_where_that_is_asked_nor_after_they_take_it_back() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    let policy = protocol::session::people::Policy { consent: true, ..Default::default() };
    bench.ask(id(PRODUCER), Command::SessionPolicy { policy }).unwrap();
    assert_eq!(bench.orders.last(), Some(&Order::Stop));
    let (me, rolls) = (bench.seat.participant, |order: &Order| matches!(order, Order::Roll { .. }));
    bench.ask(me, Command::SessionConsent { given: true }).unwrap();
    assert!(bench.orders.last().is_some_and(rolls));
    bench.hear();
    bench.ask(me, Command::SessionConsent { given: false }).unwrap();
    bench.hear();
    let ended = bench.parts(1).iter().filter(|part| part.phase == PartPhase::Stopped).count();
    assert_eq!((ended, bench.refused), (2, vec![]));
}

#[test]
fn a_lost_device_interrupts_its_part_and_its_next_epoch_is_another_one() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    bench.give(Input::DeviceLost { lane: PROGRAM });
    bench.hear();
    assert_eq!((bench.parts(1)[0].phase, bench.phase(1)), (PartPhase::Interrupted, Phase::Rolling));
    bench.begin_epoch(PROGRAM, 1, id(20), 1);
    bench.hear();
    bench.stop();
    bench.hear();
    let parts: Vec<(u32, PartPhase)> = bench.parts(1).iter().map(|part| (part.epoch, part.phase)).collect();
    assert_eq!(parts, [(0, PartPhase::Interrupted), (1, PartPhase::Stopped)]);
    assert_eq!((bench.phase(1), bench.refused), (Phase::InReview, vec![]));
}

#[test]
fn whoever_comes_back_as_somebody_else_begins_new_parts_and_keeps_the_old_ones_sound() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    bench.join(12);
    bench.seat.participant = id(12);
    bench.publish(PROGRAM, StreamKind::Program, 30);
    bench.hear();
    let who: Vec<ParticipantId> = bench.parts(1).iter().map(|part| part.participant).collect();
    assert_eq!((who, bench.refused), (vec![id(ENGINEER), id(12)], vec![]));
    assert!(bench.told[0].contains("stays in its folder"), "{:?}", bench.told);
}

#[test]
fn a_program_that_was_killed_records_on_and_reports_the_part_that_it_left() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    let part = bench.parts(1)[0].id;
    bench.keeper = TakeKeeper::default();
    bench.recorder = Recorder { parts: 500, ..Recorder::default() };
    bench.publish(PROGRAM, StreamKind::Program, 20);
    bench.hear();
    let reason = Some("this program was interrupted".to_owned());
    let told = found(&bench, 1_001, 20, Some(left(9_000, reason)));
    bench.give(told.clone());
    assert_eq!((part, bench.recorder.settled.contains(&part)), (id(1_001), true));
    let parts: Vec<(PartPhase, bool)> =
        bench.parts(1).iter().map(|part| (part.phase, part.pcm_hash.is_some())).collect();
    assert_eq!(parts, [(PartPhase::Interrupted, true), (PartPhase::Rolling, false)]);
    let commands = bench.seq;
    bench.give(told);
    assert_eq!((bench.seq, bench.refused), (commands, vec![]), "what the journal has is not told again");
}

#[test]
fn a_part_that_the_journal_never_heard_of_is_told_from_its_beginning() {
    let mut bench = Bench::new();
    bench.roll();
    bench.stop();
    let told = found(&bench, 2_000, 20, Some(left(9_000, None)));
    bench.give(told);
    let part = bench.parts(1).into_iter().find(|part| part.id == id(2_000)).unwrap();
    assert_eq!((part.phase, part.from, part.to), (PartPhase::Stopped, SampleTime(100), Some(SampleTime(9_000))));
    assert_eq!(part.roll, Some(SampleTime(300)));
    assert!(bench.recorder.settled.contains(&id(2_000)) && bench.refused.is_empty());
}

#[test]
fn a_part_whose_file_is_gone_is_said_to_be() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    let told = found(&bench, 1_001, 20, None);
    bench.give(told);
    let part = &bench.parts(1)[0];
    assert_eq!((part.phase, part.to, part.pcm_hash.clone()), (PartPhase::Interrupted, None, None));
    assert!(bench.recorder.settled.contains(&id(1_001)));
}

#[test]
fn a_part_of_somebody_one_was_before_is_left_alone_and_its_file_named() {
    let mut bench = Bench::new();
    bench.roll();
    let told = found(&bench, 3_000, 99, Some(left(9_000, None)));
    bench.give(told);
    assert!(bench.told[0].contains("take-001/program.wav") && bench.refused.is_empty());
    assert!(!bench.recorder.settled.contains(&id(3_000)));
}

#[test]
fn a_lane_without_sound_is_told_at_its_deadline_and_not_before() {
    let mut bench = Bench::new();
    bench.recorder.mute = true;
    bench.roll();
    let due = bench.now + BEGIN_PATIENCE;
    assert_eq!(bench.keeper.next_deadline(), Some(due));
    bench.now = MonoTime(due.0 - 1);
    bench.give(Input::Time);
    assert_eq!(bench.told, [""; 0]);
    bench.now = due;
    bench.give(Input::Time);
    assert!(bench.told[0].contains("the program is not being recorded"), "{:?}", bench.told);
    assert_eq!(bench.keeper.next_deadline(), None);
}

#[test]
fn a_slow_disk_is_told_at_its_deadline_and_only_while_something_is_unwritten() {
    let mut bench = Bench::new();
    bench.roll();
    bench.hear();
    bench.stop();
    let due = bench.keeper.next_deadline().unwrap();
    assert_eq!(due, bench.now + END_PATIENCE);
    bench.now = due;
    bench.give(Input::Time);
    assert!(bench.told[0].contains("still writing"), "{:?}", bench.told);
    bench.hear();
    bench.roll();
    bench.hear();
    bench.stop();
    bench.hear();
    assert_eq!(bench.keeper.next_deadline(), None);
}

#[derive(Clone, Debug)]
enum Step {
    Roll,
    Stop,
    Hear,
    Lose,
    Return,
    Pass,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    prop_oneof![Just(Roll), Just(Stop), Just(Hear), Just(Lose), Just(Return), Just(Pass)]
}

proptest! {
    /// Whenever the recorder's news come: the law never refuses what the keeper says, and in the end every take that
    /// has parts is in review and every part settled.
    #[test]
    fn whatever_happens_every_part_is_told_from_beginning_to_end(steps in prop::collection::vec(step(), 1..60)) {
        let mut bench = Bench::new();
        let mut epoch = 0;
        for step in steps.into_iter().chain([Step::Stop, Step::Hear]) {
            match step {
                Step::Roll => drop(bench.ask(id(PRODUCER), Command::TakeRoll { take: None, slate: None, belief: None })),
                Step::Stop => drop(bench.ask(id(PRODUCER), Command::TakeStop { take: None, belief: None })),
                Step::Hear => bench.hear(),
                Step::Lose => bench.give(Input::DeviceLost { lane: PROGRAM }),
                Step::Return => {
                    epoch += 1;
                    bench.begin_epoch(PROGRAM, epoch, id(20), epoch);
                }
                Step::Pass => bench.now = bench.keeper.next_deadline().unwrap_or(bench.now),
            }
        }
        prop_assert_eq!(&bench.refused, &Vec::<String>::new());
        let ended = |take: &protocol::session::take::Take| take.parts.is_empty() || take.phase == Phase::InReview;
        prop_assert!(bench.state.takes.iter().all(ended), "{:?}", bench.state.takes);
        let parts = bench.state.takes.iter().flat_map(|take| &take.parts).count();
        prop_assert_eq!((parts as u32, bench.recorder.settled.len() as u32), (bench.recorder.parts, bench.recorder.parts));
    }
}
