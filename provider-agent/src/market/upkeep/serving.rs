//! Whether and since when the agent is at the chain's head.

use std::time::{Duration, Instant};

use crate::market::follow::FollowState;

/// The agent may be behind for so long before tenants get their time for manifests anew.
const BREAK: Duration = Duration::from_secs(60);

/// Whether the store is at the chain's head, give or take a block. Before the follower's first
/// word it is where the process before left it.
pub fn is_current(state: &FollowState) -> bool {
    state.height > 0 && state.trouble.is_none() && state.head <= state.height.saturating_add(2)
}

/// Since when the agent is at the chain's head. Not stored: a new process starts anew, since
/// nobody could send it anything before.
#[derive(Debug, Default)]
pub struct Serving {
    /// Block time at which it came there.
    pub since: Option<u64>,
    /// When it was last seen there.
    seen: Option<Instant>,
}

impl Serving {
    /// It is there, at a block of that time.
    pub fn is_current(&mut self, block_time: u64, now: Instant) {
        let after = self.seen.map(|seen| now.saturating_duration_since(seen));
        if after.is_none_or(|after| after > BREAK) {
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
        let troubled = FollowState { trouble: Some("no node".into()), ..state(100, 100) };
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
    fn only_a_longer_break_starts_the_time_for_manifests_anew() {
        let start = Instant::now();
        let mut serving = Serving::default();
        let mut at = |seconds, block_time| {
            serving.is_current(block_time, start + Duration::from_secs(seconds));
            serving.since
        };
        assert_eq!(at(0, 1_000), Some(1_000));
        assert_eq!(at(59, 1_059), Some(1_000));
        assert_eq!(at(119, 9_000), Some(1_000), "block time may jump");
        assert_eq!(at(180, 9_061), Some(9_061));
    }
}
