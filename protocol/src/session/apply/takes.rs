use crate::event::Event;
use crate::ids::{PartId, TakeNumber};
use crate::session::SessionState;
use crate::session::take::{Decision, Part, PartPhase, Phase, Ruling, Stamp, Take, Verdict, Voided};
use std::collections::{BTreeMap, BTreeSet};

impl SessionState {
    /// Folds what is about takes and their parts, and says whether the event was.
    pub(super) fn apply_to_takes(&mut self, stamp: Stamp, event: &Event) -> bool {
        match event {
            Event::TakeArm { take, .. } => self.arm(*take, stamp, event),
            Event::TakeRoll { take } => {
                self.with_take(*take, |take| (take.phase, take.rolled) = (Phase::Rolling, Some(stamp)));
                self.lend_anew(stamp);
            }
            Event::TakeStop { take } => {
                self.with_take(*take, |take| (take.phase, take.stopped) = (Phase::Recorded, Some(stamp)));
                self.lend_anew(stamp);
            }
            Event::TakeCancel { take } => self.with_take(*take, |take| take.phase = Phase::Cancelled),
            Event::TakeSubmit { take } => self.with_take(*take, |take| take.phase = Phase::InReview),
            Event::TakeClose { take } => self.with_take(*take, |take| take.phase = Phase::Closed),
            Event::TakeReopen { take, .. } => self.with_take(*take, |take| take.phase = Phase::InReview),
            Event::TakeSlate { take, slate, .. } => self.with_take(*take, |take| take.slate.clone_from(slate)),
            Event::TakeVerdict { take, verdict, reason, audio, decided, .. } => self.with_take(*take, |take| {
                let stamp = decided.unwrap_or(stamp);
                let decision = Decision { reason: reason.clone(), stamp, audio: audio.clone() };
                (take.verdict, take.decision) = (*verdict, (*verdict != Verdict::None).then_some(decision));
            }),
            Event::TakeVoid { take, part } => self.with_take(*take, |take| {
                let decision = take.decision.take();
                (take.verdict, take.voided) = (Verdict::None, Some(Voided { decision, part: *part, at: stamp.at }));
            }),
            Event::TakeVote { take, participant, verdict: Verdict::None, .. } => self.with_take(*take, |take| {
                take.votes.remove(participant);
            }),
            Event::TakeVote { take, participant, verdict, reason } => self.with_take(*take, |take| {
                take.votes.insert(*participant, Ruling { verdict: *verdict, reason: reason.clone() });
            }),
            Event::TakeFlag { take, flag, on } => self.with_take(*take, |take| {
                let _ = if *on { take.flags.insert(*flag) } else { take.flags.remove(flag) };
            }),
            Event::PartRolling { .. } | Event::PartStopped { .. } | Event::PartInterrupted { .. } => {
                self.apply_to_parts(event);
            }
            _ => return false,
        }
        true
    }

    fn apply_to_parts(&mut self, event: &Event) {
        match event.clone() {
            Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll } => {
                let (id, phase, to, gaps, pcm_hash) = (part, PartPhase::Rolling, None, Vec::new(), None);
                let begun =
                    Part { id, participant, stream, epoch, from, to, rate, channels, roll, gaps, pcm_hash, phase };
                self.with_take(take, |take| take.parts.push(begun));
            }
            Event::PartStopped { take, part, to, gaps, pcm_hash } => self.with_part(take, part, |part| {
                (part.phase, part.to, part.gaps) = (PartPhase::Stopped, Some(to), gaps);
                part.pcm_hash = Some(pcm_hash);
            }),
            Event::PartInterrupted { take, part, to, gaps, pcm_hash, .. } => self.with_part(take, part, |part| {
                (part.phase, part.to, part.gaps, part.pcm_hash) = (PartPhase::Interrupted, to, gaps, pcm_hash);
            }),
            _ => {}
        }
    }

    fn arm(&mut self, number: TakeNumber, armed: Stamp, event: &Event) {
        let Event::TakeArm { slate, only, .. } = event else { return };
        if number != TakeNumber::after(self.takes.len()) {
            return;
        }
        self.takes.push(Take {
            number,
            slate: slate.clone(),
            phase: Phase::Armed,
            verdict: Verdict::None,
            decision: None,
            voided: None,
            flags: BTreeSet::new(),
            votes: BTreeMap::new(),
            only: *only,
            parts: Vec::new(),
            armed,
            rolled: None,
            stopped: None,
        });
    }

    fn with_take(&mut self, number: TakeNumber, change: impl FnOnce(&mut Take)) {
        if let Some(take) = number.index().and_then(|index| self.takes.get_mut(index)) {
            change(take);
        }
    }

    fn with_part(&mut self, take: TakeNumber, id: PartId, change: impl FnOnce(&mut Part)) {
        self.with_take(take, |take| {
            if let Some(part) = take.parts.iter_mut().find(|part| part.id == id) {
                change(part);
            }
        });
    }
}
