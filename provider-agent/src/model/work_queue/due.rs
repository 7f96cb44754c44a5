//! Keys that are due at a time: each has one time at most.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use souk_core::OrderId;

/// Keys by the time, in seconds, at which they are due.
#[derive(Debug)]
pub struct DueTimes<K> {
    of: HashMap<K, u64>,
    order: BTreeSet<(u64, K)>,
}

impl<K> Default for DueTimes<K> {
    fn default() -> Self {
        Self { of: HashMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Copy + Eq + Ord + Hash> DueTimes<K> {
    /// Sets when a key is due; never, if there is no time.
    pub fn set(&mut self, key: K, at: Option<u64>) {
        let before = match at {
            Some(at) => self.of.insert(key, at),
            None => self.of.remove(&key),
        };
        if let Some(before) = before {
            self.order.remove(&(before, key));
        }
        if let Some(at) = at {
            self.order.insert((at, key));
        }
    }

    /// Whether a key has a time.
    pub fn contains(&self, key: K) -> bool {
        self.of.contains_key(&key)
    }

    /// The time of the next key.
    pub fn next(&self) -> Option<u64> {
        self.order.first().map(|(at, _)| *at)
    }

    /// The keys that are due at `now`, the earliest first.
    pub fn due(&self, now: u64) -> impl Iterator<Item = K> {
        self.order.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| *key)
    }

    /// Takes the keys that are due at `now`, the earliest first.
    pub fn take(&mut self, now: u64) -> Vec<K> {
        let mut due = Vec::new();
        while let Some((at, key)) = self.order.first().copied()
            && at <= now
        {
            self.set(key, None);
            due.push(key);
        }
        due
    }
}

/// Seconds between two refreshes of a lease.
const REFRESH: u64 = 24 * 3_600;

/// The next refresh of a lease after `now`, both in Unix seconds. Each lease has a moment of the day
/// of its own, so that many leases are refreshed one after the other.
pub fn next_refresh(order: OrderId, now: u64) -> u64 {
    // Multiples of the golden ratio lie far apart, however many there are.
    let offset = (order.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % REFRESH;
    let today = now - now % REFRESH + offset;
    if today > now { today } else { today + REFRESH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_due_at_its_last_time_alone() {
        let mut due = DueTimes::default();
        for (key, at) in [(1, Some(10)), (2, Some(5)), (1, Some(20)), (3, Some(7)), (3, None)] {
            due.set(key, at);
        }
        assert_eq!(due.next(), Some(5));
        assert_eq!(due.take(4), [0; 0]);
        assert_eq!(due.due(20).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(due.due(19).collect::<Vec<_>>(), [2]);
        assert_eq!(due.take(10), [2]);
        assert!(!due.contains(2) && due.contains(1));
        assert_eq!(due.take(20), [1]);
        assert_eq!(due.next(), None);
    }

    #[test]
    fn ten_thousand_leases_are_refreshed_once_a_day_and_few_at_a_time() {
        let now = 1_700_000_000;
        let mut minutes = vec![0; 24 * 60];
        for order in (1..=10_000).map(OrderId) {
            let next = next_refresh(order, now);
            assert!(next > now && next <= now + REFRESH, "{order}");
            assert_eq!(next_refresh(order, next), next + REFRESH, "{order}");
            minutes[usize::try_from((next - now - 1) / 60).unwrap()] += 1;
        }
        // Seven are the mean of a minute.
        assert!(minutes.iter().all(|count| *count <= 20), "{:?}", minutes.iter().max());
    }
}
