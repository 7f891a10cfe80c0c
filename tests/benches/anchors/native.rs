//! The robot at a native client: an ear on the JACK server hears what leaves it.

use crate::condition::{Condition, Halfway};
use crate::judge::{Mark, Pinned, Row, judge};
use crate::stage::{Captured, Stage};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};
use tests::jack_ear::{EAR, JackEar, monotonic_us};
use tests::programs::Program;
use tests::pulse::unix_us;
use tests::rng::Rng;
use tests::studio::join;

/// What is marked lies up to so far back, as a hand that was a little late.
const BACK_US: f64 = 300_000.0;
/// A native client gives a silent connection up after some seconds.
const CUT: Duration = Duration::from_secs(12);

/// One row.
pub(crate) fn run(condition: Condition, seconds: u64) -> Result<Row> {
    let mut stage = Stage::open(condition)?;
    let ear = JackEar::start()?;
    let output = format!("jack:{EAR}");
    let mut listener = join(stage.session.link("listener"), &["--output", &output])?;
    listener.wait_for_type("hearing")?;
    let mut robot = Robot { rng: Rng::new(7), asked: 0, streams: Vec::new(), marks: Vec::new(), maps: BTreeMap::new() };
    robot.mark_for(&mut listener, Duration::from_secs(seconds) / 2)?;
    match condition.halfway {
        Halfway::Nothing => {}
        Halfway::PublisherRestarts => stage.restart_studio()?,
        Halfway::ListenerReconnects => stage.cut_for(CUT),
    }
    robot.mark_for(&mut listener, Duration::from_secs(seconds) / 2)?;
    listener.wait_for_type("stats")?;
    robot.learn(listener.said());
    Ok(judge(&robot.told()?, &stage.clicks, &ear.take(), &stage.captured, Captured::at_mono))
}

struct Robot {
    rng: Rng,
    asked: u64,
    streams: Vec<String>,
    marks: Vec<(f64, f64, Value)>,
    /// By stream and epoch: ticks less samples.
    maps: BTreeMap<(String, u64), f64>,
}

impl Robot {
    fn mark_for(&mut self, listener: &mut Program, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            std::thread::sleep(Duration::from_secs_f64(0.1 + 0.2 * self.rng.uniform()));
            self.asked += 1;
            let (id, pressed_us) = (self.asked, (monotonic_us() - BACK_US * self.rng.uniform()).floor());
            writeln!(listener.stdin()?, "{}", json!({ "cmd": "heard", "id": id, "at_us": pressed_us as u64 }))?;
            let answer = listener.wait_for("what was heard", |line| line["type"] == "heard" && line["id"] == id)?;
            // At the best the relay has it at once.
            let arrived_unix_us = unix_us(SystemTime::now()) - (monotonic_us() - pressed_us);
            self.marks.push((pressed_us, arrived_unix_us, answer["anchor"].clone()));
        }
        Ok(())
    }

    /// The clock maps, from what the listener says of positions.
    fn learn(&mut self, said: &[Value]) {
        for heard in said.iter().filter_map(|line| line["heard"].as_array()).flatten() {
            let (stream, position) = (heard["stream"].as_str(), &heard["position"]);
            let numbers = (position["epoch"].as_u64(), position["ticks"].as_f64(), position["sample"].as_f64());
            if let (Some(stream), (Some(epoch), Some(ticks), Some(sample))) = (stream, numbers) {
                self.maps.entry((stream.to_owned(), epoch)).or_insert(ticks.floor() - sample);
                if !self.streams.iter().any(|known| known == stream) {
                    self.streams.push(stream.to_owned());
                }
            }
        }
    }

    fn told(&self) -> Result<Vec<Mark>> {
        let pinned = |anchor: &Value| -> Result<Pinned> {
            let stream = anchor["stream"].as_str().context("an anchor names its stream")?;
            let epoch = anchor["epoch"].as_u64().context("an anchor names its epoch")?;
            let less = self.maps.get(&(stream.to_owned(), epoch)).context("a stream that nobody told of")?;
            let process = self.streams.iter().position(|known| known == stream).context("a stream")?;
            let sample = anchor["at"].as_f64().context("an anchor has a position")? - less;
            let uncertainty_ms = anchor["uncertainty_ms"].as_f64().unwrap_or(0.0);
            Ok(Pinned { process, sample, uncertainty_ms, concealed: anchor["concealed"] == true })
        };
        let mark = |(pressed_us, arrived, anchor): &(f64, f64, Value)| {
            let pinned = (!anchor.is_null()).then(|| pinned(anchor)).transpose()?;
            Ok(Mark { pressed_us: *pressed_us, arrived_unix_us: Some(*arrived), pinned })
        };
        self.marks.iter().map(mark).collect()
    }
}
