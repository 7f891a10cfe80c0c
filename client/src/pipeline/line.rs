//! When a device plays what: a smoothed line through the stamps of its callbacks.

use std::time::Duration;
use units::{MonoTime, SampleRate};

/// A second-order delay-locked loop (after F. Adriaensen, "Using a DLL to filter time", 2005): frames of the device on
/// one side, host time on the other.
pub(crate) struct DeviceLine {
    nominal_ns: f64,
    frame_ns: f64,
    at: Option<(u64, f64)>,
}

/// Bandwidth in hertz: slow enough to smooth the scheduler, quick enough to lock within seconds.
const BANDWIDTH: f64 = 0.5;
/// Beyond this the device has stalled and the line starts anew.
const JUMP_NS: f64 = 2e7;
/// No device's clock is further off than this.
const MAX_OFF: f64 = 0.002;

impl DeviceLine {
    pub(crate) fn new(rate: SampleRate) -> DeviceLine {
        let nominal_ns = 1e9 / f64::from(rate.0);
        DeviceLine { nominal_ns, frame_ns: nominal_ns, at: None }
    }

    /// Takes in that `frame` began to be played at `time`.
    pub(crate) fn follow(&mut self, frame: u64, time: MonoTime) {
        let time = time.0 as f64;
        let Some((last, then)) = self.at else {
            self.at = Some((frame, time));
            return;
        };
        let passed = frame.saturating_sub(last) as f64;
        let due = then + passed * self.frame_ns;
        let error = time - due;
        if error.abs() > JUMP_NS || passed == 0.0 {
            self.at = Some((frame, time));
            return;
        }
        let omega = (std::f64::consts::TAU * BANDWIDTH * passed * self.nominal_ns / 1e9).min(0.5);
        self.at = Some((frame, due + std::f64::consts::SQRT_2 * omega * error));
        let limit = self.nominal_ns * MAX_OFF;
        self.frame_ns += (omega * omega * error / passed).clamp(-limit, limit);
        self.frame_ns = self.frame_ns.clamp(self.nominal_ns - limit, self.nominal_ns + limit);
    }

    /// When `frame` is played; `None` before the first callback.
    pub(crate) fn time_of(&self, frame: u64) -> Option<MonoTime> {
        let (last, then) = self.at?;
        let ahead = frame as f64 - last as f64;
        Some(MonoTime((then + ahead * self.frame_ns).max(0.0) as u64))
    }

    /// How long so many frames last on the host's clock.
    pub(crate) fn span(&self, frames: u64) -> Duration {
        Duration::from_nanos((frames as f64 * self.frame_ns) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_device_is_followed_and_jitter_is_smoothed() {
        let mut line = DeviceLine::new(SampleRate::HZ_48000);
        let true_ns = 1e9 / 48_000.0 * (1.0 - 300e-6);
        for i in 0..40_000u64 {
            let late = if i % 3 == 0 { 200_000.0 } else { 0.0 };
            line.follow(64 * i, MonoTime((1e9 + 64.0 * i as f64 * true_ns + late) as u64));
        }
        let ppm = (line.frame_ns / (1e9 / 48_000.0) - 1.0) * 1e6;
        assert!((ppm + 300.0).abs() < 30.0, "{ppm}");
        let next = line.time_of(64 * 40_000).unwrap().0 as f64;
        let off = next - (1e9 + 64.0 * 40_000.0 * true_ns + 66_667.0);
        assert!(off.abs() < 40_000.0, "{off} ns");
    }

    #[test]
    fn a_stalled_device_starts_a_new_line() {
        let mut line = DeviceLine::new(SampleRate::HZ_48000);
        line.follow(0, MonoTime(0));
        line.follow(48, MonoTime(1_000_000));
        line.follow(96, MonoTime(90_000_000));
        assert_eq!(line.time_of(96), Some(MonoTime(90_000_000)));
    }
}
