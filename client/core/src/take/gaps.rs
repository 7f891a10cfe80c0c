//! Capture gaps of a part, no more of them than the journal takes.

use protocol::session::limits::MAX_GAPS;
use protocol::session::take::CaptureGap;
use units::{SampleCount, SampleTime};

/// Adds a gap that lies at or behind the end of the last one. Gaps that touch become one; when there are too many, the
/// two with the least sound between them do, so that everything missing stays declared.
pub fn add_gap(gaps: &mut Vec<CaptureGap>, gap: CaptureGap) {
    if gap.samples.0 == 0 {
        return;
    }
    match gaps.last_mut().filter(|last| end(last) >= gap.at) {
        Some(last) => *last = joined(last, &gap),
        None => gaps.push(gap),
    }
    if gaps.len() > MAX_GAPS {
        let closest = (1..gaps.len()).min_by_key(|&i| gaps[i].at.0 - end(&gaps[i - 1]).0);
        let Some(i) = closest else { return };
        let later = gaps.remove(i);
        gaps[i - 1] = joined(&gaps[i - 1], &later);
    }
}

/// The gaps within `from` to `to`, cut at the ends.
pub fn clip_gaps(gaps: &[CaptureGap], from: SampleTime, to: SampleTime) -> Vec<CaptureGap> {
    let clip = |gap: &CaptureGap| {
        let (at, end) = (gap.at.max(from), end(gap).min(to));
        let samples = u64::try_from(end.0 - at.0).ok().filter(|samples| *samples > 0)?;
        Some(CaptureGap { at, samples: SampleCount(samples) })
    };
    gaps.iter().filter_map(clip).collect()
}

fn end(gap: &CaptureGap) -> SampleTime {
    gap.at + gap.samples
}

fn joined(earlier: &CaptureGap, later: &CaptureGap) -> CaptureGap {
    let to = end(earlier).max(end(later));
    CaptureGap { at: earlier.at, samples: SampleCount((to.0 - earlier.at.0) as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gap(at: i64, samples: u64) -> CaptureGap {
        CaptureGap { at: SampleTime(at), samples: SampleCount(samples) }
    }

    #[test]
    fn gaps_are_cut_at_the_ends_of_their_part() {
        let gaps = [gap(0, 5), gap(10, 5), gap(20, 5), gap(30, 5)];
        assert_eq!(clip_gaps(&gaps, SampleTime(5), SampleTime(22)), [gap(10, 5), gap(20, 2)]);
        assert_eq!(clip_gaps(&gaps, SampleTime(12), SampleTime(13)), [gap(12, 1)]);
        assert_eq!(clip_gaps(&gaps, SampleTime(5), SampleTime(10)), []);
    }

    #[test]
    fn the_last_gap_that_fits_changes_nothing_and_the_next_one_joins_the_closest() {
        let mut gaps = Vec::new();
        (0..MAX_GAPS as i64).for_each(|i| add_gap(&mut gaps, gap(100 * i - if i == 7 { 60 } else { 0 }, 1)));
        assert_eq!((gaps.len(), gaps[6], gaps[7]), (MAX_GAPS, gap(600, 1), gap(640, 1)));
        add_gap(&mut gaps, gap(1_000_000, 3));
        assert_eq!((gaps.len(), gaps[6], gaps[7]), (MAX_GAPS, gap(600, 41), gap(800, 1)));
    }

    proptest! {
        #[test]
        fn gaps_stay_in_order_and_apart_and_cover_all_that_is_missing(
            told in prop::collection::vec((0i64..40, 0u64..9), 0..700),
        ) {
            let (mut gaps, mut at, mut missing) = (Vec::new(), 0, Vec::new());
            for (sound, samples) in told {
                at += sound;
                add_gap(&mut gaps, gap(at, samples));
                missing.extend(at..at + samples as i64);
                at += samples as i64;
            }
            prop_assert!(gaps.len() <= MAX_GAPS);
            prop_assert!(gaps.windows(2).all(|two| end(&two[0]) < two[1].at) && gaps.iter().all(|gap| gap.samples.0 > 0));
            let covered = |at: &i64| gaps.iter().any(|gap| (gap.at.0..end(gap).0).contains(at));
            prop_assert!(missing.iter().all(covered));
        }
    }
}
