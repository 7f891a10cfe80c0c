//! The operating system's own devices: ALSA, which here leads to a PulseAudio server with an output that leads nowhere.

use client::source::Source;
use client::source::tone::Tone;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tests::programs::{Program, path, run_to_end};
use tests::pulse::Pulse;
use tests::recording::{read, write};
use tests::studio::{Studio, join};

/// Starts `farfield` with the server as its sound card.
fn farfield_at(pulse: &Pulse, arguments: &[&str]) -> Program {
    let mut command = Command::new(path("farfield").unwrap());
    pulse.lend(command.args(arguments));
    Program::start_command("farfield", &mut command).unwrap()
}

/// A second of a tone on the left and silence on the right.
fn left_only(path: &Path) {
    let mut samples = vec![0.0; 2 * 48_000];
    Tone::new().read(&mut samples).unwrap();
    samples.chunks_exact_mut(2).for_each(|pair| pair[1] = 0.0);
    write(path, &samples).unwrap();
}

fn loudest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// A studio's sound is played by one client into the device; another one captures there what leaves it, its channels
/// picked the other way round, and sends it on.
#[test]
fn sound_is_played_to_and_captured_from_a_system_device_by_the_channels_that_were_picked() {
    let pulse = Pulse::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (source, heard) = (folder.path().join("left.wav"), folder.path().join("heard.wav"));
    left_only(&source);
    let studio = Studio::open(&format!("file:{}", source.display()), &["--loop"]).unwrap();
    let link = studio.session.link("listener");
    let mut player = farfield_at(&pulse, &["join", link, "--output", "device", "--profile", "safe", "--json"]);
    player.wait_for_type("hearing").unwrap();

    let second = studio.relay.new_session("From the device").unwrap();
    let output = format!("file:{}", heard.display());
    let mut listener =
        join(second.link("listener"), &["--output", &output, "--profile", "safe", "--seconds", "8"]).unwrap();
    listener.wait_for_type("joined").unwrap();
    let capture = ["--input", "device@2,1", "--stream", "program", "--output", "null", "--json"];
    let capture: Vec<&str> = ["join", second.link("engineer")].into_iter().chain(capture).collect();
    let mut capture = farfield_at(&pulse, &capture);
    capture
        .wait_for("what it captures", |line| line["published"][0]["levels"]["peak_dbfs"][1].as_f64() > Some(-20.0))
        .unwrap();

    let (status, said) = listener.finish().unwrap();
    assert!(status.success() && said.iter().any(|line| line["type"] == "hearing"), "{status}: {said:?}");
    let heard = read(&heard).unwrap();
    let (left, right) = (loudest(&heard.left), loudest(&heard.right));
    assert!(right > 0.1 && left < 0.01, "left {left}, right {right}");
    let tells = |line: &Value| line["output"]["device_ms"].as_f64() > Some(0.0);
    let stats = player.wait_for("how late the device plays", tells).unwrap();
    assert_eq!(stats["output"]["device_lost"], false);
}

#[test]
fn the_default_device_is_listed_with_both_its_sides() {
    let pulse = Pulse::start().unwrap();
    let mut command = Command::new(path("farfield").unwrap());
    pulse.lend(command.args(["devices", "--json"]));
    let listed = run_to_end(&mut command).unwrap().succeeded().unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let default = listed["devices"].as_array().unwrap().iter().find(|device| device["output"]["default"] == true);
    let default = default.unwrap_or_else(|| panic!("no default output: {listed}"));
    assert_eq!((&default["host"], &default["input"]["default"]), (&"ALSA".into(), &true.into()));
    assert!(default["rates"].as_array().is_some_and(|rates| rates.contains(&48_000.into())), "{default}");
}
