//! Wall-clock times as sound files write them.

use std::time::{Duration, SystemTime};
use units::{SampleCount, SampleRate, SampleTime};

const DAY_S: u64 = 86_400;

/// Date and time of day as `yyyy-mm-dd` and `hh:mm:ss`, UTC.
pub(super) fn date_and_time(time: SystemTime) -> (String, String) {
    let seconds = since_1970(time).as_secs();
    let (year, month, day) = civil(seconds / DAY_S);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"))
}

/// The position of a run's sample `at` in samples since midnight UTC of the day on which the run began. Within a run
/// positions differ by exactly the samples between them.
pub(super) fn since_midnight(began: SystemTime, at: SampleTime, rate: SampleRate) -> SampleCount {
    let day = Duration::from_secs(DAY_S).as_nanos();
    let first = since_1970(began).as_nanos() % day * u128::from(rate.0) / 1_000_000_000;
    SampleCount((first as u64).saturating_add_signed(at.0))
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Year, month and day of a day since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        // As `date -u -d @…` prints them.
        let known = [
            (0, "1970-01-01", "00:00:00"),
            (951_782_399, "2000-02-28", "23:59:59"),
            (951_782_400, "2000-02-29", "00:00:00"),
            (1_795_356_061, "2026-11-22", "14:01:01"),
            (4_107_542_400, "2100-03-01", "00:00:00"),
        ];
        for (seconds, date, time) in known {
            assert_eq!(date_and_time(at(seconds)), (date.to_owned(), time.to_owned()));
        }
    }

    #[test]
    fn positions_count_from_midnight_and_go_on_past_the_next() {
        let began = at(3 * DAY_S - 1);
        let place = |at| since_midnight(began, SampleTime(at), SampleRate(48_000)).0;
        assert_eq!((place(0), place(96_000)), ((DAY_S - 1) * 48_000, (DAY_S + 1) * 48_000));
    }
}
