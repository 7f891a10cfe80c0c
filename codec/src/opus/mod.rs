//! Opus at the house's measured settings: one frame in, one frame out, always 48 kHz.
//!
//! *Absent*: packets of several frames (crate `packets` joins and splits them), redundancy ([`crate::publish`]),
//! deciding what to conceal (the jitter buffer).

mod decoder;
mod encoder;
mod error;
mod settings;

pub use decoder::{Decoder, FrameDecoder};
pub use encoder::Encoder;
pub use error::OpusError;
pub use settings::{EncoderSettings, FrameDuration};

/// The longest Opus packet of one frame: the TOC byte and 1275 bytes (RFC 6716 section 3.4, R2).
pub const MAX_FRAME_BYTES: usize = 1276;

#[cfg(test)]
mod tests;
