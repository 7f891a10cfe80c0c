//! The Farfield relay: HTTP, signalling, storage and the media plane.
//!
//! [`run`] assembles it: keys and database in the data folder, media shards on their own threads ([`media`]), one task
//! for each running session ([`rooms`]), HTTP and `/ws` in front ([`http`], [`ws`]). Session law and rooms themselves
//! are in `protocol` and `relay-core`, without IO.
//!
//! *Absent*: Opus decoding, brokers, any session state in HTTP handlers, secrets in logs or in the database.
//!
//! ```no_run
//! # async fn example() -> Result<(), relay::StartError> {
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! let running = relay::run(relay::config::Config::loopback("data"), async { drop(stopped.await) }).await?;
//! println!("{}", running.http_url());
//! drop(stop);
//! running.finished().await;
//! # Ok(()) }
//! ```

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod http;
pub mod journal;
pub mod media;
pub mod reading;
pub mod rooms;
pub mod secret;
pub mod store;
pub mod telemetry;
pub mod ws;

mod run;

pub use run::{Running, StartError, reachable, run};
