//! From the playout thread to the device's callback, and back: what the callback took and when.
//!
//! The callback copies what is there and fills up with silence; the playout thread, woken by every callback, keeps one
//! device period ahead (more after underruns).

use super::capture::Counting;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::Thread;
use std::time::Duration;
use units::{MonoTime, SampleRate};

/// What a playback device asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaybackFormat {
    /// Frames per second.
    pub rate: SampleRate,
    /// Frames that one callback usually asks for.
    pub period: usize,
    /// How lost frames are counted.
    pub counting: Counting,
}

/// What one callback did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Frames that the device played before this callback's, in the host's own counting.
    pub(crate) position: u64,
    /// Xruns that the host has reported since the device was opened.
    pub(crate) xruns: u32,
    /// Frames that it asked for.
    pub(crate) frames: u32,
    /// Frames that were not there, since the first one that was.
    pub(crate) missing: u32,
    /// Frames that were there, of all callbacks so far.
    pub(crate) taken: u64,
    /// When the callback's period began.
    pub(crate) at: MonoTime,
    /// How much later its first frame leaves the device.
    pub(crate) latency: Duration,
}

/// Reports on their way to the playout thread. Overflow (it stalled): dropped, the
/// next one's totals make up for it.
const TAKEN_SLOTS: usize = 256;

#[derive(Debug, Default)]
struct PlaybackSignals {
    failed: AtomicBool,
    xruns: AtomicU32,
}

/// The callback's end: stereo frames.
pub struct PlaybackReader {
    samples: Consumer<f32>,
    taken: Producer<Taken>,
    rate: SampleRate,
    given: u64,
    signals: Arc<PlaybackSignals>,
    playout: Thread,
}

/// The playout thread's end.
pub(crate) struct PlaybackWriter {
    pub(crate) samples: Producer<f32>,
    pub(crate) taken: Consumer<Taken>,
    signals: Arc<PlaybackSignals>,
}

/// Makes the pair for one opened device. It holds a second of sound; the playout thread fills only what it must.
pub(crate) fn playback_ring(format: PlaybackFormat, playout: Thread) -> (PlaybackWriter, PlaybackReader) {
    let (samples_in, samples) = RingBuffer::new(2 * format.rate.0 as usize);
    let (taken_in, taken) = RingBuffer::new(TAKEN_SLOTS);
    let signals = Arc::new(PlaybackSignals::default());
    let writer = PlaybackWriter { samples: samples_in, taken, signals: signals.clone() };
    let reader = PlaybackReader { samples, taken: taken_in, rate: format.rate, given: 0, signals, playout };
    (writer, reader)
}

impl PlaybackReader {
    /// Hands over `frames` stereo frames one by one, `write(index, [left, right])`, silence where none are left.
    /// `position` counts the device's frames before them, `at` is when the period began, `latency` how much later its
    /// first frame leaves the device. Wakes the playout thread.
    pub fn read_rt(
        &mut self,
        position: u64,
        at: MonoTime,
        latency: Duration,
        frames: usize,
        mut write: impl FnMut(usize, [f32; 2]),
    ) {
        let there = (self.samples.slots() / 2).min(frames);
        if let Ok(chunk) = self.samples.read_chunk(2 * there) {
            let (first, second) = chunk.as_slices();
            let value = |i: usize| if i < first.len() { first[i] } else { second[i - first.len()] };
            (0..there).for_each(|frame| write(frame, [value(2 * frame), value(2 * frame + 1)]));
            chunk.commit_all();
        }
        (there..frames).for_each(|frame| write(frame, [0.0; 2]));
        self.given += there as u64;
        let missing = if self.given > 0 { (frames - there) as u32 } else { 0 };
        let (taken, xruns) = (self.given, self.signals.xruns.load(Ordering::Relaxed));
        let _ = self.taken.push(Taken { position, xruns, frames: frames as u32, missing, taken, at, latency });
        self.playout.unpark();
    }

    /// How long so many frames last, in nanoseconds.
    pub fn nanos(&self, frames: u64) -> u64 {
        frames * 1_000_000_000 / u64::from(self.rate.0)
    }

    /// What the device reports beside its callbacks goes through this; any thread may hold it.
    pub fn notice(&self) -> PlaybackNotice {
        PlaybackNotice { signals: self.signals.clone(), playout: self.playout.clone() }
    }
}

/// What a playback device reports beside its callbacks.
#[derive(Clone, Debug)]
pub struct PlaybackNotice {
    signals: Arc<PlaybackSignals>,
    playout: Thread,
}

impl PlaybackNotice {
    /// The device played something else for a while.
    pub fn xrun_rt(&self) {
        self.signals.xruns.fetch_add(1, Ordering::Relaxed);
    }

    /// The device is gone: no further callback comes.
    pub fn failed_rt(&self) {
        self.signals.failed.store(true, Ordering::Release);
        self.playout.unpark();
    }
}

impl PlaybackWriter {
    pub(crate) fn failed(&self) -> bool {
        self.signals.failed.load(Ordering::Acquire)
    }

    /// Stereo frames that wait for the callback.
    pub(crate) fn waiting(&self) -> usize {
        (self.samples.buffer().capacity() - self.samples.slots()) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: &mut PlaybackReader, frames: usize) -> Vec<[f32; 2]> {
        let mut out = vec![[9.0; 2]; frames];
        reader.read_rt(50, MonoTime(7), Duration::ZERO, frames, |i, pair| out[i] = pair);
        out
    }

    #[test]
    fn what_is_missing_is_silent_and_reported_once_sound_has_begun() {
        let format = PlaybackFormat { rate: SampleRate::HZ_48000, period: 2, counting: Counting::Exact };
        let (mut writer, mut reader) = playback_ring(format, std::thread::current());
        assert_eq!(read(&mut reader, 2), [[0.0; 2]; 2]);
        writer.samples.push_entire_slice(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap();
        assert_eq!(writer.waiting(), 3);
        assert_eq!(read(&mut reader, 2), [[0.1, 0.2], [0.3, 0.4]]);
        assert_eq!(read(&mut reader, 2), [[0.5, 0.6], [0.0; 2]]);
        let reports = std::iter::from_fn(|| writer.taken.pop().ok()).map(|t| (t.position, t.missing, t.taken));
        assert_eq!(reports.collect::<Vec<_>>(), [(50, 0, 0), (50, 0, 2), (50, 1, 3)]);
    }
}
