//! For how long tenants could reach the gateway, by the agent's own attempts.

use std::collections::VecDeque;

/// The most separate spans that are remembered; of more the oldest are forgotten, which never counts
/// against a tenant.
const SPANS: usize = 1_024;

/// The last attempt to reach the gateway as tenants do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastAttempt {
    /// Its number, from 1; 0 before the first.
    pub number: u64,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How many have failed one after the other up to this one.
    pub failures: u32,
}

impl LastAttempt {
    /// The one after this.
    #[must_use]
    pub fn next(&self, outcome: Result<(), String>) -> Self {
        let failures = if outcome.is_ok() { 0 } else { self.failures.saturating_add(1) };
        Self { number: self.number + 1, error: outcome.err(), failures }
    }
}

/// The spans of block time in which the gateway was reached: from one attempt that succeeded to the
/// next, if none failed between them.
#[derive(Debug, Clone, Default)]
pub struct ReachedTime {
    spans: VecDeque<(u64, u64)>,
    /// The last attempt that was recorded.
    number: u64,
    /// Block time of that attempt, if it succeeded.
    reached_at: Option<u64>,
}

impl ReachedTime {
    /// Records the last attempt at a block of this time, seconds. An attempt counts once.
    pub fn record(&mut self, time: u64, attempt: &LastAttempt) {
        if attempt.number == self.number {
            return;
        }
        self.number = attempt.number;
        if attempt.error.is_some() {
            self.reached_at = None;
            return;
        }
        if let Some(from) = self.reached_at.filter(|from| *from < time) {
            match self.spans.back_mut() {
                Some((_, end)) if *end == from => *end = time,
                _ => self.spans.push_back((from, time)),
            }
            if self.spans.len() > SPANS {
                self.spans.pop_front();
            }
        }
        self.reached_at = Some(time);
    }

    /// Seconds from `from` to `to` in which it was reached.
    pub fn within(&self, from: u64, to: u64) -> u64 {
        let overlap = |(start, end): &(u64, u64)| (*end).min(to).saturating_sub((*start).max(from));
        self.spans.iter().map(overlap).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts at these block times, and whether they succeed.
    fn after(attempts: &[(u64, bool)]) -> ReachedTime {
        let (mut reached, mut last) = (ReachedTime::default(), LastAttempt::default());
        for (time, succeeds) in attempts {
            last = last.next(if *succeeds { Ok(()) } else { Err("no route".to_owned()) });
            reached.record(*time, &last);
            // The blocks after it show nothing new.
            reached.record(*time + 1, &last);
        }
        reached
    }

    #[test]
    fn time_counts_between_attempts_that_succeed_and_from_none_that_fails() {
        let up = after(&[(100, true), (115, true), (130, true)]);
        assert_eq!(up.within(0, 1_000), 30);
        assert_eq!(up.within(110, 120), 10);
        let down = after(&[(100, true), (115, true), (130, false), (145, true), (160, true)]);
        assert_eq!(down.within(0, 1_000), 30, "15 before and 15 after");
        assert_eq!(after(&[(100, false), (200, false)]).within(0, 1_000), 0);
        assert_eq!(after(&[(100, true)]).within(0, 1_000), 0, "one attempt is not a span");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let attempts: Vec<_> = (0..10_000).map(|i| (i * 10, i % 3 != 0)).collect();
        assert!(after(&attempts).spans.len() <= SPANS);
    }
}
