//! What recorders report. They report late, too: whoever lost the network still has the sound.

use super::streams::check_rate;
use super::{Ask, Decided, check_hash, room_for};
use crate::command::Command;
use crate::event::Event;
use crate::grants::Action;
use crate::ids::{PartId, TakeNumber};
use crate::session::Rejection;
use crate::session::limits::{MAX_GAPS, MAX_PARTS, MAX_POSITION};
use crate::session::rejection::Current;
use crate::session::take::{CaptureGap, Part, PartPhase, Phase, Take, Verdict};
use crate::stream::StreamKind;
use units::SampleTime;

/// What is left of a part.
pub(super) struct Left<'a> {
    pub(super) to: Option<SampleTime>,
    pub(super) gaps: &'a [CaptureGap],
    pub(super) pcm_hash: Option<&'a str>,
}

impl Ask<'_> {
    pub(super) fn begin_part(&self, command: &Command) -> Decided {
        let &Command::PartRolling { take: number, part, stream, epoch, from, rate, channels, roll } = command else {
            return Ok(Vec::new());
        };
        let (take, participant) = (self.take(number)?, self.me());
        let known = self.own_stream(stream)?;
        self.must(Action::Record, true)?;
        if take.only.is_some_and(|only| only != participant) {
            return Err(Rejection::NotNow("this take records somebody else's parts only; wait for the next one"));
        }
        if matches!(take.phase, Phase::Armed | Phase::Cancelled) {
            self.is_in(take, Phase::Rolling, "a part belongs to a take that rolls or has rolled")?;
        }
        self.has_my_consent()?;
        if known.kind == StreamKind::Talkback {
            return Err(Rejection::Invalid("talkback is not recorded; record a program or a microphone"));
        }
        if known.epochs.len() <= epoch as usize {
            let msg = format!("your stream has no epoch {epoch}; declare its clock map before a part of it");
            return Err(Rejection::NotFound(msg));
        }
        check_rate(rate.0)?;
        check_beginning(from, roll, channels)?;
        if self.state.takes.iter().any(|take| take.part(part).is_some()) {
            return Err(Rejection::Conflict("this id belongs to another part; make a new id"));
        }
        room_for(take.parts.len(), MAX_PARTS, "parts of one take", "roll another take")?;
        let rolling = Event::PartRolling { take: number, part, participant, stream, epoch, from, rate, channels, roll };
        Ok(vec![rolling])
    }

    pub(super) fn end_part(
        &self,
        number: TakeNumber,
        id: PartId,
        to: SampleTime,
        gaps: &[CaptureGap],
        pcm_hash: &str,
    ) -> Decided {
        let (take, part) = self.part(number, id)?;
        self.must_be_mine(part)?;
        check_hash(pcm_hash)?;
        check_span(part, to, gaps)?;
        if let Some(answer) = self.is_told(part, pcm_hash) {
            return answer;
        }
        let (gaps, pcm_hash) = (gaps.to_vec(), pcm_hash.to_owned());
        let stopped = Event::PartStopped { take: number, part: id, to, gaps, pcm_hash };
        Ok(self.after_end(take, id, with_void(take, id, stopped)))
    }

    pub(super) fn interrupt_part(&self, number: TakeNumber, id: PartId, left: Left<'_>, reason: &str) -> Decided {
        let (take, part) = self.part(number, id)?;
        self.must_report(take, part, &left)?;
        let reason = self.reason(reason)?;
        match (left.to, left.pcm_hash) {
            (Some(to), Some(hash)) => {
                check_hash(hash)?;
                check_span(part, to, left.gaps)?;
                if let Some(answer) = self.is_told(part, hash) {
                    return answer;
                }
            }
            (None, None) if !left.gaps.is_empty() => {
                return Err(Rejection::Invalid("gaps lie in what is left of a part; give its end and hash with them"));
            }
            (None, None) if part.phase != PartPhase::Rolling => return Ok(Vec::new()),
            (None, None) => {}
            _ => return Err(Rejection::Invalid("what is left of a part has an end and a hash; give both or neither")),
        }
        let (gaps, pcm_hash) = (left.gaps.to_vec(), left.pcm_hash.map(str::to_owned));
        let interrupted = Event::PartInterrupted { take: number, part: id, to: left.to, gaps, pcm_hash, reason };
        let has_audio = left.pcm_hash.is_some();
        let events = if has_audio { with_void(take, id, interrupted) } else { vec![interrupted] };
        Ok(self.after_end(take, id, events))
    }

    /// The last part to end submits its take.
    fn after_end(&self, take: &Take, id: PartId, mut events: Vec<Event>) -> Vec<Event> {
        let others_ended = take.parts.iter().all(|part| part.id == id || part.phase != PartPhase::Rolling);
        if take.phase == Phase::Recorded && others_ended {
            events.push(Event::TakeSubmit { take: take.number });
        }
        events
    }

    /// The answer to a report about a part whose audio is known: nothing when it is the same, else a refusal.
    fn is_told(&self, part: &Part, hash: &str) -> Option<Decided> {
        let known = part.pcm_hash.as_deref()?;
        let other = "this part was reported with other audio already; report it as a new part";
        Some(if known == hash { Ok(Vec::new()) } else { Err(Rejection::Conflict(other)) })
    }

    fn part(&self, number: TakeNumber, id: PartId) -> Result<(&Take, &Part), Rejection> {
        let take = self.take(number)?;
        Ok((take, take.part(id).ok_or_else(|| Rejection::no("part", id))?))
    }

    fn must_be_mine(&self, part: &Part) -> Result<(), Rejection> {
        let other = "this part is somebody else's; its own recorder reports it";
        if part.participant == self.me() { Ok(()) } else { Err(Rejection::NotNow(other)) }
    }

    /// A recorder reports for itself; that somebody's recorder is gone, whoever can stop the take can say.
    fn must_report(&self, take: &Take, part: &Part, left: &Left<'_>) -> Result<(), Rejection> {
        if part.participant == self.me() {
            return Ok(());
        }
        if left.to.is_some() || left.pcm_hash.is_some() {
            return self.must_be_mine(part);
        }
        self.must(Action::Stop, self.is_own(take))?;
        if self.state.participants.get(&part.participant).is_some_and(|person| person.present) {
            let msg = "whoever records this part is here; ask them";
            return Err(Rejection::stale(msg, Current { phase: Some(take.phase), ..Current::default() }));
        }
        Ok(())
    }
}

/// A report that adds audio, and what follows for an approved take: the approval is void, and a closed take is open again.
/// A part that only begins, or ends without audio, changes nothing that was approved.
fn with_void(take: &Take, part: PartId, report: Event) -> Vec<Event> {
    let mut events = vec![report];
    if take.verdict != Verdict::Approved {
        return events;
    }
    events.push(Event::TakeVoid { take: take.number, part });
    if take.phase == Phase::Closed {
        let reason = "its audio has changed after it was approved".to_owned();
        events.push(Event::TakeReopen { take: take.number, reason });
    }
    events
}

/// Refuses a part that cannot be, and a roll that it does not reach back to.
fn check_beginning(from: SampleTime, roll: Option<SampleTime>, channels: u8) -> Result<(), Rejection> {
    if !(0..=MAX_POSITION).contains(&from.0) || !(1..=64).contains(&channels) {
        return Err(Rejection::Invalid("a part begins at sample 0 or later and has 1 to 64 channels"));
    }
    if roll.is_some_and(|roll| !(from.0..=MAX_POSITION).contains(&roll.0)) {
        return Err(Rejection::Invalid(
            "the roll is in the part, at its first sample or later; leave it out if unknown",
        ));
    }
    Ok(())
}

/// Refuses a span that does not follow its beginning, and gaps that are not in it, in order and apart.
fn check_span(part: &Part, to: SampleTime, gaps: &[CaptureGap]) -> Result<(), Rejection> {
    room_for(gaps.len().saturating_sub(1), MAX_GAPS, "capture gaps of one part", "join those that are close")?;
    if to < part.from || to.0 > MAX_POSITION {
        return Err(Rejection::Invalid("a part ends after it begins; give the position after its last sample"));
    }
    let mut free = part.from.0;
    for gap in gaps {
        let end = i64::try_from(gap.samples.0).ok().and_then(|samples| gap.at.0.checked_add(samples));
        let Some(end) = end.filter(|end| gap.at.0 >= free && gap.samples.0 > 0 && *end <= to.0) else {
            return Err(Rejection::Invalid("capture gaps lie within their part, in order and apart"));
        };
        free = end;
    }
    Ok(())
}
