//! The terminal view under a hand that types slowly: a note is about what was heard at its first key.

use serde_json::{Value, json};
use std::time::Duration;
use tests::jack_ear::monotonic_us;
use tests::programs::Program;
use tests::studio::{Studio, join};
use tests::terminal::Terminal;
use tests::wire::Wire;

/// Between two letters.
const PAUSE: Duration = Duration::from_millis(200);
/// So long each note is typed at the least, in ticks; what is typed below takes longer.
const TYPED: i64 = 2 * 48_000;
/// Two listeners' buffers on one machine differ by less, in ticks: half a second.
const NEAR: i64 = 24_000;

/// Somebody at a terminal over a wire that can be cut, and another listener beside them, who says what is heard when.
struct Room {
    terminal: Terminal,
    ear: Program,
    wire: Wire,
    _studio: Studio,
}

impl Room {
    fn open() -> Room {
        let studio = Studio::open("music", &[]).unwrap();
        let wire = Wire::to(&studio.relay.http).unwrap();
        let mut ear = join(studio.session.link("listener"), &["--name", "Mo", "--output", "null"]).unwrap();
        ear.hears().unwrap();
        let link = wire.by_way_of(studio.session.link("mentor"));
        let mut terminal = Terminal::start("farfield", &["join", &link, "--name", "Ada", "--output", "null"]).unwrap();
        // The way of the sound is shown from the first second on in which some was heard.
        terminal.wait_for("network ").unwrap();
        Room { terminal, ear, wire, _studio: studio }
    }

    /// Presses a key; what is heard at that moment.
    fn press(&mut self, key: &str) -> i64 {
        let pressed_us = monotonic_us();
        self.terminal.press(key).unwrap();
        self.ear.place(Some(pressed_us)).unwrap()
    }

    fn type_slowly(&mut self, text: &str) {
        self.terminal.press_slowly(text, PAUSE).unwrap();
    }

    fn cut(&mut self) {
        self.wire.cut();
        self.terminal.wait_for("reconnecting").unwrap();
    }

    fn mend(&mut self) {
        self.wire.mend();
        self.terminal.wait_for("* connected").unwrap();
    }

    /// The note has come, and is about what was heard at its first key, not at Enter.
    fn is_about_its_first_key(&mut self, text: &str, begun: i64, entered: i64) {
        let of_text = |line: &Value| line["event"]["type"] == "note.add" && line["event"]["data"]["text"] == text;
        let note = self.ear.find(text, of_text).unwrap()["event"]["data"].clone();
        assert_eq!(note["on"]["kind"], json!("live"), "{note}");
        let at = note["on"]["at"].as_i64().unwrap();
        assert!((at - begun).abs() < NEAR, "{text}: {at}, but {begun} was heard at its first key");
        assert!(entered - at > TYPED, "{text}: {at}, and {entered} was heard at Enter");
    }
}

#[test]
fn a_note_that_is_typed_slowly_is_about_what_was_heard_at_its_first_key() {
    let mut room = Room::open();
    let begun = room.press("n");
    room.terminal.wait_for("Note (Enter saves").unwrap();
    room.type_slowly("that was flat");
    let entered = room.press("\r");
    room.is_about_its_first_key("that was flat", begun, entered);
}

#[test]
fn a_note_keeps_its_place_when_the_link_breaks_while_it_is_typed_and_when_it_is_saved_without_one() {
    let mut room = Room::open();
    let begun = room.press("n");
    room.type_slowly("late ");
    room.cut();
    room.mend();
    room.type_slowly("in the verse");
    let entered = room.press("\r");
    room.is_about_its_first_key("late in the verse", begun, entered);

    let begun = room.press("n");
    room.type_slowly("and sharp ");
    room.cut();
    room.type_slowly("there");
    let entered = room.press("\r");
    room.terminal.wait_for("1 not saved yet").unwrap();
    room.mend();
    room.is_about_its_first_key("and sharp there", begun, entered);
}
