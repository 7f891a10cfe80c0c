//! How much is to be buffered, how much is, and how fast to play in order to make the two meet.

use super::config::Config;
use super::target::Target;
use crate::drift::Envelope;
use crate::publish::MAX_REDUNDANCY;
use core::time::Duration;
use units::{Ppm, SampleCount};

/// Ticks per millisecond.
pub(super) const TICKS_PER_MS: f64 = 48.0;
/// How long arrivals are watched before the first sound, ms.
const WATCH_MS: f64 = 100.0;
/// Added to the callback as the margin, ms: the resampler's reach (0.67 ms) and the callback's own jitter.
const MARGIN_MS: f64 = 1.1;
/// Added to the jitter's quantile, which is only estimated: a share of it, and at most so many ms.
const SAFETY: f64 = 0.12;
const MAX_SAFETY_MS: f64 = 1.0;
/// Most that the speed leaves the drift by, ppm.
const MAX_SLEW_PPM: f64 = 300.0;
/// Most that the speed leaves one by, ppm. ± 500 was overrun by real hosts.
const AUTHORITY_PPM: f64 = 1_500.0;
/// Slew per error while the clocks are being learnt: a time constant of 17 s.
const LEARNING_PPM_PER_MS: f64 = 60.0;
/// How long that is after the first packet, ms.
const LEARNING_MS: f64 = 60_000.0;
/// Slew per error and per its cube afterwards: errors that the target's own breathing makes hardly touch the pitch
/// (1 ms: 1.1 ppm), real ones are worked off at full speed (8.4 ms: 300 ppm).
const STEADY_PPM_PER_MS: f64 = 0.6;
const STEADY_PPM_PER_CUBIC_MS: f64 = 0.5;
/// Growing stops this near to the target: a share of it, and at least so many ms (half a piece of concealment).
/// The last part is left to slewing, because what was grown takes long to be worked off again.
const GROW_SHARE: f64 = 0.1;
const GROW_MS: f64 = 1.25;
/// After so many packets in a row that came late one by one, growing goes all the way: the line has become longer.
const LATE_ROW: u32 = 3;
/// Fewer redundant frames than are waited for must have come for so long before fewer are waited for, ms.
const SHALLOWER_MS: f64 = 10_000.0;
/// A target that has risen lately may be filled up to by concealment for so long, ms.
const RISE_MS: f64 = 2_000.0;

/// Clocks and target; the only place that knows about time.
pub(super) struct Steer {
    arrivals: Envelope,
    calls: Envelope,
    target: Target,
    frame_ms: f64,
    /// Redundant frames that are waited for.
    redundancy: u8,
    /// Since when fewer have come, ms, and how many at most.
    shallower: Option<(f64, u8)>,
    min_ms: f64,
    max_ms: f64,
    max_excess_ms: f64,
    rate_per_ms: f64,
    callback_ms: f64,
    /// When the stream's first packet came.
    first_arrival_ms: Option<f64>,
    last_rise_ms: f64,
    late_in_a_row: u32,
    delivered: u64,
    slew_ppm: f64,
}

impl Steer {
    pub(super) fn new(config: &Config) -> Steer {
        let rate_per_ms = f64::from(config.output_rate.0) / 1_000.0;
        let max_ms = config.max_target.as_secs_f64() * 1_000.0;
        Steer {
            arrivals: Envelope::default(),
            calls: Envelope::default(),
            target: Target::new(config.quantile.clamp(0.5, 0.9999)),
            frame_ms: f64::from(config.frame.micros()) / 1_000.0,
            redundancy: config.redundancy,
            shallower: None,
            min_ms: (config.min_target.as_secs_f64() * 1_000.0).min(max_ms),
            max_ms,
            max_excess_ms: config.max_excess.as_secs_f64() * 1_000.0,
            rate_per_ms,
            callback_ms: config.callback.0 as f64 / rate_per_ms,
            first_arrival_ms: None,
            last_rise_ms: f64::NEG_INFINITY,
            late_in_a_row: 0,
            delivered: 0,
            slew_ppm: 0.0,
        }
    }

    /// A packet with so many redundant frames has come. More than before are worth waiting for at once; fewer only
    /// when they stay fewer.
    pub(super) fn handle_depth_rt(&mut self, at_ms: f64, depth: usize) {
        let depth = depth.min(usize::from(MAX_REDUNDANCY)) as u8;
        if depth >= self.redundancy {
            if depth > self.redundancy {
                (self.redundancy, self.last_rise_ms) = (depth, at_ms);
            }
            self.shallower = None;
            return;
        }
        let (since_ms, most) = self.shallower.unwrap_or((at_ms, 0));
        self.shallower = Some((since_ms, most.max(depth)));
        if at_ms - since_ms >= SHALLOWER_MS {
            (self.redundancy, self.shallower) = (most.max(depth), None);
        }
    }

    pub(super) fn set_min_target(&mut self, target: Duration) {
        self.min_ms = (target.as_secs_f64() * 1_000.0).min(self.max_ms);
    }

    /// A packet of `span` ticks that starts at tick `start` has come, `late` if sound of it was needed before.
    pub(super) fn handle_arrival_rt(&mut self, at_ms: f64, start: i64, span: i64, late: bool) {
        self.late_in_a_row = if late { self.late_in_a_row.saturating_add(1) } else { 0 };
        self.first_arrival_ms.get_or_insert(at_ms);
        let delay_ms = at_ms - start as f64 / TICKS_PER_MS;
        if let Some(jump_ms) = self.arrivals.observe_rt(at_ms, delay_ms) {
            self.target.shift_rt(jump_ms);
        }
        let before_ms = self.target.held_ms();
        let above_ms = delay_ms - self.arrivals.level_at(at_ms);
        self.target.observe_rt(above_ms, span as f64 / TICKS_PER_MS);
        if self.target.held_ms() > before_ms {
            self.last_rise_ms = at_ms;
        }
    }

    /// How far above (or below) the envelope a packet for tick `start` comes; `None` before the first one.
    pub(super) fn off_envelope_ms(&self, at_ms: f64, start: i64) -> Option<f64> {
        let delay_ms = at_ms - start as f64 / TICKS_PER_MS;
        self.arrivals.is_started().then(|| delay_ms - self.arrivals.level_at(at_ms))
    }

    /// Another line of timestamps begins; what is known about the network's jitter stays.
    pub(super) fn restart_arrivals(&mut self) {
        self.arrivals = Envelope::default();
        self.first_arrival_ms = None;
    }

    /// A callback for `frames` samples runs at `at_ms`. Returns when its first sample is due on the device's own even
    /// clock, ms: a callback may come late, but the device plays on.
    pub(super) fn handle_call_rt(&mut self, at_ms: f64, frames: usize) -> f64 {
        let delivered_ms = self.delivered as f64 / self.rate_per_ms;
        self.calls.observe_rt(at_ms, at_ms - delivered_ms);
        self.delivered += frames as u64;
        self.callback_ms = self.callback_ms.max(frames as f64 / self.rate_per_ms).min(100.0);
        at_ms.min(self.calls.level_at(at_ms) + delivered_ms)
    }

    /// So many samples are never called for.
    pub(super) fn leave_out_rt(&mut self, samples: SampleCount) {
        self.delivered += samples.0;
    }

    /// Chooses the speed for a block due at `at_ms` with `lag_ms` buffered; 1.0 is the nominal rate.
    pub(super) fn decide_speed_rt(&mut self, at_ms: f64, lag_ms: f64) -> f64 {
        let error_ms = lag_ms - self.target_ms();
        let learning = self.first_arrival_ms.is_none_or(|first| at_ms < first + LEARNING_MS);
        let slew_ppm = if learning {
            LEARNING_PPM_PER_MS * error_ms
        } else {
            (STEADY_PPM_PER_MS + STEADY_PPM_PER_CUBIC_MS * error_ms * error_ms) * error_ms
        };
        self.slew_ppm = slew_ppm.clamp(-MAX_SLEW_PPM, MAX_SLEW_PPM);
        self.ppm().ratio()
    }

    /// No steering while nothing is played.
    pub(super) fn idle_speed_rt(&mut self) -> f64 {
        self.slew_ppm = 0.0;
        self.ppm().ratio()
    }

    /// Whether so much is buffered that only a jump helps, ms beyond the target.
    pub(super) fn excess_ms(&self, lag_ms: f64) -> Option<f64> {
        let excess_ms = lag_ms - self.target_ms();
        (excess_ms > self.max_excess_ms).then_some(excess_ms)
    }

    /// How much is buffered when tick `tick` is heard at `at_ms`.
    pub(super) fn lag_ms(&self, at_ms: f64, tick: i64) -> f64 {
        at_ms - tick as f64 / TICKS_PER_MS - self.arrivals.level_at(at_ms)
    }

    /// The tick that would be heard at `at_ms` with exactly the target buffered, once enough is known to begin.
    pub(super) fn ideal_tick(&self, at_ms: f64) -> Option<i64> {
        let watched = self.first_arrival_ms.is_some_and(|first| at_ms >= first + WATCH_MS);
        let ideal = (at_ms - self.arrivals.level_at(at_ms) - self.target_ms()) * TICKS_PER_MS;
        (watched && self.arrivals.is_started()).then_some(ideal.ceil() as i64)
    }

    /// Whether missing sound is to be filled without moving on, so that the buffer grows: there is too little, and
    /// either nothing at all arrives (`starved`) or the target has just risen. Never for a plain loss.
    pub(super) fn may_grow(&self, at_ms: f64, lag_ms: f64, starved: bool) -> bool {
        let share = if self.late_in_a_row >= LATE_ROW { 0.0 } else { GROW_SHARE };
        let short = self.target_ms() - lag_ms > (share * self.target_ms()).max(GROW_MS);
        short && (starved || at_ms - self.last_rise_ms < RISE_MS)
    }

    /// What to buffer above the envelope, margin included, ms.
    pub(super) fn target_ms(&self) -> f64 {
        let jitter_ms = self.target.held_ms();
        let safe_ms = jitter_ms + (SAFETY * jitter_ms).min(MAX_SAFETY_MS);
        let with_red_ms = safe_ms + f64::from(self.redundancy) * self.frame_ms;
        with_red_ms.clamp(self.min_ms, self.max_ms) + self.callback_ms + MARGIN_MS
    }

    /// The sender's clock against the device's.
    pub(super) fn drift(&self) -> Ppm {
        Ppm(self.calls.slope().0 - self.arrivals.slope().0)
    }

    pub(super) fn slew(&self) -> Ppm {
        Ppm(self.slew_ppm)
    }

    /// How long `frames` output samples last, ms.
    pub(super) fn output_ms(&self, frames: SampleCount) -> f64 {
        frames.0 as f64 / self.rate_per_ms
    }

    fn ppm(&self) -> Ppm {
        Ppm((self.drift().0 + self.slew_ppm).clamp(-AUTHORITY_PPM, AUTHORITY_PPM))
    }
}
