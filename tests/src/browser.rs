//! A real headless Chromium as a child of a test, driven by the scenarios in `tests/browser`.

use crate::programs::Program;
use anyhow::{Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.mjs");

/// Starts a scenario with these arguments; pictures and sound go into `out`. The last line of JSON has the result.
pub fn start(scenario: &str, link: &str, out: &Path, more: &[&str]) -> Result<Program> {
    let mut command = Command::new("node");
    command.args([RUNNER, scenario, "--link", link, "--out"]).arg(out).args(more);
    Program::start_command(scenario, &mut command)
}

/// Waits for a scenario's result; a scenario that failed is an error with its own words.
pub fn result(mut program: Program) -> Result<Value> {
    let (_, said) = program.finish()?;
    match said.last() {
        Some(result) if result["ok"] == true => Ok(result.clone()),
        Some(result) => bail!("the browser: {result}"),
        None => bail!("the browser driver said nothing; its message is above (is `tests/browser` installed?)"),
    }
}

/// Runs a scenario to its result.
pub fn run(scenario: &str, link: &str, out: &Path, more: &[&str]) -> Result<Value> {
    result(start(scenario, link, out, more)?)
}
