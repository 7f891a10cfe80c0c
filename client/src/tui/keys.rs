//! Keys and what they do; words that are typed, and the moment that they are about.

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::time::{Duration, Instant};

/// Longest text that can be typed, in characters: what a note holds.
const MAX_TEXT: usize = 2_000;

/// What the person at the terminal wants.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Arm the next take.
    Arm,
    /// Roll.
    Roll,
    /// Stop the take that rolls, or give up the one that is armed.
    Stop,
    /// Take the baton, put it down, or ask for it back.
    Baton,
    /// Say what the newest take is called.
    Slate(String),
    /// A note is being typed: keep what is heard.
    Begin {
        /// When its first key was pressed.
        at: Instant,
    },
    /// Note something about what was heard when the key was pressed.
    Note {
        /// What; empty for a bare marker.
        text: String,
        /// When the key was pressed that began the note.
        at: Instant,
    },
    /// The next choice of how long before a key press its author means.
    Reaction,
    /// Show or hide the list of keys.
    Help,
    /// The window has another size, or something was typed: draw again.
    Redraw,
}

/// Each key with its words, in the order in which they are listed.
pub(super) const KEYS: [(&str, &str); 14] = [
    ("q", "quit"),
    ("m", "mute"),
    ("d", "dim"),
    ("a", "arm"),
    ("r", "roll"),
    ("s", "stop"),
    ("n", "note"),
    ("l", "slate"),
    ("b", "baton"),
    ("o", "reaction offset"),
    ("+", "louder"),
    ("-", "softer"),
    ("c", "clear overs"),
    ("?", "keys"),
];

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Typing {
    what: What,
    text: String,
    /// When its first key was pressed; none yet for a text that was given back.
    at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Note,
    Slate,
}

/// Turns events into actions; knows what is being typed.
#[derive(Debug, Default)]
pub struct Keys {
    typing: Option<Typing>,
    /// Texts of notes that could not be kept and wait until nothing else is typed.
    left: Vec<String>,
}

impl Keys {
    /// What an event at `now` means; `None` for the many that mean nothing. Releases of keys are no keys.
    pub fn handle(&mut self, event: &Event, now: Instant) -> Option<Action> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => match self.typing.take() {
                Some(typing) => self.go_on(typing, key, now),
                None => self.begin(key, now),
            },
            Event::Resize(..) => Some(Action::Redraw),
            _ => None,
        }
    }

    /// Waits at most `patience` for a key that means something. Blocks: not on the control task's own thread.
    pub fn poll(&mut self, patience: Duration) -> io::Result<Option<Action>> {
        if !event::poll(patience)? {
            return Ok(None);
        }
        Ok(self.handle(&event::read()?, Instant::now()))
    }

    /// Has the text of a note typed on that could not be kept: at once, or with the next note where something else is being
    /// typed. It is about what is heard when the next key is pressed.
    pub fn give_back(&mut self, text: String) {
        match self.typing {
            None => self.typing = Some(Typing { what: What::Note, text, at: None }),
            Some(_) => self.left.push(text),
        }
    }

    /// What is being typed, for people: what it will be, and the text so far.
    pub fn prompt(&self) -> Option<(&'static str, String)> {
        let Typing { what, text, .. } = self.typing.as_ref()?;
        let words = match what {
            What::Note => "Note (Enter saves, Esc leaves it): ",
            What::Slate => "Slate (Enter saves, Esc leaves it): ",
        };
        Some((words, text.clone()))
    }

    fn begin(&mut self, key: &KeyEvent, now: Instant) -> Option<Action> {
        let what = match key.code {
            KeyCode::Char('n' | 'N') if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => What::Note,
            KeyCode::Char('l' | 'L') if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => What::Slate,
            _ => return of_key(key),
        };
        let text = if what == What::Note { self.left.pop().unwrap_or_default() } else { String::new() };
        self.typing = Some(Typing { what, text, at: Some(now) });
        Some(if what == What::Note { Action::Begin { at: now } } else { Action::Redraw })
    }

    fn go_on(&mut self, mut typing: Typing, key: &KeyEvent, now: Instant) -> Option<Action> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Some(typing.done(now)),
            KeyCode::Esc => return Some(Action::Redraw),
            KeyCode::Char('c' | 'd') if control => return Some(Action::Quit),
            KeyCode::Char('u') if control => typing.text.clear(),
            KeyCode::Backspace => drop(typing.text.pop()),
            KeyCode::Char(c) if !control && typing.text.chars().count() < MAX_TEXT => typing.text.push(c),
            _ => {}
        }
        let begins = typing.at.is_none();
        let at = *typing.at.get_or_insert(now);
        self.typing = Some(typing);
        Some(if begins { Action::Begin { at } } else { Action::Redraw })
    }
}

impl Typing {
    fn done(self, now: Instant) -> Action {
        let text = self.text.trim().to_owned();
        match self.what {
            What::Note => Action::Note { text, at: self.at.unwrap_or(now) },
            What::Slate => Action::Slate(text),
        }
    }
}

fn of_key(key: &KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Action::Quit);
    }
    match key.code {
        KeyCode::Char('q' | 'Q') => Some(Action::Quit),
        KeyCode::Char('m' | 'M') => Some(Action::Mute),
        KeyCode::Char('d' | 'D') => Some(Action::Dim),
        KeyCode::Char('a' | 'A') => Some(Action::Arm),
        KeyCode::Char('r' | 'R') => Some(Action::Roll),
        KeyCode::Char('s' | 'S') => Some(Action::Stop),
        KeyCode::Char('b' | 'B') => Some(Action::Baton),
        KeyCode::Char('o' | 'O') => Some(Action::Reaction),
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

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        Keys::default().handle(&key(code, modifiers), Instant::now())
    }

    /// Types `text`, `\n` being Enter; what the last key did.
    fn typed(keys: &mut Keys, text: &str, now: Instant) -> Option<Action> {
        let code = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        text.chars().map(|c| keys.handle(&key(code(c), KeyModifiers::NONE), now)).last().flatten()
    }

    #[test]
    fn every_listed_key_does_something_of_its_own() {
        let mut seen = Vec::new();
        for (name, words) in KEYS {
            let mut keys = Keys::default();
            let code = KeyCode::Char(name.chars().next().unwrap());
            let action = keys.handle(&key(code, KeyModifiers::NONE), Instant::now());
            let did = (action.unwrap_or_else(|| panic!("{name} does not {words}")), keys.prompt());
            assert!(!seen.contains(&did), "{name}");
            seen.push(did);
        }
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
        assert_eq!(Keys::default().handle(&Event::Key(released), Instant::now()), None);
        assert_eq!(pressed(KeyCode::Char('z'), KeyModifiers::NONE), None);
        assert_eq!(Keys::default().handle(&Event::Resize(80, 24), Instant::now()), Some(Action::Redraw));
    }

    #[test]
    fn a_note_is_about_the_moment_of_its_first_key_however_long_it_is_typed() {
        let (mut keys, begun) = (Keys::default(), Instant::now());
        let later = begun + Duration::from_secs(20);
        assert_eq!(typed(&mut keys, "n", begun), Some(Action::Begin { at: begun }), "what is heard now is kept");
        assert_eq!(typed(&mut keys, "quite flat", later), Some(Action::Redraw));
        assert_eq!(keys.prompt().unwrap().1, "quite flat");
        let note = Action::Note { text: "quite flat".into(), at: begun };
        assert_eq!(typed(&mut keys, "\n", later), Some(note));
        assert_eq!((keys.prompt(), typed(&mut keys, "q", later)), (None, Some(Action::Quit)));
    }

    #[test]
    fn a_text_that_is_given_back_is_about_the_moment_of_the_next_key() {
        let (mut keys, first) = (Keys::default(), Instant::now());
        let second = first + Duration::from_secs(5);
        keys.give_back("flat".into());
        assert_eq!(keys.prompt().unwrap().1, "flat");
        assert_eq!(typed(&mut keys, "\n", first), Some(Action::Note { text: "flat".into(), at: first }));
        keys.give_back("flat".into());
        assert_eq!(typed(&mut keys, "!", first), Some(Action::Begin { at: first }));
        assert_eq!(typed(&mut keys, "\n", second), Some(Action::Note { text: "flat!".into(), at: first }));
    }

    #[test]
    fn a_text_that_is_given_back_while_another_is_typed_waits_for_the_next_note() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        typed(&mut keys, "lver", now);
        keys.give_back("flat".into());
        assert_eq!(typed(&mut keys, "se\n", now), Some(Action::Slate("verse".into())));
        assert_eq!(typed(&mut keys, "r", now), Some(Action::Roll), "no key is taken for text that nobody asked for");
        assert_eq!(typed(&mut keys, "n\n", now), Some(Action::Note { text: "flat".into(), at: now }));
    }

    #[test]
    fn escape_leaves_the_text_and_control_c_the_session() {
        let mut keys = Keys::default();
        typed(&mut keys, "lverse", Instant::now());
        assert_eq!(keys.handle(&key(KeyCode::Esc, KeyModifiers::NONE), Instant::now()), Some(Action::Redraw));
        assert_eq!(keys.prompt(), None);
        typed(&mut keys, "lvers", Instant::now());
        keys.handle(&key(KeyCode::Backspace, KeyModifiers::NONE), Instant::now());
        assert_eq!(typed(&mut keys, "\n", Instant::now()), Some(Action::Slate("ver".into())));
        typed(&mut keys, "n", Instant::now());
        let quit = keys.handle(&key(KeyCode::Char('c'), KeyModifiers::CONTROL), Instant::now());
        assert_eq!(quit, Some(Action::Quit));
    }

    #[test]
    fn a_text_is_as_long_as_a_note_may_be_and_no_longer() {
        let mut keys = Keys::default();
        typed(&mut keys, &format!("n{}", "x".repeat(MAX_TEXT + 5)), Instant::now());
        assert_eq!(keys.prompt().unwrap().1.len(), MAX_TEXT);
    }
}
