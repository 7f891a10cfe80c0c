//! How long people wait: relay started to ready, and link opened to first sound, native and in Chromium.
//! `cargo xtask bench join`. Fails when a median is beyond its target.

use anyhow::{Context, Result};
use serde_json::Value;
use std::process::ExitCode;
use std::time::Instant;
use tests::browser;
use tests::programs::Relay;
use tests::studio::{Studio, join};

const RUNS: usize = 5;

/// The most that a median may be, in ms.
const READY: f64 = 1_000.0;
const NATIVE: f64 = 500.0;
const CHROMIUM: f64 = 1_500.0;

fn main() -> Result<ExitCode> {
    println!("{:38} {:>8} {:>8} {:>8} {:>8}", "ms", "median", "least", "most", "target");
    let mut met = print("relay started to ready", repeat(relay_ready)?, Some(READY));
    let mut studio = Studio::open("music", &[])?;
    studio
        .client
        .wait_for("stats", |line| line["type"] == "stats" && line["published"][0]["sent"].as_u64() > Some(0))?;
    met &= print("native: program started to first sound", repeat(|| native(&studio))?, Some(NATIVE));
    let opened = repeat(|| chromium(&studio, "first_sound_ms"))?;
    met &= print("Chromium: link opened to first sound", opened, Some(CHROMIUM));
    print("Chromium: click to first sound", repeat(|| chromium(&studio, "click_to_sound_ms"))?, None);
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn repeat(mut measure: impl FnMut() -> Result<f64>) -> Result<Vec<f64>> {
    (0..RUNS).map(|_| measure()).collect()
}

/// Prints a row; false when its target is missed.
fn print(what: &str, mut times_ms: Vec<f64>, target: Option<f64>) -> bool {
    times_ms.sort_by(f64::total_cmp);
    let median = times_ms[RUNS / 2];
    let met = target.is_none_or(|target| median <= target);
    let target =
        target.map_or_else(String::new, |target| format!("{target:8.0} {}", if met { "met" } else { "MISSED" }));
    println!("{what:38} {median:8.0} {:8.0} {:8.0} {target}", times_ms[0], times_ms[RUNS - 1]);
    met
}

fn relay_ready() -> Result<f64> {
    let begun = Instant::now();
    let _relay = Relay::start()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

fn native(studio: &Studio) -> Result<f64> {
    let mut listener = join(studio.session.link("listener"), &["--output", "null"])?;
    listener.wait_for_type("hearing")?["ms"].as_f64().context("hearing says when")
}

fn chromium(studio: &Studio, figure: &str) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let heard: Value = browser::run("listen", studio.session.link("listener"), folder.path(), &["--seconds", "1"])?;
    heard[figure].as_f64().with_context(|| format!("the browser measured no {figure}"))
}
