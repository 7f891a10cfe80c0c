//! Where a published stream's samples come from when it is not a device: sound files, the built-in music, test tones.
//!
//! Every source delivers interleaved `f32` at its own rate and channel count; resampling to 48 kHz is the pipeline's,
//! which takes the first two channels where none were picked. Sources know no clock: the pipeline paces them like a
//! device.
//!
//! *Absent*: devices, resampling, threads.
//!
//! ```
//! use client::source::{Source, music::Music};
//! let mut music = Music::new(1);
//! let mut block = [0.0; 2 * 480];
//! assert_eq!(music.read(&mut block).unwrap(), 480);
//! ```

pub mod file;
pub mod music;
mod pick;
pub mod tone;
pub mod voice;

use units::{SampleCount, SampleRate};

/// A stream of samples that is pulled, never paced by itself.
///
/// `read` may block on a disk and may allocate unless the source says otherwise: call it off the audio thread.
pub trait Source: Send {
    /// Samples per second and channel; constant for the source's life.
    fn rate(&self) -> SampleRate;

    /// Channels per frame, ≥ 1; constant for the source's life.
    fn channels(&self) -> usize;

    /// Fills `out` with interleaved frames, full scale ±1.0, and returns how many *frames* were written.
    ///
    /// `out.len()` must be a multiple of `channels()`. Fewer frames than asked for, zero included, means the end;
    /// every later call returns zero.
    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError>;

    /// The whole length in samples per channel, when it is known beforehand; `None` for an endless source.
    fn len_hint(&self) -> Option<SampleCount>;

    /// What the user should know since the last call (a truncated file, a silent one), one sentence each.
    fn poll_warning(&mut self) -> Option<String> {
        None
    }
}

/// Why a source cannot be opened or read on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing is at this path.
    #[error("There is no file at {path}: check the spelling, or give the full path.")]
    Missing {
        /// The path as given.
        path: String,
    },
    /// The path is a folder.
    #[error("{path} is a folder, not a sound file: name one file in it.")]
    Folder {
        /// The path as given.
        path: String,
    },
    /// The file has no bytes, or a header and no samples.
    #[error("{path} holds no sound: export or copy it again.")]
    Empty {
        /// The path as given.
        path: String,
    },
    /// A sound file that ends before its samples begin, or whose structure is broken.
    #[error("{path} is cut off or damaged and cannot be read: copy or export it again.")]
    CutOff {
        /// The path as given.
        path: String,
    },
    /// The bytes are of no format that can be decoded here.
    #[error(
        "{path} is not a sound file that can be read here: give WAV, FLAC, Ogg Vorbis, MP3, AIFF or AAC/ALAC (M4A)."
    )]
    NotSound {
        /// The path as given.
        path: String,
    },
    /// A sound file whose coding is not supported.
    #[error(
        "{path} is a sound file, but its coding (Opus, perhaps) cannot be decoded here: convert it to WAV or FLAC."
    )]
    Coding {
        /// The path as given.
        path: String,
    },
    /// The pick names a channel that the file lacks.
    #[error("{path} has {available} channels, so @{picked} cannot be picked: choose from 1 to {available}.")]
    NoChannel {
        /// The path as given.
        path: String,
        /// Channels that it has.
        available: usize,
        /// Channels that were asked for.
        picked: String,
    },
    /// A looped file is not what it was when it began.
    #[error("{path} has another rate or other channels than when it began: join again to publish it as it is now.")]
    Changed {
        /// The path as given.
        path: String,
    },
    /// The operating system refused.
    #[error("{path} cannot be read ({cause}): check its permissions and the disk.")]
    Io {
        /// The path as given.
        path: String,
        /// The system's words.
        cause: std::io::Error,
    },
}
