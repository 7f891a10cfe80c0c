//! A WAV file of exactly what left the playout, written by a thread that may wait for the disk.

use super::PipelineError;
use super::thread::spawn;
use rtrb::{Consumer, Producer, RingBuffer};
use sound_files::{SampleFormat, WavSpec, WavWriter, WriteError};
use std::fs::File;
use std::path::Path;
use std::thread::{JoinHandle, park_timeout, sleep};
use std::time::Duration;
use units::{SampleCount, SampleRate};

/// Sound on its way to the disk: ten seconds of stereo. Owner: the playout thread, which waits when it is full (no
/// device waits for it), so that the file has no hole.
const CAPACITY: usize = 2 * 10 * 48_000;
/// How often the disk is served.
const ROUND: Duration = Duration::from_millis(50);
/// How long the playout thread waits for a full ring.
const FULL: Duration = Duration::from_millis(5);

/// The playout thread's end.
pub(crate) struct WavFeed {
    samples: Producer<f32>,
}

/// The thread that writes.
pub(crate) struct WavThread {
    thread: JoinHandle<Result<SampleCount, WriteError>>,
}

/// Creates the file: stereo, 48 kHz, 32-bit float, valid at every moment.
pub(crate) fn wav_out(path: &Path) -> Result<(WavFeed, WavThread), PipelineError> {
    let spec = WavSpec { rate: SampleRate::HZ_48000, channels: 2, format: SampleFormat::F32 };
    let writer = WavWriter::create(path, spec)?;
    let (samples, from) = RingBuffer::new(CAPACITY);
    let thread = spawn("wav", move || write_all(from, writer))?;
    Ok((WavFeed { samples }, WavThread { thread }))
}

impl WavFeed {
    /// Queues interleaved frames, waiting for the disk if it must; drops them when the writer has given up.
    pub(crate) fn write(&mut self, block: &[f32]) {
        while self.samples.push_entire_slice(block).is_err() && !self.samples.is_abandoned() {
            sleep(FULL);
        }
    }
}

impl WavThread {
    /// Waits for the rest to be written (the feed must be gone) and tells how long the file is.
    pub(crate) fn finish(self) -> Result<SampleCount, PipelineError> {
        self.thread.thread().unpark();
        Ok(self.thread.join().map_err(|_| PipelineError::ThreadDied)??)
    }
}

fn write_all(mut from: Consumer<f32>, mut writer: WavWriter<File>) -> Result<SampleCount, WriteError> {
    let mut block = vec![0.0; CAPACITY];
    loop {
        let over = from.is_abandoned();
        let (filled, _) = from.pop_partial_slice(&mut block);
        writer.write(filled)?;
        if over {
            let frames = writer.frames();
            writer.finish()?;
            return Ok(frames);
        }
        park_timeout(ROUND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sound_files::WavReader;

    #[test]
    fn the_file_holds_every_sample_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        let (mut feed, thread) = wav_out(&path).unwrap();
        let sound: Vec<f32> = (0..2 * 30_000).map(|i| i as f32 / 60_000.0).collect();
        sound.chunks(240).for_each(|block| feed.write(block));
        drop(feed);
        assert_eq!(thread.finish().unwrap(), SampleCount(30_000));
        let mut reader = WavReader::new(File::open(&path).unwrap()).unwrap();
        let mut read = vec![0.0; sound.len()];
        assert_eq!(reader.read(&mut read).unwrap(), 30_000);
        assert_eq!(read, sound);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let error = wav_out(Path::new("/nowhere/out.wav")).err().unwrap().to_string();
        assert!(error.contains("/nowhere/out.wav"), "{error}");
    }
}
