//! What is wrong is said in one sentence that names the next step, and nobody else is harmed.

use serde_json::Value;
use sound_files::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tests::mounts;
use tests::programs::{Ended, Relay, farfield, farfield_relay};
use tests::script::is_warning;
use tests::studio::{Studio, join};
use units::{SampleCount, SampleRate};

/// One sentence for people on standard error, and a failure for programs.
fn assert_says(ended: &Ended, words: &[&str]) {
    assert!(!ended.status.success(), "it called that a success: {}", ended.out);
    let said = ended.err.to_lowercase();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in what it said: {}", ended.err);
    }
    assert!(!said.contains("panicked"), "{}", ended.err);
}

#[test]
fn a_link_that_is_no_link_is_explained() {
    assert_says(&farfield(&["join", "studio.example"]).unwrap(), &["http"]);
    assert_says(&farfield(&["join", "http://127.0.0.1:1/i/x#short"]).unwrap(), &["link"]);
}

#[test]
fn a_relay_that_is_not_there_is_told_with_exit_code_3() {
    let nobody = "http://127.0.0.1:1/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA";
    let ended = farfield(&["join", nobody, "--input", "tone", "--output", "null"]).unwrap();
    assert_says(&ended, &["127.0.0.1:1", "check the address"]);
    assert_eq!(ended.status.code(), Some(3));
}

#[test]
fn what_cannot_be_joined_with_is_told_and_those_inside_go_on_hearing() {
    let studio = Studio::open("tone", &[]).unwrap();
    let mut listener = join(studio.session.link("listener"), &["--output", "null"]).unwrap();
    listener.wait_for_type("hearing").unwrap();
    let link = studio.session.link("engineer");
    let folder = tempfile::tempdir().unwrap();
    let noise = folder.path().join("noise.wav");
    std::fs::write(&noise, b"this is no sound at all, whatever its name says").unwrap();
    let (noise, missing) = (format!("file:{}", noise.display()), format!("file:{}/none.wav", folder.path().display()));
    let unknown = format!("{}/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA", studio.relay.http);
    for (link, input, code, words) in [
        (link, noise.as_str(), 5, ["noise.wav", ""]),
        (link, missing.as_str(), 5, ["none.wav", ""]),
        (link, "device:No Such Card", 5, ["device", ""]),
        (link, "jack:No Such Client", 5, ["jack", ""]),
        (link, "tone@7", 2, ["--input", ""]),
        (unknown.as_str(), "tone", 4, ["invitation", "check"]),
    ] {
        let ended = farfield(&["join", link, "--input", input, "--output", "null", "--seconds", "1"]).unwrap();
        assert_says(&ended, &words);
        // What the command line itself refuses is followed by how it is used.
        assert!(code == 2 || ended.err.trim().lines().count() == 1, "one sentence: {}", ended.err);
        assert_eq!(ended.status.code(), Some(code), "{input}: {}", ended.err);
    }
    let heard = |line: &serde_json::Value| line["heard"][0]["real"].as_u64();
    let before = listener.said().iter().rev().find_map(heard).unwrap_or(0);
    listener.wait_for("more of it", |line| heard(line) > Some(before)).unwrap();
}

/// Three seconds of a square wave of 100 Hz in every channel, at this level, as a WAV file.
fn square(path: &Path, format: SampleFormat, channels: u16, level: f32) {
    let frame = |n: usize| if (n / 240).is_multiple_of(2) { level } else { -level };
    let samples: Vec<f32> = (0..3 * 48_000).flat_map(|n| vec![frame(n); usize::from(channels)]).collect();
    let spec = WavSpec { rate: SampleRate::HZ_48000, channels, format };
    WavWriter::create(path, spec).unwrap().write(&samples).unwrap();
}

/// A sound file's name, how it is made, the warning that it leads to (none: nothing is wrong) and its peak in dBFS.
type Odd = (&'static str, fn(&Path), Option<&'static str>, f64);

const ODD: [Odd; 4] = [
    ("half.wav", half, Some("72000 of 144000 samples"), -6.0),
    ("silent.wav", |path| square(path, SampleFormat::I16, 2, 0.0), Some("is silent"), -100.0),
    ("bits.wav", |path| square(path, SampleFormat::U8, 2, 0.5), None, -6.0),
    ("many.wav", |path| square(path, SampleFormat::I24, 8, 0.5), None, -6.0),
];

/// A file that ends in the middle of what its header promises.
fn half(path: &Path) {
    square(path, SampleFormat::I16, 2, 0.5);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 72_000 * 4).unwrap();
}

#[test]
fn odd_sound_files_are_published_with_a_warning_where_one_is_due_and_those_inside_go_on_hearing() {
    let studio = Studio::open("tone", &[]).unwrap();
    let started = Instant::now();
    let mut listener = join(studio.session.link("listener"), &["--output", "null"]).unwrap();
    listener.wait_for_type("hearing").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, make, warning, peak_dbfs) in ODD {
        let path = folder.path().join(name);
        make(&path);
        let input = format!("file:{}", path.display());
        let publishes = ["--name", "File", "--input", &input, "--stream", "program", "--output", "null"];
        let mut program = join(studio.session.link("engineer"), &publishes).unwrap();
        program.wait_for("its end", |line| is_warning(line, "come to its end")).unwrap();
        program.wait_for_type("stats").unwrap();
        program.terminate();
        let (status, said) = program.finish().unwrap();
        assert!(status.success(), "{name}: {status}");
        let told = said.iter().filter_map(|line| line["published"][0]["levels"]["peak_dbfs"][1].as_f64());
        let loudest = told.fold(f64::NEG_INFINITY, f64::max);
        assert!((loudest - peak_dbfs).abs() < 0.2, "{name}: {loudest} dBFS");
        let warned: Vec<_> = said.iter().filter(|line| is_warning(line, "program: ")).collect();
        assert_eq!(warned.len(), 1 + usize::from(warning.is_some()), "{name}: {warned:?}");
        assert!(warning.is_none_or(|words| warned.iter().any(|line| is_warning(line, words))), "{name}: {warned:?}");
    }
    let now_ms = started.elapsed().as_millis() as u64;
    let from_studio = |stream: &Value| stream["name"] == "Studio" && stream["real"].as_u64() > Some(0);
    let hears = |line: &Value| line["heard"].as_array().into_iter().flatten().any(from_studio);
    listener.wait_for("the studio after that", |line| line["ms"].as_u64() > Some(now_ms) && hears(line)).unwrap();
}

#[test]
fn a_disk_that_fills_up_under_an_output_file_is_told_once_and_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let what = "what the client says when the disk of its output file is full";
    let Some(_disk) = mounts::own_disk(what, folder.path(), 1 << 20) else { return };
    let studio = Studio::open("tone", &[]).unwrap();
    let path = folder.path().join("heard.wav");
    let mut listener =
        join(studio.session.link("listener"), &["--output", &format!("file:{}", path.display())]).unwrap();
    listener.wait_for("the full disk", |line| is_warning(line, "disk is full")).unwrap();
    for _ in 0..2 {
        let stats = listener.wait_for_type("stats").unwrap();
        assert!(stats["heard"][0]["real"].as_u64() > Some(0), "{stats}");
    }
    listener.terminate();
    let (status, said) = listener.finish().unwrap();
    assert_eq!(status.code(), Some(5));
    assert_eq!(said.iter().filter(|line| is_warning(line, "disk is full")).count(), 1);
    // What was written before is valid.
    assert!(WavReader::open(&path).unwrap().frames() > SampleCount(48_000));
}

/// The first start on a disk with so much room, in mounts of this thread's own.
fn first_start_on(bytes: u64) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let _disk = mounts::small_disk(folder.path(), bytes).unwrap();
    let data = folder.path().to_string_lossy();
    farfield_relay(&["--data", &data, "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--json"]).unwrap()
}

#[test]
fn a_full_disk_at_the_first_start_is_told_wherever_it_gets_full() {
    if let Err(why) = mounts::separate() {
        mounts::not_checked("what the relay says on a full disk", &why);
        return;
    }
    // One page holds the first key; the next two the second and the database's first page; with six the log beside the
    // database does not fit.
    for (pages, words) in [(1, ["owner.key", "room"]), (2, ["database", "room"]), (6, ["database", "room"])] {
        assert_says(&first_start_on(pages * 4_096), &words);
    }
    let enough = tempfile::tempdir().unwrap();
    let _disk = mounts::small_disk(enough.path(), 1 << 20).unwrap();
    assert!(Relay::start_in(enough.path(), &[]).is_ok(), "a mebibyte is enough");
}

#[test]
fn without_jack_its_absence_is_told_and_devices_go_on() {
    let hidden = mounts::separate().and_then(|()| libjacks().iter().try_for_each(|library| mounts::hide(library)));
    if let Err(why) = hidden {
        mounts::not_checked("what the client does without libjack", &why);
        return;
    }
    let link = "http://127.0.0.1:1/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA";
    let jack = farfield(&["join", link, "--input", "jack", "--stream", "program", "--output", "null"]).unwrap();
    assert_says(&jack, &["jack is not installed", "device"]);
    assert_says(&farfield(&["join", link, "--output", "jack"]).unwrap(), &["jack is not installed", "device"]);
    assert!(farfield(&["devices", "--json"]).unwrap().succeeded().is_ok());
}

/// Where the loader finds JACK's library on this machine.
fn libjacks() -> Vec<PathBuf> {
    let folders = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib/x86_64-linux-gnu"];
    let more = ["/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let files = folders.iter().chain(&more).map(|folder| Path::new(folder).join("libjack.so.0"));
    let there = files.filter_map(|file| file.canonicalize().ok());
    there.collect::<BTreeSet<_>>().into_iter().collect()
}
