//! Clients as scripts drive them: a line on their standard input, an answer or an event on their standard output.

use crate::programs::Program;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::Write;

impl Program {
    /// Says one line.
    pub fn say(&mut self, line: &Value) -> Result<()> {
        Ok(writeln!(self.stdin()?, "{line}")?)
    }

    /// Says one line with an `id`, and waits for its answer.
    pub fn ask(&mut self, line: &Value) -> Result<Value> {
        self.say(line)?;
        self.answer(&line["id"])
    }

    /// The next answer to what was asked under this `id`.
    pub fn answer(&mut self, id: &Value) -> Result<Value> {
        self.wait_for(&format!("the answer to {id}"), |said| said["ok"].is_boolean() && said["id"] == *id)
    }

    /// The next event of this type.
    pub fn event(&mut self, kind: &str) -> Result<Value> {
        let wanted = |line: &Value| line["type"] == "event" && line["event"]["type"] == kind;
        Ok(self.wait_for(kind, wanted)?["event"].take())
    }

    /// The first line for which `wanted` holds of those that were said, else the next one.
    pub fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        match self.said().iter().find(|line| wanted(line)) {
            Some(line) => Ok(line.clone()),
            None => self.wait_for(what, wanted),
        }
    }

    /// Waits until all lines that were said before are handled.
    pub fn catches_up(&mut self) -> Result<()> {
        self.say(&json!({"cmd": "heard", "id": "caught up"}))?;
        self.wait_for("that it has caught up", |line| line["id"] == "caught up").map(drop)
    }

    /// Waits until it says that its link is lost.
    pub fn is_cut_off(&mut self) -> Result<()> {
        self.wait_for("that its link is lost", |line| is_warning(line, "trying to come back")).map(drop)
    }

    /// Waits until sound from somebody else is played that was not made up.
    pub fn hears(&mut self) -> Result<()> {
        self.wait_for("sound", |line| line["heard"][0]["real"].as_u64() > Some(0)).map(drop)
    }

    /// The place that is in its ear, in ticks of the epoch: when this line is read, or at a moment of the system's
    /// monotonic clock, in microseconds, that is at most some seconds ago.
    pub fn place(&mut self, at_us: Option<f64>) -> Result<i64> {
        self.say(&json!({"cmd": "heard", "at_us": at_us.map(|us| us as u64)}))?;
        let heard = self.wait_for_type("heard")?;
        heard["anchor"]["at"].as_i64().with_context(|| format!("nothing was heard: {heard}"))
    }
}

/// Whether a line is a warning with these words in it.
pub fn is_warning(line: &Value, words: &str) -> bool {
    line["type"] == "warning" && line["message"].as_str().is_some_and(|message| message.contains(words))
}
