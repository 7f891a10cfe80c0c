//! The control side of all sources that are played: makes, adds, feeds and removes them.

use super::PipelineError;
use super::engine::{MAX_RENDER, MAX_SOURCES, PLACES, Slot};
use super::gain::Ramp;
use super::packet::{InPacket, MAX_RECEIVED_BYTES, PacketBytes};
use super::playback::PlaybackFormat;
use super::playout::{PlayoutStats, SourceId};
use super::source_stats::SourceCells;
use codec::jitter::{Config, JitterBuffer, Profile};
use codec::opus::{Decoder, FrameDuration};
use protocol::stream::{StreamFormat, StreamKind};
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::HashMap;
use std::sync::Arc;
use units::{MonoTime, RtpTimestamp, SampleCount, Seq};

/// Packets of one source on their way to the playout thread: 0.6 s at the shortest frame. Overflow (that thread
/// stalled): the newest is dropped and counted.
const PACKET_SLOTS: usize = 256;

/// Makes sources for one player. It holds nothing of the player, so whoever makes one keeps nobody waiting.
#[derive(Clone, Copy, Debug)]
pub struct SourceMaker {
    profile: Profile,
    output: PlaybackFormat,
}

/// A source that is ready to be played: its decoder, jitter buffer and resampler.
pub struct NewSource {
    slot: Box<Slot>,
    feed: Feed,
}

/// Sources that have left the mix. Dropping them frees some megabytes.
pub struct Removed {
    #[expect(
        clippy::vec_box,
        reason = "they come boxed from the engine, and moving a megabyte of each would take longer"
    )]
    slots: Vec<Box<Slot>>,
}

/// Everything that the control side holds of the sources.
pub(crate) struct Sources {
    feeds: HashMap<SourceId, Feed>,
    coming: Producer<Box<Slot>>,
    retired: Consumer<Box<Slot>>,
    /// Sources on their way to the engine, in it, and on their way back.
    alive: usize,
}

struct Feed {
    packets: Producer<InPacket>,
    cells: Arc<SourceCells>,
    overflowed: u64,
}

impl SourceMaker {
    pub(crate) fn new(profile: Profile, output: PlaybackFormat) -> SourceMaker {
        SourceMaker { profile, output }
    }

    /// Makes a source. Allocates about 1.5 MB and computes filters, which takes a millisecond or more.
    ///
    /// # Errors
    /// If no decoder can be made, or none of the output's rate.
    pub fn make(&self, id: SourceId, kind: StreamKind, format: &StreamFormat) -> Result<NewSource, PipelineError> {
        let frame = FrameDuration::from_micros(format.frame_us).unwrap_or(FrameDuration::Us20000);
        let callback = SampleCount(self.output.period.min(MAX_RENDER) as u64);
        let config = Config::listener(self.profile, frame, format.redundancy, callback);
        NewSource::new(id, kind, Config { output_rate: self.output.rate, ..config })
    }
}

impl Removed {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.slots.len()
    }
}

impl NewSource {
    pub(crate) fn new(id: SourceId, kind: StreamKind, config: Config) -> Result<NewSource, PipelineError> {
        let jitter = JitterBuffer::new(config, Decoder::new(2)?)?;
        let (packets, from) = RingBuffer::new(PACKET_SLOTS);
        let cells = Arc::new(SourceCells::default());
        let talkback = kind == StreamKind::Talkback;
        let slot = Slot { id, talkback, jitter, packets: from, gain: Ramp::at(1.0), cells: cells.clone() };
        Ok(NewSource { slot: Box::new(slot), feed: Feed { packets, cells, overflowed: 0 } })
    }
}

impl Sources {
    /// `coming` and `retired` hold [`PLACES`] sources each.
    pub(crate) fn new(coming: Producer<Box<Slot>>, retired: Consumer<Box<Slot>>) -> Sources {
        Sources { feeds: HashMap::with_capacity(MAX_SOURCES), coming, retired, alive: 0 }
    }

    /// Adds a source, or replaces the one of the same id.
    pub(crate) fn insert(&mut self, new: NewSource) -> Result<(), PipelineError> {
        let NewSource { slot, feed } = new;
        let id = slot.id;
        self.remove(id);
        if self.feeds.len() >= MAX_SOURCES {
            return Err(PipelineError::TooManySources(self.feeds.len()));
        }
        if self.alive >= PLACES {
            return Err(PipelineError::Stalled);
        }
        self.coming.push(slot).map_err(|_| PipelineError::Stalled)?;
        self.alive += 1;
        self.feeds.insert(id, feed);
        Ok(())
    }

    /// Fades a source out; it then is among the [`removed`](Self::take_removed).
    pub(crate) fn remove(&mut self, id: SourceId) {
        if let Some(feed) = self.feeds.remove(&id) {
            feed.cells.leave();
        }
    }

    /// What has left the mix since the last call. Until it is taken it fills places.
    pub(crate) fn take_removed(&mut self) -> Removed {
        let slots: Vec<Box<Slot>> = std::iter::from_fn(|| self.retired.pop().ok()).collect();
        self.alive -= slots.len();
        Removed { slots }
    }

    /// False if the source is unknown, the payload too long or the playout thread stalled.
    pub(crate) fn push(
        &mut self,
        id: SourceId,
        arrived: MonoTime,
        seq: Seq,
        rtp: RtpTimestamp,
        red: bool,
        payload: &[u8],
    ) -> bool {
        let Some(feed) = self.feeds.get_mut(&id) else { return false };
        let Some(payload) = PacketBytes::<MAX_RECEIVED_BYTES>::copy_of(payload) else {
            feed.overflowed += 1;
            return false;
        };
        let taken = feed.packets.push(InPacket { arrived, seq, rtp, red, payload }).is_ok();
        feed.overflowed += u64::from(!taken);
        taken
    }

    pub(crate) fn stats(&self, id: SourceId) -> Option<PlayoutStats> {
        self.feeds.get(&id).map(|feed| PlayoutStats { jitter: feed.cells.load(), overflowed: feed.overflowed })
    }
}
