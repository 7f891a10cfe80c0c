//! Forwarding within one session: which listener's section carries which stream, in which shape and with which numbers.
//!
//! [`Forwarder`] is the whole of it. Each of the publisher's packets is taken apart once; every shape that some leg needs
//! (RED trimmed, RED stripped, short frames joined) is made once and shared; per leg only numbers are computed.
//!
//! Redundancy follows loss: each leg's section gets as many earlier frames as what its listener reports asks for, and
//! the publisher is asked for as many as its worst listener, or its own uplink, needs.

mod forms;
mod forwarder;
mod joiner;
mod leg;
mod munger;
mod redundancy;
mod slots;
mod source;
mod uplink;

pub use forms::Malformed;
pub use forwarder::{Forwarded, Forwarder, Incoming, LegId, LegPackets, Outgoing, Packing, Reception, RedLeg, Section};
pub use munger::{Counting, Munger, Place, RunId};
pub use redundancy::{Redundancy, Reports};
pub use slots::{SlotUse, assign};

#[cfg(test)]
mod tests;
