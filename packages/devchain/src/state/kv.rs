//! The chain's state: one persistent ordered map, so that a snapshot of any moment costs nothing.

use std::ops::Bound;

use rpds::RedBlackTreeMap;

/// Keys and values of every module.
pub type Kv = RedBlackTreeMap<Vec<u8>, Vec<u8>>;

/// How many records an iterator fetches at once.
const BATCH: usize = 32;

/// The first key after all keys that start with `prefix`.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// Iterates over a snapshot, so that writes meanwhile neither disturb nor show.
pub struct Records {
    snapshot: Kv,
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
    descending: bool,
    batch: std::vec::IntoIter<(Vec<u8>, Vec<u8>)>,
    done: bool,
}

impl Records {
    /// Records with `start <= key < end`.
    pub fn new(snapshot: Kv, start: Vec<u8>, end: Option<Vec<u8>>, descending: bool) -> Self {
        let empty = end.as_ref().is_some_and(|end| *end <= start);
        Self {
            snapshot,
            low: Bound::Included(start),
            high: end.map_or(Bound::Unbounded, Bound::Excluded),
            descending,
            batch: Vec::new().into_iter(),
            done: empty,
        }
    }

    /// All records under `prefix`.
    pub fn under(snapshot: Kv, prefix: &[u8], descending: bool) -> Self {
        Self::new(snapshot, prefix.to_vec(), prefix_end(prefix), descending)
    }

    fn fetch(&mut self) {
        let range = (as_slice(&self.low), as_slice(&self.high));
        let owned = |(k, v): (&Vec<u8>, &Vec<u8>)| (k.clone(), v.clone());
        let found: Vec<_> = {
            let range = self.snapshot.range::<[u8], _>(range);
            if self.descending {
                range.rev().take(BATCH).map(owned).collect()
            } else {
                range.take(BATCH).map(owned).collect()
            }
        };
        self.done = found.len() < BATCH;
        if let Some((last, _)) = found.last() {
            let bound = Bound::Excluded(last.clone());
            if self.descending {
                self.high = bound;
            } else {
                self.low = bound;
            }
            // (k, k) with both ends excluded is not a valid range of the map.
            if let (Bound::Included(low), Bound::Excluded(high)) = (&self.low, &self.high) {
                self.done |= high <= low;
            }
            if let (Bound::Excluded(low), Bound::Excluded(high)) = (&self.low, &self.high) {
                self.done |= high <= low;
            }
        }
        self.batch = found.into_iter();
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
        Bound::Unbounded => Bound::Unbounded,
    }
}

impl Iterator for Records {
    type Item = (Vec<u8>, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.batch.next() {
            return Some(record);
        }
        if self.done {
            return None;
        }
        self.fetch();
        self.batch.next()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_are_those_of_an_ordinary_map(
            keys in prop::collection::btree_set(prop::collection::vec(0u8..4, 0..5), 0..120),
            start in prop::collection::vec(0u8..4, 0..5),
            end in prop::option::of(prop::collection::vec(0u8..4, 0..5)),
            descending: bool,
        ) {
            let plain: BTreeMap<_, _> = keys.iter().map(|k| (k.clone(), k.clone())).collect();
            let mut kv = Kv::new();
            for key in &keys {
                kv.insert_mut(key.clone(), key.clone());
            }
            let mut expected: Vec<_> = plain
                .into_iter()
                .filter(|(k, _)| *k >= start && end.as_ref().is_none_or(|end| k < end))
                .collect();
            if descending {
                expected.reverse();
            }
            let found: Vec<_> = Records::new(kv, start, end, descending).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_prefix_covers_its_keys_alone(
            prefix in prop::collection::vec(prop_oneof![Just(0u8), Just(254), Just(255)], 0..4),
            key in prop::collection::vec(prop_oneof![Just(0u8), Just(254), Just(255)], 0..6),
        ) {
            let inside = key >= prefix && prefix_end(&prefix).is_none_or(|end| key < end);
            prop_assert_eq!(inside, key.starts_with(&prefix));
        }
    }
}
