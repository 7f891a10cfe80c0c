//! The last seconds of a lane, kept in memory: the pre-roll of the next take.

use super::Piece;
use client_core::take::{add_gap, clip_gaps};
use protocol::session::take::CaptureGap;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};
use units::{SampleCount, SampleRate, SampleTime};

/// One run's newest samples.
pub(super) struct History {
    pub(super) run: u32,
    pub(super) rate: SampleRate,
    pub(super) channels: u8,
    /// When the run's sample 0 was captured, by the wall clock.
    pub(super) began: SystemTime,
    samples: VecDeque<f32>,
    most_values: usize,
    end: SampleTime,
    /// What the source never had.
    gaps: Vec<CaptureGap>,
    /// What was lost on the way here.
    holes: Vec<CaptureGap>,
}

impl History {
    /// Begins before `piece`, which was captured at `captured`.
    pub(super) fn new(piece: &Piece, captured: SystemTime, length: Duration) -> History {
        let Piece { run, rate, channels, at, .. } = *piece;
        let before = SampleCount(at.0.unsigned_abs()).duration(rate);
        let frames = (length.as_nanos() * u128::from(rate.0) / 1_000_000_000) as usize;
        History {
            run,
            rate,
            channels,
            began: captured.checked_sub(before).unwrap_or(captured),
            samples: VecDeque::new(),
            most_values: frames * usize::from(channels),
            end: at,
            gaps: Vec::new(),
            holes: Vec::new(),
        }
    }

    /// The first sample that is kept.
    pub(super) fn start(&self) -> SampleTime {
        SampleTime(self.end.0 - (self.samples.len() / usize::from(self.channels)) as i64)
    }

    /// The sample after the last one.
    pub(super) fn end(&self) -> SampleTime {
        self.end
    }

    /// What is kept, in two runs.
    pub(super) fn samples(&self) -> (&[f32], &[f32]) {
        self.samples.as_slices()
    }

    /// Capture gaps in what is kept, and holes.
    pub(super) fn missing(&self) -> (Vec<CaptureGap>, Vec<CaptureGap>) {
        (clip_gaps(&self.gaps, self.start(), self.end), clip_gaps(&self.holes, self.start(), self.end))
    }

    /// Adds what was captured.
    pub(super) fn push(&mut self, sound: &[f32]) {
        self.end += SampleCount((sound.len() / usize::from(self.channels)) as u64);
        let kept = &sound[sound.len().saturating_sub(self.most_values)..];
        self.make_room(kept.len());
        self.samples.extend(kept);
        self.forget();
    }

    /// Adds silence for what the source never had.
    pub(super) fn push_gap(&mut self, samples: SampleCount) {
        add_gap(&mut self.gaps, CaptureGap { at: self.end, samples });
        self.push_silence(samples);
    }

    /// Adds silence for what was lost on the way.
    pub(super) fn push_hole(&mut self, samples: SampleCount) {
        add_gap(&mut self.holes, CaptureGap { at: self.end, samples });
        self.push_silence(samples);
    }

    fn push_silence(&mut self, samples: SampleCount) {
        self.end += samples;
        let values = samples.0.saturating_mul(u64::from(self.channels)).min(self.most_values as u64) as usize;
        self.make_room(values);
        self.samples.resize(self.samples.len() + values, 0.0);
        self.forget();
    }

    fn make_room(&mut self, values: usize) {
        let over = (self.samples.len() + values).saturating_sub(self.most_values);
        self.samples.drain(..over.min(self.samples.len()));
    }

    /// Drops gaps that lie before what is kept.
    fn forget(&mut self) {
        let start = self.start();
        for gaps in [&mut self.gaps, &mut self.holes] {
            gaps.retain(|gap| gap.at + gap.samples > start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use units::MonoTime;

    fn history(channels: u8) -> History {
        let piece = Piece {
            run: 0,
            rate: SampleRate(1_000),
            channels,
            at: SampleTime(40),
            lost: SampleCount(0),
            frames: 1,
            captured_at: MonoTime(0),
        };
        History::new(&piece, SystemTime::UNIX_EPOCH + Duration::from_secs(1), Duration::from_millis(100))
    }

    #[test]
    fn a_run_began_as_long_before_its_first_piece_as_that_is_late() {
        assert_eq!(history(1).began, SystemTime::UNIX_EPOCH + Duration::from_millis(960));
    }

    proptest! {
        #[test]
        fn the_newest_samples_are_kept_and_what_is_missing_of_them_is_known(
            channels in 1u8..=2, pushes in prop::collection::vec((0usize..4, 1u64..150), 1..40),
        ) {
            let mut history = history(channels);
            let mut all: Vec<(f32, usize)> = Vec::new();
            for (kind, frames) in pushes {
                let value = all.len() as f32;
                match kind {
                    0 => history.push_gap(SampleCount(frames)),
                    1 => history.push_hole(SampleCount(frames)),
                    _ => history.push(&vec![value; frames as usize * usize::from(channels)]),
                }
                all.resize(all.len() + frames as usize, (if kind > 1 { value } else { 0.0 }, kind));
                let kept = &all[all.len().saturating_sub(100)..];
                prop_assert_eq!(history.end(), SampleTime(40 + all.len() as i64));
                prop_assert_eq!(history.start(), SampleTime(history.end().0 - kept.len() as i64));
                let (a, b) = history.samples();
                let expected: Vec<f32> = kept.iter().flat_map(|(v, _)| vec![*v; usize::from(channels)]).collect();
                prop_assert_eq!([a, b].concat(), expected);
                let (gaps, holes) = history.missing();
                for (list, kind) in [(gaps, 0), (holes, 1)] {
                    let told: u64 = list.iter().map(|gap| gap.samples.0).sum();
                    prop_assert_eq!(told, kept.iter().filter(|(_, k)| *k == kind).count() as u64);
                }
            }
        }
    }
}
