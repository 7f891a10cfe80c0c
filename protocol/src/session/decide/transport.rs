//! Arm, cancel, roll, stop, slate and submit.

use super::{Ask, Decided, room_for};
use crate::command::Belief;
use crate::event::Event;
use crate::grants::Action;
use crate::ids::{ParticipantId, TakeNumber};
use crate::session::Rejection;
use crate::session::limits::{LABEL, MAX_TAKES};
use crate::session::rejection::Current;
use crate::session::take::{PartPhase, Phase, Take};
use crate::stream::StreamKind;

impl Ask<'_> {
    pub(super) fn arm(&self, slate: &str) -> Decided {
        let only = self.scope_of_new()?;
        if let Some(live) = self.state.live_take() {
            return Err(stale(live, "use that one, or cancel it first"));
        }
        room_for(self.state.takes.len(), MAX_TAKES, "takes", "begin another session")?;
        let slate = self.label_of_take(slate)?;
        Ok(vec![Event::TakeArm { take: TakeNumber::after(self.state.takes.len()), slate, only }])
    }

    pub(super) fn cancel(&self, number: TakeNumber, belief: Option<Belief>) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Roll, self.is_own(take))?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::Armed, "only an armed take can be cancelled")?;
        Ok(vec![Event::TakeCancel { take: number }])
    }

    pub(super) fn roll(&self, number: Option<TakeNumber>, slate: Option<&str>, belief: Option<Belief>) -> Decided {
        let armed = match number {
            Some(number) => Some(self.take(number)?),
            None => self.state.live_take(),
        };
        let Some(take) = armed else { return self.arm_and_roll(slate, belief) };
        self.must(Action::Roll, self.is_own(take))?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::Armed, "only an armed take can roll")?;
        self.has_everybodys_consent(take.only)?;
        let mut events = match slate {
            Some(slate) => self.rename(take, slate)?,
            None => Vec::new(),
        };
        events.push(Event::TakeRoll { take: take.number });
        Ok(events)
    }

    fn arm_and_roll(&self, slate: Option<&str>, belief: Option<Belief>) -> Decided {
        let mut events = self.arm(slate.unwrap_or_default())?;
        let [Event::TakeArm { take, only, .. }] = events[..] else { return Ok(events) };
        if belief.is_some_and(|belief| belief.phase.is_some_and(|phase| phase != Phase::Armed)) {
            return Err(Rejection::stale("no take is armed; arm one or roll without `if`", Current::default()));
        }
        self.has_everybodys_consent(only)?;
        events.push(Event::TakeRoll { take });
        Ok(events)
    }

    pub(super) fn stop(&self, number: Option<TakeNumber>, belief: Option<Belief>) -> Decided {
        let take = match number {
            Some(number) => self.take(number)?,
            None => self.rolling_or_last()?,
        };
        self.must(Action::Stop, self.is_own(take))?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::Rolling, "only a rolling take can be stopped")?;
        let stop = Event::TakeStop { take: take.number };
        let submit = Event::TakeSubmit { take: take.number };
        Ok(if take.is_complete() { vec![stop, submit] } else { vec![stop] })
    }

    pub(super) fn slate(&self, number: TakeNumber, slate: &str) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Slate, self.is_own(take))?;
        self.rename(take, slate)
    }

    pub(super) fn submit(&self, number: TakeNumber, belief: Option<Belief>) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Stop, self.is_own(take))?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::Recorded, "only a recorded take can be submitted")?;
        let is_here = |id: ParticipantId| self.state.participants.get(&id).is_some_and(|person| person.present);
        let busy = take.parts.iter().find(|part| part.phase == PartPhase::Rolling && is_here(part.participant));
        if let Some(part) = busy {
            let name = self.state.name_of(part.participant);
            let msg = format!("{name}'s recorder has not finished take {number}; wait for it");
            return Err(Rejection::stale(msg, current(take)));
        }
        Ok(vec![Event::TakeSubmit { take: number }])
    }

    /// Whose streams a new take records: everybody's, or only those of somebody who rolls their own parts.
    fn scope_of_new(&self) -> Result<Option<ParticipantId>, Rejection> {
        if self.may(Action::Roll, false) {
            return Ok(None);
        }
        self.must(Action::Roll, true)?;
        Ok(Some(self.me()))
    }

    fn rename(&self, take: &Take, slate: &str) -> Decided {
        let slate = self.label_of_take(slate)?;
        let was = take.slate.clone();
        Ok(if slate == was { Vec::new() } else { vec![Event::TakeSlate { take: take.number, slate, was }] })
    }

    fn label_of_take(&self, slate: &str) -> Result<String, Rejection> {
        self.optional(slate, LABEL, "a slate has up to 80 characters; say it shorter")
    }

    fn rolling_or_last(&self) -> Result<&Take, Rejection> {
        let take = self.state.live_take().or(self.state.takes.last());
        take.ok_or_else(|| Rejection::stale("no take is rolling; roll one first", Current::default()))
    }

    fn has_everybodys_consent(&self, only: Option<ParticipantId>) -> Result<(), Rejection> {
        let streams = self.state.streams.values().filter(|stream| stream.open && stream.kind != StreamKind::Talkback);
        let mut recorded = streams.map(|stream| stream.participant).filter(|id| only.is_none_or(|only| only == *id));
        let asks = |id: &ParticipantId| self.state.participants.get(id).is_some_and(|person| !person.consented);
        match recorded.find(asks).filter(|_| self.state.policy.consent) {
            None => Ok(()),
            Some(id) => {
                let msg = format!("{} has not agreed to be recorded; ask them first", self.state.name_of(id));
                Err(Rejection::stale(msg, Current::default()))
            }
        }
    }

    /// Whoever comes to a take that rolls already is recorded no more than others without their consent.
    pub(super) fn has_my_consent(&self) -> Result<(), Rejection> {
        if !self.state.policy.consent || self.person(self.me())?.consented {
            return Ok(());
        }
        Err(Rejection::stale("you have not agreed to be recorded; agree first, then record", Current::default()))
    }

    pub(super) fn take(&self, number: TakeNumber) -> Result<&Take, Rejection> {
        self.state.take(number).ok_or_else(|| Rejection::no("take", number))
    }

    pub(super) fn is_own(&self, take: &Take) -> bool {
        take.only == Some(self.me())
    }

    /// Refuses what rests on another phase or verdict than the take has.
    pub(super) fn is_believed(&self, take: &Take, belief: Option<Belief>) -> Result<(), Rejection> {
        let belief = belief.unwrap_or_default();
        let phase = belief.phase.is_none_or(|phase| phase == take.phase);
        let verdict = belief.verdict.is_none_or(|verdict| verdict == take.verdict);
        if phase && verdict { Ok(()) } else { Err(stale(take, "look at it again before you decide")) }
    }

    pub(super) fn is_in(&self, take: &Take, phase: Phase, law: &str) -> Result<(), Rejection> {
        if take.phase == phase { Ok(()) } else { Err(stale(take, law)) }
    }
}

fn current(take: &Take) -> Current {
    Current { phase: Some(take.phase), verdict: Some(take.verdict), ..Current::default() }
}

/// The take is not as somebody thought.
fn stale(take: &Take, then: &str) -> Rejection {
    let verdict = if take.phase == Phase::InReview { format!(" and {}", take.verdict) } else { String::new() };
    Rejection::stale(format!("take {} is {}{verdict} by now; {then}", take.number, take.phase), current(take))
}
