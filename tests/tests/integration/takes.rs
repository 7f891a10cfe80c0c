//! Takes and notes as scripts make them: through the real relay, with real recordings.

use serde_json::{Value, json};
use sound_files::WavReader;
use std::path::{Path, PathBuf};
use tests::programs::{Program, Relay};
use tests::studio::{Studio, join};
use tests::wire::Wire;

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { recordings(&path) } else { vec![path] }).collect();
    found.retain(|path| path.extension().is_some_and(|end| end == "wav"));
    found
}

#[test]
fn a_take_is_rolled_recorded_noted_approved_and_circled_by_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().to_string_lossy().into_owned();
    let mut studio = Studio::open("music", &["--recordings", &recorded]).unwrap();
    let link = studio.session.link("producer").to_owned();
    let mut producer = join(&link, &["--name", "Paul", "--output", "null"]).unwrap();
    producer.hears().unwrap();

    assert_eq!(studio.client.ask(&json!({"cmd": "take.roll", "id": 1, "slate": "verse"})).unwrap()["ok"], true);
    let rolling = producer.event("part.rolling").unwrap()["data"].clone();
    let note = producer.ask(&json!({"cmd": "note.add", "id": "n", "text": "flat", "reaction_ms": 250})).unwrap();
    assert_eq!(note["ok"], true, "{note}");
    let pinned = studio.client.event("note.add").unwrap()["data"].clone();
    assert_eq!((&pinned["on"]["stream"], &pinned["on"]["kind"]), (&rolling["stream"], &json!("live")));
    // The studio hears its own sound as it is made, which is later than what the producer has just heard.
    assert_eq!(studio.client.ask(&json!({"cmd": "note.add", "id": "own", "text": "mark"})).unwrap()["ok"], true);
    let own = studio.client.event("note.add").unwrap()["data"].clone();
    assert_eq!((&own["on"]["stream"], &own["on"]["epoch"]), (&pinned["on"]["stream"], &pinned["on"]["epoch"]));
    assert!(own["on"]["at"].as_i64() > pinned["on"]["at"].as_i64(), "{own} {pinned}");
    assert_eq!(studio.client.ask(&json!({"cmd": "take.stop", "id": 2})).unwrap()["ok"], true);
    let stopped = producer.event("part.stopped").unwrap()["data"].clone();
    producer.event("take.submit").unwrap();

    let verdict = json!({"cmd": "take.verdict", "id": 3, "verdict": "approved", "reason": "the one"});
    let answer = producer.ask(&verdict).unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(producer.ask(&verdict).unwrap(), answer, "a repeated line gets the same answer");
    let other = producer.ask(&json!({"cmd": "take.verdict", "id": 3, "verdict": "rejected"})).unwrap();
    assert_eq!((&other["ok"], &other["code"]), (&json!(false), &json!("conflict")));
    assert_eq!(producer.ask(&json!({"cmd": "take.circle", "id": 4})).unwrap()["ok"], true);
    let decided = studio.client.event("take.verdict").unwrap()["data"].clone();
    assert_eq!(decided["audio"], json!([stopped["pcm_hash"]]), "the approval is of exactly this audio");

    let files = recordings(folder.path());
    let [file] = &files[..] else { panic!("one recording, not {files:?}") };
    let wav = WavReader::open(file).unwrap();
    let [from, roll, to] = [&rolling["from"], &rolling["roll"], &stopped["to"]].map(|at| at.as_i64().unwrap());
    assert_eq!(wav.frames().0 as i64, to - from, "the file is as long as its span");
    assert!((from..=from + 5 * rolling["rate"].as_i64().unwrap()).contains(&roll) && roll <= to, "{rolling} {stopped}");
}

#[test]
fn a_command_without_the_grant_or_the_take_is_refused_in_words() {
    let mut studio = Studio::open("tone", &[]).unwrap();
    let mut listener = join(studio.session.link("listener"), &["--output", "null"]).unwrap();
    listener.wait_for_type("joined").unwrap();
    let refused = listener.ask(&json!({"cmd": "take.roll", "id": 1})).unwrap();
    assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!("forbidden")), "{refused}");
    for line in [json!({"cmd": "take.circle", "id": 2}), json!({"cmd": "fly", "id": 3}), json!({"id": 4})] {
        let refused = studio.client.ask(&line).unwrap();
        assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!("invalid")), "{refused}");
        assert!(refused["msg"].as_str().unwrap().len() > 20, "{refused}");
    }
}

#[test]
fn what_was_noted_while_the_link_was_gone_survives_a_kill_of_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_string_lossy().into_owned();
    let mut studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let start = || join(&link, &["--name", "Ada", "--output", "null", "--state", &state]).unwrap();
    let mut mentor = start();
    let who = mentor.wait_for_type("joined").unwrap()["participant"].clone();
    mentor.hears().unwrap();
    wire.cut();
    mentor.is_cut_off().unwrap();
    let roll = mentor.ask(&json!({"cmd": "take.roll", "id": "roll"})).unwrap();
    assert_eq!((&roll["ok"], &roll["code"]), (&json!(false), &json!("not_saved")), "nobody rolls it later: {roll}");
    mentor.say(&json!({"cmd": "note.add", "id": "late", "text": "that entry"})).unwrap();
    mentor.catches_up().unwrap();
    mentor.signal(libc::SIGKILL);
    drop(mentor);
    wire.mend();
    let mut mentor = start();
    assert_eq!(mentor.wait_for_type("joined").unwrap()["participant"], who, "she comes back as who she was");
    let answer = mentor.answer(&json!("late")).unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    let note = studio.client.event("note.add").unwrap();
    assert_eq!((&note["by"], &note["data"]["text"]), (&who, &json!("that entry")));
    assert_eq!(note["data"]["reaction_ms"], 250, "the usual offset, as nobody said another");
}

/// A mentor loses the sound of a publisher, and has it back on the same stream when the publisher's wire is mended.
pub(super) fn is_heard_again(mentor: &mut Program, wire: &Wire) {
    let closed = mentor.event("stream.close").unwrap();
    wire.mend();
    let opened = mentor.event("stream.open").unwrap();
    assert_eq!(opened["data"]["stream"], closed["data"]["stream"]);
    mentor.wait_for_type("hearing").unwrap();
}

/// Joins as somebody who publishes music of their own.
pub(super) fn publisher(link: &str, state: &Path) -> Program {
    let state = state.to_string_lossy();
    let sound = ["--input", "music", "--stream", "program", "--output", "null"];
    join(link, &[&sound[..], &["--name", "Ada", "--state", &state, "--reaction", "500"]].concat()).unwrap()
}

#[test]
fn a_publisher_who_marks_a_hundred_places_without_a_link_starts_again_after_a_kill_and_all_are_saved() {
    const MARKS: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let mut studio = Studio::open("tone", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("engineer"));
    let mut ada = publisher(&link, folder.path());
    ada.hears().unwrap();
    wire.cut();
    ada.is_cut_off().unwrap();
    for n in 0..MARKS {
        ada.say(&json!({"cmd": "note.add", "id": n, "text": format!("mark {n}")})).unwrap();
    }
    ada.catches_up().unwrap();
    ada.signal(libc::SIGKILL);
    drop(ada);
    wire.mend();
    let mut ada = publisher(&link, folder.path());
    for n in 0..MARKS {
        let answer = ada.answer(&json!(n)).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        let note = studio.client.event("note.add").unwrap()["data"].clone();
        assert_eq!((&note["text"], &note["reaction_ms"]), (&json!(format!("mark {n}")), &json!(500)));
    }
}

#[test]
fn a_publisher_who_was_away_for_longer_than_the_grace_is_heard_again() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start().unwrap();
    let session = relay.new_session("Blue hour").unwrap();
    let wire = Wire::to(&relay.http).unwrap();
    let _ada = publisher(&wire.by_way_of(session.link("engineer")), folder.path());
    let mut mentor = join(session.link("mentor"), &["--output", "null"]).unwrap();
    mentor.wait_for_type("hearing").unwrap();
    wire.cut();
    is_heard_again(&mut mentor, &wire);
}

#[test]
fn who_leaves_while_a_take_rolls_comes_back_as_who_they_were_and_the_part_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().join("recordings").to_string_lossy().into_owned();
    let state = folder.path().join("state").to_string_lossy().into_owned();
    let more = ["--recordings", &recorded, "--state", &state];
    let mut studio = Studio::open("music", &more).unwrap();
    let who = studio.client.said().iter().find(|line| line["type"] == "joined").unwrap()["participant"].clone();
    let mut mentor = join(studio.session.link("mentor"), &["--output", "null"]).unwrap();
    mentor.wait_for_type("joined").unwrap();
    studio.client.say(&json!({"cmd": "take.roll"})).unwrap();
    mentor.event("part.rolling").unwrap();
    studio.client.terminate();
    assert!(studio.client.finish().unwrap().0.success());
    let arguments = ["--name", "Studio", "--input", "music", "--stream", "program", "--output", "null"];
    let link = studio.session.link("engineer").to_owned();
    let mut again = join(&link, &[&arguments[..], &more].concat()).unwrap();
    assert_eq!(again.wait_for_type("joined").unwrap()["participant"], who);
    let told = |line: &Value| {
        let kind = line["event"]["type"].as_str().unwrap_or_default();
        ["part.stopped", "part.interrupted"].contains(&kind) && line["event"]["data"]["pcm_hash"].is_string()
    };
    mentor.wait_for("how the part ended, with its hash", told).unwrap();
}
