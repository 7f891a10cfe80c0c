//! The terminal view of the studio side: link and delay, meters, who is here and who hears, messages, keys.
//!
//! [`View`] is plain data that the control task fills; [`draw`] paints it into any size of terminal without IO;
//! [`Screen`] owns the terminal and gives it back as it was, also after a panic; [`keys`] turns keys and typed
//! words into [`Action`]s.
//!
//! *Absent*: sound, network, clocks. A state is never shown by colour alone, and texts that other people wrote are made
//! harmless before they reach the terminal.

mod bar;
mod draw;
pub mod keys;
mod look;
mod screen;
mod text;
mod view;

pub use draw::draw;
pub use keys::{Action, Keys};
pub use look::Look;
pub use screen::{Screen, ScreenError};
pub use view::{Health, Hears, Link, Message, MessageKind, Mode, Person, Stage, StreamMeters, TakeLine, View};

#[cfg(test)]
mod tests;
