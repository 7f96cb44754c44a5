//! How long a provider may not be seen before it counts as absent, and what it is paid then.
//!
//! A provider is seen when it sends the orderbook a bid, a close or a heartbeat. One that is gone earns for a quarter
//! of the limit after it was last seen, once its lease is closed; its agent is seen every fifth.

use crate::time::{DAY, HOUR};

/// The shortest limit, in seconds.
pub const MIN_LIMIT: u64 = 6 * HOUR;
/// The limit of orders that ask for none, in seconds.
pub const DEFAULT_LIMIT: u64 = DAY;
/// The longest, in seconds.
pub const MAX_LIMIT: u64 = 30 * DAY;

/// Whether a limit may be as long as this, in seconds.
pub fn is_limit(seconds: u64) -> bool {
    (MIN_LIMIT..=MAX_LIMIT).contains(&seconds)
}

/// For how long after it was last seen an absent provider is paid, in seconds.
pub const fn paid_for(limit: u64) -> u64 {
    limit / 4
}

/// How often a provider's agent is seen, in seconds: so often that one heartbeat that comes late costs no pay.
pub const fn heartbeat_every(limit: u64) -> u64 {
    limit / 5
}

/// From when on anybody may say that the provider is absent, in seconds after it was last seen.
pub const fn anyones_limit(limit: u64) -> u64 {
    limit.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_six_hours_to_thirty_days() {
        for (seconds, fine) in
            [(0, false), (21_599, false), (21_600, true), (2_592_000, true), (2_592_001, false)]
        {
            assert_eq!(is_limit(seconds), fine, "{seconds}");
        }
        assert!(is_limit(DEFAULT_LIMIT));
    }

    #[test]
    fn who_is_seen_every_fifth_of_the_limit_is_paid_for_all_of_it() {
        for limit in [MIN_LIMIT, MIN_LIMIT + 1, DEFAULT_LIMIT, MAX_LIMIT] {
            assert!(heartbeat_every(limit) < paid_for(limit), "{limit}");
            assert!(paid_for(limit) < limit && limit < anyones_limit(limit), "{limit}");
        }
        assert_eq!(anyones_limit(u64::MAX), u64::MAX);
    }
}
