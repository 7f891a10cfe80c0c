//! Times, levels, rates and ids of the signal path as types, so that no two of them can be mixed up.
//!
//! *Absent*: IO, clocks, allocation, other crates. Wire forms are `serde`'s transparent ones, behind the feature `serde`.
//!
//! ```
//! use units::{SampleCount, SampleRate, Ticks};
//! // Half a second of a 96 kHz stream is 24 000 ticks of its 48 kHz RTP clock.
//! assert_eq!(Ticks::from_samples(SampleCount(48_000), SampleRate(96_000)), Ticks(24_000));
//! ```

mod level;
mod rtp;
mod time;

pub use level::{Bitrate, Dbfs, Lufs, Ppm};
pub use rtp::{RtpTimestamp, Seq, Ssrc};
pub use time::{MonoTime, SampleCount, SampleRate, SampleTime, Ticks, WallTime};

/// Frames per second of the RTP clock of every stream (RFC 7587 section 4.1).
pub const TICK_RATE: u32 = 48_000;
