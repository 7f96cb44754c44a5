//! Whether and since when the store is at the chain's head.

use std::time::{Duration, Instant};

use crate::market::follow::FollowState;

/// After being behind for longer than this, tenants get the whole time for their manifests again.
const MAX_GAP: Duration = Duration::from_secs(60);

/// Whether the store is at most two blocks behind the chain's head. False until the follower has
/// read a block.
pub fn is_current(state: &FollowState) -> bool {
    state.height > 0 && state.last_error.is_none() && state.head <= state.height.saturating_add(2)
}

/// Since when the store is at the chain's head. Not stored: before the process started no tenant
/// could send a manifest.
#[derive(Debug, Default)]
pub struct HeadTracker {
    /// Block time at which it reached the head.
    pub since: Option<u64>,
    /// When it was last at the head.
    seen: Option<Instant>,
}

impl HeadTracker {
    /// Records that the store is at the head, at a block of this time.
    pub fn record(&mut self, block_time: u64, now: Instant) {
        let after = self.seen.map(|seen| now.saturating_duration_since(seen));
        if after.is_none_or(|after| after > MAX_GAP) {
            self.since = Some(block_time);
        }
        self.seen = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_judged_before_the_store_is_at_the_head() {
        let state = |height, head| FollowState { height, head, ..FollowState::default() };
        let troubled = FollowState { last_error: Some("no node".into()), ..state(100, 100) };
        for (state, current) in [
            (state(0, 0), false),
            (state(100, 102), true),
            (state(100, 103), false),
            (troubled, false),
        ] {
            assert_eq!(is_current(&state), current, "{state:?}");
        }
    }

    #[test]
    fn only_a_longer_break_starts_the_time_for_manifests_again() {
        let start = Instant::now();
        let mut tracker = HeadTracker::default();
        let mut at = |seconds, block_time| {
            tracker.record(block_time, start + Duration::from_secs(seconds));
            tracker.since
        };
        assert_eq!(at(0, 1_000), Some(1_000));
        assert_eq!(at(59, 1_059), Some(1_000));
        assert_eq!(at(119, 9_000), Some(1_000), "block time may jump");
        assert_eq!(at(180, 9_061), Some(9_061));
    }
}
