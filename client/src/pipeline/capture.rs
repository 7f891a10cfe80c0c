//! From the device's callback to the encode thread: samples and, beside them, where and when each block was captured.
//!
//! The callback's end copies, stamps, bumps atomics and wakes the encode thread; nothing else. `Thread::unpark` is one
//! atomic exchange and, only when the thread sleeps, one futex wake.

use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::Thread;
use units::{MonoTime, SampleRate};

/// How a device's sample count is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// The host says where each block stands, lost periods included (JACK's frame time, a file's position).
    Exact,
    /// The host only says that samples were lost; how many follows from the capture stamps, with an uncertainty.
    Estimated,
}

/// What a capture device delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureFormat {
    /// Samples per second and channel.
    pub rate: SampleRate,
    /// Picked channels: 1 or 2.
    pub channels: usize,
    /// How lost samples are counted.
    pub counting: Counting,
}

/// One block as the device gave it, per channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Device frames before its first sample, in the host's own counting.
    pub position: u64,
    /// Samples per channel.
    pub frames: u32,
    /// When its first sample was captured.
    pub captured_at: MonoTime,
    /// Xruns that the host has reported since the device was opened.
    pub xruns: u32,
}

/// Longest block passed on in one piece, in samples per channel; longer ones are cut.
pub const MAX_BLOCK: usize = 2_048;

/// Blocks on their way. Owner: the callback. Overflow: the block is dropped whole, counted, and declared as a gap.
const BLOCK_SLOTS: usize = 1_024;

/// What callback, encode thread and supervisor tell each other without waiting.
#[derive(Debug, Default)]
pub(crate) struct CaptureSignals {
    xruns: AtomicU32,
    overflowed_frames: AtomicU64,
    failed: AtomicBool,
    ended: AtomicBool,
}

/// The callback's end.
pub struct CaptureWriter {
    samples: Producer<f32>,
    blocks: Producer<Block>,
    channels: usize,
    rate: SampleRate,
    signals: Arc<CaptureSignals>,
    encoder: Thread,
}

/// The encode thread's end.
pub(crate) struct CaptureReader {
    samples: Consumer<f32>,
    blocks: Consumer<Block>,
    channels: usize,
    signals: Arc<CaptureSignals>,
}

/// Makes the pair for one opened device. It holds a second of sound. `encoder` is woken by every block.
pub(crate) fn capture_ring(format: CaptureFormat, encoder: Thread) -> (CaptureWriter, CaptureReader) {
    let (samples_in, samples) = RingBuffer::new(format.rate.0 as usize * format.channels);
    let (blocks_in, blocks) = RingBuffer::new(BLOCK_SLOTS);
    let signals = Arc::new(CaptureSignals::default());
    let (channels, rate) = (format.channels, format.rate);
    let writer =
        CaptureWriter { samples: samples_in, blocks: blocks_in, channels, rate, signals: signals.clone(), encoder };
    (writer, CaptureReader { samples, blocks, channels, signals })
}

impl CaptureWriter {
    /// Takes over one block of `frames` samples per channel; `sample(frame, channel)` reads it, channel counting the
    /// picked ones. Wakes the encode thread.
    pub fn write_rt(
        &mut self,
        position: u64,
        captured_at: MonoTime,
        frames: usize,
        sample: impl Fn(usize, usize) -> f32,
    ) {
        for start in (0..frames).step_by(MAX_BLOCK) {
            let length = (frames - start).min(MAX_BLOCK);
            let block = Block {
                position: position + start as u64,
                frames: length as u32,
                captured_at: MonoTime(captured_at.0 + self.nanos(start as u64)),
                xruns: self.signals.xruns.load(Ordering::Relaxed),
            };
            self.push_rt(block, |frame, channel| sample(start + frame, channel));
        }
        self.encoder.unpark();
    }

    /// Whether a block of so many samples per channel would be taken now.
    pub fn has_room(&self, frames: usize) -> bool {
        self.samples.slots() >= frames * self.channels && self.blocks.slots() > frames / MAX_BLOCK
    }

    /// How long so many samples last, in nanoseconds.
    pub fn nanos(&self, frames: u64) -> u64 {
        frames * 1_000_000_000 / u64::from(self.rate.0)
    }

    /// What the device reports beside its samples goes through this; any thread may hold it.
    pub fn notice(&self) -> CaptureNotice {
        CaptureNotice { signals: self.signals.clone(), encoder: self.encoder.clone() }
    }

    fn push_rt(&mut self, block: Block, sample: impl Fn(usize, usize) -> f32) {
        let channels = self.channels;
        let values = block.frames as usize * channels;
        let room = !self.blocks.is_full();
        match self.samples.write_chunk_uninit(values) {
            Ok(chunk) if room => {
                chunk.fill_from_iter((0..values).map(|i| sample(i / channels, i % channels)));
                let _ = self.blocks.push(block);
            }
            _ => {
                self.signals.overflowed_frames.fetch_add(u64::from(block.frames), Ordering::Relaxed);
            }
        }
    }
}

/// What a device reports beside its samples. All of it is callable on the audio thread.
#[derive(Clone, Debug)]
pub struct CaptureNotice {
    signals: Arc<CaptureSignals>,
    encoder: Thread,
}

impl CaptureNotice {
    /// Samples were lost.
    pub fn xrun_rt(&self) {
        self.signals.xruns.fetch_add(1, Ordering::Relaxed);
    }

    /// The device is gone: no further block comes.
    pub fn failed_rt(&self) {
        self.signals.failed.store(true, Ordering::Release);
        self.encoder.unpark();
    }

    /// The sound has come to its end (a file's); silence may follow.
    pub fn ended_rt(&self) {
        self.signals.ended.store(true, Ordering::Release);
        self.encoder.unpark();
    }
}

impl CaptureReader {
    /// The next block and its interleaved samples in `into`, which holds `MAX_BLOCK` frames.
    pub(crate) fn next<'a>(&mut self, into: &'a mut [f32]) -> Option<(Block, &'a [f32])> {
        let block = self.blocks.pop().ok()?;
        let samples = &mut into[..block.frames as usize * self.channels];
        self.samples.pop_entire_slice(samples).ok()?;
        Some((block, samples))
    }

    pub(crate) fn failed(&self) -> bool {
        self.signals.failed.load(Ordering::Acquire)
    }

    pub(crate) fn ended(&self) -> bool {
        self.signals.ended.load(Ordering::Acquire)
    }

    pub(crate) fn xruns(&self) -> u32 {
        self.signals.xruns.load(Ordering::Relaxed)
    }

    pub(crate) fn overflowed_frames(&self) -> u64 {
        self.signals.overflowed_frames.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(channels: usize) -> (CaptureWriter, CaptureReader) {
        let format = CaptureFormat { rate: SampleRate(48_000), channels, counting: Counting::Exact };
        capture_ring(format, std::thread::current())
    }

    #[test]
    fn a_block_arrives_as_it_was_captured() {
        let (mut writer, mut reader) = ring(2);
        writer.write_rt(640, MonoTime(5), 3, |frame, channel| (10 * frame + channel) as f32);
        let mut into = [0.0; 2 * MAX_BLOCK];
        let (block, samples) = reader.next(&mut into).unwrap();
        assert_eq!(block, Block { position: 640, frames: 3, captured_at: MonoTime(5), xruns: 0 });
        assert_eq!(samples, [0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
        assert!(reader.next(&mut into).is_none());
    }

    #[test]
    fn a_long_block_is_cut_and_each_piece_has_its_own_stamp() {
        let (mut writer, mut reader) = ring(1);
        writer.write_rt(0, MonoTime(0), MAX_BLOCK + 48, |frame, _| frame as f32);
        let mut into = [0.0; MAX_BLOCK];
        assert_eq!(reader.next(&mut into).unwrap().0.frames as usize, MAX_BLOCK);
        let (block, samples) = reader.next(&mut into).unwrap();
        assert_eq!((block.position, block.frames), (MAX_BLOCK as u64, 48));
        assert_eq!(block.captured_at, MonoTime(MAX_BLOCK as u64 * 1_000_000_000 / 48_000));
        assert_eq!(samples[0], MAX_BLOCK as f32);
    }

    #[test]
    fn a_full_ring_drops_the_block_whole_and_counts_it() {
        let (mut writer, mut reader) = ring(1);
        for i in 0..24 {
            writer.write_rt(i * 2_000, MonoTime(0), 2_000, |_, _| 1.0);
        }
        assert!(!writer.has_room(1));
        writer.write_rt(48_000, MonoTime(0), 64, |_, _| 2.0);
        assert_eq!(reader.overflowed_frames(), 64);
        let mut into = [0.0; MAX_BLOCK];
        let last = std::iter::from_fn(|| reader.next(&mut into).map(|(block, _)| block)).last().unwrap();
        assert_eq!(last.position, 46_000);
    }
}
