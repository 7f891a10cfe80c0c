//! What a relay's journal must outlive: kills at random moments and a full disk, under load, judged by
//! [`crate::acks`] and by `farfield-relay verify`.
//!
//! *Absent*: a loss of power, which this machine cannot be put through: what the system has taken from the relay, it
//! keeps. That commits wait for the disk is read back from SQLite by the relay itself.

use crate::acks::{self, Verdict};
use crate::load::{Crowd, Load, Plan};
use crate::mounts;
use crate::programs::{Relay, farfield_relay};
use crate::rng::Rng;
use anyhow::{Result, ensure};
use std::fmt;
use std::time::Duration;
use tempfile::TempDir;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// How often the relay was killed.
    pub kills: u32,
    /// Commands that were answered for the first time.
    pub answered: usize,
    /// Answers to commands that were asked again after their answer.
    pub repeated: usize,
    /// Events that came over links.
    pub seen: usize,
    /// How often somebody was told that something could not be saved.
    pub not_saved: usize,
    /// What is wrong. Empty: nothing acknowledged is lost, reordered or doubled.
    pub wrong: Vec<Verdict>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { kills, answered, repeated, seen, not_saved, wrong } = self;
        write!(f, "{kills:6} {answered:9} {repeated:9} {seen:9} {not_saved:10} {:6}", wrong.len())
    }
}

/// The heads of [`Report`]'s columns.
pub const COLUMNS: &str = " kills  answered  repeated      seen  not saved  wrong";

/// Eight commands a second each, below what a participant may ask for long; every return asks the newest answered
/// commands three times more.
const PLAN: Plan = Plan { every: Duration::from_millis(125), outstanding: 6, repeats: 3 };
/// Between two kills at most so many answers for each participant.
const MOST_ANSWERS_EACH: f64 = 4.0;
/// The kill comes at most so long after the last awaited answer: some commits.
const MOST_AFTER: Duration = Duration::from_millis(30);
/// How often each participant is turned away on a full disk before it counts as full, and again while it does.
const REFUSALS_EACH: usize = 3;

/// Kills the relay with SIGKILL so often at random moments while people ask, and starts it again each time. Blocks for
/// about half a second a kill.
///
/// # Errors
/// When a program fails, somebody is refused what is lawful, or nothing moves any more. What the judge finds is in the
/// report instead.
pub fn kill_while_they_ask(load: Load, kills: u32) -> Result<Report> {
    let folder = TempDir::new()?;
    let mut relay = Relay::start_in(folder.path(), QUIET)?;
    let (http, media) = (relay.http.replace("http://", ""), relay.media[0].clone());
    let crowd = Crowd::gather(&relay, load, PLAN)?;
    let mut rng = Rng::new(load.seed);
    for kill in 1..=kills {
        let more = 1 + (rng.uniform() * MOST_ANSWERS_EACH * (load.sessions * load.people) as f64) as usize;
        crowd.wait_for("answers before a kill", crowd.tape().answered(crowd.tape().counts().0 + more))?;
        let after = MOST_AFTER.mul_f64(rng.uniform());
        crowd.wait_for("a moment", async { tokio::time::sleep(after).await })?;
        relay.program.signal(libc::SIGKILL);
        drop(relay);
        let again = [QUIET, &["--http", &http, "--media", &media]].concat();
        relay = Relay::start_in(folder.path(), &again)?;
        crowd.is_back(kill);
    }
    judge(crowd, &relay, kills)
}

/// Lets the relay's disk run full while people ask, and makes room again. None where the system does not let one mount
/// a disk of one's own.
///
/// # Errors
/// When a program fails, when something is acknowledged on a full disk, or when it does not go on by itself after.
pub fn fill_the_disk_while_they_ask(load: Load) -> Result<Option<Report>> {
    let folder = TempDir::new()?;
    let Some(disk) = mounts::own_disk("a relay on a full disk", folder.path(), DISK_BYTES) else { return Ok(None) };
    let relay = Relay::start_in(folder.path(), QUIET)?;
    let crowd = Crowd::gather(&relay, load, PLAN)?;
    let everybody = load.sessions * load.people;
    crowd.wait_for("answers before the disk is full", crowd.tape().answered(2 * everybody))?;
    let filler = disk.fill()?;
    let refusals = REFUSALS_EACH * everybody;
    crowd.wait_for("refusals", crowd.tape().not_saved(refusals))?;
    let full = crowd.tape().counts();
    crowd.wait_for("more refusals", crowd.tape().not_saved(full.1 + refusals))?;
    let acknowledged = crowd.tape().counts().0 - full.0;
    ensure!(acknowledged == 0, "{acknowledged} commands were acknowledged on a full disk");
    drop(filler);
    crowd.wait_for("answers once there is room", crowd.tape().answered(full.0 + 2 * everybody))?;
    judge(crowd, &relay, 0).map(Some)
}

/// The relay's log of every coming and going would be all that one reads.
const QUIET: &[&str] = &["--log", "error"];

/// What a relay's folder needs for a while under load.
const DISK_BYTES: u64 = 16 << 20;

/// Lets everybody finish and judges what they were told.
fn judge(crowd: Crowd, relay: &Relay, kills: u32) -> Result<Report> {
    let tape = crowd.settle()?;
    farfield_relay(&["verify", &relay.data().to_string_lossy()])?.succeeded()?;
    let (acks, seen) = tape.told();
    let wrong = acks::judge(&acks::read(relay.data())?, &acks, &seen);
    let (answered, not_saved) = tape.counts();
    Ok(Report { kills, answered, repeated: acks.len() - answered, seen: seen.len(), not_saved, wrong })
}
