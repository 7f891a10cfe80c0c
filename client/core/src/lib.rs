//! The native client's mind: what it knows of the session, of the relay's clock and of what it hears.
//!
//! *Absent*: sockets, devices, threads, clocks, randomness. Everything is told the time and the input and answers at
//! once; the shell (`client`) does what it says.
//!
//! ```
//! use client_core::clock::RelayClock;
//! use units::MonoTime;
//! let mut clock = RelayClock::default();
//! clock.handle_ping(1, MonoTime(1_000_000));
//! clock.handle_pong(1, 5_000_000, MonoTime(3_000_000));
//! // The pong was written between 1 and 3 ms of our clock: 5 s on the relay's is our 2 ms, give or take 1 ms.
//! let now = clock.at(MonoTime(2_000_000)).unwrap();
//! assert!((now.at_us - 5_000_000).abs() <= now.error_us && now.error_us <= 1_010);
//! ```

pub mod backoff;
pub mod clock;
pub mod delay;
pub mod heard;
pub mod mirror;
pub mod outbox;
pub mod pace;
pub mod reaction;
pub mod request;
pub mod route;
pub mod take;
pub mod talk;
pub mod words;
