//! Sound devices: JACK, the operating system's own, and things that behave like one.
//!
//! A device knows the two rings of [`pipeline`](crate::pipeline) and nothing else of it. Its callback copies samples,
//! stamps them, bumps atomics and wakes one thread (invariant 6).
//!
//! *Absent*: resampling, mixing, encoding, restarting a device that went away (the pipeline's supervisor does).

mod cpal_host;
mod error;
mod gate;
mod jack_host;
mod list;
mod paced;
mod quiet;

pub use error::DeviceError;
pub use gate::CallbackGate;
pub use list::{DeviceInfo, list_devices};

use crate::pipeline::MonoClock;
use crate::pipeline::capture::{CaptureFormat, CaptureWriter};
use crate::pipeline::playback::{PlaybackFormat, PlaybackReader};
use crate::source::music::Music;
use crate::source::tone::Tone;
use crate::source::{self, Source, SourceError};
use crate::spec::{InputSpec, OutputSpec};
use units::{SampleCount, SampleRate};

/// An open input; dropping it closes it. It is held, never asked.
pub(crate) enum CaptureStream {
    Jack { _stream: jack_host::JackCapture },
    System { _stream: cpal::Stream },
    Source { _stream: paced::PacedCapture },
}

/// An open output that has a callback; dropping it closes it.
pub(crate) enum PlaybackStream {
    Jack { _stream: jack_host::JackPlayback },
    System { _stream: cpal::Stream },
}

/// Which tune the built-in music plays.
const MUSIC_SEED: u64 = 1;

/// Opens an input and starts it. `connect` is called once, when its format is known, for the ring that it writes to;
/// `warn` takes what the user should know about a file.
pub(crate) fn open_capture(
    spec: &InputSpec,
    clock: MonoClock,
    warn: impl Fn(String) + Send + 'static,
    connect: impl FnOnce(CaptureFormat) -> Result<CaptureWriter, DeviceError>,
) -> Result<CaptureStream, DeviceError> {
    let source: Box<dyn Source> = match spec {
        InputSpec::Jack(jack) => {
            return Ok(CaptureStream::Jack { _stream: jack_host::open_capture(jack, clock, connect)? });
        }
        InputSpec::Device(device) => {
            return Ok(CaptureStream::System { _stream: cpal_host::open_capture(device, clock, connect)? });
        }
        InputSpec::File(file) if file.looped => Box::new(source::file::Looped::open(&file.path, &file.channels)?),
        InputSpec::File(file) => source::file::open(&file.path, &file.channels)?,
        InputSpec::Music => Box::new(Music::new(MUSIC_SEED)),
        InputSpec::Tone => Box::new(Tone::new()),
        InputSpec::Null => Box::new(Silence),
    };
    Ok(CaptureStream::Source { _stream: paced::open_capture(source, clock, warn, connect)? })
}

/// Opens an output that has a callback of its own; `None` for those that a clock paces (file and null).
pub(crate) fn open_playback(
    spec: &OutputSpec,
    clock: MonoClock,
    connect: impl FnOnce(PlaybackFormat) -> Result<PlaybackReader, DeviceError>,
) -> Result<Option<PlaybackStream>, DeviceError> {
    Ok(match spec {
        OutputSpec::Jack(jack) => {
            Some(PlaybackStream::Jack { _stream: jack_host::open_playback(jack, clock, connect)? })
        }
        OutputSpec::Device(device) => {
            Some(PlaybackStream::System { _stream: cpal_host::open_playback(device, clock, connect)? })
        }
        OutputSpec::File(_) | OutputSpec::Null => None,
    })
}

/// The picked channels counted from 0; by default the first two, or the only one.
fn pick(channels: &[u16], available: u16, device: &str) -> Result<Vec<usize>, DeviceError> {
    if channels.is_empty() {
        return Ok((0..usize::from(available.min(2))).collect());
    }
    if channels.iter().all(|channel| (1..=available).contains(channel)) {
        return Ok(channels.iter().map(|channel| usize::from(*channel) - 1).collect());
    }
    let picked = channels.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    Err(DeviceError::NoChannel { device: device.into(), available, picked })
}

/// Endless stereo silence.
struct Silence;

impl Source for Silence {
    fn rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn channels(&self) -> usize {
        2
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        out.fill(0.0);
        Ok(out.len() / 2)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_is_held_against_the_channels_that_the_device_has() {
        assert_eq!(pick(&[3, 4], 4, "x").unwrap(), [2, 3]);
        assert_eq!(pick(&[], 8, "x").unwrap(), [0, 1]);
        assert_eq!(pick(&[], 1, "x").unwrap(), [0]);
        let error = pick(&[3, 4], 3, "Scarlett").unwrap_err().to_string();
        assert_eq!(error, "\"Scarlett\" has 3 channels, so @3,4 cannot be picked: choose from 1 to 3");
    }
}
