//! All figures of one recording, and what they say.

use super::align::{Alignment, WINDOW, laid_on, track};
use super::damage::damaged;
use super::filter::high_passed;
use super::mixing::{level_difference_db, mixing};
use super::snr::{mean_db, segments_db};
use super::stereo::Stereo;
use std::ops::Range;
use units::SampleCount;

/// A place of the recording, and where its player said that it came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// Sample of the recording.
    pub received: u64,
    /// Sample of the reference; fractions count.
    pub source: f64,
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was captured.
    pub reference: &'a Stereo,
    /// What was heard; it may begin elsewhere and run at a slightly different speed.
    pub received: &'a Stereo,
    /// What [`offline_run`](super::offline_run) makes of the reference.
    pub offline: &'a Stereo,
    /// Samples of the recording before lock, which are not judged.
    pub skip: SampleCount,
    /// Samples after it that the player says it concealed.
    pub concealed: SampleCount,
    /// Samples after it that the player says it took from redundant copies.
    pub redundant: SampleCount,
    /// Positions that the player reported, in the order of the recording; empty if it reported none.
    pub reported: &'a [Reported],
}

impl<'a> Case<'a> {
    /// A recording that begins with its first judged sample, from a player that reports nothing.
    pub fn new(reference: &'a Stereo, received: &'a Stereo, offline: &'a Stereo) -> Case<'a> {
        Case {
            reference,
            received,
            offline,
            skip: SampleCount(0),
            concealed: SampleCount(0),
            redundant: SampleCount(0),
            reported: &[],
        }
    }
}

/// The figures. Limits are in [`Verdict::failures`].
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How much of the reference was judged, per channel.
    pub judged: SampleCount,
    /// Samples that the player says it concealed.
    pub concealed: SampleCount,
    /// Samples that the player says it took from redundant copies, which sound a little different.
    pub redundant: SampleCount,
    /// How left and right were made of the reference's left and right; `None` if the reference cannot tell.
    pub mixing: Option<[[f64; 2]; 2]>,
    /// How much louder than the reference left and right are above 200 Hz, in dB.
    pub level_db: [f64; 2],
    /// How much louder than the offline run left and right are over the whole band, in dB: the codec's own DC filter
    /// takes a little off deep bass, the path may take no more.
    pub full_band_level_db: [f64; 2],
    /// Segmental signal-to-noise ratio above 200 Hz (20 ms, each clamped to −10…35 dB), in dB.
    pub snr_db: f64,
    /// The same of the offline run.
    pub offline_snr_db: f64,
    /// Ranges of the reference where the recording strays from the offline run: lost frames, gaps, clicks.
    pub damaged: Vec<Range<u64>>,
    /// The alignment, each half second.
    pub alignment: Vec<Alignment>,
}

/// What is wrong with a recording.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// Less than two seconds could be aligned.
    #[error("only {} samples could be judged: record longer, or what was received is another sound", .0.0)]
    TooShort(SampleCount),
    /// The player concealed sound.
    #[error("{} samples were concealed", .0.0)]
    Concealed(SampleCount),
    /// The reference's channels are alike.
    #[error("the reference is mono: left and right cannot be told apart, use wider music")]
    NoWidth,
    /// Swapped, mixed, inverted or missing channels.
    #[error("left and right are not themselves: out of the reference's (left, right), they are made as {0:.2?}")]
    Channels([[f64; 2]; 2]),
    /// Louder or quieter.
    #[error("levels differ by {0:.2?} dB (left, right), more than 0.1")]
    Level([f64; 2]),
    /// Noisier than the codec alone.
    #[error("segmental SNR is {heard:.2} dB, more than 0.5 below the {offline:.2} of the offline run")]
    Snr {
        /// Of the recording.
        heard: f64,
        /// Of the offline run.
        offline: f64,
    },
    /// Sound is missing or broken.
    #[error("{0} places are damaged, the first at sample {1} of the reference")]
    Damaged(usize, u64),
    /// Too much of it is not the music.
    #[error("only {0:.2} of the recording is found in the music")]
    Unlike(f64),
    /// The reported position is wrong.
    #[error("at sample {} of the reference the reported position is {:.2} samples off, more than 2", .0.at, .0.deviation)]
    Position(Alignment),
}

impl Verdict {
    /// Everything that is worse than it may be; empty for a recording that is what went in.
    pub fn failures(&self) -> Vec<Failure> {
        let mut found = Vec::new();
        let mut fail = |wrong: bool, failure: Failure| found.extend(wrong.then_some(failure));
        fail(self.judged.0 < 96_000, Failure::TooShort(self.judged));
        fail(self.concealed.0 > 0, Failure::Concealed(self.concealed));
        match self.mixing {
            Some(mixing) => fail(!is_identity(mixing), Failure::Channels(mixing)),
            None => fail(true, Failure::NoWidth),
        }
        // Asked the right way round, so that figures which are no numbers fail.
        for levels in [self.level_db, self.full_band_level_db] {
            let level_holds = levels.iter().all(|db| db.abs() <= 0.1);
            fail(!level_holds, Failure::Level(levels));
        }
        let (heard, offline) = (self.snr_db, self.offline_snr_db);
        let snr_holds = heard >= offline - 0.5;
        fail(!snr_holds, Failure::Snr { heard, offline });
        if let Some(first) = self.damaged.first() {
            fail(true, Failure::Damaged(self.damaged.len(), first.start));
        }
        if let Some(worst) = self.worst_alignment() {
            let position_holds = worst.deviation.abs() <= 2.0;
            fail(!position_holds, Failure::Position(worst));
        }
        found
    }

    /// Where the reported position is furthest off.
    pub fn worst_alignment(&self) -> Option<Alignment> {
        self.alignment.iter().copied().max_by(|a, b| a.deviation.abs().total_cmp(&b.deviation.abs()))
    }
}

/// The codec itself leaks about −40 dB between the channels and shrinks peaks by a hair; faults are far beyond.
pub(super) fn is_identity([[ll, lr], [rl, rr]]: [[f64; 2]; 2]) -> bool {
    [ll, rr].iter().all(|own| (own - 1.0).abs() <= 0.1) && [lr, rl].iter().all(|other| other.abs() <= 0.05)
}

/// Measures a recording against its reference and the offline run. Where the player reported positions, the recording
/// is first laid where they say that it belongs: a buffer that slews by 300 ppm moves by seven samples within one window
/// of the measurement, which would blur it; what is measured then is how wrong the reports are.
pub fn judge(case: &Case<'_>) -> Verdict {
    let settled: Vec<Reported> =
        case.reported.iter().copied().filter(|report| report.received >= case.skip.0 && report.source >= 0.0).collect();
    let Some(first) = settled.first().filter(|_| settled.len() > 1) else { return judge_as_received(case) };
    let laid = laid_on(case.received, &claimed(&settled));
    let origin = Reported { received: 0, source: first.source.round() };
    let mut verdict = judge_as_received(&Case { received: &laid, skip: SampleCount(0), reported: &[origin], ..*case });
    verdict.damaged.splice(0..0, unlike_from(origin.source as u64, &verdict.alignment));
    verdict
}

/// The beginning of what the player claims to have played, where nothing of the reference can be found in it.
fn unlike_from(claimed: u64, alignment: &[Alignment]) -> Option<Range<u64>> {
    let found = alignment.first()?.at;
    // The first window begins within one window's length and is placed somewhere inside.
    (found > claimed + 2 * WINDOW as u64).then_some(claimed..found)
}

/// The reports as if they were measured.
fn claimed(reported: &[Reported]) -> Vec<Alignment> {
    let mut track: Vec<Alignment> = Vec::with_capacity(reported.len());
    for report in reported {
        let at = report.source.round() as u64;
        if track.last().is_none_or(|last| last.at < at) {
            track.push(Alignment { at, shift: report.received as f64 - report.source, deviation: 0.0 });
        }
    }
    track
}

fn judge_as_received(case: &Case<'_>) -> Verdict {
    let [reference, received, offline] =
        [case.reference, case.received, case.offline].map(|sound| sound.map(high_passed));
    let mut alignment = track(&reference, &received, case.skip.0);
    compare_to_reported(&mut alignment, case.reported);
    let heard = laid_on(&received, &alignment);
    let from = alignment.first().map_or(0, |a| a.at);
    let (wanted, ideal) = (part(&reference, from, heard.len()), part(&offline, from, heard.len()));
    let (segments, ideal_segments) = (segments_db(&wanted, &heard), segments_db(&wanted, &ideal));
    let damaged = damaged(&wanted, &heard, &ideal).map(|range| range.start + from..range.end + from).collect();
    Verdict {
        judged: SampleCount(heard.len() as u64),
        concealed: case.concealed,
        redundant: case.redundant,
        mixing: mixing(&wanted, &heard),
        level_db: level_difference_db(&wanted, &heard),
        full_band_level_db: full_band_level_db(case, &alignment),
        snr_db: mean_db(&segments),
        offline_snr_db: mean_db(&ideal_segments),
        damaged,
        alignment,
    }
}

/// Without it missing bass would pass.
fn full_band_level_db(case: &Case<'_>, alignment: &[Alignment]) -> [f64; 2] {
    let (Some(first), Some(last)) = (alignment.first(), alignment.last()) else { return [f64::NAN; 2] };
    let begin = first.at as f64 + first.shift;
    let end = last.at as f64 + last.shift;
    let offline = part(case.offline, first.at, (last.at - first.at) as usize);
    let received = part(case.received, begin.round() as u64, (end - begin).round() as usize);
    level_difference_db(&offline, &received)
}

fn part(sound: &Stereo, from: u64, len: usize) -> Stereo {
    sound.map(|channel| channel.iter().skip(from as usize).take(len).copied().collect())
}

fn compare_to_reported(alignment: &mut [Alignment], reported: &[Reported]) {
    for window in alignment {
        let received = window.at as f64 + window.shift;
        if let Some(source) = source_at(reported, received) {
            window.deviation = window.at as f64 - source;
        }
    }
}

/// The reported source of a place in the recording, straight between two reports; before the first and after the last
/// one the source runs on at the recording's speed.
fn source_at(reported: &[Reported], received: f64) -> Option<f64> {
    let after = reported.partition_point(|report| report.received as f64 <= received);
    let last = reported.get(after.saturating_sub(1))?;
    let since = received - last.received as f64;
    match reported.get(after) {
        Some(next) if after > 0 => {
            let slope = (next.source - last.source) / (next.received - last.received) as f64;
            Some(last.source + since * slope)
        }
        _ => Some(last.source + since),
    }
}
