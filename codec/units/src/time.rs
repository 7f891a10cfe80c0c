use crate::TICK_RATE;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A position in a stream of samples, per channel, counted from the start of its epoch; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SampleTime(pub i64);

/// A length in samples per channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SampleCount(pub u64);

/// Samples per second and channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SampleRate(pub u32);

/// A position or a length on a stream's RTP clock, unwrapped to 64 bits; one tick is 1/48 000 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Ticks(pub i64);

/// A reading of this machine's monotonic clock in nanoseconds since an arbitrary start. Never compare two machines'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoTime(pub u64);

/// Wall-clock time in milliseconds since the Unix epoch. For people and for display only; it may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct WallTime(pub i64);

impl SampleRate {
    /// The rate of every encoded stream.
    pub const HZ_48000: SampleRate = SampleRate(48_000);
}

impl SampleCount {
    /// How long so many samples last, rounded down to a nanosecond.
    pub fn duration(self, rate: SampleRate) -> Duration {
        let nanos = u128::from(self.0) * 1_000_000_000 / u128::from(rate.0);
        Duration::from_nanos(nanos as u64)
    }
}

impl Ticks {
    /// The ticks that so many samples span, rounded down.
    pub fn from_samples(samples: SampleCount, rate: SampleRate) -> Ticks {
        Ticks((i128::from(samples.0) * i128::from(TICK_RATE) / i128::from(rate.0)) as i64)
    }

    /// The ticks that a duration spans, rounded down.
    pub fn from_duration(duration: Duration) -> Ticks {
        Ticks((duration.as_nanos() * u128::from(TICK_RATE) / 1_000_000_000) as i64)
    }

    /// Milliseconds, for display and for models that work in them.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 * 1_000.0 / f64::from(TICK_RATE)
    }
}

impl MonoTime {
    /// The time since `earlier`, zero when `earlier` is later.
    pub fn saturating_since(self, earlier: MonoTime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Milliseconds since the clock's start.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Duration> for MonoTime {
    type Output = MonoTime;
    fn add(self, rhs: Duration) -> MonoTime {
        MonoTime(self.0.saturating_add(rhs.as_nanos() as u64))
    }
}

impl Add<SampleCount> for SampleTime {
    type Output = SampleTime;
    fn add(self, rhs: SampleCount) -> SampleTime {
        SampleTime(self.0 + rhs.0 as i64)
    }
}

impl AddAssign<SampleCount> for SampleTime {
    fn add_assign(&mut self, rhs: SampleCount) {
        self.0 += rhs.0 as i64;
    }
}

impl Add for SampleCount {
    type Output = SampleCount;
    fn add(self, rhs: SampleCount) -> SampleCount {
        SampleCount(self.0 + rhs.0)
    }
}

impl AddAssign for SampleCount {
    fn add_assign(&mut self, rhs: SampleCount) {
        self.0 += rhs.0;
    }
}

impl Add for Ticks {
    type Output = Ticks;
    fn add(self, rhs: Ticks) -> Ticks {
        Ticks(self.0 + rhs.0)
    }
}

impl AddAssign for Ticks {
    fn add_assign(&mut self, rhs: Ticks) {
        self.0 += rhs.0;
    }
}

impl Sub for Ticks {
    type Output = Ticks;
    fn sub(self, rhs: Ticks) -> Ticks {
        Ticks(self.0 - rhs.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_odd_rates_round_down() {
        assert_eq!(Ticks::from_samples(SampleCount(44_100), SampleRate(44_100)), Ticks(48_000));
        assert_eq!(Ticks::from_samples(SampleCount(1), SampleRate(44_100)), Ticks(1));
        assert_eq!(Ticks::from_samples(SampleCount(1), SampleRate(96_000)), Ticks(0));
    }

    #[test]
    fn time_before_the_start_is_no_time() {
        assert_eq!(MonoTime(5).saturating_since(MonoTime(7)), Duration::ZERO);
    }
}
