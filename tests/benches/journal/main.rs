//! How fast the journal is, and what an idle participant costs: `cargo xtask bench journal`.
//!
//! Everything is durable as in use: `synchronous=FULL` on the disk that the temporary folder is on. What goes over links
//! goes over real ones, whose other ends run on the same processors.

mod disk;
mod memory;
mod rate;
mod resume;
mod spread;

fn main() -> anyhow::Result<()> {
    let processors = std::thread::available_parallelism()?;
    println!("{processors} processors");
    disk::print()?;
    spread::print()?;
    rate::print()?;
    resume::print()?;
    memory::print()
}

/// The value below which a share of the sorted ones lies.
fn quantile(sorted: &[u64], share: f64) -> f64 {
    sorted.get((sorted.len().saturating_sub(1) as f64 * share).round() as usize).map_or(f64::NAN, |value| *value as f64)
}
