//! The session law: what state a session is in, which commands are granted in it, and what they change.

mod apply;
mod decide;
mod parts;
mod state;

pub use apply::apply;
pub use decide::{Actor, MAX_LABEL_CHARS, MAX_OPEN_STREAMS, Rejection, check_label, decide, hear_grant, publish_grant};
pub use parts::{absorb, split};
pub use state::{Participant, SessionState};
