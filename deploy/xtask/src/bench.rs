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
    /// Where marks land that a robot makes on what it hears, natively and in Chromium, beside the relay's arrival time.
    Anchors,
    /// Relay ready, and link opened to first sound, native and in Chromium.
    Join,
}

const ALL: [Bench; 7] =
    [Bench::Codec, Bench::Jitter, Bench::Sound, Bench::Latency, Bench::Anchors, Bench::Relay, Bench::Join];

/// Runs the named benches, or all.
pub(crate) fn run(which: &[Bench]) -> Result<()> {
    setup::ensure(setup::Need::Test)?;
    page::build()?;
    page::install("tests/browser")?;
    let which = if which.is_empty() { &ALL } else { which };
    let names: Vec<&str> = which.iter().flat_map(|bench| targets(*bench)).copied().collect();
    // Benches that go through the real programs start the release ones, which lie beside their own binary. All are built
    // together and for the whole workspace, because another selection picks other features and builds all anew.
    say("building the programs and the benches");
    let benches = names.iter().flat_map(|name| ["--bench", *name]);
    shell::run(cargo().args(["build", "--release", "--workspace", "--bins"]).args(benches))?;
    print_machine();
    for name in names {
        shell::run(cargo().args(["bench", "--workspace", "--bench", name]))?;
    }
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
    }
}

/// Figures mean nothing without the machine they were made on.
fn print_machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("machine: {cores} cores, {}", model.trim_start_matches([' ', '\t', ':']).trim());
}
