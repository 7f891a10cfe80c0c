//! Opus, the jitter buffer, drift and resampling: what turns captured sound into payloads and payloads into sound.
//!
//! *Absent*: network, devices, clocks, threads. Every time is told by the caller; every `_rt` function may run on an
//! audio thread (no allocation, lock, log, system call or panic), which `tests/no_alloc.rs` asserts.
//!
//! ```
//! use codec::opus::{Decoder, Encoder, EncoderSettings, FrameDecoder, FrameDuration, MAX_FRAME_BYTES};
//! use units::{Bitrate, SampleCount};
//!
//! let settings = EncoderSettings::program(2, FrameDuration::Us5000, Bitrate(256_000));
//! let mut encoder = Encoder::new(&settings)?;
//! let mut decoder = Decoder::new(2)?;
//!
//! let captured = [0.25f32; 2 * 240]; // 5 ms, interleaved
//! let mut frame = [0u8; MAX_FRAME_BYTES];
//! let len = encoder.encode_rt(&captured, &mut frame)?;
//!
//! let mut heard = [0f32; 2 * 240];
//! assert_eq!(decoder.decode_rt(&frame[..len], &mut heard)?, SampleCount(240));
//! # Ok::<(), codec::opus::OpusError>(())
//! ```

pub mod drift;
pub mod jitter;
pub mod opus;
pub mod publish;
pub mod resample;

#[cfg(test)]
mod test_sound;
