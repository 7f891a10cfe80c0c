use crate::chunks::layout;
use crate::{Bext, PcmHash, PcmHasher, WavSpec};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use units::SampleCount;

/// Reads a WAV, RF64 or BW64 file block by block.
///
/// A file that ends before its header says so is read as far as it goes, and [`WavReader::truncated`] tells. Calls
/// block on the disk and may allocate: never on the audio thread.
pub struct WavReader<R: Read + Seek> {
    input: R,
    spec: WavSpec,
    bext: Option<Bext>,
    data_at: u64,
    frames: SampleCount,
    truncated: Option<Truncated>,
    next: u64,
    bytes: Vec<u8>,
}

/// A file holds fewer samples than its header says; `Display` gives a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// What the header says.
    pub declared: SampleCount,
    /// What is there.
    pub present: SampleCount,
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (present, declared) = (self.present.0, self.declared.0);
        write!(
            f,
            "The file is cut off: {present} of {declared} samples are there and used; copy it again for the rest."
        )
    }
}

/// Why a file cannot be read as WAV.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path leads to nothing that can be opened.
    #[error("The sound file {path} cannot be opened ({cause}): check the path and its permissions.")]
    Open {
        /// The path as given.
        path: String,
        /// The system's words.
        cause: io::Error,
    },
    /// Not one byte.
    #[error("The file is empty: export or copy it again.")]
    Empty,
    /// Something else than RIFF/WAVE.
    #[error("The file is not a WAV file: choose one, or convert it.")]
    NotWav,
    /// The format chunk is missing or makes no sense.
    #[error("The WAV file does not say what its samples are (its fmt chunk is missing or damaged): export it again.")]
    NoFormat,
    /// There is no data chunk.
    #[error("The WAV file ends before its samples begin: copy or export it again.")]
    NoData,
    /// Compressed or otherwise unknown samples.
    #[error("The WAV file's coding (format tag {tag}, {bits} bits) is unknown: export it as PCM or float.")]
    Coding {
        /// The format tag (mmreg.h).
        tag: u16,
        /// Bits per sample as declared.
        bits: u16,
    },
    /// The system refused.
    #[error("The sound file cannot be read ({0}): check the disk.")]
    Io(#[from] io::Error),
}

/// Bytes fetched at once.
const BLOCK_BYTES: usize = 1 << 16;

impl WavReader<File> {
    /// Opens the file at `path`.
    pub fn open(path: impl AsRef<Path>) -> Result<WavReader<File>, ReadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|cause| ReadError::Open { path: path.display().to_string(), cause })?;
        WavReader::new(file)
    }
}

impl<R: Read + Seek> WavReader<R> {
    /// Reads the chunks before the samples; `input` is used from its start.
    pub fn new(mut input: R) -> Result<WavReader<R>, ReadError> {
        let layout = layout(&mut input)?;
        let frames = layout.spec.frames_in(layout.present_bytes);
        let declared = layout.declared_bytes.map(|bytes| layout.spec.frames_in(bytes));
        let truncated = declared.filter(|declared| *declared > frames);
        Ok(WavReader {
            input,
            spec: layout.spec,
            bext: layout.bext,
            data_at: layout.data_at,
            frames,
            truncated: truncated.map(|declared| Truncated { declared, present: frames }),
            next: 0,
            bytes: Vec::new(),
        })
    }

    /// What is in the file.
    pub fn spec(&self) -> &WavSpec {
        &self.spec
    }

    /// The broadcast extension, when there is one.
    pub fn bext(&self) -> Option<&Bext> {
        self.bext.as_ref()
    }

    /// How many frames can be read in all.
    pub fn frames(&self) -> SampleCount {
        self.frames
    }

    /// Set when the header promises more than there is.
    pub fn truncated(&self) -> Option<Truncated> {
        self.truncated
    }

    /// Goes to a frame counted from the start; past the end means the end.
    pub fn seek(&mut self, frame: SampleCount) {
        self.next = frame.0.min(self.frames.0);
    }

    /// Fills `out` with interleaved samples, full scale ±1.0, and returns how many *frames* it wrote. Fewer than fit
    /// means the end; a part of a frame at the end of `out` is left alone.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, ReadError> {
        let channels = usize::from(self.spec.channels);
        let block = (BLOCK_BYTES / self.spec.frame_bytes()).max(1) * channels;
        let mut done = 0;
        for part in out.chunks_mut(block) {
            let frames = self.read_block(part)?;
            done += frames;
            if frames < part.len() / channels {
                break;
            }
        }
        Ok(done)
    }

    /// The hash over all samples, read from the start to the end; the next read begins at the start.
    pub fn pcm_hash(&mut self) -> Result<PcmHash, ReadError> {
        let mut hasher = PcmHasher::new(&self.spec);
        let frames = (BLOCK_BYTES / self.spec.frame_bytes()).max(1);
        let mut block = vec![0.0; frames * usize::from(self.spec.channels)];
        self.seek(SampleCount(0));
        loop {
            let got = self.read(&mut block)?;
            if got == 0 {
                self.seek(SampleCount(0));
                return Ok(hasher.finish());
            }
            hasher.update(&block[..got * usize::from(self.spec.channels)]);
        }
    }

    fn read_block(&mut self, out: &mut [f32]) -> Result<usize, ReadError> {
        let wanted = (out.len() / usize::from(self.spec.channels)) as u64;
        let frames = wanted.min(self.frames.0 - self.next);
        let frame_bytes = self.spec.frame_bytes();
        self.bytes.resize(frames as usize * frame_bytes, 0);
        self.input.seek(SeekFrom::Start(self.data_at + self.next * frame_bytes as u64))?;
        let got = fill(&mut self.input, &mut self.bytes)? / frame_bytes;
        for (sample, stored) in
            out.iter_mut().zip(self.bytes[..got * frame_bytes].chunks_exact(self.spec.format.bytes()))
        {
            *sample = self.spec.format.decode(stored);
        }
        self.next += got as u64;
        if (got as u64) < frames {
            self.shrank();
        }
        Ok(got)
    }

    /// Somebody cut the file while it was read.
    fn shrank(&mut self) {
        let declared = self.truncated.map_or(self.frames, |truncated| truncated.declared);
        self.frames = SampleCount(self.next);
        self.truncated = Some(Truncated { declared, present: self.frames });
    }
}

fn fill(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match input.read(&mut out[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(done)
}
