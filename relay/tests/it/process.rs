use crate::house::*;
use protocol::command::Command as Asked;
use protocol::grants::Role;
use protocol::wire::{ClientFrame, ErrorCode, RelayFrame};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_farfield-relay");

/// The program with everything on free loopback ports.
pub(crate) fn program(data: &Path) -> Command {
    let mut command = bare();
    command.args(["--json", "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--data"]).arg(data);
    command
}

/// The program without any of this machine's settings.
fn bare() -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FARFIELD_RELAY_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) struct Started {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    /// Reads the log all the time, so that a full pipe does not hold the program up.
    log: std::thread::JoinHandle<String>,
    ready: Value,
}

pub(crate) fn start(command: &mut Command) -> Started {
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut err = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        text
    });
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the first line is JSON, not {line:?}"));
    Started { child, out, log, ready }
}

impl Started {
    pub(crate) fn http(&self) -> SocketAddr {
        self.ready["http"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Sends a signal and gives back how the program ended, and what else it wrote on stdout and stderr.
    pub(crate) fn end(mut self, signal: i32) -> (ExitStatus, String, String) {
        // SAFETY: plain system call; the child is ours and not waited for yet, so the id is its own.
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, signal) }, 0);
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        (self.child.wait().unwrap(), out, self.log.join().unwrap())
    }
}

/// Runs a start that must fail, and gives back its one sentence.
fn refusal(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success(), "the start fails: {err}");
    assert_eq!(done.stdout, b"");
    assert_eq!(err.lines().count(), 1, "one sentence: {err}");
    err
}

#[test]
fn the_first_line_says_where_the_relay_is_and_both_signals_end_it() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let data = tempfile::tempdir().unwrap();
        let started = start(program(data.path()).args(["--shards", "2"]));
        assert_eq!(started.ready["ready"], true);
        assert_ne!(started.http().port(), 0);
        let media = started.ready["media"].as_array().unwrap().clone();
        let ports: Vec<u16> =
            media.iter().map(|addr| addr.as_str().unwrap().parse::<SocketAddr>().unwrap().port()).collect();
        assert!(matches!(ports[..], [first, second] if first != 0 && second == first + 1), "{ports:?}");
        assert!(data.path().join("owner.key").is_file());
        let (status, out, _) = started.end(signal);
        assert!(status.success(), "{status}");
        assert_eq!(out, "");
    }
}

#[test]
fn without_json_a_line_for_people_comes_first() {
    let data = tempfile::tempdir().unwrap();
    let args = ["--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--data"];
    let mut child = bare().args(args).arg(data.path()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("http://127.0.0.1:") && line.contains("owner.key"), "{line}");
}

#[test]
fn a_taken_port_is_told() {
    let (data, taken) = (tempfile::tempdir().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let addr = taken.local_addr().unwrap().to_string();
    let told = refusal(bare().args(["--media", "127.0.0.1:0", "--http", &addr, "--data"]).arg(data.path()));
    assert!(told.contains(&addr) && told.contains("--http"), "{told}");
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let told = refusal(bare().args(["--http", "127.0.0.1:0", "--media", &addr, "--data"]).arg(data.path()));
    assert!(told.contains(&addr), "{told}");
}

#[test]
fn a_standard_output_that_nobody_reads_is_told() {
    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let done = program(data.path()).stdout(writer).output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && told.contains("standard output; start it with"), "{told}");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let told = refusal(&mut program(&file.join("folder")));
    assert!(told.contains("file/folder") && told.contains("--data"), "{told}");
}

/// Every file that the child writes ends after so many bytes, as on a disk without room.
fn without_room(command: &mut Command, bytes: u64) -> &mut Command {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: both are async-signal-safe system calls, on values that live in the closure.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            if libc::setrlimit(libc::RLIMIT_FSIZE, &limit) == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        })
    }
}

#[test]
fn a_full_disk_at_the_first_start_is_told_and_leaves_no_half_made_key() {
    let data = tempfile::tempdir().unwrap();
    let told = refusal(without_room(&mut program(data.path()), 0));
    assert!(told.contains("signing.key") && told.contains("room"), "{told}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
    // The keys fit now, the database does not.
    let told = refusal(without_room(&mut program(data.path()), 4_096));
    assert!(told.contains("database"), "{told}");
    let started = start(&mut program(data.path()));
    assert!(started.end(libc::SIGTERM).0.success());
}

/// From now on every file of a running child ends after so many bytes.
fn limit_files(child: &Child, bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: plain system call; the pointers are null or to a value that outlives it.
    let done = unsafe { libc::prlimit(child.id() as i32, libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

#[tokio::test]
async fn a_relay_whose_disk_takes_nothing_is_not_ready_and_is_ready_again_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let started = start(without_room(&mut program(data.path()), libc::RLIM_INFINITY));
    let addr = started.http();
    assert_eq!(get(addr, "/readyz").await.body, "ready\n");
    let made = new_session(addr, data.path()).await;
    let mut studio = join(addr, &made.links[&Role::Engineer], "Studio").await;
    let way_back = resume(join(addr, &made.links[&Role::Mentor], "Ada").await.welcome());
    limit_files(&started.child, 0);
    let arm = || Asked::TakeArm { slate: "verse".into() };
    let refused = studio.command(arm()).await;
    assert!(matches!(refused, RelayFrame::Err { code: ErrorCode::NotSaved, .. }), "{refused:?}");
    for _ in 0..2 {
        let answer = get(addr, "/readyz").await;
        let (code, msg) = answer.error();
        assert_eq!((answer.status, code.as_str()), (503, "not_saved"), "{msg}");
        assert!(msg.contains("disk") && msg.contains("journal"), "{msg}");
    }
    assert_eq!(get(addr, "/healthz").await.body, "ok\n");
    let mut back = Link::open(addr).await;
    back.send(&ClientFrame::Hello(way_back.clone())).await;
    let (told, _) = back.until_closed().await;
    let Some(RelayFrame::Err { code: ErrorCode::NotSaved, msg, .. }) = told else { panic!("{told:?}") };
    assert!(msg.contains("disk") && msg.contains("try again"), "{msg}");
    limit_files(&started.child, libc::RLIM_INFINITY);
    Link::enter(addr, &way_back).await;
    assert_eq!(get(addr, "/readyz").await.body, "ready\n");
    saved(&studio.command(arm()).await);
    assert!(started.end(libc::SIGTERM).0.success());
}

#[test]
fn a_wrong_configuration_is_told() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("relay.toml");
    std::fs::write(&file, "htpp = \"127.0.0.1:0\"\n").unwrap();
    let told = refusal(bare().arg("--config").arg(&file));
    assert!(told.contains("htpp") && told.contains("relay.toml"), "{told}");
    let told = refusal(bare().arg("--config").arg(data.path().join("none.toml")));
    assert!(told.contains("none.toml"), "{told}");
    let told = refusal(program(data.path()).env("FARFIELD_RELAY_PROT", "1"));
    assert!(told.contains("FARFIELD_RELAY_PROT"), "{told}");
    let told = refusal(program(data.path()).args(["--log", "relay=loud"]));
    assert!(told.contains("relay=loud"), "{told}");
}

#[test]
fn the_printed_configuration_follows_flag_environment_file_default() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("relay.toml");
    std::fs::write(&file, "shards = 3\nmedia = \"127.0.0.1:3\"\nhttp = \"127.0.0.1:3\"\n").unwrap();
    let mut command = bare();
    command.env("FARFIELD_RELAY_MEDIA", "127.0.0.1:2").env("FARFIELD_RELAY_HTTP", "127.0.0.1:2");
    command.args(["--http", "127.0.0.1:1", "--print-config", "--config"]).arg(&file);
    let done = command.output().unwrap();
    assert!(done.status.success());
    let printed = String::from_utf8(done.stdout).unwrap();
    for line in ["http = \"127.0.0.1:1\"", "media = \"127.0.0.1:2\"", "shards = 3", "log = \"info\""] {
        assert!(printed.lines().any(|told| told == line), "{line} is not in\n{printed}");
    }
}

#[tokio::test]
async fn not_even_a_full_log_of_a_join_holds_a_secret() {
    let data = tempfile::tempdir().unwrap();
    let started = start(program(data.path()).args(["--log", "trace"]));
    let addr = started.http();
    let made = new_session(addr, data.path()).await;
    let ticket = ticket(addr, &made.links[&Role::Mentor]).await;
    let first = Link::enter(addr, &hello(&ticket)).await;
    let back = Link::enter(addr, &resume(first.welcome())).await;
    let owner = std::fs::read_to_string(data.path().join("owner.key")).unwrap();
    let mut secrets = vec![owner.trim().to_owned(), ticket];
    secrets.extend([first.welcome().resume.clone(), back.welcome().resume.clone()]);
    secrets.extend(made.links.values().map(|link| link.split_once('#').unwrap().1.to_owned()));
    let participant = back.welcome().participant.to_string();
    drop((first, back));
    let (status, _, log) = started.end(libc::SIGTERM);
    assert!(status.success());
    assert!(log.contains("somebody comes in") && log.contains(&participant), "the log tells of the join");
    for secret in secrets {
        assert!(!log.contains(&secret), "the log holds {secret}");
    }
}

/// Runs one of the tools beside whatever works there; its exit code and what it says on stdout.
fn tool(name: &str, args: &[&Path]) -> (Option<i32>, String) {
    // A setting of the relay's is none of the tool's.
    let done = bare().env("FARFIELD_RELAY_SHARDS", "2").arg(name).args(args).output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn a_working_relay_is_looked_through_and_backed_up_and_a_relay_works_on_with_the_copy() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (copy, again) = (place.path().join("copy"), place.path().join("again"));
    let started = start(&mut program(data.path()));
    let (code, says) = tool("verify", &[data.path(), Path::new("--json")]);
    let report: Value = serde_json::from_str(&says).unwrap();
    assert_eq!((code, &report["faults"]), (Some(0), &Value::Array(vec![])));
    assert_eq!(tool("backup", &[data.path(), &copy]).0, Some(0));
    assert_eq!(tool("backup", &[data.path(), &copy]), (Some(2), String::new()));
    assert_eq!(tool("restore", &[&copy, data.path()]), (Some(2), String::new()));
    assert!(started.end(libc::SIGTERM).0.success());
    assert_eq!(tool("restore", &[&copy, &again]).0, Some(0));
    let key = |folder: &Path| std::fs::read_to_string(folder.join("owner.key")).unwrap();
    assert_eq!(key(&again), key(data.path()));
    assert!(start(&mut program(&again)).end(libc::SIGTERM).0.success());
}
