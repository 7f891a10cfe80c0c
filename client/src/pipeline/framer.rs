//! Cuts 48 kHz sound into Opus frames on a grid that begins at tick 0 and is never left.

use units::{MonoTime, TICK_RATE, Ticks};

/// One full frame, ready to be encoded.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame<'a> {
    /// Position of its first sample since the process's first tick: a multiple of the frame's length.
    pub(crate) ticks: Ticks,
    /// When its first sample was captured.
    pub(crate) captured_at: MonoTime,
    /// Interleaved samples.
    pub(crate) pcm: &'a [f32],
}

/// Collects samples until a frame is full. Appending does not allocate.
pub(crate) struct Framer {
    channels: usize,
    frame_ticks: usize,
    frame: Box<[f32]>,
    filled: usize,
    next: i64,
    anchor: Anchor,
}

/// A captured sample's tick and time. Its sound stands `delay` ticks later, behind the resampler.
#[derive(Clone, Copy, Default)]
struct Anchor {
    tick: i64,
    delay: i64,
    time: MonoTime,
}

/// Silence up to this long is encoded; from a longer one, whole grid steps are left out.
const LONGEST_SILENCE: i64 = TICK_RATE as i64 / 4;
/// What is still encoded of a silence that is cut, so that the far end's decoder and our resampler settle.
const KEPT_SILENCE: i64 = TICK_RATE as i64 / 10;
/// Silence is left out in steps of 40 ms: a whole number of every frame length.
pub(crate) const SKIP_STEP: i64 = TICK_RATE as i64 / 25;

const SILENCE: [f32; 512] = [0.0; 512];

impl Framer {
    /// For frames of `frame_ticks` samples per channel: 120, 240, 480 or 960.
    pub(crate) fn new(channels: usize, frame_ticks: usize) -> Framer {
        let frame = vec![0.0; channels * frame_ticks].into();
        Framer { channels, frame_ticks, frame, filled: 0, next: 0, anchor: Anchor::default() }
    }

    /// The tick that the next appended sample gets.
    pub(crate) fn next(&self) -> Ticks {
        Ticks(self.next)
    }

    /// Says that the sample captured at `time` counts as `tick` and comes out of the resampler `delay` later; frames are
    /// stamped along this line.
    pub(crate) fn anchor(&mut self, tick: Ticks, delay: Ticks, time: MonoTime) {
        self.anchor = Anchor { tick: tick.0, delay: delay.0, time };
    }

    /// What a sample captured at `time` counts as.
    pub(crate) fn tick_at(&self, time: MonoTime) -> Ticks {
        let nanos = i128::from(time.0) - i128::from(self.anchor.time.0);
        Ticks(self.anchor.tick + (nanos * i128::from(TICK_RATE) / 1_000_000_000) as i64)
    }

    /// Appends interleaved samples and hands over every frame that they complete.
    pub(crate) fn append(&mut self, pcm: &[f32], emit: &mut impl FnMut(Frame<'_>)) {
        let mut rest = pcm;
        while !rest.is_empty() {
            let at = self.filled * self.channels;
            let taken = rest.len().min(self.frame.len() - at);
            self.frame[at..at + taken].copy_from_slice(&rest[..taken]);
            rest = &rest[taken..];
            self.filled += taken / self.channels;
            self.next += (taken / self.channels) as i64;
            if self.filled == self.frame_ticks {
                self.emit(emit);
            }
        }
    }

    /// Appends silence up to `tick`, leaving whole steps out when it is long: the clock never lies, the wire stays calm.
    pub(crate) fn silence_until(&mut self, tick: Ticks, emit: &mut impl FnMut(Frame<'_>)) {
        let missing = tick.0 - self.next;
        let skipped = skippable(missing);
        self.silence(missing - skipped, emit);
        self.skip(skipped);
    }

    /// Jumps over `ticks`, a multiple of [`SKIP_STEP`], without sending anything. What the open frame holds is silence.
    pub(crate) fn skip(&mut self, ticks: i64) {
        debug_assert_eq!(ticks % SKIP_STEP, 0);
        self.next += ticks;
    }

    /// Fills the open frame up with silence and hands it over.
    pub(crate) fn flush(&mut self, emit: &mut impl FnMut(Frame<'_>)) {
        if self.filled > 0 {
            self.silence((self.frame_ticks - self.filled) as i64, emit);
        }
    }

    fn silence(&mut self, ticks: i64, emit: &mut impl FnMut(Frame<'_>)) {
        let mut left = ticks.max(0) as usize * self.channels;
        while left > 0 {
            let piece = left.min(SILENCE.len());
            self.append(&SILENCE[..piece], emit);
            left -= piece;
        }
    }

    fn emit(&mut self, emit: &mut impl FnMut(Frame<'_>)) {
        self.filled = 0;
        let ticks = self.next - self.frame_ticks as i64;
        let since_ns = (ticks - self.anchor.tick - self.anchor.delay) * 1_000_000_000 / i64::from(TICK_RATE);
        let captured_at = MonoTime(self.anchor.time.0.saturating_add_signed(since_ns));
        emit(Frame { ticks: Ticks(ticks), captured_at, pcm: &self.frame });
    }
}

/// How many of so many silent ticks need not be encoded.
pub(crate) fn skippable(silent: i64) -> i64 {
    if silent <= LONGEST_SILENCE { 0 } else { (silent - KEPT_SILENCE) / SKIP_STEP * SKIP_STEP }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamps(framer: &mut Framer, pcm: &[f32]) -> Vec<(i64, u64)> {
        let mut seen = Vec::new();
        framer.append(pcm, &mut |frame| seen.push((frame.ticks.0, frame.captured_at.0)));
        seen
    }

    #[test]
    fn a_frame_is_stamped_with_its_first_samples_time() {
        let mut framer = Framer::new(2, 120);
        framer.anchor(Ticks(0), Ticks(0), MonoTime(1_000_000_000));
        assert_eq!(stamps(&mut framer, &[0.5; 2 * 100]), []);
        framer.anchor(Ticks(90), Ticks(10), MonoTime(2_000_000_000));
        let back_ns = 100 * 1_000_000_000 / 48_000;
        assert_eq!(stamps(&mut framer, &[0.5; 2 * 20]), [(0, 2_000_000_000 - back_ns)]);
    }

    #[test]
    fn a_short_silence_is_sent_whole_and_a_long_one_is_cut() {
        assert_eq!(skippable(LONGEST_SILENCE), 0);
        assert_eq!(skippable(LONGEST_SILENCE + 1), 3 * SKIP_STEP);
        let mut framer = Framer::new(1, 480);
        let mut ticks = Vec::new();
        framer.append(&[1.0; 100], &mut |_| ());
        framer.silence_until(Ticks(480_100), &mut |frame| ticks.push(frame.ticks.0));
        assert_eq!(framer.next(), Ticks(480_100));
        assert!(ticks.len() < 20, "{ticks:?}");
        framer.append(&[1.0; 380], &mut |frame| ticks.push(frame.ticks.0));
        assert_eq!(ticks.last(), Some(&480_000));
    }

    proptest! {
        #[test]
        fn frames_stay_on_the_grid_and_cover_everything_appended(
            steps in prop::collection::vec((0usize..700, 0i64..60_000), 1..40),
            frame in prop::sample::select(vec![120usize, 240, 480, 960]),
        ) {
            let mut framer = Framer::new(1, frame);
            let (mut sent, mut skipped, mut last) = (0i64, 0i64, -1i64);
            for (samples, gap) in steps {
                let mut check = |f: Frame<'_>| {
                    assert_eq!(f.ticks.0 % frame as i64, 0);
                    assert!(f.ticks.0 > last);
                    last = f.ticks.0;
                    sent += f.pcm.len() as i64;
                };
                framer.append(&vec![1.0; samples], &mut check);
                skipped += skippable(gap);
                let end = framer.next() + Ticks(gap);
                framer.silence_until(end, &mut check);
                prop_assert_eq!(framer.next(), end);
            }
            prop_assert_eq!(sent + skipped + framer.filled as i64, framer.next().0);
        }
    }
}
