//! What the disk takes by itself: an append of one write-ahead frame and `fdatasync`, one after the other.

use super::quantile;
use anyhow::Result;
use std::io::Write;
use std::time::Instant;

const WRITES: usize = 1_000;
/// A page of SQLite's and the frame's head.
const FRAME_BYTES: usize = 4_096 + 24;

pub(super) fn print() -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let mut file = std::fs::File::create(folder.path().join("synced"))?;
    let mut times_us = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begun = Instant::now();
        file.write_all(&[7; FRAME_BYTES])?;
        file.sync_data()?;
        times_us.push(begun.elapsed().as_micros() as u64);
    }
    times_us.sort();
    let ms = |share| quantile(&times_us, share) / 1e3;
    println!("\nthe disk alone: append and fdatasync p50 {:.2} ms, p99 {:.2} ms", ms(0.5), ms(0.99));
    Ok(true)
}
