//! The session protocol: who may do what, what can be said, what then holds, and how it travels.
//!
//! *Absent*: IO, clocks, randomness, codecs, transports. Ids and times are made by the shell and handed in.
//! The law is two pure functions: [`session::decide`] turns a command into events or a rejection, and
//! [`session::apply`] folds an event into [`session::SessionState`]. Everybody who folds the same events holds the
//! same state.

pub mod api;
pub mod chain;
pub mod command;
pub mod event;
pub mod export;
pub mod grants;
pub mod ids;
pub mod link;
#[cfg(feature = "schema")]
pub mod schema;
pub mod session;
pub mod stream;
pub mod text;
pub mod timeline;
#[cfg(feature = "ts")]
pub mod typescript;
pub mod wire;
