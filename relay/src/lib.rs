//! The Farfield relay: HTTP, signalling, storage and the media plane.

pub mod media;
