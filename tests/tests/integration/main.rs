//! The programs together, as people use them.

mod bad_input;
mod bad_network;
mod browser;
mod desk;
#[cfg(target_os = "linux")]
mod devices;
mod exports;
mod grants;
#[cfg(target_os = "linux")]
mod journal;
mod links;
mod mirrors;
mod pending;
#[cfg(target_os = "linux")]
mod returns;
mod sound;
mod takes;
#[cfg(unix)]
mod terminal;
