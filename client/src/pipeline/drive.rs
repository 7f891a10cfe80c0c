//! The two ways in which the playout thread is driven: by a device's callbacks, or by a clock.

use super::MonoClock;
use super::capture::{Block, CaptureFormat};
use super::count::SampleCounter;
use super::engine::{Engine, MAX_RENDER, PlayerControl};
use super::line::DeviceLine;
use super::playback::{PlaybackFormat, PlaybackWriter, Taken};
use super::thread::{PLAYOUT_LEVEL, Priority, raise_this_thread};
use super::wav_out::WavFeed;
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::{Thread, park_timeout};
use std::time::Duration;
use units::{MonoTime, SampleCount, SampleRate};

/// One opened output device, as the playout thread serves it.
pub(crate) struct DeviceEnd {
    pub(crate) writer: PlaybackWriter,
    pub(crate) format: PlaybackFormat,
}

/// The playout thread of a device with callbacks: keeps one period ahead of it.
pub(crate) struct DeviceDriver {
    engine: Engine,
    clock: MonoClock,
    control: Arc<PlayerControl>,
    supervisor: Thread,
    devices: Consumer<Box<DeviceEnd>>,
    retired: Producer<Box<DeviceEnd>>,
    serving: Option<Serving>,
    block: Box<[f32]>,
}

/// The device being served.
struct Serving {
    end: Box<DeviceEnd>,
    line: DeviceLine,
    counter: SampleCounter,
    lead: Lead,
    /// Frames handed to the device so far.
    handed: u64,
    /// Frames that the device played without our having handed them over.
    unserved: u64,
    /// Frames of device time that were lost and whose sound is to be left out.
    skip: usize,
    /// From a callback to the outlet, as the device reported last.
    latency: Duration,
    /// When the device was last seen to call, or was opened.
    called_at: MonoTime,
    failed: bool,
}

/// How many frames are kept ready for the next callback: one period, and one more after each underrun.
struct Lead {
    period: usize,
    spare: usize,
    clean: u64,
}

/// Without a callback for this long the thread looks round by itself.
const IDLE: Duration = Duration::from_millis(100);
/// A device that has not called for so long plays nothing; the longest usual period is a fifth of it.
const SILENT: Duration = Duration::from_secs(1);
/// After underruns at most so many frames are kept ready in addition (20 ms at 48 kHz).
const MOST_SPARE: usize = 960;
/// A longer loss (a second at 48 kHz) is left to the jitter buffers, which begin anew.
const MOST_SKIPPED: usize = 48_000;
/// After this many frames without an underrun (30 s at 48 kHz) one period of the spare is given back.
const CLEAN: u64 = 30 * 48_000;

impl DeviceDriver {
    pub(crate) fn new(
        engine: Engine,
        clock: MonoClock,
        control: Arc<PlayerControl>,
        supervisor: Thread,
        devices: Consumer<Box<DeviceEnd>>,
        retired: Producer<Box<DeviceEnd>>,
    ) -> DeviceDriver {
        let block = vec![0.0; 2 * MAX_RENDER].into();
        DeviceDriver { engine, clock, control, supervisor, devices, retired, serving: None, block }
    }

    /// Runs until told to stop.
    pub(crate) fn run(mut self) {
        raise(&self.control);
        while !self.control.stop.load(Acquire) {
            self.turn();
            park_timeout(IDLE);
        }
    }

    /// Makes ready what the device will ask for next. Allocates nothing.
    pub(crate) fn turn(&mut self) {
        self.turn_at(self.clock.now());
    }

    pub(super) fn turn_at(&mut self, now: MonoTime) {
        if let Ok(end) = self.devices.pop() {
            self.switch(end, now);
        }
        self.serve(now);
        if self.serving.as_ref().is_none_or(|serving| serving.is_silent(now)) {
            self.engine.obey_unheard_rt();
        }
    }

    fn serve(&mut self, now: MonoTime) {
        let Some(serving) = &mut self.serving else { return };
        serving.learn(now, &self.control);
        while serving.skip > 0 {
            let frames = serving.skip.min(serving.lead.block());
            let (now, _) = serving.times().unwrap_or_else(|| serving.times_unknown(self.clock.now()));
            self.engine.skip_rt(now, frames);
            serving.skip -= frames;
        }
        while serving.wants() > 0 {
            let frames = serving.wants().min(serving.lead.block());
            let (now, leaves_at) = serving.times().unwrap_or_else(|| serving.times_unknown(self.clock.now()));
            let begun = self.clock.now();
            let block = &mut self.block[..2 * frames];
            self.engine.render_rt(now, leaves_at, block);
            let room = serving.hand_over(block);
            let took_ns = self.clock.now().saturating_since(begun).as_nanos() as u64;
            self.control.render_ns_max.fetch_max(took_ns, Relaxed);
            if !room {
                break;
            }
        }
        if serving.end.writer.failed() && !serving.failed {
            serving.failed = true;
            self.control.device_lost.store(true, Release);
            self.control.device_wanted.store(true, Release);
            self.supervisor.unpark();
        }
    }

    fn switch(&mut self, end: Box<DeviceEnd>, now: MonoTime) {
        let PlaybackFormat { rate, counting, .. } = end.format;
        let (line, counter) =
            (DeviceLine::new(rate), SampleCounter::new(CaptureFormat { rate, channels: 2, counting }));
        let lead = Lead { period: end.format.period, spare: 0, clean: 0 };
        let latency = Duration::ZERO;
        let (handed, unserved, skip, called_at, failed) = (0, 0, 0, now, false);
        let serving = Serving { end, line, counter, lead, handed, unserved, skip, latency, called_at, failed };
        if let Some(old) = self.serving.replace(serving) {
            let _ = self.retired.push(old.end);
        }
        self.control.device_lost.store(false, Release);
    }
}

impl Serving {
    /// Takes in what the callbacks reported.
    fn learn(&mut self, now: MonoTime, control: &PlayerControl) {
        while let Ok(taken) = self.end.writer.taken.pop() {
            self.called_at = now;
            let placed = self.place(&taken);
            self.line.follow(placed, taken.at);
            self.lead.learn(&taken);
            self.unserved = (placed + u64::from(taken.frames)).saturating_sub(taken.taken);
            if taken.missing > 0 {
                control.underruns.fetch_add(1, Relaxed);
                control.underrun_frames.fetch_add(u64::from(taken.missing), Relaxed);
            }
            self.latency = taken.latency;
            control.device_latency_ns.store(taken.latency.as_nanos() as u64, Relaxed);
            control.ahead_frames.store(self.lead.frames() as u64, Relaxed);
        }
    }

    /// Where a callback stands on the device's time line, every lost frame counted.
    fn place(&mut self, taken: &Taken) -> u64 {
        let (position, frames, xruns) = (taken.position, taken.frames, taken.xruns);
        let placed = self.counter.place(&Block { position, frames, captured_at: taken.at, xruns });
        self.skip = (self.skip + placed.lost.0 as usize).min(MOST_SKIPPED);
        placed.at.0 as u64
    }

    /// Whether nothing of it is heard any more.
    fn is_silent(&self, now: MonoTime) -> bool {
        self.failed || now.saturating_since(self.called_at) >= SILENT
    }

    /// Frames still to be made ready.
    fn wants(&self) -> usize {
        self.lead.frames().saturating_sub(self.end.writer.waiting())
    }

    /// When, on an even line, the next frames have to be pulled, as long before they are played as frames are kept
    /// ready; and when the first of them leaves the device.
    fn times(&self) -> Option<(MonoTime, MonoTime)> {
        let played = self.line.time_of(self.unserved + self.handed)?;
        let ahead = self.line.span(self.lead.frames() as u64);
        Some((MonoTime(played.0.saturating_sub(ahead.as_nanos() as u64)), played + self.latency))
    }

    /// The same before the device has called for the first time.
    fn times_unknown(&self, now: MonoTime) -> (MonoTime, MonoTime) {
        (now, now + self.line.span(self.lead.frames() as u64) + self.latency)
    }

    /// False if the ring is full, which only a period of more than a second makes it.
    fn hand_over(&mut self, block: &[f32]) -> bool {
        let room = self.end.writer.samples.push_entire_slice(block).is_ok();
        self.handed += if room { block.len() as u64 / 2 } else { 0 };
        room
    }
}

impl Lead {
    fn frames(&self) -> usize {
        self.period + self.spare
    }

    /// Frames that are pulled at once, also where more is owed: the jitter buffers keep as much ready as the longest
    /// pull that they have seen, for good.
    fn block(&self) -> usize {
        self.period.clamp(1, MAX_RENDER)
    }

    fn learn(&mut self, taken: &Taken) {
        self.period = self.period.max(taken.frames as usize).min(MAX_RENDER * 8);
        self.clean += u64::from(taken.frames);
        if taken.missing > 0 {
            self.spare = (self.spare + self.period).min(MOST_SPARE.max(self.period));
            self.clean = 0;
        } else if self.clean > CLEAN {
            self.spare = self.spare.saturating_sub(self.period);
            self.clean = 0;
        }
    }
}

/// The playout thread of an output without callbacks (a file, nothing): a clock calls.
///
/// After a stall the missed periods are pulled one by one, each with the time at which it was due, so a busy machine
/// does not look like a late network. They are worked off at twice their pace and not at once: a sound card plays on
/// from its own buffer meanwhile, and what a sender on the same machine owes is on its way only now. A machine that is
/// too slow for that would fall behind for ever, and hear nothing more: what comes in is always later than what is due.
/// Whoever owes too much therefore stands still for it, as a sound card would have, and is on time again.
pub(crate) struct PacedDriver {
    pub(crate) engine: Engine,
    pub(crate) clock: MonoClock,
    pub(crate) control: Arc<PlayerControl>,
    pub(crate) file: Option<WavFeed>,
}

/// The most that a paced output works off; what a device with callbacks leaves out one by one.
const MOST_OWED: Duration = Duration::from_secs(1);
/// Frames per period of a paced output: 2.5 ms.
pub(crate) const PACED_PERIOD: usize = 120;

impl PacedDriver {
    /// Runs until told to stop; the file then holds every period that was due.
    pub(crate) fn run(mut self) {
        raise(&self.control);
        let start = self.clock.now();
        let half = SampleCount(PACED_PERIOD as u64).duration(SampleRate::HZ_48000) / 2;
        let mut block = [0.0; 2 * PACED_PERIOD];
        let mut earliest = start;
        loop {
            let due = start + SampleCount(self.engine.rendered()).duration(SampleRate::HZ_48000);
            if !self.wait_until(due.max(earliest)) {
                return;
            }
            let now = self.clock.now();
            if let periods @ 1.. = periods_to_leave_out(now.saturating_since(due)) {
                self.stand_still(periods);
                continue;
            }
            earliest = now + half;
            self.engine.render_rt(due, due, &mut block);
            if let Some(file) = &mut self.file {
                file.write(&block);
            }
        }
    }

    /// Leaves so many periods out; the file holds silence for them, so that its time stays that of the room.
    fn stand_still(&mut self, periods: u64) {
        self.engine.stand_still_rt(SampleCount(periods * PACED_PERIOD as u64));
        if let Some(file) = &mut self.file {
            (0..periods).for_each(|_| file.write(&[0.0; 2 * PACED_PERIOD]));
        }
    }

    /// False when asked to stop.
    fn wait_until(&self, due: MonoTime) -> bool {
        loop {
            let left = self.clock.until(due);
            if self.control.stop.load(Acquire) {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            park_timeout(left);
        }
    }
}

/// Whole periods that are not worked off by an output that is late by so much: all, once it is too much.
fn periods_to_leave_out(late: Duration) -> u64 {
    let period = SampleCount(PACED_PERIOD as u64).duration(SampleRate::HZ_48000);
    if late > MOST_OWED { (late.as_nanos() / period.as_nanos()) as u64 } else { 0 }
}

/// Raises the playout thread, which this is.
fn raise(control: &PlayerControl) {
    if let Priority::RealTime(level) = raise_this_thread(PLAYOUT_LEVEL) {
        control.real_time.store(level, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(missing: u32) -> Taken {
        Taken { position: 0, xruns: 0, frames: 64, missing, taken: 0, at: MonoTime(0), latency: Duration::ZERO }
    }

    #[test]
    fn a_paced_output_works_off_a_second_and_leaves_out_what_is_more() {
        let left_out = [0, 2_500, 1_000_000, 1_000_001, 7_503_000].map(Duration::from_micros).map(periods_to_leave_out);
        assert_eq!(left_out, [0, 0, 0, 400, 3_001]);
    }

    #[test]
    fn the_lead_is_one_period_and_grows_with_underruns_only() {
        let mut lead = Lead { period: 64, spare: 0, clean: 0 };
        lead.learn(&taken(0));
        assert_eq!(lead.frames(), 64);
        lead.learn(&taken(10));
        assert_eq!(lead.frames(), 128);
        (0..100).for_each(|_| lead.learn(&taken(64)));
        assert_eq!(lead.frames(), 64 + MOST_SPARE);
        (0..=CLEAN / 64).for_each(|_| lead.learn(&taken(0)));
        assert_eq!(lead.frames(), MOST_SPARE);
    }
}
