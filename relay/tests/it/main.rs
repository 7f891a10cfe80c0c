//! The relay as its users meet it: over HTTP, over `/ws`, and as a process.

mod api;
mod exports;
mod house;
mod invites;
mod journal;
mod largest;
mod links;
mod page;
mod process;
mod rooms;
