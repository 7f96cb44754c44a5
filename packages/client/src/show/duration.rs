//! Durations and moments as people read them.

use std::time::{Duration, UNIX_EPOCH};

/// The last second of the year 9999: there is no way to write a later one.
const LAST: u64 = 253_402_300_799;

/// Seconds as `3 h 20 min`: the two largest units.
pub fn duration(seconds: u64) -> String {
    let units = [(86_400 * 365, "years"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{} {name}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Unix seconds as `2026-12-01T03:00:00Z`; the number itself beyond the year 9999.
pub fn moment(seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).filter(|_| seconds <= LAST) {
        Some(moment) => humantime::format_rfc3339_seconds(moment).to_string(),
        None => seconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_name_their_two_largest_units() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (3_660, "1 h 1 min"), (86_400, "1 d"), (90_061, "1 d 1 h")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn moments_are_dates_also_where_somebody_else_wrote_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_999_999, "2026-11-30T00:53:19Z"),
            (LAST, "9999-12-31T23:59:59Z"),
            (LAST + 1, "253402300800"),
            (u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(moment(seconds), text);
        }
    }
}
