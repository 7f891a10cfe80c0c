//! The page in a real headless Chromium, clicked with real clicks, against the real relay and studio client.

use serde_json::Value;
use tests::browser;
use tests::studio::Studio;

fn run(scenario: &str, studio: &Studio, role: &str, more: &[&str]) -> Value {
    let out = tempfile::tempdir().unwrap();
    browser::run(scenario, studio.session.link(role), out.path(), more).unwrap()
}

#[test]
fn the_page_has_no_accessibility_fault_in_either_theme_or_size() {
    let studio = Studio::open("music", &[]).unwrap();
    let result = run("axe", &studio, "mentor", &[]);
    assert_eq!(result["violations"], serde_json::json!([]));
    let out = tempfile::tempdir().unwrap();
    let states = browser::run("states", "-", out.path(), &[]).unwrap();
    assert_eq!(states["violations"], serde_json::json!([]));
    assert_eq!(states["faults"], serde_json::json!([]));
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
    tests::programs::farfield(&["invite", "revoke", &revoked, "--by", by]).unwrap().succeeded().unwrap();
    let said = run("badlink", &studio, "mentor", &[]);
    let said = said["says"].as_str().unwrap();
    assert!(said.contains("revoked"), "{said}");
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
    studio.client.terminate();
    let (status, _) = studio.client.finish().unwrap();
    assert!(status.success());
    let likeness = tests::voice::likeness(&voice, &heard).unwrap();
    assert!(likeness > 0.8, "the studio heard something else ({likeness}): {result}");
}
