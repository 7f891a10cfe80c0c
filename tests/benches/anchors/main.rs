//! Where marks land that a robot listener makes on what it hears: `cargo xtask bench anchors`, or
//! `cargo bench -p tests --bench anchors -- native|chromium [SECONDS] [WORDS OF A ROW'S NAME] [each]`; `each` prints every
//! mark.
//!
//! The studio plays clicks whose distances tell which is which. What leaves the listener's output is recorded outside of
//! it (natively by an ear on the JACK server, in Chromium by a PulseAudio null sink's monitor), so for every press it is
//! known which sample was in the ear. Beside it stands where the press would land by the time at which the relay gets it.

mod chromium;
mod condition;
mod judge;
mod native;
mod stage;

use anyhow::Result;
use condition::Condition;
use judge::{Limit, Row, quantile};
use std::process::ExitCode;
use tests::clicker::Jackd;
use tests::pulse::Pulse;
use tests::stalls::{StallWatch, Stalls};

/// Marks are made for so long in every row, which takes the start over the RTP wrap.
const SECONDS: u64 = 24;
/// Natively every mark.
const NATIVE: Limit = Limit { share: 1.0, ms: 1.0 };
/// In Chromium 95 of 100.
const CHROMIUM: Limit = Limit { share: 0.95, ms: 10.0 };

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |what: &str| {
        !words.iter().any(|word| word == "native" || word == "chromium") || words.iter().any(|word| word == what)
    };
    let seconds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(SECONDS);
    let name = words
        .iter()
        .filter(|word| word.parse::<u64>().is_err())
        .find(|word| condition::ALL.iter().any(|row| row.name.contains(word.as_str())));
    let rows: Vec<Condition> =
        condition::ALL.into_iter().filter(|row| name.is_none_or(|name| row.name.contains(name.as_str()))).collect();
    let each = words.iter().any(|word| word == "each");
    go_first();
    let mut holds = true;
    if wants("native") {
        let _jackd = Jackd::start()?;
        heading("native");
        for row in &rows {
            holds &= print(row, watched(|| native::run(*row, seconds)), NATIVE, each);
        }
    }
    if wants("chromium") {
        let pulse = Pulse::start()?;
        heading("Chromium");
        for row in &rows {
            holds &= print(row, watched(|| chromium::run(&pulse, *row, seconds)), CHROMIUM, each);
        }
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What else this machine does shall not be measured: all that is started from here on goes before it, where that is
/// allowed.
fn go_first() {
    // SAFETY: plain system call about this process.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -15) } != 0 {
        println!(
            "not allowed to go before the machine's other work (niceness -15): a busy machine will be measured too"
        );
    }
}

fn heading(who: &str) {
    println!(
        "{:28} marks  off by, ms: median    p95    max   mean  beyond its ±  concealed  missed  unjudged  misplaced   by arrival: median",
        who
    );
}

/// Runs a row, and tells what the machine was like meanwhile.
fn watched(run: impl FnOnce() -> Result<Row>) -> (Result<Row>, Stalls) {
    let watch = StallWatch::start();
    let row = run();
    (row, watch.stop())
}

/// Prints a row; false when it is not what it must be.
fn print(condition: &Condition, (row, stalls): (Result<Row>, Stalls), limit: Limit, each: bool) -> bool {
    let row = match row {
        Ok(row) => row,
        Err(error) => {
            println!("{:28} failed: {error:#}", condition.name);
            return false;
        }
    };
    let at = |share| quantile(&row.errors, share);
    let mean = row.signed.iter().map(|(_, off)| off).sum::<f64>() / row.signed.len().max(1) as f64;
    let failures = row.failures(limit);
    println!(
        "{:28} {:5}  {:18.2} {:6.2} {:6.2} {mean:6.2}  {:12}  {:9}  {:6}  {:8}  {:9}   {:18.1}  {}",
        condition.name,
        row.errors.len(),
        at(0.5),
        at(0.95),
        at(1.0),
        row.overdrawn,
        row.concealed,
        row.missed,
        row.unjudged,
        row.misplaced,
        quantile(&row.control, 0.5),
        failures.join("; ")
    );
    if !failures.is_empty() {
        println!("{:28} {stalls}", "");
    }
    if each {
        row.signed.iter().for_each(|(at, off)| println!("    pressed at {at:.3} s  off by {off:6.2} ms"));
    }
    failures.is_empty()
}
