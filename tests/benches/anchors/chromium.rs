//! The robot at a page in Chromium: real key presses, the note that the page sends, and what leaves its output.

use crate::condition::{Condition, Halfway};
use crate::judge::{Mark, Pinned, Row, judge};
use crate::stage::{Captured, Stage};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};
use tests::programs::Program;
use tests::pulse::Pulse;

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.mjs");
/// Longer than Chromium waits for a path that went silent.
const CUT: Duration = Duration::from_secs(12);

/// One row.
pub(crate) fn run(pulse: &Pulse, condition: Condition, seconds: u64) -> Result<Row> {
    let mut stage = Stage::open(condition)?;
    let recorder = pulse.record()?;
    let folder = tempfile::tempdir()?;
    let length = seconds.to_string();
    let mut command = Command::new("node");
    command.args([RUNNER, "mark", "--link", stage.session.link("mentor"), "--seconds", &length, "--out"]);
    command.arg(folder.path()).env("PULSE_SERVER", pulse.server());
    let mut page = Program::start_command("mark", &mut command)?;
    page.wait_for("sound", |line| line["sounds"] == true || line["ok"] == false)?;
    let half = Instant::now() + Duration::from_secs(seconds) / 2;
    page.wait_for("marks", |line| line["ok"].is_boolean() || (line["marked"] == true && Instant::now() >= half))?;
    match condition.halfway {
        Halfway::Nothing => {}
        Halfway::PublisherRestarts => stage.restart_studio()?,
        Halfway::ListenerReconnects => stage.cut_for(CUT),
    }
    let (_, said) = page.finish()?;
    let timed = recorder.finish()?;
    let result = said.last().context("the browser driver said nothing")?;
    ensure!(result["ok"] == true, "the browser: {result}");
    let maps = result["maps"].as_array().context("the result has the clock maps")?;
    let marked = said.iter().filter(|line| line["marked"] == true);
    let marks: Result<Vec<Mark>> = marked.map(|line| mark(line, maps, &result["arrived_ms"])).collect();
    Ok(judge(&marks?, &stage.clicks, &timed, &stage.captured, Captured::at))
}

fn mark(line: &Value, maps: &[Value], arrived_ms: &Value) -> Result<Mark> {
    let pressed_us = line["pressed_ms"].as_f64().context("a mark tells when")? * 1e3;
    // The last one may be on its way yet.
    let arrived_unix_us = line["note"].as_str().and_then(|note| arrived_ms[note].as_f64()).map(|ms| ms * 1e3);
    let pinned = (!line["on"].is_null()).then(|| pinned(line, maps)).transpose()?;
    Ok(Mark { pressed_us, arrived_unix_us, pinned })
}

/// From the note's anchor to the sample of the file, by the stream's clock map.
fn pinned(line: &Value, maps: &[Value]) -> Result<Pinned> {
    let on = &line["on"];
    let map = maps.iter().find(|map| map["stream"] == on["stream"] && map["epoch"] == on["epoch"]);
    let map = map.with_context(|| format!("no clock map for {on}"))?;
    let mut streams: Vec<&Value> = maps.iter().map(|map| &map["stream"]).collect();
    streams.dedup();
    let process = streams.iter().position(|stream| **stream == on["stream"]).context("a stream of the studio's")?;
    let number = |name: &str| map[name].as_f64().context("a number of the clock map");
    let ticks = on["at"].as_f64().context("a position")? - number("from")? - number("codec_delay")?;
    let sample = number("sample0")? + ticks - number("resampler_delay")?;
    let uncertainty_ms = line["uncertainty_ms"].as_f64().unwrap_or(0.0);
    Ok(Pinned { process, sample, uncertainty_ms, concealed: line["concealed"] == true })
}
