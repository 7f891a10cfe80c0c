//! Notes: something to do or know, pinned to heard sound, a take or a mix version.

use super::take::Stamp;
use crate::ids::{MixNumber, NoteId, PartId, ParticipantId, StreamId, TakeNumber};
use serde::{Deserialize, Serialize};
use units::{SampleTime, Ticks, WallTime};

/// What a note is pinned to. A range goes from `at` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Anchor {
    /// Live sound, at the position that was heard.
    Live {
        /// Which stream.
        stream: StreamId,
        /// Which of its epochs.
        epoch: u32,
        /// Ticks since that epoch's `rtp0`.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        #[cfg_attr(feature = "schema", schemars(with = "i64"))]
        at: Ticks,
        /// End of a range.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        to: Option<Ticks>,
    },
    /// A take: the whole of it, or a place in one part's file.
    Take {
        /// Which take.
        take: TakeNumber,
        /// Whose file the position is in.
        #[serde(default)]
        part: Option<PartId>,
        /// Sample of that file, from 0.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        at: Option<SampleTime>,
        /// End of a range.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        to: Option<SampleTime>,
    },
    /// A mix version: the whole of it, or a place in its file.
    Mix {
        /// Which version.
        mix: MixNumber,
        /// Sample of its file, from 0.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        at: Option<SampleTime>,
        /// End of a range.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        to: Option<SampleTime>,
    },
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth doing.
    #[default]
    Minor,
    /// Must be done.
    Major,
}

/// What has become of a note.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoteStatus {
    /// To do.
    #[default]
    Open,
    /// Done.
    Done,
    /// Left as it is, on purpose.
    WontFix,
}

/// What an author says of a new note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewNote {
    /// Its id, made by the author.
    pub note: NoteId,
    /// What it is pinned to: what was heard, without the reaction offset.
    pub on: Anchor,
    /// How long before the key press the author means, in ms, 0 to 2 000. Kept apart from the heard position.
    #[serde(default)]
    pub reaction_ms: u32,
    /// How far off the position can be, in ms, 0 to 60 000.
    #[serde(default)]
    pub uncertainty_ms: u32,
    /// Whether some of what was heard there was made up by concealment.
    #[serde(default)]
    pub concealed: bool,
    /// What it says, up to 2 000 characters.
    pub text: String,
    /// One word about what it is about: `pitch`.
    #[serde(default)]
    pub tag: Option<String>,
    /// How much it matters.
    #[serde(default)]
    pub severity: Severity,
    /// The note that it answers. Answers have no answers of their own.
    #[serde(default)]
    pub parent: Option<NoteId>,
}

/// What an author can change about a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wording {
    /// What it is pinned to.
    pub on: Anchor,
    /// What it says.
    pub text: String,
    /// One word about what it is about.
    #[serde(default)]
    pub tag: Option<String>,
    /// How much it matters.
    #[serde(default)]
    pub severity: Severity,
}

/// A note as the session knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Number of the event that added it: the order in which notes were made.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub seq: u64,
    /// Who wrote it and when.
    pub made: Stamp,
    /// When its wording was last changed, ms since the Unix epoch.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub edited: Option<WallTime>,
    /// What it says and where.
    pub wording: Wording,
    /// How long before the key press the author means, in ms.
    pub reaction_ms: u32,
    /// How far off the position can be, in ms.
    pub uncertainty_ms: u32,
    /// Whether some of what was heard there was made up.
    pub concealed: bool,
    /// What has become of it.
    pub status: NoteStatus,
    /// Who set the status last; none while nobody has.
    pub settled: Option<Stamp>,
    /// Who shall do it.
    pub assignee: Option<ParticipantId>,
    /// The note that it answers.
    pub parent: Option<NoteId>,
    /// The newest mix version that it was carried over to while open.
    pub carried: Option<MixNumber>,
    /// Whether its author took it back. It stays in the log and is no longer shown.
    pub retracted: bool,
}

impl Note {
    /// Whether something is still to be done: open, no answer, not taken back.
    pub fn is_open(&self) -> bool {
        self.status == NoteStatus::Open && self.parent.is_none() && !self.retracted
    }
}
