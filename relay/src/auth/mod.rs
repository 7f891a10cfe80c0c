//! Who is let in: join tickets and the keys in the data folder.
//!
//! A join ticket is a JWT signed with Ed25519. It says who comes into which session with which grants, is good for
//! [`TICKET_S`] seconds and once. After joining, the room's state is the authority, not the ticket.

mod keys;
mod ticket;

pub(crate) use keys::KEY_FILES;
pub use keys::{KeyError, Keys};
pub use ticket::{Claims, TICKET_S, TicketError, Tickets};
