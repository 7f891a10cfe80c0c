//! The house test bench: a bad network that comes back with its seed, and what else the suite needs.
//!
//! *Absent*: anything that the programs themselves use.

pub mod impair;
pub mod programs;
pub mod rng;
pub mod sound;
pub mod traces;
