//! Marks held against what was heard.

use crate::stage::Captured;
use tests::clicks::RATE;
use tests::timed::{HeardClick, Timed, truth};

/// The truth is taken from a click so near, in microseconds.
const WITHIN_US: f64 = 400_000.0;

/// A mark, by whoever made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// When the press was, on the clock of the recording.
    pub(crate) pressed_us: f64,
    /// The same on the wall clock, when the relay had it.
    pub(crate) arrived_unix_us: Option<f64>,
    /// What it was pinned to.
    pub(crate) pinned: Option<Pinned>,
}

/// Where a mark was pinned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    /// Which of the studio's processes.
    pub(crate) process: usize,
    /// Sample of the file.
    pub(crate) sample: f64,
    /// How far off it says that it can be.
    pub(crate) uncertainty_ms: f64,
    /// Whether it says that some was made up.
    pub(crate) concealed: bool,
}

/// How far off marks may be.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// The share of the marks, in (0, 1], that it holds for.
    pub(crate) share: f64,
    /// Limit in ms.
    pub(crate) ms: f64,
}

/// Of all marks at least so many must be judged: what is not heard for a while and what is torn cannot be.
const JUDGED: f64 = 0.75;
/// Of all marks at most so many may find nothing where something was heard.
const MISSED: f64 = 0.05;

/// A row's result, in ms.
#[derive(Default)]
pub(crate) struct Row {
    /// Marks that are off by so much, in order.
    pub(crate) errors: Vec<f64>,
    /// The same by the relay's arrival time.
    pub(crate) control: Vec<f64>,
    /// When each was pressed, in seconds, and by how much it was too late.
    pub(crate) signed: Vec<(f64, f64)>,
    /// Marks further off than they said.
    pub(crate) overdrawn: usize,
    /// Marks said to be on what was made up.
    pub(crate) concealed: usize,
    /// Marks that found nothing where something was heard.
    pub(crate) missed: usize,
    /// Marks that were pinned where no click was recognised nearby: silence, or sound that the machine tore.
    pub(crate) unjudged: usize,
    /// Marks on the wrong one of the studio's processes.
    pub(crate) misplaced: usize,
}

/// Holds the marks against what each of the studio's processes was heard to play. `at`: which sample a process captured
/// when, on the clock of the recording.
pub(crate) fn judge(
    marks: &[Mark],
    known: &[f64],
    recording: &Timed,
    captured: &[Captured],
    at: impl Fn(&Captured, f64) -> f64,
) -> Row {
    // A later process has captured less at the same time, so what one plays cannot be the other's.
    let heard_of =
        |process: &Captured| recording.clicks(known, |us, sample| process.may_be_heard(at(process, us), sample));
    let heard: Vec<Vec<HeardClick>> = captured.iter().map(heard_of).collect();

    let mut row = Row::default();
    for mark in marks {
        let heard_then = heard.iter().enumerate().find_map(|(process, clicks)| {
            let sample = truth(clicks, mark.pressed_us, WITHIN_US)?;
            Some((process, sample))
        });
        row.add(mark, heard_then, captured);
    }
    row.errors.sort_by(f64::total_cmp);
    row.control.sort_by(f64::total_cmp);
    row
}

impl Row {
    /// Everything that is worse than it may be, in words.
    pub(crate) fn failures(&self, limit: Limit) -> Vec<&'static str> {
        let judged = self.errors.len() + self.misplaced;
        let all = (judged + self.missed + self.unjudged) as f64;
        let broken = [
            (quantile(&self.errors, limit.share) > limit.ms, "off by too much"),
            (self.misplaced > 0, "on the wrong process"),
            ((judged as f64) < JUDGED * all || judged == 0, "too few could be judged"),
            (self.missed as f64 > MISSED * all, "too many found nothing"),
            (quantile(&self.control, 0.5) <= limit.ms, "the arrival time is as good, so this proves nothing"),
        ];
        broken.into_iter().filter_map(|(is_broken, words)| is_broken.then_some(words)).collect()
    }

    fn add(&mut self, mark: &Mark, heard: Option<(usize, f64)>, captured: &[Captured]) {
        let (Some((process, sample)), Some(pinned)) = (heard, mark.pinned) else {
            self.missed += usize::from(heard.is_some());
            self.unjudged += usize::from(mark.pinned.is_some());
            return;
        };
        if pinned.process != process {
            self.misplaced += 1;
            return;
        }
        let off = (pinned.sample - sample) * 1e3 / RATE;
        self.signed.push((mark.pressed_us / 1e6, off));
        self.errors.push(off.abs());
        self.overdrawn += usize::from(off.abs() > pinned.uncertainty_ms);
        self.concealed += usize::from(pinned.concealed);
        if let Some(arrived) = mark.arrived_unix_us {
            self.control.push((captured[process].at(arrived) - sample).abs() * 1e3 / RATE);
        }
    }
}

/// The value below which this share of the sorted `values` lies.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    values.get(((values.len().max(1) - 1) as f64 * share).ceil() as usize).copied().unwrap_or(f64::NAN)
}
