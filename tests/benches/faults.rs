//! The whole of the fault runs: `cargo xtask faults journal`, or `cargo bench -p tests --bench faults -- SEED` to repeat
//! one. Fails when anything acknowledged is lost, reordered or doubled.

use anyhow::Context;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::faults::{COLUMNS, Report, fill_the_disk_while_they_ask, kill_while_they_ask};
use tests::load::Load;

/// How often the relay is killed.
const KILLS: u32 = 100;
/// How often its disk runs full.
const FULL: u64 = 5;

fn main() -> anyhow::Result<ExitCode> {
    let given = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let seed =
        given.map_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map(|now| now.as_nanos() as u64), Ok)?;
    let load = Load { seed, sessions: 3, people: 8 };
    println!("seed {seed}: {} sessions of {} people who ask 8 times a second each", load.sessions, load.people);
    println!("fault      {COLUMNS}");
    let mut all = vec![("kill -9", kill_while_they_ask(load, KILLS)?)];
    tell(&all[0]);
    for round in 0..FULL {
        // Each on a thread of its own, whose mounts end with it.
        let load = Load { seed: seed.wrapping_add(round), ..load };
        let filled = std::thread::spawn(move || fill_the_disk_while_they_ask(load)).join();
        let filled = filled.map_err(|_| anyhow::anyhow!("the run on a full disk panicked"))??;
        all.push((
            "disk full",
            filled.context("no disk could be filled here; run it as root with the right to mount")?,
        ));
        all.last().into_iter().for_each(tell);
    }
    let sum = |of: fn(&Report) -> usize| -> usize { all.iter().map(|(_, report)| of(report)).sum() };
    let (answered, repeated, wrong) = (sum(|r| r.answered), sum(|r| r.repeated), sum(|r| r.wrong.len()));
    println!("in all {answered} answered, {repeated} repeated, {wrong} wrong");
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell((fault, report): &(&str, Report)) {
    println!("{fault:10} {report}");
    report.wrong.iter().for_each(|wrong| println!("           {wrong}"));
}
