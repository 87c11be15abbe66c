//! Days and dates of the Gregorian calendar, extended to the time before its invention. A leaf.
//!
//! Years begin in March here, which puts the leap day at their end: <https://howardhinnant.github.io/date_algorithms.html>.

/// The days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// The days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// Counts the days from 1970-01-01 to a date. A date that does not exist, such as April 31, counts from its month's first day.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
}

/// Returns year, month and day of the date `days` after 1970-01-01.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Returns whether the date exists, in years from 1 on.
pub(crate) fn exists(year: i64, month: i64, day: i64) -> bool {
    let is_there = year >= 1 && (1..=12).contains(&month) && day >= 1;
    is_there && date_of(days_since_1970(year, month, day)) == (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{date_of, days_since_1970, exists};

    #[test]
    fn every_day_is_counted_once_and_found_again() {
        let (first, last) = (days_since_1970(1, 1, 1), days_since_1970(9999, 12, 31));
        // The results of `date.toordinal()`, less that of 1970-01-01.
        assert_eq!(
            (first, days_since_1970(1970, 1, 1), last),
            (-719_162, 0, 2_932_896)
        );
        for days in first..=last {
            let (year, month, day) = date_of(days);
            assert_eq!(days_since_1970(year, month, day), days);
            assert!(exists(year, month, day), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn a_day_after_the_last_of_a_month_does_not_exist() {
        for (year, month, day) in [
            (0, 12, 31),
            (1900, 2, 29),
            (2000, 2, 30),
            (2023, 2, 29),
            (2024, 0, 1),
            (2024, 1, 0),
            (2024, 4, 31),
            (2024, 12, 32),
            (2024, 13, 1),
        ] {
            assert!(!exists(year, month, day), "{year}-{month}-{day}");
        }
    }
}
