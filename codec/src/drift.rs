//! How fast another clock runs, seen through delays that only ever add: a loop locked on their lower envelope.
//!
//! Feed it `arrival − media time` of packets, or `call time − sample time` of callbacks. Either is the clocks' true offset
//! plus something positive; the smallest value of a second is close to the truth, and a second-order delay-locked loop
//! over these minima gives offset and skew (design section 7: bandwidth 0.08 Hz for ten blocks, then 0.01 Hz; a jump
//! when the error exceeds 8 ms).

use units::Ppm;

/// Length of one block, ms.
const BLOCK_MS: f64 = 1_000.0;
/// Blocks with the wide bandwidth after a start.
const WIDE_BLOCKS: u32 = 10;
/// Loop bandwidths, Hz.
const WIDE_HZ: f64 = 0.08;
const NARROW_HZ: f64 = 0.01;
/// An error beyond this is a changed route, not noise, ms.
const JUMP_MS: f64 = 8.0;
/// No clock that makes sound is further off than this; the loop may pass it only by noise.
const MAX_SKEW: f64 = 2e-3;

/// The lower envelope of a sequence of delays, in milliseconds over milliseconds of the observer's clock.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    at_ms: f64,
    level_ms: f64,
    slope: f64,
    block_end_ms: f64,
    lowest_ms: f64,
    blocks: u32,
    started: bool,
}

impl Envelope {
    /// Takes one delay, observed at `at_ms`. Returns by how much the envelope has just jumped, if it did.
    pub fn observe_rt(&mut self, at_ms: f64, delay_ms: f64) -> Option<f64> {
        if !self.started {
            self.start(at_ms, delay_ms);
            return None;
        }
        let jump = if at_ms >= self.block_end_ms { self.close_block(at_ms) } else { None };
        self.lowest_ms = self.lowest_ms.min(delay_ms - self.line_at(at_ms));
        jump
    }

    /// The envelope at `at_ms`, extrapolated from the last block; during the first one, the lowest delay so far.
    pub fn level_at(&self, at_ms: f64) -> f64 {
        let first_ms = if self.blocks == 0 { self.lowest_ms } else { 0.0 };
        self.line_at(at_ms) + first_ms
    }

    /// By how much the delay grows per time: negative when the observed clock is fast.
    pub fn slope(&self) -> Ppm {
        Ppm(self.slope * 1e6)
    }

    /// Whether anything was observed yet.
    pub fn is_started(&self) -> bool {
        self.started
    }

    fn line_at(&self, at_ms: f64) -> f64 {
        self.level_ms + self.slope * (at_ms - self.at_ms)
    }

    fn start(&mut self, at_ms: f64, delay_ms: f64) {
        *self = Envelope {
            at_ms,
            level_ms: delay_ms,
            block_end_ms: at_ms + BLOCK_MS,
            lowest_ms: 0.0,
            started: true,
            ..Envelope::default()
        };
    }

    /// Moves level and slope by the lowest residual of the block that ends now.
    fn close_block(&mut self, at_ms: f64) -> Option<f64> {
        let error_ms = core::mem::replace(&mut self.lowest_ms, f64::INFINITY);
        self.level_ms = self.line_at(at_ms);
        self.at_ms = at_ms;
        self.block_end_ms = at_ms + BLOCK_MS;
        self.blocks += 1;
        if !error_ms.is_finite() {
            return None;
        }
        if self.blocks == 1 {
            self.level_ms += error_ms;
            return None;
        }
        if error_ms.abs() > JUMP_MS {
            self.level_ms += error_ms;
            return Some(error_ms);
        }
        let bandwidth_hz = if self.blocks <= WIDE_BLOCKS { WIDE_HZ } else { NARROW_HZ };
        let omega = core::f64::consts::TAU * bandwidth_hz * BLOCK_MS / 1_000.0;
        self.level_ms += core::f64::consts::SQRT_2 * omega * error_ms;
        self.slope = (self.slope + omega * omega * error_ms / BLOCK_MS).clamp(-MAX_SKEW, MAX_SKEW);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delays of a clock that is fast by `ppm`, every 5 ms, with jitter from a small generator.
    fn run(envelope: &mut Envelope, ppm: f64, seconds: f64, jitter_ms: f64) {
        let mut state = 1u32;
        for n in 0..(seconds * 200.0) as u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at_ms = f64::from(n) * 5.0;
            let jitter = jitter_ms * f64::from(state >> 8) / f64::from(1 << 24);
            envelope.observe_rt(at_ms, 20.0 - ppm * 1e-6 * at_ms + jitter);
        }
    }

    #[test]
    fn a_fast_clock_is_found_within_a_minute_and_the_envelope_lies_below_the_jitter() {
        let mut envelope = Envelope::default();
        run(&mut envelope, 200.0, 60.0, 5.0);
        assert!((envelope.slope().0 + 200.0).abs() < 5.0, "{:?}", envelope.slope());
        let expected = 20.0 - 200e-6 * 60_000.0;
        assert!((envelope.level_at(60_000.0) - expected).abs() < 0.3);
    }

    #[test]
    fn equal_clocks_without_jitter_stay_exactly_equal() {
        let mut envelope = Envelope::default();
        run(&mut envelope, 0.0, 60.0, 0.0);
        assert_eq!((envelope.slope(), envelope.level_at(60_000.0)), (Ppm(0.0), 20.0));
    }

    #[test]
    fn a_changed_route_is_a_jump_and_leaves_the_skew_alone() {
        let mut envelope = Envelope::default();
        run(&mut envelope, 0.0, 30.0, 0.0);
        let jumps: Vec<f64> =
            (0..400).filter_map(|n| envelope.observe_rt(30_000.0 + f64::from(n) * 5.0, 35.0)).collect();
        assert_eq!((jumps, envelope.slope()), (vec![15.0], Ppm(0.0)));
    }

    #[test]
    fn a_silent_block_changes_nothing() {
        let mut envelope = Envelope::default();
        run(&mut envelope, 100.0, 30.0, 0.0);
        envelope.observe_rt(31_000.0, envelope.level_at(31_000.0) + 1.0);
        envelope.observe_rt(31_500.0, envelope.level_at(31_500.0));
        let before = (envelope.slope().0, envelope.level_at(90_000.0));
        envelope.observe_rt(60_000.0, 1_000.0);
        assert!((envelope.slope().0 - before.0).abs() < 1e-9 && (envelope.level_at(90_000.0) - before.1).abs() < 1e-9);
    }
}
