//! A relay behind a bad network, and a studio that plays clicks.

use crate::condition::Condition;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tests::clicks;
use tests::impair::{Cut, Impairment, Proxy};
use tests::jack_ear::monotonic_us;
use tests::programs::{Program, Relay, Session};
use tests::pulse::unix_us;
use tests::recording::write;
use tests::studio::{join, relay_behind};

/// Longer than any row lasts.
const SECONDS: u64 = 150;
const SEED: u64 = 20;

/// Everything but the listener.
pub(crate) struct Stage {
    _relay: Relay,
    pub(crate) proxy: Proxy,
    pub(crate) session: Session,
    studio: Option<Program>,
    folder: TempDir,
    condition: Condition,
    /// Where the clicks are in the file.
    pub(crate) clicks: Vec<f64>,
    /// One after the other, the studio's processes: what they were capturing when.
    pub(crate) captured: Vec<Captured>,
}

/// A process of the studio's: it captured sample `sample` of the file at this time, by both of the system's clocks.
#[derive(Clone, Copy)]
pub(crate) struct Captured {
    sample: f64,
    unix_us: f64,
    mono_us: f64,
    /// Samples that the way to the listener can hold.
    held: f64,
}

impl Captured {
    /// The sample that it captured then.
    pub(crate) fn at(&self, unix_us: f64) -> f64 {
        self.sample + (unix_us - self.unix_us) * clicks::RATE / 1e6
    }

    /// The same by the monotonic clock.
    pub(crate) fn at_mono(&self, mono_us: f64) -> f64 {
        self.sample + (mono_us - self.mono_us) * clicks::RATE / 1e6
    }

    /// Whether a sample can be in the listener's ear when this process captures `captured`.
    pub(crate) fn may_be_heard(&self, captured: f64, sample: f64) -> bool {
        (0.0..self.held).contains(&(captured - sample))
    }
}

/// Beyond the network's delay, buffers and a stalled machine hold no more than this, in ms.
const MOST_HELD_MS: f64 = 1_500.0;

impl Stage {
    /// Opens it; clients that come from now on are at the end of the row's network.
    pub(crate) fn open(condition: Condition) -> Result<Stage> {
        let (relay, proxy) = relay_behind(Impairment::default(), Impairment::default())?;
        let session = relay.new_session("Anchors")?;
        let folder = tempfile::tempdir()?;
        let sound = clicks::sound(SEED, SECONDS);
        write(&clicks_file(folder.path()), &sound)?;
        let clicks = clicks::find(&clicks::left(&sound));
        let mut stage =
            Stage { _relay: relay, proxy, session, studio: None, folder, condition, clicks, captured: Vec::new() };
        stage.start_studio()?;
        Ok(stage)
    }

    /// The studio's process ends, and another one takes its place.
    pub(crate) fn restart_studio(&mut self) -> Result<()> {
        if let Some(mut program) = self.studio.take() {
            program.terminate();
            program.finish()?;
        }
        self.start_studio()
    }

    /// Cuts the sound off for long enough that nobody waits for it any more, and lets it through again.
    pub(crate) fn cut_for(&self, time: Duration) {
        self.proxy.set_cut(Cut::Everything);
        std::thread::sleep(time);
        self.proxy.set_cut(Cut::Nothing);
    }

    /// The studio's way is clean; newcomers after it get the row's network.
    fn start_studio(&mut self) -> Result<()> {
        self.proxy.impair_newcomers(Impairment::default(), Impairment::default());
        let input = format!("file:{}", clicks_file(self.folder.path()).display());
        let usual = ["--name", "Studio", "--input", &input, "--stream", "program", "--output", "null"];
        let arguments = [&usual[..], self.condition.publisher].concat();
        let mut program = join(self.session.link("engineer"), &arguments)?;
        let sends = |line: &serde_json::Value| line["published"][0]["sent"].as_u64() > Some(0);
        let stats = program.wait_for("that it sends", sends)?;
        let ticks = stats["published"][0]["ticks"].as_f64().context("stats tell the ticks")?;
        let (unix_us, mono_us) = (unix_us(SystemTime::now()), monotonic_us());
        let down: Impairment = self.condition.down.parse()?;
        let held = (down.delay_ms + MOST_HELD_MS) * clicks::RATE / 1e3;
        self.captured.push(Captured { sample: ticks, unix_us, mono_us, held });
        self.studio = Some(program);
        self.proxy.impair_newcomers(Impairment::default(), down);
        Ok(())
    }
}

fn clicks_file(folder: &Path) -> PathBuf {
    folder.join("clicks.wav")
}
