//! Sound files as sources: WAV by the house's own reader, FLAC, Ogg Vorbis, MP3, AIFF, AAC and ALAC (M4A) by `symphonia`.
//!
//! *Absent*: Opus in Ogg (`symphonia` 0.6 has no Opus decoder; such a file is refused in words), seeking.

mod compressed;
mod looped;
mod wav;

use super::pick::Picked;
use super::{Source, SourceError};
use compressed::Compressed;
pub use looped::Looped;
use sound_files::ReadError;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use units::{SampleCount, SampleRate};
use wav::Wav;

/// Opens a sound file of any usual format, at its own rate, with the given channels of it (counted from 1), or with all
/// of them when none is given.
///
/// The format is known by its content; the name does not matter. Reading blocks on the disk. What is wrong with the
/// samples (cut off, damaged in places, silent) comes by [`Source::poll_warning`].
pub fn open(path: impl AsRef<Path>, channels: &[u16]) -> Result<Box<dyn Source>, SourceError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    look(path, &name)?;
    match Wav::open(path) {
        Ok(wav) if wav.len_hint() == Some(SampleCount(0)) => Err(SourceError::Empty { path: name }),
        Ok(wav) => listened(wav, channels, name),
        Err(ReadError::NotWav | ReadError::Coding { .. }) => listened(Compressed::open(path, &name)?, channels, name),
        Err(ReadError::NoFormat | ReadError::NoData) => Err(SourceError::CutOff { path: name }),
        Err(ReadError::Empty) => Err(SourceError::Empty { path: name }),
        Err(ReadError::Open { cause, .. } | ReadError::Io(cause)) => Err(SourceError::Io { path: name, cause }),
    }
}

fn listened<S: Source + 'static>(source: S, channels: &[u16], name: String) -> Result<Box<dyn Source>, SourceError> {
    let picked = Picked::new(source, channels, &name)?;
    Ok(Box::new(Listened::new(picked, name)))
}

/// Tells what is no file from what is.
fn look(path: &Path, name: &str) -> Result<(), SourceError> {
    let about = path.metadata().map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => SourceError::Missing { path: name.into() },
        _ => SourceError::Io { path: name.into(), cause },
    })?;
    match (about.is_dir(), about.len()) {
        (true, _) => Err(SourceError::Folder { path: name.into() }),
        (_, 0) => Err(SourceError::Empty { path: name.into() }),
        _ => File::open(path).map(drop).map_err(|cause| SourceError::Io { path: name.into(), cause }),
    }
}

/// A quieter sample than this (−90 dBFS) is no sound.
const SILENT: f32 = 3.2e-5;
/// After so many seconds without sound the user is told.
const SILENT_S: u64 = 10;

/// Passes a source on and says when nothing is heard on it.
struct Listened<S> {
    inner: S,
    name: String,
    silent: bool,
    frames: u64,
    warning: Option<String>,
}

impl<S: Source> Listened<S> {
    fn new(inner: S, name: String) -> Listened<S> {
        Listened { inner, name, silent: true, frames: 0, warning: None }
    }

    fn listen(&mut self, samples: &[f32], ended: bool) {
        if !self.silent {
            return;
        }
        self.silent = samples.iter().all(|sample| sample.abs() < SILENT);
        self.frames += (samples.len() / self.inner.channels()) as u64;
        let long = self.frames >= SILENT_S * u64::from(self.inner.rate().0);
        if self.silent && (long || ended) {
            self.silent = false;
            let seconds = self.frames as f64 / f64::from(self.inner.rate().0);
            self.warning = Some(format!(
                "{} is silent for its first {seconds:.1} s: check that it is the right file and the right channels.",
                self.name
            ));
        }
    }
}

impl<S: Source> Source for Listened<S> {
    fn rate(&self) -> SampleRate {
        self.inner.rate()
    }

    fn channels(&self) -> usize {
        self.inner.channels()
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        let channels = self.inner.channels();
        let frames = self.inner.read(out)?;
        self.listen(&out[..frames * channels], frames < out.len() / channels);
        Ok(frames)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        self.inner.len_hint()
    }

    fn poll_warning(&mut self) -> Option<String> {
        self.warning.take().or_else(|| self.inner.poll_warning().map(|warning| format!("{}: {warning}", self.name)))
    }
}

#[cfg(test)]
mod tests;
