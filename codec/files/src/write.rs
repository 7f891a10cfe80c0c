use crate::header::header;
use crate::{Bext, WavSpec};
use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use units::SampleCount;

/// Writes a WAV file that is valid at every moment.
///
/// Each [`WavWriter::write`] first appends the samples and then rewrites the whole header in one go, so a process that
/// is killed anywhere leaves a file with every block that was written before. Past 4 GB the file becomes RF64 in place.
/// Calls block on the disk and may allocate: never on the audio thread. Long blocks are cheaper than short ones.
pub struct WavWriter<W: Write + Seek> {
    out: W,
    spec: WavSpec,
    bext: Option<Bext>,
    data_at: u64,
    data_bytes: u64,
    limit: u64,
    bytes: Vec<u8>,
}

/// Why a sound file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be made.
    #[error("The sound file {path} cannot be created ({cause}): choose another folder or check its permissions.")]
    Create {
        /// The path as given.
        path: String,
        /// The system's words.
        cause: io::Error,
    },
    /// No room is left; what was written before is kept.
    #[error("The disk is full: what was written so far is a valid file; make room and begin a new one.")]
    Full,
    /// The system refused to write; what was written before is kept.
    #[error("The sound file cannot be written on ({0}): what is in it is valid; check the disk and begin a new one.")]
    Io(io::Error),
    /// No such file can exist.
    #[error("A sound file needs a rate of at least 1 Hz, 1 to 65 535 channels and frames below 64 KiB: correct these.")]
    Spec,
    /// The samples do not make whole frames.
    #[error("{samples} samples are no whole number of frames of {channels} channels: give every channel's sample.")]
    PartialFrame {
        /// How many samples were given.
        samples: usize,
        /// Samples in a frame.
        channels: u16,
    },
}

impl From<io::Error> for WriteError {
    fn from(cause: io::Error) -> WriteError {
        match cause.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WriteError::Full,
            _ => WriteError::Io(cause),
        }
    }
}

impl WavWriter<File> {
    /// Makes (or empties) the file at `path` and writes the header of an empty one.
    pub fn create(path: impl AsRef<Path>, spec: WavSpec) -> Result<WavWriter<File>, WriteError> {
        let path = path.as_ref();
        let file = File::create(path);
        let file = file.map_err(|cause| WriteError::Create { path: path.display().to_string(), cause })?;
        WavWriter::new(file, spec)
    }

    /// Waits until everything written so far would survive a power cut.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        Ok(self.out.sync_all()?)
    }

    /// Cuts off what a refused write may have left behind the last whole one, and syncs. Tells how long the file is.
    pub fn close(self) -> Result<SampleCount, WriteError> {
        self.out.set_len(self.data_at + self.data_bytes + (self.data_bytes & 1))?;
        self.out.sync_all()?;
        Ok(self.frames())
    }
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header of an empty file at the start of `out`.
    pub fn new(out: W, spec: WavSpec) -> Result<WavWriter<W>, WriteError> {
        WavWriter::build(out, spec, None, u64::from(u32::MAX))
    }

    /// Like [`WavWriter::new`], with the broadcast extension.
    pub fn with_bext(out: W, spec: WavSpec, bext: Bext) -> Result<WavWriter<W>, WriteError> {
        WavWriter::build(out, spec, Some(bext), u64::from(u32::MAX))
    }

    /// `limit` is the size from which on the file is RF64; only tests choose another.
    pub(crate) fn build(out: W, spec: WavSpec, bext: Option<Bext>, limit: u64) -> Result<WavWriter<W>, WriteError> {
        if spec.rate.0 == 0 || spec.channels == 0 || spec.frame_bytes() > usize::from(u16::MAX) {
            return Err(WriteError::Spec);
        }
        let mut writer = WavWriter { out, spec, bext, data_at: 0, data_bytes: 0, limit, bytes: Vec::new() };
        writer.data_at = writer.write_header()?;
        Ok(writer)
    }

    /// What is being written.
    pub fn spec(&self) -> &WavSpec {
        &self.spec
    }

    /// How long the file is by now.
    pub fn frames(&self) -> SampleCount {
        self.spec.frames_in(self.data_bytes)
    }

    /// Appends interleaved frames, full scale ±1.0; integer formats round without dither and clip. The file is valid
    /// and holds them when this returns; after an error it still holds what it held.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), WriteError> {
        if !samples.len().is_multiple_of(usize::from(self.spec.channels)) {
            return Err(WriteError::PartialFrame { samples: samples.len(), channels: self.spec.channels });
        }
        if samples.is_empty() {
            return Ok(());
        }
        let before = self.data_bytes;
        self.append(samples)?;
        if let Err(error) = self.write_header() {
            self.data_bytes = before;
            return Err(error);
        }
        Ok(())
    }

    /// Flushes and gives back what was written to. There is nothing else to finish.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Chunks have even lengths: an odd one gets a byte that the next samples overwrite.
    fn append(&mut self, samples: &[f32]) -> Result<(), WriteError> {
        self.bytes.clear();
        samples.iter().for_each(|sample| self.spec.format.encode(*sample, &mut self.bytes));
        let added = self.bytes.len() as u64;
        if !(self.data_bytes + added).is_multiple_of(2) {
            self.bytes.push(0);
        }
        self.out.seek(SeekFrom::Start(self.data_at + self.data_bytes))?;
        self.out.write_all(&self.bytes)?;
        self.data_bytes += added;
        Ok(())
    }

    /// Returns the header's length, which is the same every time.
    fn write_header(&mut self) -> Result<u64, WriteError> {
        let header = header(&self.spec, self.bext.as_ref(), self.data_bytes, self.limit);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header)?;
        Ok(header.len() as u64)
    }
}
