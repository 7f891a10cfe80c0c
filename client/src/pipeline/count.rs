//! Where a captured block stands in its epoch: media time cannot lie (design section 5).

use super::capture::{Block, CaptureFormat, Counting};
use units::{MonoTime, SampleCount, SampleTime};

/// How one block continues its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Position of the block's first sample, every lost sample counted.
    pub(crate) at: SampleTime,
    /// Samples lost right before it.
    pub(crate) lost: SampleCount,
    /// By how much `lost` may be wrong either way; zero when the host counts.
    pub(crate) uncertainty: SampleCount,
}

/// Counts one epoch's samples, the lost ones included.
pub(crate) struct SampleCounter {
    format: CaptureFormat,
    next: u64,
    expected: Option<u64>,
    xruns: u32,
    stamps: StampLine,
    watch: Option<Watch>,
}

/// After an xrun report or a late stamp: the least lateness seen since. One late stamp may be a busy machine; lost time
/// stays.
#[derive(Default)]
struct Watch {
    least_ns: Option<f64>,
    blocks: u32,
    /// Whether the host has reported an xrun; reports come from another thread, before or after the late block.
    reported: bool,
}

/// Blocks that are looked at before samples count as lost.
const WATCHED_BLOCKS: u32 = 8;
/// Blocks for which a report is waited for. Then a host that counts has lost the time all the same, because its stamps
/// are those of its cycles; another's stamps have only moved.
const LONGEST_WATCH: u32 = 64;
/// Without an xrun report, samples count as lost only when this much host time is missing (a suspended machine).
const SILENT_LOSS_NS: f64 = 5e8;

impl SampleCounter {
    pub(crate) fn new(format: CaptureFormat) -> SampleCounter {
        SampleCounter { format, next: 0, expected: None, xruns: 0, stamps: StampLine::default(), watch: None }
    }

    /// Places the next block. Allocates nothing.
    pub(crate) fn place(&mut self, block: &Block) -> Placed {
        let jumped = self.expected.map_or(0, |expected| block.position.saturating_sub(expected));
        let late_ns = self.stamps.error_ns(block.captured_at) - self.nanos(jumped);
        let estimated = self.estimate(block, late_ns);
        let lost = jumped + estimated;
        let uncertainty = if estimated > 0 { self.frames(3.0 * self.stamps.jitter_ns).ceil() as u64 + 1 } else { 0 };
        let at = self.next + lost;
        self.stamps.pass(self.nanos(lost));
        if self.watch.is_none() {
            self.stamps.follow(block.captured_at);
        }
        self.stamps.pass(self.nanos(u64::from(block.frames)));
        self.next = at + u64::from(block.frames);
        self.expected = Some(block.position + u64::from(block.frames));
        self.xruns = block.xruns;
        Placed { at: SampleTime(at as i64), lost: SampleCount(lost), uncertainty: SampleCount(uncertainty) }
    }

    /// Samples lost by an xrun that the host did not count: the host time that passed beyond the samples, and stayed.
    fn estimate(&mut self, block: &Block, late_ns: f64) -> u64 {
        if self.format.counting == Counting::Estimated && late_ns > SILENT_LOSS_NS {
            self.watch = None;
            return self.frames(late_ns).round() as u64;
        }
        let half_a_block = f64::from(block.frames) / 2.0;
        let reported = self.expected.is_some() && block.xruns != self.xruns;
        if self.watch.is_none() && (reported || self.frames(late_ns) >= half_a_block) {
            self.watch = Some(Watch::default());
        }
        let Some(watch) = &mut self.watch else { return 0 };
        watch.blocks += 1;
        watch.reported |= reported;
        let least_ns = watch.least_ns.map_or(late_ns, |least| least.min(late_ns));
        watch.least_ns = Some(least_ns);
        let (blocks, reported, exact) = (watch.blocks, watch.reported, self.format.counting == Counting::Exact);
        let missing = self.frames(least_ns);
        // A host that counts has counted; below half a block a report without a jump is only a late wake-up.
        let lost = missing >= if exact { half_a_block } else { 1.0 };
        if blocks < WATCHED_BLOCKS || lost && !reported && blocks < LONGEST_WATCH {
            return 0;
        }
        self.watch = None;
        if lost && (reported || exact) {
            return missing.round() as u64;
        }
        if self.frames(late_ns - least_ns.max(0.0)) >= half_a_block {
            // The report came first; the loss may just begin.
            self.watch = Some(Watch { least_ns: Some(late_ns), blocks: 1, reported });
            return 0;
        }
        self.stamps.pass(least_ns);
        0
    }

    fn nanos(&self, frames: u64) -> f64 {
        frames as f64 * 1e9 / f64::from(self.format.rate.0)
    }

    fn frames(&self, nanos: f64) -> f64 {
        nanos * f64::from(self.format.rate.0) / 1e9
    }
}

/// A smoothed line through the capture stamps: when the next block is due, and how far stamps scatter around it.
#[derive(Default)]
struct StampLine {
    due_ns: Option<f64>,
    jitter_ns: f64,
}

impl StampLine {
    /// How much later than due a stamp is.
    fn error_ns(&self, stamp: MonoTime) -> f64 {
        self.due_ns.map_or(0.0, |due| stamp.0 as f64 - due)
    }

    /// Bends the line a little towards a block's stamp; the first one begins it.
    fn follow(&mut self, stamp: MonoTime) {
        let error = self.error_ns(stamp);
        self.jitter_ns += 0.05 * (error.abs() - self.jitter_ns);
        self.due_ns = Some(self.due_ns.map_or(stamp.0 as f64, |due| due + 0.1 * error));
    }

    /// So much sound has passed.
    fn pass(&mut self, nanos: f64) {
        self.due_ns = self.due_ns.map(|due| due + nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use units::SampleRate;

    fn counter(counting: Counting) -> SampleCounter {
        SampleCounter::new(CaptureFormat { rate: SampleRate(48_000), channels: 1, counting })
    }

    fn block(position: u64, at_ns: u64, xruns: u32) -> Block {
        Block { position, frames: 480, captured_at: MonoTime(at_ns), xruns }
    }

    #[test]
    fn a_jump_of_the_hosts_count_is_a_gap_of_exactly_that_length() {
        let mut counter = counter(Counting::Exact);
        assert_eq!(counter.place(&block(7_000, 0, 0)).at, SampleTime(0));
        let placed = counter.place(&block(7_480 + 960, 30_000_000, 1));
        assert_eq!((placed.lost, placed.uncertainty), (SampleCount(960), SampleCount(0)));
        assert_eq!(placed.at, SampleTime(480 + 960));
    }

    #[test]
    fn an_uncounted_xrun_is_estimated_from_the_stamps_with_its_uncertainty() {
        let mut counter = counter(Counting::Estimated);
        for i in 0..100 {
            let wobble = if i % 2 == 0 { 20_000 } else { 0 };
            assert_eq!(counter.place(&block(i * 480, 1_000_000 + i * 10_000_000 + wobble, 0)).lost, SampleCount(0));
        }
        let after = |i: u64| block(48_000 + i * 480, 1_000_000 + 1_000_000_000 + i * 10_000_000 + 5_000_000, 1);
        let placed: Vec<Placed> = (0..20).map(|i| counter.place(&after(i))).collect();
        let gaps: Vec<&Placed> = placed.iter().filter(|placed| placed.lost.0 > 0).collect();
        assert_eq!(gaps.len(), 1, "{placed:?}");
        assert!(gaps[0].lost.0.abs_diff(240) <= gaps[0].uncertainty.0, "{gaps:?}");
        assert!((1..=4).contains(&gaps[0].uncertainty.0), "{gaps:?}");
    }

    #[test]
    fn a_report_that_comes_long_after_the_loss_changes_nothing_of_it() {
        let lost = |reported_at: u64| -> u64 {
            let mut counter = counter(Counting::Exact);
            let late = |i: u64| if i >= 100 { 12_000_000 } else { 0 };
            let stamp = |i: u64| 1_000_000 + i * 10_000_000 + late(i);
            (0..300).map(|i| counter.place(&block(i * 480, stamp(i), u32::from(i >= reported_at))).lost.0).sum()
        };
        assert_eq!([lost(99), lost(100), lost(104), lost(130), lost(1_000)], [576; 5]);
    }

    #[test]
    fn a_busy_machine_that_reports_xruns_all_the_time_loses_nothing_while_its_stamps_come_back() {
        let mut counter = counter(Counting::Exact);
        for i in 0..2_000u64 {
            let late = if i % 5 == 4 { 30_000_000 } else { 0 };
            let placed = counter.place(&block(i * 480, 1_000_000 + i * 10_000_000 + late, i as u32));
            assert_eq!(placed.lost, SampleCount(0), "block {i}");
        }
    }

    #[test]
    fn a_late_callback_without_an_xrun_loses_nothing_until_half_a_second() {
        let mut on_time = counter(Counting::Estimated);
        on_time.place(&block(0, 0, 0));
        assert_eq!(on_time.place(&block(480, 10_000_000 + 499_000_000, 0)).lost, SampleCount(0));
        let mut suspended = counter(Counting::Estimated);
        suspended.place(&block(0, 0, 0));
        assert_eq!(suspended.place(&block(480, 10_000_000 + 501_000_000, 0)).lost, SampleCount(24_048));
    }

    #[test]
    fn a_report_that_the_hosts_count_covers_is_not_counted_twice() {
        let mut counter = counter(Counting::Exact);
        counter.place(&block(0, 0, 0));
        assert_eq!(counter.place(&block(480 + 64, 11_000_000, 3)).lost, SampleCount(64));
        assert_eq!(counter.place(&block(960 + 64, 22_000_000, 3)).lost, SampleCount(0));
    }

    proptest! {
        #[test]
        fn the_count_spans_the_device_time_whatever_is_lost(gaps in prop::collection::vec(0u64..5_000, 1..60), start in 0u64..1 << 40) {
            let mut counter = counter(Counting::Exact);
            let mut position = start;
            for gap in &gaps {
                counter.place(&block(position, 0, 0));
                position += 480 + gap;
            }
            let end = counter.place(&block(position, 0, 0));
            prop_assert_eq!(end.at.0 as u64, position - start);
        }
    }
}
