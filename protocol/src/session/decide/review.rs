//! Verdicts, votes and marks.

use super::{Ask, Decided, room_for};
use crate::command::Belief;
use crate::event::Event;
use crate::grants::Action;
use crate::ids::TakeNumber;
use crate::session::Rejection;
use crate::session::limits::MAX_VOTES;
use crate::session::take::{Flag, Phase, Take, Verdict};

impl Ask<'_> {
    pub(super) fn rule(&self, number: TakeNumber, verdict: Verdict, reason: &str, belief: Option<Belief>) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Decide, false)?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::InReview, "a verdict needs a take in review: wait for its parts, or reopen it")?;
        let (reason, now) = (self.reason(reason)?, take.ruling());
        if now.verdict == verdict && now.reason == reason {
            return Ok(Vec::new());
        }
        let (audio, decided, was) = (audio_of(take), None, take.former());
        Ok(vec![Event::TakeVerdict { take: number, verdict, reason, audio, decided, was }])
    }

    pub(super) fn vote(&self, number: TakeNumber, verdict: Verdict, reason: &str) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Vote, false)?;
        if matches!(take.phase, Phase::Armed | Phase::Cancelled) {
            self.is_in(take, Phase::InReview, "a vote needs a take that was recorded")?;
        }
        let reason = self.reason(reason)?;
        let before = take.votes.get(&self.me());
        let same = before.map_or(verdict == Verdict::None, |vote| vote.verdict == verdict && vote.reason == reason);
        if before.is_none() && !same {
            room_for(take.votes.len(), MAX_VOTES, "votes about one take", "write a note instead")?;
        }
        let vote = Event::TakeVote { take: number, participant: self.me(), verdict, reason };
        Ok(if same { Vec::new() } else { vec![vote] })
    }

    pub(super) fn mark(&self, number: TakeNumber, flag: Flag, on: bool) -> Decided {
        let take = self.markable(number)?;
        self.must(Action::Mark, false)?;
        Ok(if take.flags.contains(&flag) == on { Vec::new() } else { vec![Event::TakeFlag { take: number, flag, on }] })
    }

    /// A session has one hero at most, so the one before steps down.
    pub(super) fn crown(&self, number: TakeNumber, on: bool) -> Decided {
        let (take, flag) = (self.markable(number)?, Flag::Hero);
        self.must(Action::Decide, false)?;
        if take.flags.contains(&flag) == on {
            return Ok(Vec::new());
        }
        let others = self.state.takes.iter().filter(|other| on && other.flags.contains(&flag));
        let step_down = others.map(|other| Event::TakeFlag { take: other.number, flag, on: false });
        Ok(step_down.chain([Event::TakeFlag { take: number, flag, on }]).collect())
    }

    pub(super) fn close_take(&self, number: TakeNumber, belief: Option<Belief>) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Decide, false)?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::InReview, "only a take in review can be closed")?;
        Ok(vec![Event::TakeClose { take: number }])
    }

    pub(super) fn reopen(&self, number: TakeNumber, reason: &str, belief: Option<Belief>) -> Decided {
        let take = self.take(number)?;
        self.must(Action::Decide, false)?;
        self.is_believed(take, belief)?;
        self.is_in(take, Phase::Closed, "only a closed take can be reopened")?;
        Ok(vec![Event::TakeReopen { take: number, reason: self.reason(reason)? }])
    }

    fn markable(&self, number: TakeNumber) -> Result<&Take, Rejection> {
        let take = self.take(number)?;
        if take.phase == Phase::Cancelled {
            self.is_in(take, Phase::InReview, "it was never recorded; mark another")?;
        }
        Ok(take)
    }
}

pub(super) fn audio_of(take: &Take) -> Vec<String> {
    take.parts.iter().filter_map(|part| part.pcm_hash.clone()).collect()
}
