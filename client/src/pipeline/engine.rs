//! What the playout thread runs: jitter buffers of all sources, mixed to stereo.
//!
//! Nothing here allocates, locks or waits. One source at unity gain passes bit for bit: no limiter, no dither; samples
//! beyond full scale are counted, not bent.

use super::gain::Ramp;
use super::packet::InPacket;
use super::playout::{PositionRecord, SourceId};
use super::queue::QueueSender;
use super::source_stats::SourceCells;
use super::tap::TapWriter;
use codec::jitter::{JitterBuffer, Payload, Pulled};
use codec::opus::Decoder;
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use units::{MonoTime, SampleCount, SampleTime};

/// Most sources that are mixed, those that fade out not counted.
pub(crate) const MAX_SOURCES: usize = 16;
/// Places for sources: as many again may still fade out. The ways into the engine and back hold so many too, and the
/// control side never has more of them in the world, so neither way overflows.
pub(crate) const PLACES: usize = 2 * MAX_SOURCES;
/// Longest block mixed at once, in frames; longer ones are cut.
pub(crate) const MAX_RENDER: usize = 1_024;

/// What the control side sets and reads without waiting.
#[derive(Debug)]
pub(crate) struct PlayerControl {
    pub(crate) stop: AtomicBool,
    pub(crate) dimmed: AtomicBool,
    /// Linear gain as the bits of an `f32`.
    pub(crate) volume: AtomicU32,
    pub(crate) clipped: AtomicU64,
    pub(crate) rendered: AtomicU64,
    pub(crate) underruns: AtomicU64,
    pub(crate) underrun_frames: AtomicU64,
    pub(crate) skipped_frames: AtomicU64,
    pub(crate) ahead_frames: AtomicU64,
    pub(crate) device_latency_ns: AtomicU64,
    pub(crate) unlogged: AtomicU64,
    pub(crate) render_ns_max: AtomicU64,
    pub(crate) real_time: AtomicU8,
    /// No device plays. Only the playout thread says so, and takes it back.
    pub(crate) device_lost: AtomicBool,
    /// The playout thread asks for another device; whoever opens it takes the wish before he does.
    pub(crate) device_wanted: AtomicBool,
}

/// One source as the engine holds it. Made and freed by the control side.
pub(crate) struct Slot {
    pub(crate) id: SourceId,
    /// Talkback stays at full level while the rest is dimmed.
    pub(crate) talkback: bool,
    pub(crate) jitter: JitterBuffer<Decoder>,
    pub(crate) packets: Consumer<InPacket>,
    pub(crate) gain: Ramp,
    pub(crate) cells: Arc<SourceCells>,
}

/// The mixer.
pub(crate) struct Engine {
    slots: [Option<Box<Slot>>; PLACES],
    coming: Consumer<Box<Slot>>,
    retired: Producer<Box<Slot>>,
    log: Option<QueueSender<PositionRecord>>,
    tap: TapWriter,
    control: Arc<PlayerControl>,
    volume: Ramp,
    scratch: Box<[f32]>,
    rendered: u64,
}

/// Level of what is dimmed: −20 dB.
const DIM: f32 = 0.1;

impl Default for PlayerControl {
    fn default() -> PlayerControl {
        PlayerControl {
            stop: AtomicBool::default(),
            dimmed: AtomicBool::default(),
            volume: AtomicU32::new(1f32.to_bits()),
            clipped: AtomicU64::default(),
            rendered: AtomicU64::default(),
            underruns: AtomicU64::default(),
            underrun_frames: AtomicU64::default(),
            skipped_frames: AtomicU64::default(),
            ahead_frames: AtomicU64::default(),
            device_latency_ns: AtomicU64::default(),
            unlogged: AtomicU64::default(),
            render_ns_max: AtomicU64::default(),
            real_time: AtomicU8::default(),
            device_lost: AtomicBool::default(),
            device_wanted: AtomicBool::default(),
        }
    }
}

impl Engine {
    /// An engine without sources. Allocates.
    pub(crate) fn new(
        coming: Consumer<Box<Slot>>,
        retired: Producer<Box<Slot>>,
        log: Option<QueueSender<PositionRecord>>,
        tap: TapWriter,
        control: Arc<PlayerControl>,
    ) -> Engine {
        let scratch = vec![0.0; 2 * MAX_RENDER].into();
        let slots = [const { None }; PLACES];
        Engine { slots, coming, retired, log, tap, control, volume: Ramp::at(1.0), scratch, rendered: 0 }
    }

    /// Mixes the next `out.len() / 2` stereo frames (at most [`MAX_RENDER`]), pulled at `now`, heard from `leaves_at` on.
    pub(crate) fn render_rt(&mut self, now: MonoTime, leaves_at: MonoTime, out: &mut [f32]) {
        self.obey_rt();
        out.fill(0.0);
        let dim = if self.control.dimmed.load(Relaxed) { DIM } else { 1.0 };
        let scratch = &mut self.scratch[..out.len()];
        for slot in self.slots.iter_mut().flatten() {
            let pulled = slot.pull_rt(now, dim, scratch);
            out.iter_mut().zip(scratch.iter()).for_each(|(sum, sample)| *sum += sample);
            if let Some(log) = &mut self.log {
                let (source, at) = (slot.id, SampleTime(self.rendered as i64));
                let record = PositionRecord { source, at, pulled_at: now, leaves_at, pulled };
                if log.try_send(record).is_err() {
                    self.control.unlogged.fetch_add(1, Relaxed);
                }
            }
        }
        self.volume.set(f32::from_bits(self.control.volume.load(Relaxed)));
        self.volume.apply(out, 2);
        self.finish_rt(out);
    }

    /// Leaves the next `frames` frames (at most [`MAX_RENDER`]) of every source out: the device has lost that time.
    pub(crate) fn skip_rt(&mut self, now: MonoTime, frames: usize) {
        self.obey_rt();
        let scratch = &mut self.scratch[..2 * frames];
        for slot in self.slots.iter_mut().flatten() {
            slot.pull_rt(now, 1.0, scratch);
        }
        self.control.skipped_frames.fetch_add(frames as u64, Relaxed);
    }

    /// The output has stood still for `frames` frames: they count as rendered, and every source leaves them out.
    pub(crate) fn stand_still_rt(&mut self, frames: SampleCount) {
        self.obey_rt();
        self.slots.iter_mut().flatten().for_each(|slot| slot.jitter.leave_out_rt(frames));
        self.control.skipped_frames.fetch_add(frames.0, Relaxed);
        self.count_rt(frames.0);
    }

    /// Frames mixed or left out so far.
    pub(crate) fn rendered(&self) -> u64 {
        self.rendered
    }

    fn finish_rt(&mut self, out: &[f32]) {
        let clipped = out.iter().filter(|sample| sample.abs() > 1.0).count() as u64;
        self.control.clipped.fetch_add(clipped, Relaxed);
        self.tap.write_rt(out);
        self.count_rt(out.len() as u64 / 2);
    }

    fn count_rt(&mut self, frames: u64) {
        self.rendered += frames;
        self.control.rendered.store(self.rendered, Relaxed);
    }

    /// Takes sources in and gives them back while nothing is played: nobody hears a fade, so what leaves goes at once.
    pub(crate) fn obey_unheard_rt(&mut self) {
        self.take_in_rt();
        self.retire_rt(|_| true);
    }

    /// Takes in what comes, and gives sources back that have faded out.
    fn obey_rt(&mut self) {
        self.take_in_rt();
        self.retire_rt(|slot| slot.gain.is_closed());
    }

    fn take_in_rt(&mut self) {
        while let Ok(slot) = self.coming.pop() {
            self.add_rt(slot);
        }
    }

    /// Gives back what leaves and is done.
    fn retire_rt(&mut self, done: impl Fn(&Slot) -> bool) {
        for place in &mut self.slots {
            if place.as_ref().is_some_and(|slot| slot.cells.is_leaving() && done(slot))
                && !self.retired.is_full()
                && let Some(slot) = place.take()
            {
                let _ = self.retired.push(slot);
            }
        }
    }

    /// The control side never adds more than there is room for, fading ones included.
    fn add_rt(&mut self, slot: Box<Slot>) {
        match self.slots.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(slot),
            None => drop(self.retired.push(slot)),
        }
    }
}

impl Slot {
    /// The source's next samples, at its gain, and where they came from.
    fn pull_rt(&mut self, now: MonoTime, dim: f32, out: &mut [f32]) -> Pulled {
        while let Ok(packet) = self.packets.pop() {
            let bytes = &packet.payload[..];
            let payload = if packet.red { Payload::Red(bytes) } else { Payload::Opus(bytes) };
            self.jitter.push_rt(packet.arrived, packet.seq, packet.rtp, payload);
        }
        let pulled = self.jitter.pull_rt(now, out);
        self.cells.store_rt(&self.jitter.stats());
        self.gain.set(match (self.cells.is_leaving(), self.talkback) {
            (true, _) => 0.0,
            (false, true) => 1.0,
            (false, false) => dim,
        });
        self.gain.apply(out, 2);
        pulled
    }
}
