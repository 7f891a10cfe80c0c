//! What the relay cannot do just now is not refused: it waits in the client, and is saved by itself, once, where it belongs.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tempfile::TempDir;
use tests::mounts::{self, Disk, Filler};
use tests::programs::{Program, Relay, farfield, farfield_relay};
use tests::studio::{Studio, join};
use tests::wire::Wire;

/// What a relay's folder needs for a short session.
const DISK_BYTES: u64 = 16 << 20;
/// How often the full disk does not take what waits: once a second, and more often than a limit on speed is believed to
/// pass.
const FAILURES: u64 = 5;
/// A tenth of a second in ticks: two answers about what is heard follow each other more quickly.
const NEAR: i64 = 4_800;
/// What waits was marked so long before it is saved.
const LONG_AGO: i64 = 2 * 48_000;

/// A studio whose relay works on a disk that can be filled. Taken down from the top.
struct Cramped {
    studio: Studio,
    state: TempDir,
    disk: Disk,
    _folder: TempDir,
}

/// What waits for room on the disk.
struct Waits {
    mentor: Program,
    who: Value,
    filler: Filler,
    /// Between which places the marks are.
    places: (i64, i64),
}

impl Cramped {
    /// None where the system lets nobody have a disk of their own.
    fn open() -> Option<Cramped> {
        let folder = tempfile::tempdir().unwrap();
        let disk = mounts::own_disk("what waits while the relay's disk is full", folder.path(), DISK_BYTES)?;
        let relay = Relay::start_in(folder.path(), &["--log", "off"]).unwrap();
        let studio = Studio::open_at(relay, "music", &[]).unwrap();
        Some(Cramped { studio, state: tempfile::tempdir().unwrap(), disk, _folder: folder })
    }

    /// Who comes back as who they were.
    fn ada(&self) -> [String; 6] {
        let state = self.state.path().to_string_lossy().into_owned();
        ["--name", "Ada", "--output", "null", "--state", &state].map(str::to_owned)
    }

    fn mentor(&self) -> Program {
        let arguments = self.ada();
        join(self.studio.session.link("mentor"), &arguments.each_ref().map(String::as_str)).unwrap()
    }

    /// Waits until the disk has been tried often enough.
    fn wait_for_failures(&self, mentor: &mut Program) {
        let failed = || self.studio.relay.figures("farfield_journal_failed_total").unwrap().iter().sum::<u64>();
        let mut seconds = (0..60).map(|_| mentor.wait_for_type("stats").unwrap());
        assert!(seconds.any(|_| failed() >= FAILURES), "what waits is not tried again");
    }

    /// A mentor who has marked something while the disk was full, and whose marks the relay has tried to save in vain.
    fn marked_while_full(&self) -> Waits {
        let mut mentor = self.mentor();
        let who = mentor.wait_for_type("joined").unwrap()["participant"].clone();
        mentor.hears().unwrap();
        let filler = self.disk.fill().unwrap();
        let places = mark(&mut mentor);
        mentor.find("that it waits", is_told_to_wait).unwrap();
        self.wait_for_failures(&mut mentor);
        Waits { mentor, who, filler, places }
    }

    /// Both notes are there once, in their order, by whoever made them and where they were made; the log is sound.
    fn is_saved_once(&mut self, mentor: &mut Program, who: &Value, (first, last): (i64, i64)) {
        for (text, _) in MARKS {
            let note = self.studio.client.event("note.add").unwrap();
            assert_eq!((&note["by"], &note["data"]["text"]), (who, &json!(text)));
            let at = note["data"]["on"]["at"].as_i64().unwrap();
            assert!((first - NEAR..=last + NEAR).contains(&at), "{at} is not between {first} and {last}");
            let now = mentor.place(None).unwrap();
            assert!(now - at > LONG_AGO, "{at} is where it was saved, at {now}");
        }
        assert_eq!(notes_in(&mut self.studio.client), MARKS.len());
        farfield_relay(&["verify", &self.studio.relay.data().to_string_lossy()]).unwrap().succeeded().unwrap();
    }
}

/// A note and a marker: text and id.
const MARKS: [(&str, &str); 2] = [("that entry", "note"), ("marker", "mark")];

fn line((text, id): (&str, &str)) -> Value {
    json!({"cmd": "note.add", "id": id, "text": text})
}

/// Makes both marks; between which places, as the client tells them itself.
fn mark(mentor: &mut Program) -> (i64, i64) {
    let first = mentor.place(None).unwrap();
    MARKS.iter().for_each(|mark| mentor.say(&line(*mark)).unwrap());
    (first, mentor.place(None).unwrap())
}

fn is_told_to_wait(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains("is not lost and is sent again by itself"))
}

fn answers(mentor: &Program) -> usize {
    mentor.said().iter().filter(|line| line["ok"].is_boolean()).count()
}

/// How many notes the session has told somebody of until now.
fn notes_in(client: &mut Program) -> usize {
    client.say(&json!({"cmd": "chat.say", "text": "that is all"})).unwrap();
    client.event("chat.say").unwrap();
    client.said().iter().filter(|line| line["event"]["type"] == "note.add").count()
}

#[test]
fn what_is_noted_while_the_relays_disk_is_full_waits_and_is_saved_by_itself_where_it_was_heard() {
    let Some(mut cramped) = Cramped::open() else { return };
    let Waits { mut mentor, who, filler, places } = cramped.marked_while_full();
    // Asked again, it still waits, and is answered twice.
    mentor.say(&line(MARKS[0])).unwrap();
    mentor.catches_up().unwrap();
    assert_eq!(answers(&mentor), 0, "neither saved nor refused: {:?}", mentor.said());
    drop(filler);
    let told = [MARKS[0], MARKS[0], MARKS[1]].map(|(_, id)| mentor.answer(&json!(id)).unwrap());
    assert!(told.iter().all(|answer| answer["ok"] == true) && told[0] == told[1], "{told:?}");
    cramped.is_saved_once(&mut mentor, &who, places);
    let said = |is: fn(&Value) -> bool| mentor.said().iter().filter(|line| is(line)).count();
    assert_eq!(
        (said(is_told_to_wait), answers(&mentor)),
        (1, 3),
        "told once that it waits, answered as often as asked"
    );
    assert_eq!(said(|line| line["type"] == "joined"), 1, "over the same link");
}

#[test]
fn what_waits_for_a_full_disk_survives_a_kill_of_the_client_and_a_start_in_vain() {
    let Some(mut cramped) = Cramped::open() else { return };
    let Waits { mentor, who, filler, places } = cramped.marked_while_full();
    mentor.signal(libc::SIGKILL);
    drop(mentor);
    let (link, ada) = (cramped.studio.session.link("mentor"), cramped.ada());
    let in_vain = farfield(&[&["join", link][..], &ada.each_ref().map(String::as_str)].concat()).unwrap();
    assert_eq!(in_vain.status.code(), Some(4), "nobody comes in while nothing can be saved: {}", in_vain.err);
    assert!(in_vain.err.contains("the relay's disk takes nothing now"), "{}", in_vain.err);
    drop(filler);
    let mut mentor = cramped.mentor();
    assert_eq!(mentor.wait_for_type("joined").unwrap()["participant"], who, "she comes back as who she was");
    let told = MARKS.map(|(_, id)| mentor.answer(&json!(id)).unwrap());
    assert!(told.iter().all(|answer| answer["ok"] == true), "{told:?}");
    mentor.hears().unwrap();
    cramped.is_saved_once(&mut mentor, &who, places);
    assert_eq!(answers(&mentor), MARKS.len());
}

/// More than a burst of the relay's: what a standing network gathers comes to it at once.
#[test]
fn what_came_too_fast_because_the_network_stood_still_is_sent_again_and_all_of_it_is_saved_once() {
    const NOTES: usize = 60;
    let mut studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let mut mentor = join(&link, &["--name", "Ada", "--output", "null"]).unwrap();
    mentor.hears().unwrap();
    wire.hold();
    for n in 0..NOTES {
        mentor.say(&json!({"cmd": "note.add", "id": n, "text": format!("note {n}")})).unwrap();
    }
    // The client sends a burst and then some each second.
    (0..5).for_each(|_| drop(mentor.wait_for_type("stats").unwrap()));
    assert_eq!(answers(&mentor), 0);
    wire.let_go();
    let told = (0..NOTES).map(|_| mentor.wait_for("an answer", |line| line["ok"].is_boolean()).unwrap());
    let told: Vec<Value> = told.collect();
    assert!(told.iter().all(|answer| answer["ok"] == true), "{told:?}");
    let ids: BTreeSet<u64> = told.iter().filter_map(|answer| answer["id"].as_u64()).collect();
    assert_eq!(ids.len(), NOTES, "each is answered once");
    assert!(mentor.said().iter().any(is_told_to_wait), "nothing was too fast");
    assert_eq!(notes_in(&mut studio.client), NOTES);
}
