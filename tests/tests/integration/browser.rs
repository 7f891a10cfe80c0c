//! The page in a real headless Chromium, clicked with real clicks, against the real relay and studio client.

use serde_json::{Value, json};
use std::io::Write;
use tests::browser;
use tests::programs::{Relay, farfield};
use tests::studio::{Studio, join};

fn run(scenario: &str, studio: &Studio, role: &str, more: &[&str]) -> Value {
    let out = tempfile::tempdir().unwrap();
    browser::run(scenario, studio.session.link(role), out.path(), more).unwrap()
}

#[test]
fn the_page_has_no_accessibility_fault_in_either_theme_or_size() {
    let studio = Studio::open("music", &[]).unwrap();
    let result = run("axe", &studio, "mentor", &[]);
    assert_eq!(result["violations"], json!([]));
    let out = tempfile::tempdir().unwrap();
    let states = browser::run("states", "-", out.path(), &[]).unwrap();
    assert_eq!(states["violations"], json!([]));
    assert_eq!(states["faults"], json!([]));
}

#[test]
fn a_refused_microphone_is_explained_and_listening_goes_on() {
    let studio = Studio::open("music", &[]).unwrap();
    assert_eq!(run("refused", &studio, "mentor", &[])["plays_on"], true);
}

#[test]
fn a_revoked_link_is_explained_on_the_page() {
    let studio = Studio::open("music", &[]).unwrap();
    let revoked = studio.session.link("mentor").to_owned();
    let by = studio.session.link("owner");
    farfield(&["invite", "revoke", &revoked, "--by", by]).unwrap().succeeded().unwrap();
    let said = run("badlink", &studio, "mentor", &[]);
    let said = said["says"].as_str().unwrap();
    assert!(said.contains("revoked"), "{said}");
}

#[test]
fn a_used_up_link_is_explained_on_the_page() {
    let studio = Studio::open("music", &[]).unwrap();
    let by = studio.session.link("owner");
    let made = farfield(&["invite", by, "--role", "mentor", "--once", "--json"]).unwrap().succeeded().unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let once = made["link"].as_str().unwrap();
    let mut first = join(once, &["--name", "Ada", "--output", "null"]).unwrap();
    first.wait_for_type("joined").unwrap();
    let out = tempfile::tempdir().unwrap();
    let said = browser::run("badlink", once, out.path(), &[]).unwrap();
    let said = said["says"].as_str().unwrap();
    assert!(said.contains("is used up; ask whoever sent it"), "{said}");
}

#[test]
fn a_second_tab_takes_over_and_the_first_one_says_so() {
    let studio = Studio::open("music", &[]).unwrap();
    let result = run("second", &studio, "mentor", &[]);
    let said = result["says"].as_str().unwrap();
    assert!(said.contains("another tab or window"), "{said}");
    assert_eq!(result["plays_on"], true);
}

#[test]
fn who_leaves_the_page_is_gone_at_once() {
    let studio = Studio::open("music", &[]).unwrap();
    assert_eq!(run("leave", &studio, "mentor", &[])["by_themselves"], json!([true, true]));
}

#[test]
fn the_sound_goes_on_while_the_link_is_cut_and_news_are_taken_up_after_it() {
    let studio = Studio::open("music", &[]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut page = browser::start("cut", studio.session.link("mentor"), out.path(), &[]).unwrap();
    let cut = page.wait_for("the cut", |line| line["cut"] == true).unwrap();
    assert_eq!(cut["same_track"], true);
    assert!(cut["says"][0].as_str().unwrap().contains("relay"), "{cut}");
    let publishes = ["--name", "Piano", "--input", "tone", "--stream", "program", "--output", "null"];
    let mut other = join(studio.session.link("engineer"), &publishes).unwrap();
    other.wait_for_type("joined").unwrap();
    writeln!(page.stdin().unwrap(), "mend").unwrap();
    let result = browser::result(page).unwrap();
    assert_eq!((&result["peers"], &result["same_track"]), (&Value::from(1), &Value::from(true)), "{result}");
}

/// The relay is started again on its folder and its ports, so that the page finds it where it was; the studio finds it
/// too.
#[test]
fn a_page_whose_relay_was_away_comes_back_by_itself_and_sounds_again() {
    let data = tempfile::tempdir().unwrap();
    let studio = Studio::open_at(Relay::start_in(data.path(), &[]).unwrap(), "tone", &[]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut page = browser::start("reconnect", studio.session.link("mentor"), out.path(), &[]).unwrap();
    page.wait_for("that it is in", |line| line["joined"] == true).unwrap();
    let Studio { relay, session, client } = studio;
    let (http, media) = (relay.http.trim_start_matches("http://").to_owned(), relay.media[0].clone());
    drop(relay);
    let mut ask = |word: &str| {
        writeln!(page.stdin().unwrap(), "{word}").unwrap();
        page.wait_for(word, |line| line["answer"] == word).unwrap()
    };
    ask("gone");
    let _relay = Relay::start_in(data.path(), &["--http", &http, "--media", &media]).unwrap();
    ask("sound");
    writeln!(page.stdin().unwrap(), "quit").unwrap();
    browser::result(page).unwrap();
    drop((session, client));
}

#[test]
fn what_a_mentor_says_into_a_browser_is_heard_in_the_studio() {
    let folder = tempfile::tempdir().unwrap();
    let voice = folder.path().join("voice.wav");
    tests::voice::write_voice(&voice, 1, 20).unwrap();
    let heard = folder.path().join("studio.wav");
    let output = format!("file:{}", heard.display());
    let mut studio = Studio::open("tone", &["--output", &output]).unwrap();
    let mic = voice.to_string_lossy().into_owned();
    let result = run("talk", &studio, "mentor", &["--seconds", "6", "--mic", &mic]);
    let mut dims = |dimmed: bool| studio.client.wait_for("monitors", |line| line["dimmed"] == dimmed).map(drop);
    assert_eq!([false, true, false].map(|dimmed| dims(dimmed).is_ok()), [true; 3], "before, while she talks, after");
    studio.client.terminate();
    let (status, _) = studio.client.finish().unwrap();
    assert!(status.success());
    let likeness = tests::voice::likeness(&voice, &heard).unwrap();
    assert!(likeness > 0.8, "the studio heard something else ({likeness}): {result}");
}

#[test]
fn a_listener_is_asked_for_no_microphone_and_chooses_an_output_and_a_talker_has_echo_cancelled_and_the_program_dimmed()
{
    let studio = Studio::open("music", &[]).unwrap();
    let result = run("equipment", &studio, "mentor", &[]);
    assert_eq!(result["listening"], json!([]), "who only listens is asked for no microphone");
    assert_eq!(result["naming"], json!([{ "cancels_echo": false }]));
    assert_eq!(result["talking"], json!([{ "cancels_echo": true }]));
    let outputs = &result["outputs"];
    assert!(outputs["listed"].as_array().unwrap().len() > 1, "{outputs}");
    assert!(outputs["sinks"].as_array().unwrap().iter().all(|sink| *sink == outputs["chosen"]), "{outputs}");
    let volumes: Vec<f64> = serde_json::from_value(result["volumes"].clone()).unwrap();
    assert!((volumes[1] / volumes[0] - 0.1).abs() < 1e-3, "20 dB less while talking: {volumes:?}");
    assert_eq!(volumes[0].to_bits(), volumes[2].to_bits());
    assert_eq!(result["faults"], json!([]));
}

#[test]
fn the_talk_button_holds_by_mouse_space_bar_and_latch_and_is_let_go_with_the_window() {
    let studio = Studio::open("music", &[]).unwrap();
    let result = run("hands", &studio, "mentor", &[]);
    assert_eq!(result["latched"], "true", "the space bar let go of the latch: {result}");
    assert_eq!(result["faults"], json!([]));
}
