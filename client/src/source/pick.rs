//! Some channels of a source.

use super::{Source, SourceError};
use units::{SampleCount, SampleRate};

/// A source of which only some channels are taken.
pub(crate) struct Picked<S> {
    inner: S,
    /// Counted from 0; all of them when empty.
    channels: Vec<usize>,
    whole: Vec<f32>,
}

impl<S: Source> Picked<S> {
    /// Takes `channels`, counted from 1, of a source that people know as `name`; all of them when empty.
    ///
    /// # Errors
    /// [`SourceError::NoChannel`] if it lacks one of them.
    pub(crate) fn new(inner: S, channels: &[u16], name: &str) -> Result<Picked<S>, SourceError> {
        let available = inner.channels();
        if !channels.iter().all(|channel| (1..=available).contains(&usize::from(*channel))) {
            let picked = channels.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
            return Err(SourceError::NoChannel { path: name.into(), available, picked });
        }
        let channels = channels.iter().map(|channel| usize::from(*channel) - 1).collect();
        Ok(Picked { inner, channels, whole: Vec::new() })
    }
}

impl<S: Source> Source for Picked<S> {
    fn rate(&self) -> SampleRate {
        self.inner.rate()
    }

    fn channels(&self) -> usize {
        if self.channels.is_empty() { self.inner.channels() } else { self.channels.len() }
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        if self.channels.is_empty() {
            return self.inner.read(out);
        }
        let (wide, narrow) = (self.inner.channels(), self.channels.len());
        self.whole.resize(out.len() / narrow * wide, 0.0);
        let frames = self.inner.read(&mut self.whole)?;
        for (from, to) in self.whole.chunks(wide).zip(out.chunks_mut(narrow)).take(frames) {
            for (to, channel) in to.iter_mut().zip(&self.channels) {
                *to = from[*channel];
            }
        }
        Ok(frames)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        self.inner.len_hint()
    }

    fn poll_warning(&mut self) -> Option<String> {
        self.inner.poll_warning()
    }
}
