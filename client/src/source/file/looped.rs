use super::open;
use crate::source::{Source, SourceError};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use units::{SampleCount, SampleRate};

/// A sound file that begins anew at its end, without a sample between. It ends when it can no longer be opened.
pub struct Looped {
    path: PathBuf,
    channels: Vec<u16>,
    pass: Box<dyn Source>,
    /// What the first pass had to say; the others would only repeat it.
    warnings: VecDeque<String>,
    is_first: bool,
}

impl Looped {
    /// Opens a file as [`open`] does.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(path: impl AsRef<Path>, channels: &[u16]) -> Result<Looped, SourceError> {
        let (path, channels) = (path.as_ref().to_owned(), channels.to_owned());
        let pass = open(&path, &channels)?;
        Ok(Looped { path, channels, pass, warnings: VecDeque::new(), is_first: true })
    }

    fn begin_anew(&mut self) -> Result<(), SourceError> {
        self.keep_warnings();
        self.is_first = false;
        let pass = open(&self.path, &self.channels)?;
        if (pass.rate(), pass.channels()) != (self.rate(), self.channels()) {
            return Err(SourceError::Changed { path: self.path.display().to_string() });
        }
        self.pass = pass;
        Ok(())
    }

    fn keep_warnings(&mut self) {
        if self.is_first {
            self.warnings.extend(std::iter::from_fn(|| self.pass.poll_warning()));
        }
    }
}

impl Source for Looped {
    fn rate(&self) -> SampleRate {
        self.pass.rate()
    }

    fn channels(&self) -> usize {
        self.pass.channels()
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        let channels = self.channels();
        let mut done = self.pass.read(out)?;
        while done * channels < out.len() {
            self.begin_anew()?;
            match self.pass.read(&mut out[done * channels..])? {
                0 => break,
                more => done += more,
            }
        }
        Ok(done)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        None
    }

    fn poll_warning(&mut self) -> Option<String> {
        self.keep_warnings();
        self.warnings.pop_front()
    }
}
