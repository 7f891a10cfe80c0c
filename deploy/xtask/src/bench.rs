//! Measurements. Each prints a table; none of them judges.

use crate::shell::{self, cargo, say};
use crate::{page, setup};
use anyhow::Result;

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Bench {
    /// Encode, decode, RED, jitter push and pull, resampling: time for each; what RED repairs.
    Codec,
    /// The jitter buffer on the reference network traces, half an hour each in virtual time.
    Jitter,
    /// Ninety seconds of music through the whole path, judged.
    Sound,
    /// Click in to click out, native to native, stage by stage, for each profile.
    Latency,
    /// CPU per forwarded packet beside the floor, added delay, memory per listener.
    Relay,
    /// Relay ready, and link opened to first sound, native and in Chromium.
    Join,
}

const ALL: [Bench; 6] = [Bench::Codec, Bench::Jitter, Bench::Sound, Bench::Latency, Bench::Relay, Bench::Join];

/// Runs the named benches, or all.
pub(crate) fn run(which: &[Bench]) -> Result<()> {
    setup::ensure(setup::Need::Test)?;
    page::build()?;
    page::install("tests/browser")?;
    // Benches that go through the real programs start the release ones, which lie beside their own binary.
    say("building the programs");
    shell::run(cargo().args(["build", "--release", "--workspace", "--bins"]))?;
    print_machine();
    for bench in if which.is_empty() { &ALL } else { which } {
        for arguments in commands(*bench) {
            shell::run(cargo().arg("bench").args(*arguments))?;
        }
    }
    Ok(())
}

fn commands(bench: Bench) -> &'static [&'static [&'static str]] {
    match bench {
        Bench::Codec => &[&["-p", "codec"], &["-p", "meter"], &["-p", "tests", "--bench", "redundancy"]],
        Bench::Jitter => &[&["-p", "tests", "--bench", "jitter_traces"]],
        Bench::Sound => &[&["-p", "tests", "--bench", "sound"]],
        Bench::Latency => &[&["-p", "tests", "--bench", "latency"]],
        Bench::Relay => &[&["-p", "tests", "--bench", "relay"]],
        Bench::Join => &[&["-p", "tests", "--bench", "join"]],
    }
}

/// Figures mean nothing without the machine they were made on.
fn print_machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("machine: {cores} cores, {}", model.trim_start_matches([' ', '\t', ':']).trim());
}
