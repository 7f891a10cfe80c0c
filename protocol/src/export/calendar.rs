use units::WallTime;

const DAY_MS: i64 = 86_400_000;

/// `2026-11-22 14:26:00 UTC`.
pub(super) fn to_the_second(at: WallTime) -> String {
    let (date, time) = (date(at), of_day(at));
    format!("{date} {:02}:{:02}:{:02} UTC", time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60)
}

/// `14:26:00`, the time of day in UTC.
pub(super) fn time_of_day(at: WallTime) -> String {
    let time = of_day(at);
    format!("{:02}:{:02}:{:02}", time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60)
}

/// `2026-11-22T14:26:00.123Z` (RFC 3339).
pub(super) fn stamp(at: WallTime) -> String {
    format!("{}T{}.{:03}Z", date(at), time_of_day(at), of_day(at) % 1_000)
}

/// `2 h 14 min`, `3 min 5 s`, `0 s`; rounded down to its second place.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

fn of_day(at: WallTime) -> i64 {
    at.0.rem_euclid(DAY_MS)
}

/// The civil date of a count of days since 1970-01-01, in eras of 400 years that begin with a March
/// (Howard Hinnant, "chrono-compatible low-level date algorithms", 2021).
fn date(at: WallTime) -> String {
    let days = at.0.div_euclid(DAY_MS) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_easily_missed_have_their_date() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(stamp(WallTime(ms)), text);
        }
    }

    #[test]
    fn a_duration_has_two_places() {
        assert_eq!(duration(8_040_000), "2 h 14 min");
        assert_eq!(duration(185_999), "3 min 5 s");
        assert_eq!(duration(-4), "0 s");
    }
}
