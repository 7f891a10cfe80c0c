//! Takes on the client that records: what the recorder shall do follows from the session's state, and what the recorder
//! tells becomes commands.
//!
//! A take that rolls is recorded on every lane whose stream others can judge (program and microphones), from when the
//! state says so until it does not any more: over a lost link, which changes nothing here, and from the middle of a
//! take on for a program that was started anew. Whoever comes back as somebody else begins new parts.
//!
//! A part whose device is gone is interrupted; when the device is back, its new epoch is recorded as another part. A
//! part of an earlier run of the program is told once the session is known, as often as it takes until the journal has
//! its hash.

mod gaps;
mod recorder;
#[cfg(test)]
mod tests;

pub use gaps::{add_gap, clip_gaps};
pub use recorder::{Began, EpochName, Found, LaneId, Left, News, Order, PartHead, Seat};

use protocol::command::Command;
use protocol::grants::{Action, may};
use protocol::ids::{PartId, TakeNumber};
use protocol::session::SessionState;
use protocol::session::take::{Part, PartPhase, Phase};
use protocol::stream::StreamKind;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use units::{MonoTime, WallTime};

/// A lane that has no part so long after its take rolled gives no sound: people are told.
pub const BEGIN_PATIENCE: Duration = Duration::from_secs(3);
/// A part that is not safe so long after it was stopped waits for a slow disk: people are told.
pub const END_PATIENCE: Duration = Duration::from_secs(10);
/// A roll that the relay has recorded longer ago than this has come late, by a link that was lost or at a start in the
/// middle of a take: then nobody here knows at which sample it was.
pub const PROMPT: Duration = Duration::from_secs(1);

/// What the keeper looks at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Who one is.
    pub seat: Seat,
    /// The session as the mirror knows it.
    pub state: &'a SessionState,
    /// What the relay's clock shows; none while that is not known.
    pub relay_now: Option<WallTime>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Input {
    /// A lane's stream is published, or is another one from now on.
    Stream {
        /// Which lane.
        lane: LaneId,
        /// What it carries. Talkback is never recorded.
        kind: StreamKind,
    },
    /// A run of a lane's samples has a name in the session.
    Epoch {
        /// Which lane.
        lane: LaneId,
        /// Which run since the program's start.
        run: u32,
        /// What it is called.
        name: EpochName,
    },
    /// A lane's device is gone.
    DeviceLost {
        /// Which lane.
        lane: LaneId,
    },
    /// The recorder tells something.
    News(News),
    /// The session's state is another one.
    State,
    /// The deadline has passed.
    Time,
}

/// What follows from it, to be done in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// For the recorder.
    Order(Order),
    /// For the relay, kept until it is answered.
    Command(Command),
    /// For people: one sentence.
    Tell(String),
}

/// The take lifecycle of one client.
#[derive(Debug, Default)]
pub struct TakeKeeper {
    seat: Option<Seat>,
    lanes: BTreeMap<LaneId, StreamKind>,
    rolling: Option<Rolling>,
    /// Parts that have begun and not ended.
    running: BTreeMap<PartId, PartHead>,
    /// Parts that have ended, until the journal has their hash; none where there is no audio.
    unsettled: BTreeMap<PartId, (TakeNumber, Option<String>)>,
    /// Parts of an earlier run, until the state is looked at.
    found: Vec<Found>,
    /// When a stopped part is late.
    end_due: Option<MonoTime>,
}

/// A take being recorded.
#[derive(Debug)]
struct Rolling {
    take: TakeNumber,
    lanes: BTreeSet<LaneId>,
    /// Lanes without a part yet.
    silent: BTreeSet<LaneId>,
    /// When their silence is told.
    due: Option<MonoTime>,
}

impl TakeKeeper {
    /// Takes something in.
    pub fn handle(&mut self, now: MonoTime, view: View<'_>, input: Input, outputs: &mut Vec<Output>) {
        let View { seat, state, .. } = view;
        self.sit_down(seat, outputs);
        match input {
            Input::Stream { lane, kind } => drop(self.lanes.insert(lane, kind)),
            Input::Epoch { lane, run, name } => outputs.push(Output::Order(Order::Name { lane, run, name })),
            Input::DeviceLost { lane } => outputs.push(Output::Order(Order::Lost { lane })),
            Input::News(news) => self.handle_news(news, seat, outputs),
            Input::State | Input::Time => {}
        }
        self.follow(now, view, outputs);
        self.report_found(seat, state, outputs);
        self.settle(state, outputs);
        self.tell_late(now, outputs);
    }

    /// When [`Input::Time`] is due; none while nothing is waited for.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        let begin = self.rolling.as_ref().and_then(|rolling| rolling.due);
        begin.into_iter().chain(self.end_due).min()
    }

    /// Parts that are being recorded or written to their end.
    pub fn running(&self) -> impl Iterator<Item = &PartHead> {
        self.running.values()
    }

    /// Whoever is somebody else than before begins anew; the sound before goes on as pre-roll.
    fn sit_down(&mut self, seat: Seat, outputs: &mut Vec<Output>) {
        if self.seat == Some(seat) {
            return;
        }
        if self.rolling.take().is_some() {
            outputs.push(Output::Order(Order::Stop));
        }
        self.seat = Some(seat);
        outputs.push(Output::Order(Order::Sit { seat }));
    }

    /// Makes the recorder record what rolls.
    fn follow(&mut self, now: MonoTime, view: View<'_>, outputs: &mut Vec<Output>) {
        let wanted = rolls_for(view.seat, view.state);
        if self.rolling.as_ref().is_some_and(|rolling| Some(rolling.take) != wanted) {
            self.rolling = None;
            self.end_due = (!self.running.is_empty()).then_some(now + END_PATIENCE);
            outputs.push(Output::Order(Order::Stop));
        }
        let Some(take) = wanted else { return };
        let recorded = self.lanes.iter().filter(|(_, kind)| **kind != StreamKind::Talkback).map(|(lane, _)| *lane);
        let prompt = self.rolling.is_none() && has_just_rolled(view, take);
        let fresh = || Rolling { take, lanes: BTreeSet::new(), silent: BTreeSet::new(), due: None };
        let rolling = self.rolling.get_or_insert_with(fresh);
        let lanes: Vec<LaneId> = recorded.filter(|lane| rolling.lanes.insert(*lane)).collect();
        if !lanes.is_empty() {
            rolling.silent.extend(&lanes);
            rolling.due = Some(now + BEGIN_PATIENCE);
            outputs.push(Output::Order(Order::Roll { take, lanes, prompt }));
        }
    }

    fn handle_news(&mut self, news: News, seat: Seat, outputs: &mut Vec<Output>) {
        match news {
            News::Began(Began { lane, head }) => {
                if let Some(rolling) = self.rolling.as_mut().filter(|rolling| rolling.take == head.take) {
                    rolling.silent.remove(&lane);
                    rolling.due = rolling.due.filter(|_| !rolling.silent.is_empty());
                }
                if head.seat == seat {
                    outputs.push(Output::Command(rolling_command(&head)));
                }
                self.running.insert(head.part, head);
            }
            News::Ended { part, left } => {
                let Some(head) = self.running.remove(&part) else { return };
                if self.running.is_empty() {
                    self.end_due = None;
                }
                if head.seat != seat {
                    let take = head.take;
                    let told = "the part recorded as somebody else stays in its folder, for whoever asks for it";
                    outputs.push(Output::Tell(format!("take {take}: {told}")));
                    return;
                }
                self.unsettled.insert(part, (head.take, Some(left.pcm_hash.clone())));
                outputs.push(Output::Command(end_command(&head, left)));
            }
            News::Found(found) => self.found.push(found),
            News::Trouble(sentence) => outputs.push(Output::Tell(sentence)),
        }
    }

    /// Tells the journal what it does not know of parts from before.
    fn report_found(&mut self, seat: Seat, state: &SessionState, outputs: &mut Vec<Output>) {
        for Found { head, left, file } in std::mem::take(&mut self.found) {
            let known = part_of(state, head.take, head.part);
            let stream = state.streams.get(&head.name.stream);
            let mine = match known {
                Some(part) => part.participant == seat.participant,
                None => stream.is_some_and(|stream| stream.participant == seat.participant),
            };
            let hash = left.as_ref().map(|left| left.pcm_hash.clone());
            if !mine {
                let told = "recorded as somebody else by an earlier run of this program, stays at";
                outputs.push(Output::Tell(format!("take {}: a part, {told} {file}", head.take)));
                continue;
            }
            self.unsettled.insert(head.part, (head.take, hash));
            if known.is_some_and(|part| part.pcm_hash.is_some()) {
                continue;
            }
            if known.is_none() {
                outputs.push(Output::Command(rolling_command(&head)));
            }
            let told = left.as_ref().and_then(|left| left.reason.clone());
            if let Some(reason) = told {
                outputs.push(Output::Tell(format!("take {}: {reason}; it is reported, its file is {file}", head.take)));
            }
            outputs.push(Output::Command(match left {
                Some(left) => end_command(&head, left),
                None => gone_command(&head),
            }));
        }
    }

    /// Lets the recorder forget what the journal has.
    fn settle(&mut self, state: &SessionState, outputs: &mut Vec<Output>) {
        let has = |part: &PartId, (take, hash): &(TakeNumber, Option<String>)| match part_of(state, *take, *part) {
            Some(known) if hash.is_some() => known.pcm_hash.is_some(),
            Some(known) => known.phase != PartPhase::Rolling,
            None => false,
        };
        self.unsettled.retain(|part, told| {
            let settled = has(part, told);
            if settled {
                outputs.push(Output::Order(Order::Settle { part: *part }));
            }
            !settled
        });
    }

    fn tell_late(&mut self, now: MonoTime, outputs: &mut Vec<Output>) {
        if let Some(rolling) = &mut self.rolling
            && rolling.due.is_some_and(|due| due <= now)
        {
            rolling.due = None;
            for lane in &rolling.silent {
                let kind = self.lanes.get(lane).map_or("a stream", |kind| kind_name(*kind));
                let take = rolling.take;
                let told = "is not being recorded, because its device gives no sound; check the device";
                outputs.push(Output::Tell(format!("take {take}: {kind} {told}")));
            }
        }
        if self.end_due.is_some_and(|due| due <= now) {
            self.end_due = None;
            outputs.push(Output::Tell("the disk is still writing the last take; wait before you leave".to_owned()));
        }
    }
}

/// The take that this participant records now.
fn rolls_for(seat: Seat, state: &SessionState) -> Option<TakeNumber> {
    let take = state.live_take().filter(|take| take.phase == Phase::Rolling && !state.closed)?;
    let person = state.participants.get(&seat.participant)?;
    let asked = take.only.is_none_or(|only| only == seat.participant);
    let agrees = person.consented || !state.policy.consent;
    let may = may(&person.grants, Action::Record, state.here(seat.participant, true));
    (asked && agrees && may).then_some(take.number)
}

/// Whether the relay has recorded the roll only just now, by its own clock.
fn has_just_rolled(View { state, relay_now, .. }: View<'_>, take: TakeNumber) -> bool {
    let rolled = state.take(take).and_then(|take| take.rolled);
    let age_ms = relay_now.zip(rolled).map(|(now, rolled)| now.0.saturating_sub(rolled.at.0));
    age_ms.is_some_and(|age_ms| age_ms <= PROMPT.as_millis() as i64)
}

fn part_of(state: &SessionState, take: TakeNumber, part: PartId) -> Option<&Part> {
    state.take(take).and_then(|take| take.part(part))
}

fn rolling_command(head: &PartHead) -> Command {
    let PartHead { part, take, name, from, rate, channels, roll, .. } = *head;
    Command::PartRolling { take, part, stream: name.stream, epoch: name.epoch, from, rate, channels, roll }
}

fn end_command(head: &PartHead, left: Left) -> Command {
    let (take, part) = (head.take, head.part);
    let Left { to, gaps, pcm_hash, reason } = left;
    match reason {
        None => Command::PartStopped { take, part, to, gaps, pcm_hash },
        Some(reason) => Command::PartInterrupted { take, part, to: Some(to), gaps, pcm_hash: Some(pcm_hash), reason },
    }
}

fn gone_command(head: &PartHead) -> Command {
    let (take, part, reason) = (head.take, head.part, "its file is gone".to_owned());
    Command::PartInterrupted { take, part, to: None, gaps: Vec::new(), pcm_hash: None, reason }
}

fn kind_name(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Program => "the program",
        StreamKind::Mic => "the microphone",
        StreamKind::Talkback => "talkback",
    }
}
