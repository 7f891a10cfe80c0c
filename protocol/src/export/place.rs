use std::ops::{Add, Sub};
use units::{SampleRate, TICK_RATE, Ticks};

/// Units of a [`Place`] in one second: the least that holds a sample of every usual rate up to 384 kHz, a tick and a
/// millisecond as whole numbers.
const PER_SECOND: i128 = 1_411_200_000;

/// The furthest place that samples are laid at: 200 million years. No sound is there, but a log of another make may say so.
const FURTHEST: i128 = 10_i128.pow(25);

/// A position on a timeline, or a distance, exact where rates are usual and to 0.4 ns where they are not. Never grows
/// out of its integer, whatever a log says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(i128);

impl Place {
    pub(super) const ZERO: Place = Place(0);

    pub(super) fn from_ticks(ticks: Ticks) -> Place {
        Place(i128::from(ticks.0) * (PER_SECOND / i128::from(TICK_RATE)))
    }

    pub(super) fn from_samples(samples: i64, rate: SampleRate) -> Place {
        let place = rounded(i128::from(samples) * PER_SECOND, i128::from(rate.0.max(1)));
        Place(place.clamp(-FURTHEST, FURTHEST))
    }

    pub(super) fn from_ms(ms: i64) -> Place {
        Place(i128::from(ms) * (PER_SECOND / 1_000))
    }

    /// How many of something that comes `times` times in `seconds` seconds, rounded to the nearest.
    pub(super) fn count(self, times: i128, seconds: i128) -> i128 {
        rounded(self.0 * times, PER_SECOND * seconds)
    }

    /// Seconds with so many decimal digits, at most 12; a place before zero is zero.
    pub(super) fn seconds(self, digits: u32) -> String {
        let scale = 10_i128.pow(digits);
        let count = self.count(scale, 1).max(0);
        format!("{}.{:0width$}", count / scale, count % scale, width = digits as usize)
    }

    /// The same with a minus before zero, where digits are left of it.
    pub(super) fn signed_seconds(self, digits: u32) -> String {
        let text = self.distance().seconds(digits);
        let minus = if self < Place::ZERO && text.contains(|c: char| matches!(c, '1'..='9')) { "-" } else { "" };
        format!("{minus}{text}")
    }

    /// How far from zero it is.
    pub(super) fn distance(self) -> Place {
        Place(self.0.abs())
    }

    /// Hours, minutes, seconds and milliseconds, the hours with two digits at least: `00:01:02.345`.
    pub(super) fn full_clock(self) -> String {
        let ms = self.count(1_000, 1).max(0);
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1_000)
    }

    /// The same as people write it: `1:02.345`, and with hours only where there are any.
    pub(super) fn clock(self) -> String {
        let full = self.full_clock();
        let short = full.strip_prefix("00:").unwrap_or(&full);
        short.strip_prefix('0').unwrap_or(short).to_owned()
    }
}

impl Add for Place {
    type Output = Place;
    fn add(self, rhs: Place) -> Place {
        Place(self.0 + rhs.0)
    }
}

impl Sub for Place {
    type Output = Place;
    fn sub(self, rhs: Place) -> Place {
        Place(self.0 - rhs.0)
    }
}

fn rounded(of: i128, by: i128) -> i128 {
    (2 * of + by).div_euclid(2 * by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEN_HOURS_S: i64 = 36_000;

    #[test]
    fn a_sample_ten_hours_in_is_still_that_sample_at_every_usual_rate() {
        for rate in [8_000, 16_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 352_800, 384_000] {
            let sample = TEN_HOURS_S * i64::from(rate) + 1;
            let place = Place::from_samples(sample, SampleRate(rate));
            assert_eq!(place.0 * i128::from(rate), i128::from(sample) * PER_SECOND, "{rate} is exact");
        }
    }

    #[test]
    fn a_clock_shows_hours_only_where_there_are_any() {
        assert_eq!(Place::from_ms(62_345).clock(), "1:02.345");
        assert_eq!(Place::from_ms(600_000).clock(), "10:00.000");
        assert_eq!(Place::from_ms(36_000_001).clock(), "10:00:00.001");
        assert_eq!(Place::from_ms(3_600_000).clock(), "1:00:00.000");
        assert_eq!(Place::from_ms(360_000_000).full_clock(), "100:00:00.000");
    }

    #[test]
    fn a_place_is_rounded_to_the_nearest_once() {
        let one = Place::from_samples(1, SampleRate(48_000));
        assert_eq!(one.seconds(6), "0.000021");
        assert_eq!(one.seconds(9), "0.000020833");
        assert_eq!(Place::from_ms(-5).seconds(3), "0.000");
        let signed = [-1_500, -5, 0, 5].map(|ms| Place::from_ms(ms).signed_seconds(2));
        assert_eq!(signed, ["-1.50", "-0.01", "0.00", "0.01"], "halves go away from zero");
        assert_eq!(Place::from_ms(-4).signed_seconds(2), "0.00");
        assert_eq!(Place::from_samples(12, SampleRate(8_000)).full_clock(), "00:00:00.002", "1.5 ms goes up");
    }

    proptest! {
        #[test]
        fn a_sample_is_found_again_in_twelve_digits(sample in 0..(1i64 << 53), rate in 8_000u32..=384_000) {
            let text = Place::from_samples(sample, SampleRate(rate)).seconds(12);
            let (whole, part) = text.split_once('.').unwrap();
            let picoseconds = whole.parse::<i128>().unwrap() * 1_000_000_000_000 + part.parse::<i128>().unwrap();
            let back = rounded(picoseconds * i128::from(rate), 1_000_000_000_000);
            prop_assert_eq!(back, i128::from(sample));
        }
    }
}
