//! The native client: captures studio sound, publishes it, plays what the other side says.
//!
//! Threads: device callbacks, `encode` and `playout` never touch the network nor the disk; the control task (tokio) never touches
//! samples. They meet in bounded queues that the modules below own.
//!
//! *Absent*: session law (`protocol`), clock models (`client-core`), DSP (`codec`).

pub mod cli;
pub mod control;
pub mod device;
pub mod media;
pub mod pipeline;
pub mod recorder;
pub mod report;
pub mod signal;
pub mod source;
pub mod spec;
pub mod tui;
