//! Measurements, and faults on purpose. Each prints a table; all run, and the end is a failure when one of them found that a
//! limit of its own is broken.

use crate::shell::{self, cargo, say};
use crate::{page, setup};
use anyhow::{Result, ensure};

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
    /// Where marks land that a robot makes on what it hears, natively and in Chromium, beside the relay's arrival time.
    Anchors,
    /// The journal: command to everybody's screen, durable events per second, coming into a long session, memory.
    Journal,
    /// Relay ready, and link opened to first sound, native and in Chromium.
    Join,
}

const ALL: [Bench; 8] = [
    Bench::Codec,
    Bench::Jitter,
    Bench::Sound,
    Bench::Latency,
    Bench::Anchors,
    Bench::Relay,
    Bench::Join,
    Bench::Journal,
];

/// What can be put through faults.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fault {
    /// A relay under load that is killed a hundred times, and whose disk runs full.
    Journal,
}

/// Runs the named benches, or all.
pub(crate) fn run(which: &[Bench]) -> Result<()> {
    let which = if which.is_empty() { &ALL } else { which };
    run_targets(&which.iter().flat_map(|bench| targets(*bench)).copied().collect::<Vec<_>>())
}

/// Runs the named faults, or all.
pub(crate) fn run_faults(which: &[Fault]) -> Result<()> {
    let which = if which.is_empty() { &[Fault::Journal] } else { which };
    let target = |fault: &Fault| match fault {
        Fault::Journal => "faults",
    };
    run_targets(&which.iter().map(target).collect::<Vec<_>>())
}

fn run_targets(names: &[&str]) -> Result<()> {
    setup::ensure(setup::Need::Test)?;
    page::build()?;
    page::install("tests/browser")?;
    // Benches that go through the real programs start the release ones, which lie beside their own binary. All are built
    // together and for the whole workspace, because another selection picks other features and builds all anew.
    say("building the programs and the benches");
    let benches = names.iter().flat_map(|name| ["--bench", *name]);
    shell::run(cargo().args(["build", "--release", "--workspace", "--bins"]).args(benches))?;
    print_machine();
    let run = |name: &&&str| shell::run(cargo().args(["bench", "--workspace", "--bench", name])).is_err();
    let broken: Vec<&str> = names.iter().filter(run).copied().collect();
    ensure!(broken.is_empty(), "a limit is broken, or the run failed: {}; see above", broken.join(", "));
    Ok(())
}

fn targets(bench: Bench) -> &'static [&'static str] {
    match bench {
        Bench::Codec => &["codec", "jitter", "meter", "redundancy"],
        Bench::Jitter => &["jitter_traces"],
        Bench::Sound => &["sound"],
        Bench::Latency => &["latency"],
        Bench::Anchors => &["anchors"],
        Bench::Relay => &["relay"],
        Bench::Join => &["join"],
        Bench::Journal => &["journal"],
    }
}

/// Figures mean nothing without the machine they were made on.
fn print_machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("machine: {cores} cores, {}", model.trim_start_matches([' ', '\t', ':']).trim());
}
