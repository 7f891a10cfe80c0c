//! Keys and what they do.

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::time::Duration;

/// What the person at the terminal wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the session and end the program.
    Quit,
    /// Mute or unmute what this client publishes.
    Mute,
    /// Dim the monitors or undo it.
    Dim,
    /// One step louder.
    VolumeUp,
    /// One step softer.
    VolumeDown,
    /// Put the over lights out.
    ClearOvers,
    /// Show or hide the list of keys.
    Help,
    /// The window has another size: draw again.
    Redraw,
}

/// Each key with its words, in the order in which they are listed.
pub(super) const KEYS: [(&str, &str); 7] =
    [("q", "quit"), ("m", "mute"), ("d", "dim"), ("+", "louder"), ("-", "softer"), ("c", "clear overs"), ("?", "keys")];

/// What an event means; `None` for the many that mean nothing. Releases of keys are no keys.
pub fn action(event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key),
        Event::Resize(..) => Some(Action::Redraw),
        _ => None,
    }
}

/// Waits at most `patience` for a key that means something. Blocks: not on the control task's own thread.
pub fn poll_action(patience: Duration) -> io::Result<Option<Action>> {
    if !event::poll(patience)? {
        return Ok(None);
    }
    Ok(action(&event::read()?))
}

fn of_key(key: &KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Action::Quit);
    }
    match key.code {
        KeyCode::Char('q' | 'Q') => Some(Action::Quit),
        KeyCode::Char('m' | 'M') => Some(Action::Mute),
        KeyCode::Char('d' | 'D') => Some(Action::Dim),
        KeyCode::Char('+' | '=') | KeyCode::Up => Some(Action::VolumeUp),
        KeyCode::Char('-' | '_') | KeyCode::Down => Some(Action::VolumeDown),
        KeyCode::Char('c' | 'C') => Some(Action::ClearOvers),
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Some(Action::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        action(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn every_listed_key_does_something_of_its_own() {
        let actions: Vec<Action> = KEYS
            .iter()
            .map(|(key, words)| {
                let code = KeyCode::Char(key.chars().next().unwrap());
                pressed(code, KeyModifiers::NONE).unwrap_or_else(|| panic!("{key} does not {words}"))
            })
            .collect();
        assert!(actions.iter().enumerate().all(|(i, action)| !actions[..i].contains(action)));
    }

    #[test]
    fn control_c_quits_and_a_plain_c_does_not() {
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::NONE), Some(Action::ClearOvers));
        assert_eq!(pressed(KeyCode::Char('m'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn a_released_key_and_a_foreign_key_do_nothing() {
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(action(&Event::Key(released)), None);
        assert_eq!(pressed(KeyCode::Char('z'), KeyModifiers::NONE), None);
        assert_eq!(action(&Event::Resize(80, 24)), Some(Action::Redraw));
    }
}
