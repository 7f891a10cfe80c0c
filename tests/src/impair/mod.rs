//! A bad network between two UDP ends, the same one every time: the core decides with a seed and is told the time, the
//! [`Proxy`] carries real datagrams through it.
//!
//! One direction of one flow is described by a line such as `seed=7 delay=20 jitter=3 loss=0.05 burst=2`, which
//! [`Impairment`] reads and writes; a failed run prints it, and the line brings the run back.

mod core;
mod proxy;
mod spec;

pub use core::Impairer;
pub use proxy::{Cut, Proxy};
pub use spec::{Impairment, SpecError};
