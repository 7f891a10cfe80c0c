//! The sound path between devices and the network.
//!
//! Out: callback → [`capture`] ring → `encode` thread (count, resample, frame, mute, encode) → packets.
//! In: packets → one ring per source → `playout` thread (jitter buffers, mix) → [`playback`] ring → callback.
//!
//! *Who waits for whom.* Nobody: every ring is bounded and says what it drops. Decoding and drift resampling run on the
//! `playout` thread, not in the callback, so the callback keeps invariant 6 (it copies, stamps, bumps atomics and wakes
//! one thread); the price is one device period, which is 1.3 ms where it matters (JACK at 64 samples).
//!
//! *Absent*: sockets, the session, WebRTC, device drivers ([`device`](crate::device)).

pub mod capture;
mod clock;
mod convert;
mod count;
mod drive;
#[cfg(test)]
mod drive_tests;
mod encode;
#[cfg(test)]
mod encode_tests;
mod engine;
#[cfg(test)]
mod engine_tests;
mod error;
mod events;
mod framer;
mod gain;
mod line;
#[cfg(test)]
mod no_alloc_tests;
mod outlet;
mod packet;
pub mod playback;
pub mod playout;
pub mod publish;
mod queue;
mod source_stats;
mod sources;
mod supervisor;
mod tap;
pub(crate) mod thread;
mod wav_out;

pub use clock::MonoClock;
pub use error::PipelineError;
pub use events::{EpochStart, EventReceiver, Gap, OutputEvent, PublisherEvent};
pub use packet::{OutPacket, PacketBytes};
pub use queue::QueueReceiver;
pub use thread::Priority;
