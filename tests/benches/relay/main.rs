//! What forwarding costs: `cargo xtask bench relay`.
//!
//! The relay's real shard runs in a process of its own (this program again, with `--shard`), loaded with real
//! DTLS-SRTP peers from here: one publisher, N listeners. Per case it prints the CPU time of the shard's thread per
//! forwarded packet (`CLOCK_THREAD_CPUTIME_ID`), the delay from the publisher's send to the kernel's receive stamp at
//! the listeners' sockets, and what a listener adds to the shard's resident memory; beside them the floor, measured in
//! the same run and in a process of its own too: receive one packet, then N times seal with the cipher that the peers
//! negotiated and send, nothing else; and the same with `sendmmsg`, which is what batching could save. A case counts only
//! if at least 99.9 % of the packets were received and decrypted; otherwise it says where they were lost. Fails when one
//! does not count or the target is missed.
//!
//! Arguments: listener counts to run instead of 10, 50 and 200; `--quick` for one second a case.

mod cipher;
mod floor;
mod load;
mod shard;
mod sockets;

use anyhow::Context as _;
use cipher::Cipher;
use load::{Load, Measured};
use std::process::ExitCode;
use std::time::Duration;

/// What is published: frame length in milliseconds, payload in bytes.
pub(crate) const SHAPES: [(u64, usize); 2] = [(5, 160), (20, 640)];
/// Listeners.
const COUNTS: [usize; 3] = [10, 50, 200];
/// Receiving sections that each listener offers; one of them is in use.
const SECTIONS: usize = 4;
/// A case with less of its packets received says nothing.
const ENOUGH: f64 = 0.999;
/// The most that forwarding may cost at 200 listeners, in floors.
const TARGET: f64 = 2.2;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--shard") => return shard::serve().map(|()| ExitCode::SUCCESS),
        Some("--floor") => {
            let cipher = arguments.get(1).and_then(|name| Cipher::named(name));
            let batch = arguments.get(2).and_then(|batch| batch.parse().ok());
            floor::serve(cipher.context("no such cipher")?, batch.context("no batch")?)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let lasting = Duration::from_secs(if quick { 1 } else { 6 });
    let asked: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if asked.is_empty() { COUNTS.to_vec() } else { asked };
    println!("forwarding through one shard; {}", machine());
    println!(
        "listeners  packet        cipher       floor µs  shard µs  ratio   delay p50/p99 µs  KiB/listener  direct  received"
    );
    let mut all_count = true;
    let mut worst: Option<f64> = None;
    for count in counts {
        for shape in SHAPES {
            let ratio = case(count, shape, lasting)?;
            all_count &= ratio.is_finite();
            if count == 200 {
                worst = Some(worst.unwrap_or(0.0).max(ratio));
            }
        }
    }
    if let Some(worst) = worst {
        let verdict = if worst <= TARGET { "met" } else { "MISSED" };
        println!("target at 200 listeners: at most {TARGET} floors; measured {worst:.2}: {verdict}");
    }
    let holds = all_count && worst.is_none_or(|worst| worst <= TARGET);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures and prints one case; what forwarding costs there in floors, infinite where the case does not count.
fn case(count: usize, shape: (u64, usize), lasting: Duration) -> anyhow::Result<f64> {
    let measured = Load::new(count, SECTIONS)?.run(shape.0, shape.1, lasting)?;
    let cipher = cipher::negotiated()?;
    let floor_us = floor::measure(cipher, count, 1, shape, lasting)?;
    let ratio = print_row(count, shape, (cipher, floor_us), &measured);
    let batched = floor::BATCHES.map(|batch| {
        let us = floor::measure(cipher, count, batch, shape, lasting)?;
        Ok(format!("{batch}: {us:.2} µs, {:.0} %", 100.0 * us / floor_us))
    });
    let batched = batched.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    println!("{:>9}  the floor with sends in batches, of one by one: {}", "", batched.join("; "));
    Ok(ratio)
}

fn print_row(
    count: usize,
    (frame_ms, bytes): (u64, usize),
    (cipher, floor_us): (Cipher, f64),
    measured: &Measured,
) -> f64 {
    let ratio = measured.cpu_us / floor_us;
    println!(
        "{count:>9}  {frame_ms:>2} ms/{bytes} B  {}  {floor_us:>8.2}  {:>8.2}  {ratio:>5.2}  {:>7.0}/{:<8.0}  {:>12.1}  {:>4.1} %  {:>7.3} %",
        cipher.name(),
        measured.cpu_us,
        measured.delay_us_p50,
        measured.delay_us_p99,
        measured.kib_per_listener,
        100.0 * measured.direct,
        100.0 * measured.received,
    );
    if measured.received >= ENOUGH {
        return ratio;
    }
    println!("           does not count: too much was lost; {}", measured.lost);
    f64::INFINITY
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {}", model.trim_start_matches([' ', '\t', ':']))
}
