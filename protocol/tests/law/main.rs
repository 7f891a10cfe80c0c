//! What the session law promises, case by case.

#[path = "../play/mod.rs"]
mod play;
mod scene;

mod limits;
mod notes;
mod parts;
mod people;
mod permissions;
mod streams;
mod takes;
mod texts;
mod undo;
