//! Time as the API writes it: RFC 3339 in UTC, whole seconds or microseconds.

use std::time::{SystemTime, UNIX_EPOCH};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

/// Now, by the system clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(since.subsec_nanos()).unwrap_or(0);
    Timestamp::new(seconds, nanos).unwrap_or(Timestamp::MAX)
}

/// `2026-11-01T12:00:00Z`.
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-01T12:00:00.000000000Z`, as in front of log lines.
pub fn nanos(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

/// A time that an object carries.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `seconds` later; held at the end of the calendar.
pub fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// Milliseconds from `a` to `b`, negative when `b` is earlier.
pub fn millis_between(a: Timestamp, b: Timestamp) -> i64 {
    b.as_millisecond().saturating_sub(a.as_millisecond())
}
