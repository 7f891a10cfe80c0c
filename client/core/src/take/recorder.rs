//! What the recorder is asked to do and what it tells.

use protocol::ids::{LogId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use protocol::session::take::CaptureGap;
use units::{SampleRate, SampleTime};

/// One stream of this process that can be recorded, numbered by the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u32);

/// Who one is, where: whoever comes back to another log comes back as somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which session.
    pub session: SessionId,
    /// Which incarnation of its journal.
    pub log: LogId,
    /// Who one is in it.
    pub participant: ParticipantId,
}

/// A stream's epoch as the session knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochName {
    /// The stream.
    pub stream: StreamId,
    /// Number of the epoch within the stream.
    pub epoch: u32,
}

/// What the recorder shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Be this from now on: names given before do not hold any more. Parts of this session that an earlier run of the
    /// program left are looked for, repaired and told.
    Sit {
        /// Who, where.
        seat: Seat,
    },
    /// Remember what the session calls the lane's `run`th run of samples since the program's start. A run that has no
    /// name yet is kept as pre-roll only.
    Name {
        /// Which lane.
        lane: LaneId,
        /// Which run.
        run: u32,
        /// Its name.
        name: EpochName,
    },
    /// Record these lanes, pre-roll included, until told to stop. One that records already goes on.
    Roll {
        /// For which take.
        take: TakeNumber,
        /// Which.
        lanes: Vec<LaneId>,
        /// Whether the take has only just rolled, so that what is captured after this order is after the roll. Else the
        /// recorder has come late, and knows of no sample that the roll was at.
        prompt: bool,
    },
    /// End every part with what is captured by now.
    Stop,
    /// End the lane's part: its device is gone. When the device comes back, another part begins.
    Lost {
        /// Which lane.
        lane: LaneId,
    },
    /// The journal knows all of this part: it need not be told any more.
    Settle {
        /// Which part.
        part: PartId,
    },
}

/// What the recorder tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A part begins.
    Began(Began),
    /// A part has ended and its file is safe.
    Ended {
        /// Which part.
        part: PartId,
        /// What there is of it.
        left: Left,
    },
    /// A part of an earlier run of the program.
    Found(Found),
    /// A sentence for people: what is wrong and what to do.
    Trouble(String),
}

/// The beginning of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Began {
    /// Which lane.
    pub lane: LaneId,
    /// What the journal has to know of it.
    pub head: PartHead,
}

/// What a part is from its beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHead {
    /// Its id, made by the recorder.
    pub part: PartId,
    /// Which take.
    pub take: TakeNumber,
    /// Who records it.
    pub seat: Seat,
    /// What is recorded.
    pub name: EpochName,
    /// First sample, pre-roll included.
    pub from: SampleTime,
    /// Samples per second.
    pub rate: SampleRate,
    /// Channels.
    pub channels: u8,
    /// The first sample that was captured after the roll, not before `from`; none when the sound began later than that,
    /// or the recorder came late.
    pub roll: Option<SampleTime>,
}

/// What there is of a part that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The sample after the last one.
    pub to: SampleTime,
    /// What the source never had, in order and apart, [`MAX_GAPS`](protocol::session::limits::MAX_GAPS) at most.
    pub gaps: Vec<CaptureGap>,
    /// SHA-256 over its PCM, 64 hexadecimal digits in lower case.
    pub pcm_hash: String,
    /// Why it is not as it should be; none when it is.
    pub reason: Option<String>,
}

/// A part that an earlier run of the program has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub head: PartHead,
    /// What there is of it; none when its file is gone.
    pub left: Option<Left>,
    /// Where its file is, for people.
    pub file: String,
}
