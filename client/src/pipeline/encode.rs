//! The encode thread: counts samples, fills gaps, cuts frames, encodes them and hands the packets on.
//!
//! After its start it allocates nothing. What it cannot do without waiting (open a device, free an old one) the
//! supervisor does for it.

use super::capture::{Block, CaptureFormat, CaptureReader, MAX_BLOCK};
use super::convert::Converter;
use super::count::{Placed, SampleCounter};
use super::events::{EpochStart, EventSender, Gap, PublisherEvent};
use super::framer::{Framer, SKIP_STEP, skippable};
use super::outlet::{Outlet, PublisherControl};
use super::thread::{ENCODE_LEVEL, Priority, raise_this_thread};
use crate::recorder::{Piece, TakeTap};
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::{Thread, park_timeout};
use std::time::Duration;
use units::{SampleCount, SampleTime, TICK_RATE, Ticks};

/// One opened device: what the supervisor hands to the encode thread, and gets back when the device is gone.
pub(crate) struct Segment {
    pub(crate) reader: CaptureReader,
    pub(crate) converter: Converter,
    pub(crate) format: CaptureFormat,
}

/// All that the encode thread owns.
pub(crate) struct EncodeLoop {
    chain: Chain,
    segments: Consumer<Box<Segment>>,
    retired: Producer<Box<Segment>>,
    events: EventSender,
    control: Arc<PublisherControl>,
    supervisor: Thread,
    /// Takes are recorded from here: before mute, resampler and encoder.
    take: Option<TakeTap>,
    scratch: Box<[f32]>,
    epoch: Option<Epoch>,
}

/// An unbroken run of the sample counter.
struct Epoch {
    segment: Box<Segment>,
    counter: SampleCounter,
    number: u32,
    /// Tick at which it begins; unknown until its first block came.
    from: Option<Ticks>,
    ended: bool,
    failed: bool,
}

/// Frames and where they go.
struct Chain {
    framer: Framer,
    outlet: Outlet,
}

/// The rings between the encode thread and its supervisor: one device at a time, so two slots never fill.
pub(crate) const SEGMENT_SLOTS: usize = 2;

/// Without a callback for this long the thread looks round by itself.
const IDLE: Duration = Duration::from_millis(100);

impl EncodeLoop {
    /// A loop without a device yet. `supervisor` is woken when one is lost.
    pub(crate) fn new(
        outlet: Outlet,
        segments: Consumer<Box<Segment>>,
        retired: Producer<Box<Segment>>,
        events: EventSender,
        control: Arc<PublisherControl>,
        supervisor: Thread,
        take: Option<TakeTap>,
    ) -> EncodeLoop {
        let framer = Framer::new(outlet.channels(), outlet.frame_ticks());
        let scratch = vec![0.0; 2 * MAX_BLOCK].into();
        let chain = Chain { framer, outlet };
        EncodeLoop { chain, segments, retired, events, control, supervisor, take, scratch, epoch: None }
    }

    /// Runs until told to stop; then the last, unfinished frame is sent.
    pub(crate) fn run(mut self) {
        if let Priority::RealTime(level) = raise_this_thread(ENCODE_LEVEL) {
            self.control.real_time.store(level, Relaxed);
        }
        while !self.control.stop.load(Acquire) {
            self.turn();
            park_timeout(IDLE);
        }
        self.turn();
        self.chain.flush();
    }

    /// Takes in everything that is there. Allocates nothing.
    pub(crate) fn turn(&mut self) {
        self.drain();
        if let Ok(segment) = self.segments.pop() {
            self.switch(segment);
            self.drain();
        }
        self.report();
    }

    fn drain(&mut self) {
        let EncodeLoop { chain, events, control, take, scratch, epoch: Some(epoch), .. } = self else { return };
        while let Some((block, samples)) = epoch.segment.reader.next(scratch) {
            let placed = epoch.counter.place(&block);
            let from = *epoch.from.get_or_insert_with(|| {
                let start = chain.begin_epoch(epoch.number, &epoch.segment, &block);
                events.send(PublisherEvent::Epoch(start));
                start.from
            });
            if let Some(take) = take {
                // What does not fit shows at the other end as a hole between two pieces.
                take.write_rt(piece(epoch.number, &epoch.segment.format, &block, &placed), samples);
            }
            if placed.lost.0 > 0 {
                control.lost_samples.fetch_add(placed.lost.0, Relaxed);
                events.send(PublisherEvent::Gap(gap(epoch.number, &placed)));
                chain.fill_gap(&mut epoch.segment, placed.lost);
            }
            chain.take_block(&mut epoch.segment, from, placed.at, &block, samples);
        }
    }

    /// Goes over to a device that was opened anew.
    fn switch(&mut self, segment: Box<Segment>) {
        let number = self.epoch.as_ref().map_or(0, |epoch| epoch.number + 1);
        let counter = SampleCounter::new(segment.format);
        let epoch = Epoch { segment, counter, number, from: None, ended: false, failed: false };
        if let Some(old) = self.epoch.replace(epoch) {
            let _ = self.retired.push(old.segment);
        }
    }

    fn report(&mut self) {
        let Some(epoch) = &mut self.epoch else { return };
        let reader = &epoch.segment.reader;
        self.control.xruns.store(reader.xruns(), Relaxed);
        self.control.overflowed.store(reader.overflowed_frames(), Relaxed);
        if reader.ended() && !epoch.ended {
            epoch.ended = true;
            self.events.send(PublisherEvent::Ended);
        }
        if reader.failed() && !epoch.failed {
            epoch.failed = true;
            self.control.device_lost.store(true, Release);
            self.supervisor.unpark();
        }
    }
}

impl Chain {
    /// Brings the clock to the epoch's first tick: 0, or as far after the last epoch as the host's clock says.
    fn begin_epoch(&mut self, number: u32, segment: &Segment, block: &Block) -> EpochStart {
        if number > 0 {
            let due = self.framer.tick_at(block.captured_at).max(self.framer.next());
            let Chain { framer, outlet } = self;
            framer.silence_until(due, &mut |frame| outlet.send(&frame));
        }
        EpochStart {
            epoch: number,
            from: self.framer.next(),
            sample0: SampleTime(0),
            rate: segment.format.rate,
            codec_delay: self.outlet.codec_delay(),
            resampler_delay: segment.converter.delay(),
        }
    }

    fn take_block(&mut self, segment: &mut Segment, from: Ticks, at: SampleTime, block: &Block, samples: &[f32]) {
        let Chain { framer, outlet } = self;
        framer.anchor(from + segment.ticks_of(at.0), segment.converter.delay(), block.captured_at);
        segment.converter.push(samples, |pcm| framer.append(pcm, &mut |frame| outlet.send(&frame)));
    }

    /// Puts silence where samples were lost; of a long gap only its ends, the clock jumps over the rest.
    fn fill_gap(&mut self, segment: &mut Segment, lost: SampleCount) {
        let Chain { framer, outlet } = self;
        let steps = segment.skippable_steps(lost);
        let silent = lost.0 - steps * segment.step_samples();
        segment.converter.push_silence(silent, |pcm| framer.append(pcm, &mut |frame| outlet.send(&frame)));
        framer.skip(steps as i64 * SKIP_STEP);
    }

    fn flush(&mut self) {
        let Chain { framer, outlet } = self;
        framer.flush(&mut |frame| outlet.send(&frame));
    }
}

impl Segment {
    fn ticks_of(&self, samples: i64) -> Ticks {
        Ticks(samples * i64::from(TICK_RATE) / i64::from(self.format.rate.0))
    }

    /// Samples of the device in one [`SKIP_STEP`].
    fn step_samples(&self) -> u64 {
        u64::from(self.format.rate.0) * SKIP_STEP as u64 / u64::from(TICK_RATE)
    }

    /// How many steps of a gap can be left out; none at a rate where a step is no whole number of samples.
    fn skippable_steps(&self, lost: SampleCount) -> u64 {
        let exact = (u64::from(self.format.rate.0) * SKIP_STEP as u64).is_multiple_of(u64::from(TICK_RATE));
        if exact { (skippable(self.ticks_of(lost.0 as i64).0) / SKIP_STEP) as u64 } else { 0 }
    }
}

fn piece(run: u32, format: &CaptureFormat, block: &Block, placed: &Placed) -> Piece {
    let (rate, channels) = (format.rate, format.channels as u8);
    let (frames, captured_at) = (block.frames, block.captured_at);
    Piece { run, rate, channels, at: placed.at, lost: placed.lost, frames, captured_at }
}

fn gap(epoch: u32, placed: &Placed) -> Gap {
    let at = SampleTime(placed.at.0 - placed.lost.0 as i64);
    Gap { epoch, at, samples: placed.lost, uncertainty: placed.uncertainty }
}
