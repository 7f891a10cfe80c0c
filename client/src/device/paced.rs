//! A source (file, music, tone, silence) that behaves like a capture device: a thread reads it at its own speed.
//!
//! Unlike a device it never loses samples: when the machine stalls, it delivers late but complete and catches up.

use super::DeviceError;
use crate::pipeline::MonoClock;
use crate::pipeline::capture::{CaptureFormat, CaptureNotice, CaptureWriter, Counting};
use crate::pipeline::thread::{SOURCE_LEVEL, raise_this_thread, spawn};
use crate::source::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, park_timeout};
use std::time::Duration;
use units::{MonoTime, SampleCount};

/// A running source; dropping it stops its thread.
pub(crate) struct PacedCapture {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Blocks per second: 2.5 ms each, the shortest Opus frame.
const BLOCKS_PER_SECOND: u32 = 400;
/// How long the thread waits when the encode thread is behind.
const RETRY: Duration = Duration::from_millis(5);

/// Starts reading `source`: its first block is complete one block after the start. Its first one or two channels
/// become the device's. After its end silence follows.
pub(crate) fn open_capture(
    source: Box<dyn Source>,
    clock: MonoClock,
    warn: impl Fn(String) + Send + 'static,
    connect: impl FnOnce(CaptureFormat) -> Result<CaptureWriter, DeviceError>,
) -> Result<PacedCapture, DeviceError> {
    let channels = source.channels().min(2);
    let writer = connect(CaptureFormat { rate: source.rate(), channels, counting: Counting::Exact })?;
    let stop = Arc::new(AtomicBool::new(false));
    let block = (source.rate().0 / BLOCKS_PER_SECOND).max(1) as usize;
    let buffer = vec![0.0; block * source.channels()];
    let notice = writer.notice();
    let pacer =
        Pacer { source, writer, notice, warn, clock, stop: stop.clone(), block, buffer, position: 0, ended: false };
    let thread = Some(spawn("source", move || pacer.run())?);
    Ok(PacedCapture { stop, thread })
}

struct Pacer<W> {
    source: Box<dyn Source>,
    writer: CaptureWriter,
    notice: CaptureNotice,
    warn: W,
    clock: MonoClock,
    stop: Arc<AtomicBool>,
    block: usize,
    buffer: Vec<f32>,
    position: u64,
    ended: bool,
}

impl<W: Fn(String)> Pacer<W> {
    fn run(mut self) {
        raise_this_thread(SOURCE_LEVEL);
        let start = self.clock.now();
        while !self.stop.load(Ordering::Acquire) {
            let goes_on = self.read();
            let due = start + self.duration(self.position + self.block as u64);
            if !self.wait_until(due) {
                return;
            }
            self.deliver(start + self.duration(self.position));
            if !goes_on {
                self.notice.ended_rt();
            }
        }
    }

    /// The next block, read ahead so that a slow disk delays nothing; silence after the end. False at the end.
    fn read(&mut self) -> bool {
        if self.ended {
            self.buffer.fill(0.0);
            return true;
        }
        let read = self.source.read(&mut self.buffer);
        let got = read.as_ref().map_or(0, |frames| *frames);
        self.source.poll_warning().into_iter().chain(read.err().map(|error| error.to_string())).for_each(&self.warn);
        self.buffer[got * self.source.channels()..].fill(0.0);
        self.ended = got < self.block;
        !self.ended
    }

    fn deliver(&mut self, captured_at: MonoTime) {
        let (buffer, channels) = (&self.buffer, self.source.channels());
        let sample = |frame: usize, channel: usize| buffer[frame * channels + channel];
        self.writer.write_rt(self.position, captured_at, self.block, sample);
        self.position += self.block as u64;
    }

    /// Waits for the time and for room behind the encode thread; false when asked to stop.
    fn wait_until(&self, due: MonoTime) -> bool {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return false;
            }
            let left = self.clock.until(due);
            if left.is_zero() && self.writer.has_room(self.block) {
                return true;
            }
            park_timeout(if left.is_zero() { RETRY } else { left });
        }
    }

    fn duration(&self, frames: u64) -> Duration {
        SampleCount(frames).duration(self.source.rate())
    }
}

impl Drop for PacedCapture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
