//! The sound checker: is what came out what went in, at the place it claims, as good as the codec allows?
//!
//! Pure functions over stereo at 48 kHz. [`judge`] aligns a recording to its reference to a fraction of a sample,
//! window by window, and says what is wrong with it; [`offline_run`] makes the yardstick: the same encoder settings
//! run over the same music with no network in between. All figures are taken above 200 Hz, because Opus' own 3 Hz DC
//! filter turns the phase of what lies below and would cap the signal-to-noise ratio near 20 dB.
//!
//! *Absent*: files, clocks, knowledge of the path. Tests prove that each planted fault fails.

mod align;
mod damage;
mod filter;
mod mixing;
mod offline;
mod snr;
mod stereo;
mod stretched;
mod verdict;

pub use align::Alignment;
pub use offline::{Delivery, offline_run, through_opus};
pub use stereo::Stereo;
pub use stretched::{Stretched, judge_stretched};
pub use verdict::{Case, Failure, Reported, Verdict, judge};

#[cfg(test)]
mod tests;
