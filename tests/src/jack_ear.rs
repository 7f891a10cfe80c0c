//! An ear at a JACK server: records what comes out of a program, each period with the server's own time.

use crate::clicker::PERIOD;
use crate::timed::Timed;
use anyhow::Result;
use jack::{AsyncClient, AudioIn, Client, ClientOptions, Control, Port, ProcessHandler, ProcessScope};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Name of the client: `jack:ear` connects to it.
pub const EAR: &str = "ear";
/// Periods that may wait for [`JackEar::finish`]: three minutes. Overflow: dropped, and every stamp after it still true.
const BLOCKS: usize = 150_000;

/// A running ear.
pub struct JackEar {
    blocks: Receiver<Block>,
    _running: AsyncClient<(), Process>,
}

struct Block {
    us: f64,
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
        let mut timed = Timed::default();
        self.blocks.try_iter().for_each(|block| timed.push(block.us, &block.samples));
        timed
    }
}

impl ProcessHandler for Process {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let Ok(times) = scope.cycle_times() else { return Control::Continue };
        let heard = self.ears[0].as_slice(scope);
        if let Ok(samples) = heard.try_into() {
            // What a cycle takes is played during the next one.
            let us = times.current_usecs as f64 + offset_us() + f64::from(PERIOD) * 1e6 / 48_000.0;
            let _ = self.blocks.try_send(Block { us, samples });
        }
        Control::Continue
    }
}

/// The system's monotonic clock in microseconds, which programs read.
pub fn monotonic_us() -> f64 {
    read_us(libc::CLOCK_MONOTONIC)
}

/// JACK reads the raw one, which nobody keeps to time: after some hours they are a quarter of a second apart.
fn offset_us() -> f64 {
    monotonic_us() - read_us(libc::CLOCK_MONOTONIC_RAW)
}

fn read_us(clock: libc::clockid_t) -> f64 {
    let mut read = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one timespec, which lives across the call; both clocks always exist.
    unsafe { libc::clock_gettime(clock, &mut read) };
    read.tv_sec as f64 * 1e6 + read.tv_nsec as f64 / 1e3
}
