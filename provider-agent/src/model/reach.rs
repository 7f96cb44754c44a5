//! For how long tenants could deliver their manifests, by the agent's own attempts: to reach its gateway, and
//! to try a manifest.

use std::collections::VecDeque;

/// The most separate spans that are remembered; of more the oldest are forgotten, which never counts
/// against a tenant.
const SPANS: usize = 1_024;

/// The last of attempts to do what tenants need.
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

/// The spans of block time in which attempts succeeded: from one to the next, if none failed between them.
#[derive(Debug, Clone, Default)]
pub struct UpTime {
    spans: VecDeque<(u64, u64)>,
    /// The last attempt that was recorded.
    number: u64,
    /// Block time of that attempt, if it succeeded.
    up_at: Option<u64>,
}

impl UpTime {
    /// Records the last attempt at a block of this time, seconds. An attempt counts once.
    pub fn record(&mut self, time: u64, attempt: &LastAttempt) {
        if attempt.number == self.number {
            return;
        }
        self.number = attempt.number;
        if attempt.error.is_some() {
            self.up_at = None;
            return;
        }
        if let Some(from) = self.up_at.filter(|from| *from < time) {
            match self.spans.back_mut() {
                Some((_, end)) if *end == from => *end = time,
                _ => self.spans.push_back((from, time)),
            }
            if self.spans.len() > SPANS {
                self.spans.pop_front();
            }
        }
        self.up_at = Some(time);
    }

    /// What is within both this and other spans, which are in their order and do not overlap.
    fn common(&self, spans: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let within = |(from, to): &(u64, u64)| {
            let (from, to) = (*from, *to);
            let both =
                self.spans.iter().map(move |(start, end)| ((*start).max(from), (*end).min(to)));
            both.filter(|(start, end)| start < end)
        };
        spans.iter().flat_map(within).collect()
    }
}

/// Seconds from `from` to `to` in which the attempts of each kind succeeded; all of them without kinds.
pub fn all_up(kinds: &[UpTime], from: u64, to: u64) -> u64 {
    let spans = kinds.iter().fold(vec![(from, to)], |spans, kind| kind.common(&spans));
    spans.into_iter().map(|(start, end)| end.saturating_sub(start)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts at these block times, and whether they succeed.
    fn after(attempts: &[(u64, bool)]) -> UpTime {
        let (mut up, mut last) = (UpTime::default(), LastAttempt::default());
        for (time, succeeds) in attempts {
            last = last.next(if *succeeds { Ok(()) } else { Err("no route".to_owned()) });
            up.record(*time, &last);
            // The blocks after it show nothing new.
            up.record(*time + 1, &last);
        }
        up
    }

    #[test]
    fn time_counts_between_attempts_that_succeed_and_from_none_that_fails() {
        let up = after(&[(100, true), (115, true), (130, true)]);
        let seconds = |one: &UpTime, from, to| all_up(std::slice::from_ref(one), from, to);
        assert_eq!(seconds(&up, 0, 1_000), 30);
        assert_eq!(seconds(&up, 110, 120), 10);
        let down = after(&[(100, true), (115, true), (130, false), (145, true), (160, true)]);
        assert_eq!(seconds(&down, 0, 1_000), 30, "15 before and 15 after");
        assert_eq!(seconds(&after(&[(100, false), (200, false)]), 0, 1_000), 0);
        assert_eq!(seconds(&after(&[(100, true)]), 0, 1_000), 0, "one attempt is not a span");
    }

    #[test]
    fn of_several_kinds_only_the_time_counts_in_which_each_succeeded() {
        let one = after(&[(100, true), (200, true), (300, false), (400, true), (500, true)]);
        let other = after(&[(150, true), (450, true)]);
        assert_eq!(all_up(&[], 0, 1_000), 1_000);
        assert_eq!(all_up(&[one.clone(), other.clone()], 0, 1_000), 50 + 50);
        assert_eq!(all_up(&[other.clone(), one.clone()], 0, 1_000), 50 + 50);
        assert_eq!(all_up(&[one.clone(), other], 180, 410), 20 + 10);
        assert_eq!(all_up(&[one, UpTime::default()], 0, 1_000), 0, "one never succeeded");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let attempts: Vec<_> = (0..10_000).map(|i| (i * 10, i % 3 != 0)).collect();
        assert!(after(&attempts).spans.len() <= SPANS);
    }
}
