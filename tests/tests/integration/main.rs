//! The programs together, as people use them.

mod bad_input;
mod bad_network;
mod browser;
mod desk;
mod exports;
mod links;
mod sound;
mod takes;
