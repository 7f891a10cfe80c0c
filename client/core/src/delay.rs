//! How long sound takes from the capture of one to the ear of the other, never said smaller than it may be.

use crate::clock::RelayTime;
use protocol::stream::EpochMap;
use units::{TICK_RATE, Ticks};

/// How far a sound card's rate may be from nominal, in ppm, while a clock message is being extrapolated.
const DEVICE_PPM: f64 = 200.0;

/// A publisher's word on when a tick was captured, on the relay's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceClock {
    /// Number of the epoch.
    pub epoch: u32,
    /// Ticks since `rtp0` that were being captured.
    pub ticks: Ticks,
    /// When.
    pub at: RelayTime,
}

/// A delay and how far it can be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Best estimate, in milliseconds.
    pub estimate_ms: f64,
    /// The truth is within so many milliseconds of the estimate.
    pub doubt_ms: f64,
}

/// A delay taken apart into the places where sound waits, in milliseconds. They add up to the upper bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stages {
    /// Capture, encoding, both networks and the relay: what is left after the other two.
    pub network_ms: f64,
    /// Jitter buffer and drift resampler.
    pub buffer_ms: f64,
    /// Output device.
    pub output_ms: f64,
}

impl Delay {
    /// The largest delay that the measurements allow: what is shown (invariant 9).
    pub fn upper_ms(&self) -> f64 {
        self.estimate_ms + self.doubt_ms
    }

    /// Takes the upper bound apart, given what the playout says of its own stages.
    pub fn stages(&self, buffer_ms: f64, output_ms: f64) -> Stages {
        Stages { network_ms: (self.upper_ms() - buffer_ms - output_ms).max(0.0), buffer_ms, output_ms }
    }
}

/// Delay of the sound at `heard` ticks since `rtp0` (as decoded, so its codec and resampler delays count) that reaches
/// the ear at `at`. None when the clock message is about another epoch than `map`.
pub fn mouth_to_ear(clock: &SourceClock, map: &EpochMap, heard: f64, at: RelayTime) -> Option<Delay> {
    if clock.epoch != map.epoch {
        return None;
    }
    let captured = heard - (map.codec_delay.0 + map.resampler_delay.0) as f64;
    let since_clock_us = (captured - clock.ticks.0 as f64) * 1e6 / f64::from(TICK_RATE);
    let estimate_us = (at.at_us - clock.at.at_us) as f64 - since_clock_us;
    let extrapolated_us = since_clock_us.abs() * DEVICE_PPM * 1e-6;
    let doubt_us = (at.error_us + clock.at.error_us) as f64 + extrapolated_us;
    Some(Delay { estimate_ms: estimate_us / 1e3, doubt_ms: doubt_us / 1e3 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::{RtpTimestamp, SampleRate, SampleTime, Ssrc};

    fn map() -> EpochMap {
        EpochMap {
            epoch: 2,
            ssrc: Ssrc(1),
            rtp0: RtpTimestamp(0),
            from: Ticks(0),
            sample0: SampleTime(0),
            rate: SampleRate(48_000),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(0),
            trusted: true,
        }
    }

    fn clock(epoch: u32) -> SourceClock {
        SourceClock { epoch, ticks: Ticks(48_000), at: RelayTime { at_us: 1_000_000, error_us: 500 } }
    }

    #[test]
    fn the_codecs_lookahead_is_part_of_the_delay() {
        // Tick 48 120 of the decoded sound was captured as tick 48 000, at 1 s; it is heard 20 ms later.
        let at = RelayTime { at_us: 1_020_000, error_us: 300 };
        let delay = mouth_to_ear(&clock(2), &map(), 48_120.0, at).unwrap();
        assert!((delay.estimate_ms - 20.0).abs() < 1e-9 && (delay.doubt_ms - 0.8).abs() < 1e-9, "{delay:?}");
    }

    #[test]
    fn an_older_clock_message_raises_the_doubt() {
        let at = |s: i64| RelayTime { at_us: 1_020_000 + s * 1_000_000, error_us: 300 };
        let fresh = mouth_to_ear(&clock(2), &map(), 48_120.0, at(0)).unwrap();
        let old = mouth_to_ear(&clock(2), &map(), 48_120.0 + 480_000.0, at(10)).unwrap();
        assert!((old.estimate_ms - 20.0).abs() < 1e-9);
        assert!((old.doubt_ms - fresh.doubt_ms - 2.0).abs() < 1e-9, "{old:?}");
    }

    #[test]
    fn another_epochs_clock_says_nothing() {
        let at = RelayTime { at_us: 1_020_000, error_us: 300 };
        assert_eq!(mouth_to_ear(&clock(1), &map(), 48_120.0, at), None);
    }

    #[test]
    fn stages_add_up_to_the_upper_bound() {
        let delay = Delay { estimate_ms: 30.0, doubt_ms: 1.5 };
        let stages = delay.stages(8.0, 5.0);
        assert_eq!(stages.network_ms + stages.buffer_ms + stages.output_ms, delay.upper_ms());
    }
}
