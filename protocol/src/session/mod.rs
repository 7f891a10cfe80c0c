//! The session law: what state a session is in, which commands are granted in it, and what they change.
//!
//! Whoever runs a session calls [`due`], then [`decide`], makes the events durable, and folds each with [`apply`].

mod apply;
mod decide;
pub mod limits;
pub mod mix;
pub mod note;
mod parts;
pub mod people;
mod rejection;
mod state;
pub mod take;
mod thing;

pub use apply::{FOLD, apply};
pub use decide::{Actor, check_label, decide, hear_grant, publish_grant};
pub use limits::{MAX_LABEL_CHARS, MAX_OPEN_STREAMS};
pub use parts::{absorb, split};
pub use rejection::{Current, Rejection};
pub use state::{Change, Entry, Participant, SessionState, due};
