//! The robot at a native client: an ear on the JACK server hears what leaves it.

use crate::condition::{Condition, Halfway};
use crate::judge::{Mark, Pinned, Row, judge};
use crate::stage::{Captured, Stage};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};
use tests::jack_ear::{EAR, JackEar, monotonic_us};
use tests::programs::Program;
use tests::rng::Rng;
use tests::studio::join;

/// A native client gives a silent connection up after some seconds.
const CUT: Duration = Duration::from_secs(12);

/// One row.
pub(crate) fn run(condition: Condition, seconds: u64) -> Result<Row> {
    let mut stage = Stage::open(condition)?;
    let ear = JackEar::start()?;
    let output = format!("jack:{EAR}");
    let mut listener = join(stage.session.link("mentor"), &["--output", &output])?;
    listener.wait_for_type("hearing")?;
    let mut robot = Robot { rng: Rng::new(7), presses: Vec::new() };
    robot.mark_for(&mut listener, Duration::from_secs(seconds) / 2)?;
    match condition.halfway {
        Halfway::Nothing => {}
        Halfway::PublisherRestarts => stage.restart_studio()?,
        Halfway::ListenerReconnects => stage.cut_for(CUT),
    }
    robot.mark_for(&mut listener, Duration::from_secs(seconds) / 2)?;
    listener.wait_for_type("stats")?;
    Ok(judge(&robot.marks(listener.said())?, &stage.clicks, &ear.take(), &stage.captured, Captured::at_mono))
}

struct Robot {
    rng: Rng,
    /// When each of its notes was asked for, and whether it was made.
    presses: Vec<(f64, bool)>,
}

impl Robot {
    /// Makes notes at odd moments, each pinned to what is in the ear when it is asked for.
    fn mark_for(&mut self, listener: &mut Program, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            std::thread::sleep(Duration::from_secs_f64(0.1 + 0.2 * self.rng.uniform()));
            let id = self.presses.len();
            let line = json!({ "cmd": "note.add", "id": id, "text": id.to_string(), "reaction_ms": 0 }).to_string();
            let pressed_us = monotonic_us();
            writeln!(listener.stdin()?, "{line}")?;
            let answer = listener.wait_for("an answer", |line| line["ok"].is_boolean() && line["id"] == id)?;
            self.presses.push((pressed_us, answer["ok"] == true));
        }
        Ok(())
    }

    /// What became of its notes, as the relay told everybody.
    fn marks(&self, said: &[Value]) -> Result<Vec<Mark>> {
        let maps = Maps::read(said);
        let noted = |line: &&Value| line["event"]["type"] == "note.add";
        let notes: BTreeMap<&str, &Value> = said
            .iter()
            .filter(noted)
            .filter_map(|line| Some((line["event"]["data"]["text"].as_str()?, &line["event"])))
            .collect();
        let mark = |(id, (pressed_us, made)): (usize, &(f64, bool))| {
            if !made {
                return Ok(Mark { pressed_us: *pressed_us, arrived_unix_us: None, pinned: None });
            }
            let note = *notes.get(id.to_string().as_str()).context("a note that was answered and not told")?;
            let arrived_unix_us = Some(note["at"].as_f64().context("an event tells when")? * 1e3);
            Ok(Mark { pressed_us: *pressed_us, arrived_unix_us, pinned: Some(maps.pinned(&note["data"])?) })
        };
        self.presses.iter().enumerate().map(mark).collect()
    }
}

/// The studio's clock maps: ticks less samples, by stream and epoch; and the streams in the order in which they came.
#[derive(Default)]
struct Maps {
    streams: Vec<String>,
    less: BTreeMap<(String, u64), f64>,
}

impl Maps {
    /// From what the listener says of positions.
    fn read(said: &[Value]) -> Maps {
        let mut maps = Maps::default();
        for heard in said.iter().filter_map(|line| line["heard"].as_array()).flatten() {
            let (stream, position) = (heard["stream"].as_str(), &heard["position"]);
            let numbers = (position["epoch"].as_u64(), position["ticks"].as_f64(), position["sample"].as_f64());
            if let (Some(stream), (Some(epoch), Some(ticks), Some(sample))) = (stream, numbers) {
                maps.less.entry((stream.to_owned(), epoch)).or_insert(ticks.floor() - sample);
                if !maps.streams.iter().any(|known| known == stream) {
                    maps.streams.push(stream.to_owned());
                }
            }
        }
        maps
    }

    fn pinned(&self, note: &Value) -> Result<Pinned> {
        let on = &note["on"];
        let stream = on["stream"].as_str().context("an anchor names its stream")?;
        let epoch = on["epoch"].as_u64().context("an anchor names its epoch")?;
        let less = self.less.get(&(stream.to_owned(), epoch)).context("a stream that nobody told of")?;
        let process = self.streams.iter().position(|known| known == stream).context("a stream")?;
        let sample = on["at"].as_f64().context("an anchor has a position")? - less;
        let uncertainty_ms = note["uncertainty_ms"].as_f64().context("a note tells how far off it can be")?;
        Ok(Pinned { process, sample, uncertainty_ms, concealed: note["concealed"] == true })
    }
}
