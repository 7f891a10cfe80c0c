//! The control side of all sources that are played: adds, feeds and removes them.

use super::PipelineError;
use super::engine::{Command, MAX_SOURCES, Slot};
use super::gain::Ramp;
use super::packet::{InPacket, MAX_RECEIVED_BYTES, PacketBytes};
use super::playout::{PlayoutStats, SourceId};
use super::source_stats::SourceCells;
use codec::jitter::{Config, JitterBuffer};
use codec::opus::Decoder;
use protocol::stream::StreamKind;
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::HashMap;
use std::sync::Arc;
use units::{MonoTime, RtpTimestamp, Seq};

/// Packets of one source on their way to the playout thread: 0.6 s at the shortest frame. Overflow (that thread
/// stalled): the newest is dropped and counted.
const PACKET_SLOTS: usize = 256;

/// Everything that the control side holds of the sources.
pub(crate) struct Sources {
    feeds: HashMap<SourceId, Feed>,
    commands: Producer<Command>,
    retired: Consumer<Box<Slot>>,
    /// Sources in the engine, those that still fade out included.
    alive: usize,
}

struct Feed {
    packets: Producer<InPacket>,
    cells: Arc<SourceCells>,
    overflowed: u64,
}

impl Sources {
    pub(crate) fn new(commands: Producer<Command>, retired: Consumer<Box<Slot>>) -> Sources {
        Sources { feeds: HashMap::new(), commands, retired, alive: 0 }
    }

    /// Adds a source, or replaces the one of the same id. Allocates about 1.5 MB.
    pub(crate) fn add(&mut self, id: SourceId, kind: StreamKind, config: Config) -> Result<(), PipelineError> {
        if self.feeds.contains_key(&id) {
            self.remove(id);
        }
        self.free_retired();
        if self.alive >= MAX_SOURCES {
            return Err(PipelineError::TooManySources(self.alive));
        }
        let jitter = JitterBuffer::new(config, Decoder::new(2)?)?;
        let (packets, from) = RingBuffer::new(PACKET_SLOTS);
        let cells = Arc::new(SourceCells::default());
        let talkback = kind == StreamKind::Talkback;
        let gain = Ramp::at(1.0);
        let slot = Slot { id, talkback, jitter, packets: from, gain, leaving: false, cells: cells.clone() };
        self.command(Command::Add(Box::new(slot)))?;
        self.alive += 1;
        self.feeds.insert(id, Feed { packets, cells, overflowed: 0 });
        Ok(())
    }

    /// Fades a source out; it is freed by a later call of any of these.
    pub(crate) fn remove(&mut self, id: SourceId) {
        self.free_retired();
        if self.feeds.remove(&id).is_some() {
            let _ = self.command(Command::Remove(id));
        }
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

    pub(crate) fn command(&mut self, command: Command) -> Result<(), PipelineError> {
        self.commands.push(command).map_err(|_| PipelineError::Stalled)
    }

    fn free_retired(&mut self) {
        while self.retired.pop().is_ok() {
            self.alive -= 1;
        }
    }
}
