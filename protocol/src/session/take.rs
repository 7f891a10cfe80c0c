//! Takes: numbered attempts, the parts that recorders made of them, and what was decided about them.

use crate::ids::{PartId, ParticipantId, StreamId, TakeNumber};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use units::{SampleCount, SampleRate, SampleTime, WallTime};

/// Where a take is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Ready to roll.
    Armed,
    /// Being recorded.
    Rolling,
    /// Stopped; its parts are not all in yet.
    Recorded,
    /// To be decided about.
    InReview,
    /// Decided about, or left.
    Closed,
    /// Given up before it rolled.
    Cancelled,
}

impl Phase {
    /// Whether a take can go from here to `next` in one step.
    pub fn leads_to(self, next: Phase) -> bool {
        use Phase::*;
        matches!(
            (self, next),
            (Armed, Rolling | Cancelled)
                | (Rolling, Recorded)
                | (Recorded, InReview)
                | (InReview, Closed)
                | (Closed, InReview)
        )
    }

    /// Whether the take has the transport: it is armed or rolling.
    pub fn is_live(self) -> bool {
        matches!(self, Phase::Armed | Phase::Rolling)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Armed => "armed",
            Phase::Rolling => "rolling",
            Phase::Recorded => "recorded",
            Phase::InReview => "in review",
            Phase::Closed => "closed",
            Phase::Cancelled => "cancelled",
        })
    }
}

/// What is thought of a take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing yet.
    #[default]
    None,
    /// Good: binding consent to exactly this audio.
    Approved,
    /// Not good.
    Rejected,
    /// To be done again.
    Redo,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::None => "undecided",
            Verdict::Approved => "approved",
            Verdict::Rejected => "rejected",
            Verdict::Redo => "to be done again",
        })
    }
}

/// What a take is marked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Chosen.
    Circled,
    /// The one. A session has one hero at most.
    Hero,
    /// Broken off at its beginning.
    FalseStart,
    /// Without the others: a sound for itself.
    Wild,
}

/// Who did something, and when the relay recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stamp {
    /// Who; none when the relay itself did.
    pub by: Option<ParticipantId>,
    /// When, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub at: WallTime,
}

/// A verdict and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ruling {
    /// What is thought.
    pub verdict: Verdict,
    /// Why; empty when nobody said.
    #[serde(default)]
    pub reason: String,
}

/// Who gave a take its verdict, why, and about which audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// Why; empty when nobody said.
    pub reason: String,
    /// Who and when.
    pub stamp: Stamp,
    /// Hashes of the parts that it was about, in the order of the parts.
    pub audio: Vec<String>,
}

/// What stood about a take before it was decided about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Former {
    /// What was decided.
    pub verdict: Verdict,
    /// Who decided, why and about which audio; none while nothing was decided.
    #[serde(default)]
    pub decision: Option<Decision>,
}

/// An approval that does not hold any more, because the take's audio has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Voided {
    /// What was decided.
    pub decision: Option<Decision>,
    /// The part that changed.
    pub part: PartId,
    /// When, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub at: WallTime,
}

/// What has become of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartPhase {
    /// It is being recorded.
    Rolling,
    /// It ended as it should.
    Stopped,
    /// Its recorder died or lost its device.
    Interrupted,
}

/// Samples that the source never had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaptureGap {
    /// First missing sample of the stream's epoch.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub at: SampleTime,
    /// How many are missing.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub samples: SampleCount,
}

/// What one recorder has of a take. Its file covers `from` to `to`, gaps included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// Its id.
    pub id: PartId,
    /// Who records.
    pub participant: ParticipantId,
    /// The stream that is recorded.
    pub stream: StreamId,
    /// The epoch that the positions are of.
    pub epoch: u32,
    /// First sample, pre-roll included.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub from: SampleTime,
    /// The sample after the last one; none until the recorder has told.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub to: Option<SampleTime>,
    /// Samples per second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub rate: SampleRate,
    /// Channels.
    pub channels: u8,
    /// The first sample that was captured after the recorder was asked to roll: what lies before it is pre-roll. None
    /// when the sound began later than that, or its recorder did not say. An interrupted part may end before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub roll: Option<SampleTime>,
    /// What the source never had, in order.
    pub gaps: Vec<CaptureGap>,
    /// SHA-256 over its PCM, 64 hexadecimal digits in lower case; none until the recorder has told.
    pub pcm_hash: Option<String>,
    /// What has become of it.
    pub phase: PartPhase,
}

impl Part {
    /// Samples in its file; none until the recorder has told.
    pub fn length(&self) -> Option<SampleCount> {
        self.to.and_then(|to| u64::try_from(to.0.checked_sub(self.from.0)?).ok()).map(SampleCount)
    }
}

/// One numbered attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Take {
    /// Its number.
    pub number: TakeNumber,
    /// What is said at its beginning: "chorus dbl". May be empty.
    pub slate: String,
    /// Where it is.
    pub phase: Phase,
    /// What is decided.
    pub verdict: Verdict,
    /// Who decided and why; none while nothing is.
    pub decision: Option<Decision>,
    /// The last approval that changed audio has voided.
    pub voided: Option<Voided>,
    /// What it is marked as.
    #[cfg_attr(feature = "ts", ts(type = "Array<Flag>"))]
    pub flags: BTreeSet<Flag>,
    /// What those think who do not decide.
    pub votes: BTreeMap<ParticipantId, Ruling>,
    /// Only this participant's streams are recorded; none when everybody's are.
    pub only: Option<ParticipantId>,
    /// What the recorders have.
    pub parts: Vec<Part>,
    /// Who armed it.
    pub armed: Stamp,
    /// Who rolled it.
    pub rolled: Option<Stamp>,
    /// Who stopped it.
    pub stopped: Option<Stamp>,
}

impl Take {
    /// The part with this id.
    pub fn part(&self, id: PartId) -> Option<&Part> {
        self.parts.iter().find(|part| part.id == id)
    }

    /// Whether there are parts and every one of them has ended.
    pub fn is_complete(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.phase != PartPhase::Rolling)
    }

    /// What stands about it now.
    pub fn ruling(&self) -> Ruling {
        let reason = self.decision.as_ref().map(|decision| decision.reason.clone()).unwrap_or_default();
        Ruling { verdict: self.verdict, reason }
    }

    /// The same with who decided and about which audio.
    pub fn former(&self) -> Former {
        Former { verdict: self.verdict, decision: self.decision.clone() }
    }
}
