use crate::source::{Source, SourceError};
use sound_files::{ReadError, WavReader};
use std::fs::File;
use std::path::Path;
use units::{SampleCount, SampleRate};

/// A WAV, RF64 or BW64 file.
pub(super) struct Wav {
    reader: WavReader<File>,
    name: String,
    told: bool,
}

impl Wav {
    pub(super) fn open(path: &Path) -> Result<Wav, ReadError> {
        Ok(Wav { reader: WavReader::open(path)?, name: path.display().to_string(), told: false })
    }
}

impl Source for Wav {
    fn rate(&self) -> SampleRate {
        self.reader.spec().rate
    }

    fn channels(&self) -> usize {
        usize::from(self.reader.spec().channels)
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        self.reader.read(out).map_err(|cause| match cause {
            ReadError::Io(cause) => SourceError::Io { path: self.name.clone(), cause },
            _ => SourceError::CutOff { path: self.name.clone() },
        })
    }

    fn len_hint(&self) -> Option<SampleCount> {
        Some(self.reader.frames())
    }

    fn poll_warning(&mut self) -> Option<String> {
        let truncated = self.reader.truncated().filter(|_| !self.told)?;
        self.told = true;
        Some(truncated.to_string())
    }
}
