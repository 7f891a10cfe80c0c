//! What was heard when: the last seconds of what one source played, and the place in its stream that a moment names.

use crate::route::Route;
use protocol::ids::StreamId;
use protocol::stream::Stream;
use std::collections::VecDeque;
use std::time::Duration;
use units::{MonoTime, RtpTimestamp, Ticks};

/// Runs kept of one source; the oldest makes room. A device that asks for 64 samples at a time makes 750 a second, so
/// they reach back over 5 s there and 10 s where blocks are 2.5 ms long.
pub const MAX_RUNS: usize = 4_096;
/// Beyond the end of a run the sound is believed to go on for so long.
const REACH: Duration = Duration::from_millis(20);
/// The same while the player has not told yet what came after it, because the machine is busy.
const UNTOLD_REACH: Duration = Duration::from_secs(1);
/// What was made up so shortly before a moment belongs to what was heard then.
const NEAR: Duration = Duration::from_millis(250);
/// What the device's own word on its latency leaves open.
const USUAL_DOUBT: Duration = Duration::from_millis(1);

/// How a run of output came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the packet itself.
    Real,
    /// From a redundant copy.
    Redundant,
    /// Made up, because neither was there in time.
    Concealed,
}

/// A run of output whose source positions lie on one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    /// When its first sample leaves the device, the device's latency included.
    pub leaves: MonoTime,
    /// How long it sounds.
    pub lasts: Duration,
    /// Source position of its first sample, unwrapped; its low 32 bits are the received RTP timestamp.
    pub ticks: Ticks,
    /// The rest of a tick, in [0, 1).
    pub fraction: f64,
    /// Ticks of source in one second of output.
    pub ticks_per_s: f64,
    /// How it came about.
    pub origin: Origin,
}

/// What was in the ear at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InEar {
    /// Source position, to the nearest tick.
    pub ticks: Ticks,
    /// The truth is within so much, as far as the device tells its latency truly.
    pub doubt: Duration,
    /// Whether some of it, or of the quarter of a second before it, was made up.
    pub concealed: bool,
}

/// Where a note on heard sound belongs: what `note.add` carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardAnchor {
    /// The stream.
    pub stream: StreamId,
    /// Which of its epochs.
    pub epoch: u32,
    /// Ticks since that epoch's `rtp0`; the reaction offset is not taken off.
    pub at: Ticks,
    /// How far `at` can be off, in ms, rounded up.
    pub uncertainty_ms: u32,
    /// Whether some of what was heard there was made up by concealment.
    pub concealed: bool,
}

/// Why there is nothing to pin a note to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// Nothing left the output then.
    #[error("no sound was heard at that moment, so there is nothing to pin the note to; mark it while something plays")]
    Silence,
    /// Its stream has no clock map yet.
    #[error("the studio has not told yet how its sound is counted; mark it again in a moment")]
    NoMap,
}

/// The last seconds of one source's output.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    runs: VecDeque<Played>,
    told_until: MonoTime,
}

impl Heard {
    /// Takes the next run, in the order in which they leave. Allocates while it fills.
    pub fn handle_played(&mut self, run: Played) {
        if self.runs.len() == MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(run);
        self.handle_told(run.leaves);
    }

    /// All that leaves before `until` is told: where no run is, nothing was heard.
    pub fn handle_told(&mut self, until: MonoTime) {
        self.told_until = self.told_until.max(until);
    }

    /// What was in the ear at `when`; none when nothing was, or when that is too long ago. What the player has not told
    /// yet is taken to go on, for up to a second, and is the more in doubt the further on it is.
    pub fn heard_at(&self, when: MonoTime) -> Option<InEar> {
        let after = self.runs.partition_point(|run| run.leaves <= when);
        let run = self.runs.get(after.checked_sub(1)?)?;
        let end = run.leaves + run.lasts;
        let beyond = when.saturating_since(end);
        let reach = if self.told_until > end + REACH { REACH } else { UNTOLD_REACH };
        if beyond > reach {
            return None;
        }
        let concealed = self.is_made_up_before(after, when);
        Some(InEar { ticks: run.position_at(when), doubt: USUAL_DOUBT + beyond, concealed })
    }

    /// What was in the ear at `when`, as the place in the session's stream that a note keeps.
    ///
    /// # Errors
    /// If nothing was heard then, or the stream's clock map has not come yet.
    pub fn anchor_at(&self, when: MonoTime, route: &Route, stream: &Stream) -> Result<HeardAnchor, Unheard> {
        let InEar { ticks, doubt, concealed } = self.heard_at(when).ok_or(Unheard::Silence)?;
        let placed = route.locate(stream, RtpTimestamp(ticks.0 as u32)).ok_or(Unheard::NoMap)?;
        let uncertainty_ms = doubt.as_micros().div_ceil(1_000) as u32;
        Ok(HeardAnchor { stream: route.stream, epoch: placed.epoch, at: placed.ticks, uncertainty_ms, concealed })
    }

    /// Whether any run before number `after` that touches the time shortly before `when` was made up.
    fn is_made_up_before(&self, after: usize, when: MonoTime) -> bool {
        let from = MonoTime(when.0.saturating_sub(NEAR.as_nanos() as u64));
        let near = self.runs.iter().take(after).rev().take_while(|run| run.leaves + run.lasts > from);
        near.into_iter().any(|run| run.origin == Origin::Concealed)
    }
}

impl Played {
    fn position_at(&self, when: MonoTime) -> Ticks {
        let on = when.saturating_since(self.leaves).as_secs_f64() * self.ticks_per_s;
        self.ticks + Ticks((self.fraction + on).round() as i64)
    }
}

#[cfg(test)]
mod tests;
