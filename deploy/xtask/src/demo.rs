//! A relay and a studio on this machine, and links for everybody else.

use crate::shell::{self, cargo, command, say, target_dir};
use crate::{Demo, page, setup};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a demo is found unless something else is there already.
const USUAL_HTTP: &str = "127.0.0.1:4400";
/// Who gets a link, in the order of printing.
const GUESTS: [&str; 4] = ["mentor", "producer", "artist", "listener"];

/// What `--input` may be beside a file.
const OTHER_INPUTS: [&str; 5] = ["device", "jack", "music", "tone", "null"];

static STOPPING: AtomicBool = AtomicBool::new(false);

/// Runs until Ctrl-C or `--seconds`; a file begins anew at its end.
pub(crate) fn run(demo: &Demo) -> Result<()> {
    let named = demo.input.as_deref().map(as_spec).transpose()?;
    setup::ensure(setup::Need::Build)?;
    page::build()?;
    say("building the programs (the first time takes some minutes)");
    shell::run(cargo().args(["build", "--release", "--bins", "-p", "relay", "-p", "client"]))?;
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::SeqCst))?;

    // The programs run at the top of the checkout, people anywhere.
    let data = std::path::absolute(demo.data.clone().unwrap_or_else(|| target_dir().join("demo")))?;
    let (mut relay, http) = Program::relay(&data)?;
    let made = new_session(&http, &data)?;
    show_links(demo, &http, &made)?;
    let input = named.unwrap_or_else(default_input);
    let mut studio = Program::studio(demo, &data, &made, &input)?;
    show_studio(demo, &mut studio, &mut relay)
}

/// A child process that is ended with this one, and whose standard output is read line by line.
struct Program {
    name: &'static str,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(name: &'static str, command: &mut Command) -> Result<Program> {
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = started.with_context(|| format!("{name} could not be started"))?;
        let out = child.stdout.take().expect("standard output is piped");
        Ok(Program { name, child, lines: BufReader::new(out).lines() })
    }

    /// Starts the relay at the usual place, or where there is room when that is taken.
    fn relay(data: &Path) -> Result<(Program, String)> {
        let http = if std::net::TcpListener::bind(USUAL_HTTP).is_ok() { USUAL_HTTP } else { "127.0.0.1:0" };
        let mut command = program("farfield-relay");
        command.arg("--data").arg(data).args(["--http", http, "--media", "127.0.0.1:0", "--json"]);
        command.env("FARFIELD_RELAY_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned()));
        let mut relay = Program::start("the relay", &mut command)?;
        let ready = relay.next_object()?.context("the relay ended before it was ready; its message is above")?;
        let http = ready["http"].as_str().context("the relay's first line does not say where it is")?.to_owned();
        Ok((relay, http))
    }

    fn studio(demo: &Demo, data: &Path, made: &Value, input: &str) -> Result<Program> {
        let link = made["links"]["engineer"].as_str().context("the relay made no engineer's link")?;
        let mut command = program("farfield");
        command.args(["join", link, "--name", "Studio", "--input", input, "--loop", "--stream", "program", "--json"]);
        command.arg("--recordings").arg(data.join("recordings")).arg("--state").arg(data.join("client"));
        command.args(["--output", if has_device("output") { "device" } else { "null" }]);
        if let Some(seconds) = demo.seconds {
            command.args(["--seconds", &seconds.to_string()]);
        }
        Program::start("the studio client", &mut command)
    }

    fn next_line(&mut self) -> Result<Option<String>> {
        self.lines.next().transpose().with_context(|| format!("{} could not be read", self.name))
    }

    fn next_object(&mut self) -> Result<Option<Value>> {
        let line = self.next_line()?;
        line.map(|line| serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.name))).transpose()
    }

    /// Asks it to end, as Ctrl-C would, and waits for that.
    fn end(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn program(name: &str) -> Command {
    let path: PathBuf = target_dir().join("release").join(name);
    command(&path.to_string_lossy())
}

fn new_session(http: &str, data: &Path) -> Result<Value> {
    let mut command = program("farfield");
    command.args(["session", "new", "--relay", http, "--title", "Demo", "--json"]);
    command.arg("--owner-key").arg(data.join("owner.key"));
    Ok(serde_json::from_str(&shell::read(&mut command)?)?)
}

fn show_links(demo: &Demo, http: &str, made: &Value) -> Result<()> {
    if demo.json {
        println!(
            "{}",
            serde_json::json!({"type": "demo", "http": http, "session": made["session"], "links": made["links"]})
        );
        return Ok(());
    }
    println!("\nFarfield demo. Open one of these in a browser on this machine, or `farfield join` it:\n");
    for role in GUESTS {
        println!("  {role:9} {}", made["links"][role].as_str().context("the relay made no such link")?);
    }
    println!("\nCtrl-C ends it.\n");
    Ok(())
}

/// The studio's sound when none is named.
fn default_input() -> String {
    if has_device("input") { "device" } else { "music" }.to_owned()
}

/// What is no device and no built-in sound is a file: people drop one behind `--input`. Made absolute, because the
/// studio runs at the top of the checkout, and looked for at once, because building takes minutes.
fn as_spec(input: &str) -> Result<String> {
    let other = input.split([':', '@']).next().is_some_and(|kind| OTHER_INPUTS.contains(&kind));
    if other && !Path::new(input).is_file() {
        return Ok(input.to_owned());
    }
    let named = std::path::absolute(input.strip_prefix("file:").unwrap_or(input))?;
    let found = named.is_file() || without_channels(&named).is_file();
    ensure!(found, "{} is no file: name a recording, or {}", named.display(), OTHER_INPUTS.join(", "));
    Ok(format!("file:{}", named.display()))
}

/// The path before a choice of channels as in `song.wav@3,4`.
fn without_channels(named: &Path) -> PathBuf {
    let text = named.to_string_lossy();
    text.rsplit_once('@').map_or_else(|| named.to_owned(), |(path, _)| PathBuf::from(path))
}

fn has_device(direction: &str) -> bool {
    let listed = program("farfield").args(["devices", "--json"]).stderr(Stdio::null()).output();
    let devices: Value = listed.ok().and_then(|out| serde_json::from_slice(&out.stdout).ok()).unwrap_or_default();
    let default = |device: &Value| device[direction]["default"].as_bool() == Some(true);
    devices["devices"].as_array().is_some_and(|all| all.iter().any(default))
}

fn show_studio(demo: &Demo, studio: &mut Program, relay: &mut Program) -> Result<()> {
    let mut view = View::default();
    while let Some(line) = studio.next_line()? {
        if let Some(status) = relay.child.try_wait()?
            && !STOPPING.load(Ordering::SeqCst)
        {
            bail!("the relay ended ({status}); its message is above");
        }
        if demo.json {
            println!("{line}");
        } else if let Ok(told) = serde_json::from_str(&line) {
            view.show(&told);
        }
        if STOPPING.load(Ordering::SeqCst) {
            break;
        }
    }
    view.close();
    studio.end();
    let status = studio.child.wait()?;
    relay.end();
    if !status.success() && !STOPPING.load(Ordering::SeqCst) {
        bail!("the studio client ended ({status}); its message is above");
    }
    Ok(())
}

/// What the studio client tells: news as lines, and below them one line with levels and listeners that is written over
/// itself on a terminal.
#[derive(Default)]
struct View {
    people: BTreeMap<String, Person>,
    open_line: bool,
}

/// Somebody else in the session.
struct Person {
    name: String,
    hears: bool,
    talks: bool,
}

impl View {
    fn show(&mut self, told: &Value) {
        match told["type"].as_str() {
            Some("stats") => self.show_levels(told),
            Some("peer") => self.show_person(told),
            Some("warning") => self.say(&format!("studio: {}", text(&told["message"]))),
            _ => {}
        }
    }

    fn show_levels(&mut self, told: &Value) {
        if !std::io::stdout().is_terminal() {
            return;
        }
        let peaks = told["published"][0]["levels"]["peak_dbfs"].as_array().cloned().unwrap_or_default();
        let bars: Vec<String> = ["L", "R"].iter().zip(&peaks).map(|(side, peak)| bar(side, peak)).collect();
        let people: Vec<String> = self.people.values().map(Person::shown).collect();
        let listeners = if people.is_empty() { "nobody listens yet".to_owned() } else { people.join(", ") };
        print!("\r\x1b[K{}  {listeners}", bars.join("  "));
        self.open_line = true;
        let _ = std::io::stdout().flush();
    }

    fn show_person(&mut self, told: &Value) {
        let id = text(&told["participant"]);
        let name = text(&told["name"]);
        let known = self.people.contains_key(&id);
        if told["present"] != true {
            self.people.remove(&id);
            if known {
                self.say(&format!("{name} has left"));
            }
            return;
        }
        let hears = told["hears"].as_array().is_some_and(|streams| !streams.is_empty());
        let heard_before = self.people.get(&id).is_some_and(|person| person.hears);
        if !known {
            self.say(&format!("{name} is here as {}", text(&told["role"])));
        }
        if hears && !heard_before {
            self.say(&format!("{name} hears the studio"));
        }
        self.people.insert(id, Person { name, hears, talks: told["talking"] == true });
    }

    fn say(&mut self, news: &str) {
        if std::mem::take(&mut self.open_line) {
            print!("\r\x1b[K");
        }
        println!("{news}");
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open_line) {
            println!();
        }
    }
}

impl Person {
    fn shown(&self) -> String {
        let hears = if self.hears { "hears" } else { "does not hear yet" };
        format!("{} {hears}{}", self.name, if self.talks { " and talks" } else { "" })
    }
}

/// A text of somebody else's without anything that a terminal would obey.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}

/// A level from −60 to 0 dBFS as 20 cells and a number.
fn bar(side: &str, peak: &Value) -> String {
    let peak_dbfs = peak.as_f64().unwrap_or(-100.0);
    let cells = ((peak_dbfs + 60.0) / 3.0).round().clamp(0.0, 20.0) as usize;
    format!("{side} {}{} {peak_dbfs:6.1} dBFS", "▮".repeat(cells), "▯".repeat(20 - cells))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_from_where_one_stands_and_other_sources_keep_their_names() {
        let here = std::env::current_dir().unwrap();
        let file = format!("file:{}", here.join("Cargo.toml").display());
        for (input, spec) in [
            ("Cargo.toml", file.as_str()),
            ("file:Cargo.toml", &file),
            (&file, &file),
            ("Cargo.toml@1,2", &format!("{file}@1,2")),
            ("music", "music"),
            ("device:Desk@3,4", "device:Desk@3,4"),
        ] {
            assert_eq!(as_spec(input).unwrap(), spec);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_told_before_anything_is_built() {
        for input in ["song.flac", "file:song.flac", "file:/takes/song.flac", "musik"] {
            let told = as_spec(input).unwrap_err().to_string();
            assert!(told.contains("is no file: name a recording, or device, jack"), "{told}");
        }
    }
}
