//! A PulseAudio server of our own with one output that leads nowhere, and what leaves it, recorded outside of whoever
//! plays there.

use crate::timed::Timed;
use anyhow::{Context, Result, ensure};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);
/// What the recorder asks for; the output then hands over blocks of this length.
const BLOCK_MS: u32 = 5;

/// What leads a program of ALSA's here, in the file that it reads at home.
const ALSA: &str = "pcm.!default { type pulse }\nctl.!default { type pulse }\n";

/// Blocks are further apart than this, in microseconds.
const APART_US: f64 = 2_000.0;
const US_PER_SAMPLE: f64 = 1e6 / 48_000.0;
const SECOND: usize = 48_000;

/// A running server. Killed when dropped.
pub struct Pulse {
    child: Child,
    folder: TempDir,
}

/// A running recorder of what leaves the output.
pub struct Recorder {
    child: Child,
    reading: JoinHandle<Vec<(f64, Vec<f32>)>>,
}

impl Pulse {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed or does not come up.
    pub fn start() -> Result<Pulse> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("native");
        std::fs::write(folder.path().join(".asoundrc"), ALSA)?;
        let protocol = format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display());
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]);
        command.args(["-L", "module-null-sink sink_name=ear rate=48000 channels=2 format=float32le", "-L", &protocol]);
        command.env("HOME", folder.path()).env("XDG_RUNTIME_DIR", folder.path()).env_remove("DISPLAY");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.context("pulseaudio cannot be started: run `apt-get install pulseaudio pulseaudio-utils`")?;
        let mut pulse = Pulse { child, folder };
        let begun = Instant::now();
        while !pulse.answers() {
            ensure!(pulse.child.try_wait()?.is_none(), "the PulseAudio server ended at once");
            ensure!(begun.elapsed() < PATIENCE, "the PulseAudio server does not come up");
            std::thread::yield_now();
        }
        Ok(pulse)
    }

    /// What `PULSE_SERVER` is for those who shall play here.
    pub fn server(&self) -> String {
        format!("unix:{}", self.folder.path().join("native").display())
    }

    /// Makes it the sound card of a command that plays and records by ALSA: `device` is its output, and what leaves that.
    pub fn lend(&self, command: &mut Command) {
        command.env("HOME", self.folder.path()).env("PULSE_SERVER", self.server());
        command.env("PULSE_SINK", "ear").env("PULSE_SOURCE", "ear.monitor");
    }

    /// Begins to record what leaves the output.
    ///
    /// # Errors
    /// If the recorder cannot be started.
    pub fn record(&self) -> Result<Recorder> {
        let latency = format!("--latency-msec={BLOCK_MS}");
        let words = ["--device=ear.monitor", "--rate=48000", "--channels=1", "--format=float32le", "--raw", &latency];
        let mut command = self.command("parec");
        let mut child = command.args(words).stdout(Stdio::piped()).spawn().context("parec cannot be started")?;
        let mut out = child.stdout.take().context("standard output is piped")?;
        let reading = std::thread::spawn(move || {
            let mut blocks = Vec::new();
            let mut buffer = vec![0; 1 << 16];
            let mut rest = Vec::new();
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                let now_us = unix_us(SystemTime::now());
                rest.extend_from_slice(&buffer[..read]);
                let whole = rest.len() / 4 * 4;
                let samples =
                    rest[..whole].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
                blocks.push((now_us, samples.collect()));
                rest.drain(..whole);
            }
            blocks
        });
        Ok(Recorder { child, reading })
    }

    fn answers(&self) -> bool {
        let mut command = self.command("pactl");
        command.arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("PULSE_SERVER", self.server()).env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Recorder {
    /// Ends it: what left the output, on the system's wall clock.
    ///
    /// The server makes each block when its first sample is due, so a block never comes before that, and mostly hardly
    /// after: in each second the one that came soonest gives the line. Its pace is not quite that of its rate (it rounds
    /// the length of blocks; with Chromium playing, by 280 ppm).
    ///
    /// # Errors
    /// If nothing was recorded.
    pub fn finish(mut self) -> Result<Timed> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let blocks = self.reading.join().map_err(|_| anyhow::anyhow!("the recording thread failed"))?;
        ensure!(!blocks.is_empty(), "nothing was recorded");
        Ok(placed(&blocks))
    }
}

/// The blocks one after the other, and when each second of them left.
fn placed(blocks: &[(f64, Vec<f32>)]) -> Timed {
    let mut timed = Timed::default();
    let mut before_us = f64::NEG_INFINITY;
    let mut soonest: Option<(usize, f64)> = None;
    for (us, samples) in blocks {
        let at = timed.samples.len();
        let offset = us - at as f64 * US_PER_SAMPLE;
        // What comes right after the last is the rest of its block, or one that was late.
        let is_whole = us - before_us > APART_US;
        match &mut soonest {
            Some((from, least)) if at - *from < SECOND => *least = if is_whole { least.min(offset) } else { *least },
            _ if is_whole => timed.stamps.extend(soonest.replace((at, offset)).map(stamp)),
            _ => {}
        }
        before_us = *us;
        timed.samples.extend_from_slice(samples);
    }
    timed.stamps.extend(soonest.map(stamp));
    timed
}

/// A sample, and when it left by the soonest of its second's blocks.
fn stamp((from, offset): (usize, f64)) -> (usize, f64) {
    (from, offset + from as f64 * US_PER_SAMPLE)
}

/// Microseconds since the Unix epoch.
pub fn unix_us(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_blocks_do_not_move_what_left_when_and_an_output_that_runs_fast_is_followed() {
        let due = |n: usize| 7e6 + n as f64 * 5_000.0 * (1.0 - 280e-6);
        let blocks: Vec<(f64, Vec<f32>)> =
            (0..4_000).map(|n| (due(n) + [1_500.0, 0.0, 700.0][n % 3], vec![0.0; 240])).collect();
        let timed = placed(&blocks);
        assert_eq!((timed.samples.len(), timed.stamps.len()), (4_000 * 240, 20));
        for (sample, us) in timed.stamps {
            assert!((us - due(sample / 240)).abs() < 300.0, "{sample}");
        }
    }
}
