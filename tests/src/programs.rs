//! The real programs as children of a test: a relay with a folder of its own, clients whose JSON lines can be awaited.
//! Every wait has a bound and ends at the awaited line, so nothing sleeps and nothing hangs.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest that any single thing may take on a starved machine before a test calls it missing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where a program of ours lies: beside the running test's own binary.
pub fn path(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folders = own.ancestors().skip(1).take(3);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built; run `cargo xtask test`, which builds it first"))
}

/// A child whose standard output is JSON lines. Killed when dropped.
pub struct Program {
    name: String,
    child: Child,
    lines: Receiver<Value>,
    said: Vec<Value>,
    /// Where it keeps what a program of a person's would keep in their home.
    _home: TempDir,
}

impl Program {
    /// Starts a program of ours.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Program> {
        Program::start_command(name, Command::new(path(name)?).args(arguments))
    }

    /// Starts any command that prints JSON lines.
    pub fn start_command(name: &str, command: &mut Command) -> Result<Program> {
        let home = tempfile::tempdir()?;
        command.env("XDG_STATE_HOME", home.path()).env("XDG_DATA_HOME", home.path());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("{name} could not be started"))?;
        let out = BufReader::new(child.stdout.take().context("standard output is piped")?);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let objects = out.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            for object in objects {
                if sender.send(object).is_err() {
                    return;
                }
            }
        });
        Ok(Program { name: name.to_owned(), child, lines, said: Vec::new(), _home: home })
    }

    /// The next line for which `wanted` holds; lines before it are kept in [`Program::said`].
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if wanted(&line) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{} never said {what}; last: {:?}", self.name, self.said.last())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{} ended without saying {what}; last: {:?}", self.name, self.said.last())
                }
            }
        }
    }

    /// The next line of this `type`.
    pub fn wait_for_type(&mut self, kind: &str) -> Result<Value> {
        self.wait_for(kind, |line| line["type"] == kind)
    }

    /// Waits for the program's own end and returns everything it said.
    pub fn finish(&mut self) -> Result<(ExitStatus, Vec<Value>)> {
        let end = Instant::now() + PATIENCE + Duration::from_secs(120);
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("{} did not end", self.name),
            }
        }
        Ok((self.child.wait()?, std::mem::take(&mut self.said)))
    }

    /// Asks it to end as a service manager would.
    pub fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: plain system call; the child has not been waited for, so its number is still its own.
        unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
    }

    /// What it has said so far, as far as it was read.
    pub fn said(&self) -> &[Value] {
        &self.said
    }

    /// The child's standard input, for programs that take commands there.
    pub fn stdin(&mut self) -> Result<&mut std::process::ChildStdin> {
        self.child.stdin.as_mut().context("standard input is piped")
    }

    /// Process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running relay.
pub struct Relay {
    /// The process.
    pub program: Program,
    /// `http://127.0.0.1:PORT`.
    pub http: String,
    /// Media addresses, one per shard.
    pub media: Vec<String>,
    data: PathBuf,
    _folder: Option<TempDir>,
    _turn: MutexGuard<'static, ()>,
}

/// One relay at a time in one test program: what is measured through it shall not suffer from a browser beside it.
static TURN: Mutex<()> = Mutex::new(());

impl Relay {
    /// Starts one with a new folder and free ports.
    pub fn start() -> Result<Relay> {
        Relay::start_with(&[])
    }

    /// Starts one with a new folder; `more` arguments override the ports.
    pub fn start_with(more: &[&str]) -> Result<Relay> {
        let folder = tempfile::tempdir()?;
        let mut relay = Relay::start_in(folder.path(), more)?;
        relay._folder = Some(folder);
        Ok(relay)
    }

    /// Starts one on a folder that stays, as soon as no other relay of this process runs; `more` arguments override the
    /// ports.
    pub fn start_in(data: &Path, more: &[&str]) -> Result<Relay> {
        // A test that failed while it had its turn has nothing to leave behind.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let data_text = data.to_string_lossy().into_owned();
        let mut arguments = vec!["--json", "--data", &data_text];
        if !more.contains(&"--http") {
            arguments.extend(["--http", "127.0.0.1:0"]);
        }
        if !more.contains(&"--media") {
            arguments.extend(["--media", "127.0.0.1:0"]);
        }
        arguments.extend(more);
        let mut program = Program::start("farfield-relay", &arguments)?;
        let ready = program.wait_for("ready", |line| line["ready"] == true)?;
        let http = ready["http"].as_str().context("ready names http")?.to_owned();
        let media = ready["media"].as_array().context("ready names media")?;
        let media = media.iter().filter_map(|address| address.as_str().map(str::to_owned)).collect();
        Ok(Relay { program, http, media, data: data.to_path_buf(), _folder: None, _turn: turn })
    }

    /// Makes a session through the client program.
    pub fn new_session(&self, title: &str) -> Result<Session> {
        let key = self.data.join("owner.key");
        let key = key.to_string_lossy();
        let arguments = ["session", "new", "--relay", &self.http, "--owner-key", &key, "--title", title, "--json"];
        let made: Value = serde_json::from_str(&farfield(&arguments)?.succeeded()?)?;
        let id = made["session"].as_str().context("a session has an id")?.to_owned();
        Ok(Session { id, links: serde_json::from_value(made["links"].clone())? })
    }

    /// The folder it works in.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it counts under a name, once for each set of labels, in their order.
    pub fn figures(&self, name: &str) -> Result<Vec<u64>> {
        let address = self.http.trim_start_matches("http://");
        let mut socket = TcpStream::connect(address)?;
        write!(socket, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let text = read_all(&mut socket);
        let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let value = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        let values = text.lines().filter(of_name).filter_map(value).map(|value| value as u64);
        Ok(values.collect())
    }
}

/// A session and the way in for each role.
pub struct Session {
    /// Its id.
    pub id: String,
    links: BTreeMap<String, String>,
}

impl Session {
    /// The many-use link of a role.
    pub fn link(&self, role: &str) -> &str {
        self.links.get(role).map_or("", String::as_str)
    }
}

/// What a program that ran to its end left.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ended {
    /// The output of a program that succeeded.
    pub fn succeeded(self) -> Result<String> {
        ensure!(self.status.success(), "it failed ({}): {}", self.status, self.err);
        Ok(self.out)
    }
}

/// Runs `farfield` to its end.
pub fn farfield(arguments: &[&str]) -> Result<Ended> {
    run_to_end(Command::new(path("farfield")?).args(arguments))
}

/// Runs `farfield-relay` to its end, which it comes to only when something is wrong.
pub fn farfield_relay(arguments: &[&str]) -> Result<Ended> {
    run_to_end(Command::new(path("farfield-relay")?).args(arguments))
}

/// Runs a command to its end, killing it when that takes longer than [`PATIENCE`].
pub fn run_to_end(command: &mut Command) -> Result<Ended> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut err_pipe = child.stderr.take().context("standard error is piped")?;
    let mut out_pipe = child.stdout.take().context("standard output is piped")?;
    let (done, both) = channel();
    let err_done = done.clone();
    std::thread::spawn(move || err_done.send((false, read_all(&mut err_pipe))));
    std::thread::spawn(move || done.send((true, read_all(&mut out_pipe))));
    let (mut out, mut err) = (String::new(), String::new());
    let end = Instant::now() + PATIENCE;
    for _ in 0..2 {
        match both.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((true, text)) => out = text,
            Ok((false, text)) => err = text,
            Err(_) => {
                child.kill()?;
                bail!("it went on for more than {PATIENCE:?} instead of ending");
            }
        }
    }
    Ok(Ended { status: child.wait()?, out, err })
}

fn read_all(pipe: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
