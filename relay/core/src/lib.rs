//! The relay without its sockets: rooms, what they hand to the journal, forwarding plans, per-listener munging,
//! admission.
//!
//! *Absent*: IO, clocks, randomness, codecs, WebRTC. Every core here is told the time and the input.

pub mod admission;
pub mod forward;
pub mod journal;
pub mod plan;
pub mod room;
