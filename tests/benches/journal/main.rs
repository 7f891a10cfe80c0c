//! How fast the journal is, and what an idle participant costs: `cargo xtask bench journal`, or
//! `cargo bench -p tests --bench journal -- PART…` for some of its parts.
//!
//! Everything is durable as in use: `synchronous=FULL` on the disk that the temporary folder is on. What goes over links
//! goes over real ones, whose other ends run on the same processors.

mod disk;
mod memory;
mod rate;
mod resume;
mod spread;

use std::process::ExitCode;

/// One part of the bench: prints its figures, and tells whether its target, if it has one, is met.
type Part = fn() -> anyhow::Result<bool>;

const PARTS: [(&str, Part); 5] = [
    ("disk", disk::print),
    ("spread", spread::print),
    ("rate", rate::print),
    ("resume", resume::print),
    ("memory", memory::print),
];

fn main() -> anyhow::Result<ExitCode> {
    let processors = std::thread::available_parallelism()?;
    println!("{processors} processors");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut all_hold = true;
    for (name, print) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            all_hold &= print()?;
        }
    }
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a target beside what was measured; whether it is met.
fn holds(target: &str, met: bool) -> bool {
    println!("target {target}: {}", if met { "met" } else { "NOT met" });
    met
}

/// The value below which a share of the sorted ones lies.
fn quantile(sorted: &[u64], share: f64) -> f64 {
    sorted.get((sorted.len().saturating_sub(1) as f64 * share).round() as usize).map_or(f64::NAN, |value| *value as f64)
}
