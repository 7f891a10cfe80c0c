//! A WAV file of exactly what left the playout, written by a thread that may wait for the disk.

use super::PipelineError;
use super::thread::spawn;
use rtrb::{Consumer, Producer, RingBuffer};
use sound_files::{SampleFormat, WavSpec, WavWriter, WriteError};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, park_timeout, sleep};
use std::time::Duration;
use units::{SampleCount, SampleRate};

/// Sound on its way to the disk: ten seconds of stereo. Owner: the playout thread, which waits when it is full (no
/// device waits for it), so that the file keeps its time; a wait of more than a second is a standstill, and told.
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
    failure: Failure,
}

/// Why the file has ended before its time, until somebody was told.
type Failure = Arc<Mutex<Option<String>>>;

/// Stereo, 48 kHz, 32-bit float.
const SPEC: WavSpec = WavSpec { rate: SampleRate::HZ_48000, channels: 2, format: SampleFormat::F32 };

/// Creates the file, which is valid at every moment.
pub(crate) fn wav_out(path: &Path) -> Result<(WavFeed, WavThread), PipelineError> {
    wav_into(WavWriter::create(path, SPEC)?)
}

fn wav_into<W: Write + Seek + Send + 'static>(writer: WavWriter<W>) -> Result<(WavFeed, WavThread), PipelineError> {
    let (samples, mut from) = RingBuffer::new(CAPACITY);
    let failure = Failure::default();
    let told = failure.clone();
    // The ring is given up only after the reason is there.
    let thread = spawn("wav", move || write_all(&mut from, writer).inspect_err(|error| tell(&told, error)))?;
    Ok((WavFeed { samples }, WavThread { thread, failure }))
}

fn tell(failure: &Failure, error: &WriteError) {
    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
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
    /// Why nothing more is written, one sentence; told once.
    pub(crate) fn poll_failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for the rest to be written (the feed must be gone) and tells how long the file is.
    pub(crate) fn finish(self) -> Result<SampleCount, PipelineError> {
        self.thread.thread().unpark();
        Ok(self.thread.join().map_err(|_| PipelineError::ThreadDied)??)
    }
}

fn write_all<W: Write + Seek>(from: &mut Consumer<f32>, mut writer: WavWriter<W>) -> Result<SampleCount, WriteError> {
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
    use std::fs::File;
    use std::io::{self, Cursor, ErrorKind, SeekFrom};

    /// A disk with room for so many bytes.
    struct SmallDisk {
        bytes: Cursor<Vec<u8>>,
        room: u64,
    }

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let end = self.bytes.position() + bytes.len() as u64;
            if end > self.room { Err(ErrorKind::StorageFull.into()) } else { self.bytes.write(bytes) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for SmallDisk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.bytes.seek(to)
        }
    }

    #[test]
    fn a_full_disk_is_told_once_and_holds_nobody_up() {
        let disk = SmallDisk { bytes: Cursor::default(), room: 1_000 };
        let (mut feed, thread) = wav_into(WavWriter::new(disk, SPEC).unwrap()).unwrap();
        // More than the thread can take and the ring can hold: this returns when the thread has given up.
        (0..21).for_each(|_| feed.write(&[0.5; 2 * 48_000]));
        assert!(thread.poll_failure().unwrap().contains("disk is full"));
        assert_eq!(thread.poll_failure(), None);
        drop(feed);
        assert!(matches!(thread.finish(), Err(PipelineError::Output(WriteError::Full))));
    }

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
