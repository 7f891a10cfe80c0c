//! An ear at a JACK server: records what comes out of a program, each period with the time at which it was played.

use crate::clicker::PERIOD;
use crate::timed::Timed;
use anyhow::Result;
use jack::{AsyncClient, AudioIn, Client, ClientOptions, Control, Port, ProcessHandler, ProcessScope};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Name of the client: `jack:ear` connects to it.
pub const EAR: &str = "ear";
/// Periods that may wait for [`JackEar::finish`]: three minutes. Overflow: dropped, and every stamp after it still true.
const BLOCKS: usize = 150_000;
const US_PER_SAMPLE: f64 = 1e6 / 48_000.0;
/// How long a cycle lasts.
const PERIOD_US: f64 = PERIOD as f64 * US_PER_SAMPLE;

/// A running ear.
pub struct JackEar {
    blocks: Receiver<Block>,
    _running: AsyncClient<(), Process>,
}

struct Block {
    /// When the server woke for its cycle.
    woken_us: f64,
    samples: [f32; PERIOD as usize],
}

struct Process {
    ears: [Port<AudioIn>; 2],
    blocks: SyncSender<Block>,
}

impl JackEar {
    /// Connects to the default server.
    ///
    /// # Errors
    /// If there is no server.
    pub fn start() -> Result<JackEar> {
        let (client, _) = Client::new(EAR, ClientOptions::NO_START_SERVER)?;
        let ear = |name: &str| client.register_port(name, AudioIn::default());
        let ears = [ear("ear_1")?, ear("ear_2")?];
        let (sender, blocks) = sync_channel(BLOCKS);
        Ok(JackEar { blocks, _running: client.activate_async((), Process { ears, blocks: sender })? })
    }

    /// Everything heard so far on the left, in microseconds of the system's monotonic clock.
    pub fn take(&self) -> Timed {
        let blocks: Vec<Block> = self.blocks.try_iter().collect();
        let woken: Vec<f64> = blocks.iter().map(|block| block.woken_us).collect();
        let mut timed = Timed::default();
        // What a cycle takes is played during the next one.
        blocks.iter().zip(schedule(&woken)).for_each(|(block, us)| timed.push(us + PERIOD_US, &block.samples));
        timed
    }
}

impl ProcessHandler for Process {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let heard = self.ears[0].as_slice(scope);
        if let Ok(samples) = heard.try_into() {
            let woken_us = monotonic_us() - f64::from(scope.frames_since_cycle_start()) * US_PER_SAMPLE;
            let _ = self.blocks.try_send(Block { woken_us, samples });
        }
        Control::Continue
    }
}

/// When cycles were due, by when the server woke for them. Its dummy backend wakes on an even grid, a little late now and
/// then, and begins a later grid when it was late by more than a period; so the grid of a cycle is the earliest that a
/// wake-up of the next second still fits. (The server's own smoothed cycle times take seconds to come to a new grid.)
fn schedule(woken_us: &[f64]) -> impl Iterator<Item = f64> {
    const LOOKED_AT: usize = 750;
    let grids: Vec<f64> = woken_us.iter().enumerate().map(|(n, us)| us - n as f64 * PERIOD_US).collect();
    let earliest = move |n: usize| grids[n..].iter().take(LOOKED_AT).copied().fold(f64::INFINITY, f64::min);
    (0..woken_us.len()).map(move |n| n as f64 * PERIOD_US + earliest(n))
}

/// The system's monotonic clock in microseconds, which programs read.
pub fn monotonic_us() -> f64 {
    let mut read = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one timespec, which lives across the call; this clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut read) };
    read.tv_sec as f64 * 1e6 + read.tv_nsec as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_wake_ups_do_not_move_the_schedule_and_a_stalled_server_does() {
        let due = |n: usize| 5e6 + n as f64 * PERIOD_US + if n < 1_000 { 0.0 } else { 8_000.0 };
        let woken: Vec<f64> = (0..2_000).map(|n| due(n) + [0.0, 300.0, 40.0][n % 3]).collect();
        // The last cycles have no later ones to be held against.
        for (n, us) in schedule(&woken).enumerate().take(1_997) {
            assert!((us - due(n)).abs() < 1.0, "cycle {n}");
        }
    }
}
