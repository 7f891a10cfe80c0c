//! The house test bench: a bad network that comes back with its seed, and what else the suite needs.
//!
//! *Absent*: anything that the programs themselves use.

pub mod acks;
pub mod browser;
pub mod clicker;
pub mod clicks;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod impair;
pub mod jack_ear;
pub mod load;
pub mod mirror;
#[cfg(target_os = "linux")]
pub mod mounts;
pub mod programs;
pub mod pulse;
pub mod recording;
pub mod rng;
pub mod script;
pub mod sound;
#[cfg(unix)]
pub mod stalls;
pub mod studio;
#[cfg(unix)]
pub mod terminal;
pub mod timed;
pub mod traces;
pub mod voice;
pub mod wire;
