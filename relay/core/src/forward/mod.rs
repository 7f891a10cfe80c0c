//! Forwarding within one session: which listener's section carries which stream, in which shape and with which numbers.
//!
//! [`Forwarder`] is the whole of it. Each of the publisher's packets is taken apart once; every shape that some leg needs
//! (RED trimmed, RED stripped, short frames joined) is made once and shared; per leg only numbers are computed.

mod forms;
mod forwarder;
mod joiner;
mod leg;
mod munger;
mod slots;
mod source;

pub use forms::Malformed;
pub use forwarder::{Forwarded, Forwarder, Incoming, LegId, LegPackets, Outgoing, Packing, RedLeg, Section};
pub use munger::{Counting, Munger, Place, RunId};
pub use slots::{SlotUse, assign};

#[cfg(test)]
mod tests;
