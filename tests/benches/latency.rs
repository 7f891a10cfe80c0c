//! Click-in to click-out, native to native through the relay, for each profile: `cargo xtask bench latency`.
//!
//! A JACK server with its dummy backend and 64-sample periods carries clicks into a `farfield` that publishes and out of
//! another that listens; all three programs are the real ones, on loopback. The target is the lowest profile's: 15 ms;
//! fails when it is missed.

use anyhow::{Context, Result};
use codec::jitter::Profile;
use serde_json::Value;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tests::clicker::{CLIENT, Clicker, Jackd};
use tests::programs::{Program, Relay};
use tests::stalls::StallWatch;

/// Clicks per profile: ten seconds.
const CLICKS: usize = 40;
/// What the lowest profile is allowed.
const TARGET: Duration = Duration::from_millis(15);
/// The longest wait for a click.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<ExitCode> {
    let jackd = Jackd::start()?;
    let clicker = Clicker::start()?;
    let relay = Relay::start()?;
    let processors = std::thread::available_parallelism()?;
    println!("{processors} processors; JACK dummy backend, 64 samples at 48 kHz, real-time: {}", jackd.real_time);
    println!("profile   click-in to click-out, ms: median     p95     max   stages");
    let mut lowest = None;
    for profile in Profile::ALL {
        let watch = StallWatch::start();
        let (delays, stages) = measure(&relay, &clicker, profile)?;
        let stalls = watch.stop();
        let at = |share: f64| delays[((delays.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
        println!("{profile:<8} {:>34.2} {:>7.2} {:>7.2}   {stages}", at(0.5), at(0.95), at(1.0));
        println!("{:<8} {stalls}", "");
        lowest = lowest.or(Some(delays[delays.len() / 2]));
    }
    let met = lowest.is_some_and(|median| median <= TARGET);
    println!("lowest profile within {TARGET:?}: {}", if met { "yes" } else { "NO" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Joins a publisher and a listener, waits until sound flows and measures; sorted.
fn measure(relay: &Relay, clicker: &Clicker, profile: Profile) -> Result<(Vec<Duration>, Value)> {
    let session = relay.new_session("Latency")?;
    let jack = format!("jack:{CLIENT}");
    let common = ["--profile", profile.name(), "--json"];
    let publishing = ["join", session.link("engineer"), "--input", &jack, "--stream", "program", "--output", "null"];
    let mut publisher = Program::start("farfield", &[&publishing[..], &common].concat())?;
    publisher.wait_for_type("joined")?;
    let listening = ["join", session.link("mentor"), "--input", "null", "--stream", "talkback", "--output", &jack];
    let mut listener = Program::start("farfield", &[&listening[..], &common].concat())?;
    listener.wait_for_type("joined")?;
    let begun = Instant::now();
    clicker.delays(12, PATIENCE).context("before the buffer has settled")?;
    clicker.flush();
    let mut delays = clicker.delays(CLICKS, PATIENCE)?;
    delays.sort();
    let now_ms = begun.elapsed().as_millis() as u64;
    let newest = |line: &Value| line["type"] == "stats" && line["ms"].as_u64() >= Some(now_ms);
    let stats = listener.wait_for("its newest statistics", newest)?;
    Ok((delays, stages(&stats)))
}

/// The listener's own account of the delay, in the words of its statistics.
fn stages(stats: &Value) -> Value {
    let heard = stats["heard"].as_array().and_then(|heard| heard.first()).unwrap_or(stats);
    heard.get("delay_ms").or_else(|| heard.get("delay")).cloned().unwrap_or(Value::Null)
}
