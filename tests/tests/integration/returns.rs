//! Who comes back, after whatever has happened to them, to the relay or to what lies between.

use super::takes::{is_heard_again, publisher};
use serde_json::{Value, json};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tests::programs::{PATIENCE, Program, Relay, farfield_relay};
use tests::studio::{Studio, join};
use tests::wire::Wire;

/// An owner who makes no sound.
fn owner(studio: &Studio) -> Program {
    let sound = ["--input", "null", "--stream", "talkback", "--output", "null"];
    let mut owner = join(studio.session.link("owner"), &[&["--name", "Ida"][..], &sound].concat()).unwrap();
    owner.wait_for_type("joined").unwrap();
    owner
}

fn kick(owner: &mut Program, who: &Value) {
    let kick = json!({"cmd": "participant.kick", "id": "kick", "participant": who, "reason": "wrong room"});
    assert_eq!(owner.ask(&kick).unwrap()["ok"], true);
}

fn participant(program: &mut Program) -> Value {
    program.wait_for_type("joined").unwrap()["participant"].clone()
}

#[test]
fn who_was_sent_away_while_a_take_rolled_starts_again_as_somebody_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (recorded, state) = (path("recordings"), path("state"));
    let more = ["--recordings", &recorded, "--state", &state];
    let mut studio = Studio::open("music", &more).unwrap();
    let who = studio.client.said().iter().find(|line| line["type"] == "joined").unwrap()["participant"].clone();
    let mut owner = owner(&studio);
    studio.client.say(&json!({"cmd": "take.roll"})).unwrap();
    owner.event("part.rolling").unwrap();
    kick(&mut owner, &who);
    assert!(!studio.client.finish().unwrap().0.success());
    let arguments = ["--name", "Studio", "--input", "music", "--stream", "program", "--output", "null"];
    let mut again = join(studio.session.link("engineer"), &[&arguments[..], &more].concat()).unwrap();
    let now = participant(&mut again);
    assert_ne!(now, who);
    let opened = owner.event("stream.open").unwrap();
    assert_eq!(opened["by"], now);
}

#[test]
fn what_somebody_new_cannot_bring_along_is_told_once_and_their_notes_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_string_lossy().into_owned();
    let mut studio = Studio::open("music", &[]).unwrap();
    let mut owner = owner(&studio);
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let start = || join(&link, &["--name", "Ada", "--output", "null", "--state", &state]).unwrap();
    let mut mentor = start();
    let who = participant(&mut mentor);
    mentor.wait_for("sound", |line| line["heard"][0]["real"].as_u64() > Some(0)).unwrap();
    wire.cut();
    mentor.is_cut_off().unwrap();
    mentor.say(&json!({"cmd": "chat.say", "id": "chat", "text": "once more?"})).unwrap();
    mentor.say(&json!({"cmd": "note.add", "id": "note", "text": "that entry"})).unwrap();
    mentor.catches_up().unwrap();
    mentor.signal(libc::SIGKILL);
    drop(mentor);
    kick(&mut owner, &who);
    wire.mend();
    let mut mentor = start();
    let now = participant(&mut mentor);
    assert_ne!(now, who);
    let refused = mentor.answer(&json!("chat")).unwrap();
    assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!("gone")), "{refused}");
    assert_eq!(mentor.answer(&json!("note")).unwrap()["ok"], true);
    let note = studio.client.event("note.add").unwrap();
    assert_eq!((&note["by"], &note["data"]["text"]), (&now, &json!("that entry")));
    mentor.terminate();
    let (status, said) = mentor.finish().unwrap();
    assert!(status.success());
    assert_eq!(said.iter().filter(|line| line["id"] == "chat").count(), 1, "{said:?}");
}

/// Waits until everything before on stdin is taken in.
#[test]
fn a_take_that_rolls_although_the_answer_was_lost_is_answered_so_when_the_link_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().to_string_lossy().into_owned();
    let mut studio = Studio::open("music", &["--recordings", &recorded]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("engineer"));
    let sound = ["--input", "null", "--stream", "talkback", "--output", "null"];
    let mut ada = join(&link, &[&["--name", "Ada"][..], &sound].concat()).unwrap();
    let who = participant(&mut ada);
    wire.hush();
    let roll = json!({"cmd": "take.roll", "id": "roll"});
    ada.say(&roll).unwrap();
    let rolls = studio.client.event("take.roll").unwrap();
    wire.cut();
    // She has left when the time of grace is over, and with it the time for which she meant it.
    assert_eq!(studio.client.event("participant.leave").unwrap()["data"]["participant"], who);
    wire.mend();
    let answered = ada.answer(&json!("roll")).unwrap();
    assert_eq!((&answered["ok"], &answered["seq"]), (&json!(true), &rolls["seq"]), "{answered}");
    assert_eq!(ada.ask(&roll).unwrap(), answered, "a repeated line gets the same answer");
}

#[test]
fn a_publisher_is_heard_again_after_the_relay_has_restored_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (data, copy, restored) = (path("data"), path("copy"), path("restored"));
    let relay = Relay::start_in(Path::new(&data), &[]).unwrap();
    let session = relay.new_session("Blue hour").unwrap();
    let wire = Wire::to(&relay.http).unwrap();
    let mut ada = publisher(&wire.by_way_of(session.link("engineer")), &folder.path().join("state"));
    let mut mentor = join(session.link("mentor"), &["--output", "null"]).unwrap();
    mentor.wait_for_type("hearing").unwrap();
    farfield_relay(&["backup", &data, &copy]).unwrap().succeeded().unwrap();
    // More than follows on the backup until she is back.
    for id in 0..10 {
        assert_eq!(ada.ask(&json!({"cmd": "chat.say", "id": id, "text": "lost"})).unwrap()["ok"], true);
    }
    wire.cut();
    let (http, media) = (relay.http.replace("http://", ""), relay.media[0].clone());
    relay.program.signal(libc::SIGKILL);
    drop(relay);
    farfield_relay(&["restore", &copy, &restored]).unwrap().succeeded().unwrap();
    let _relay = Relay::start_in(Path::new(&restored), &["--http", &http, "--media", &media]).unwrap();
    is_heard_again(&mut mentor, &wire);
}

#[test]
fn a_kill_while_the_way_back_is_written_down_leaves_a_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_string_lossy().into_owned();
    let mut studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let talk = ["--name", "Ada", "--input", "tone", "--output", "null", "--state", &state];
    let mut mentor = join(&link, &talk).unwrap();
    let who = participant(&mut mentor);
    mentor.wait_for("sound", |line| line["heard"][0]["real"].as_u64() > Some(0)).unwrap();
    studio.client.wait_for("her voice", |line| line["dimmed"] == true).unwrap();
    wire.cut();
    mentor.is_cut_off().unwrap();
    for id in 0..10 {
        mentor.say(&json!({"cmd": "note.add", "id": id, "text": "x".repeat(1_000)})).unwrap();
    }
    mentor.catches_up().unwrap();
    let slow = SlowFile::beside_memory(folder.path());
    wire.mend();
    slow.wait_for_writer();
    mentor.signal(libc::SIGKILL);
    drop(mentor);
    drop(slow);
    assert_eq!(participant(&mut join(&link, &talk).unwrap()), who, "she comes back as who she was");
}

/// A pipe in the place of the file that a client writes its memory to: whoever writes more than fits waits for ever.
struct SlowFile {
    path: std::path::PathBuf,
    reader: File,
}

impl SlowFile {
    fn beside_memory(folder: &Path) -> SlowFile {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let memory = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
        let path = memory.with_extension("new");
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: plain system call on a string that lives across it.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        let reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
        // SAFETY: plain system call on an open file. The system makes it as small as it can.
        assert!(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETPIPE_SZ, 1) } > 0);
        SlowFile { path, reader }
    }

    /// Waits until something is written.
    fn wait_for_writer(&self) {
        let mut polled = libc::pollfd { fd: self.reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry, which lives across the call.
        let ready = unsafe { libc::poll(&mut polled, 1, PATIENCE.as_millis() as libc::c_int) };
        assert_eq!(ready, 1, "nobody wrote");
    }
}

impl Drop for SlowFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
