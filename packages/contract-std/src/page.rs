//! Pages of maps: the entries after a key, in ascending order, a limited number of them.

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, KeyDeserialize, Map, Prefix, PrimaryKey};
use souk_api::paging;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page<K> {
    /// The last key of the page before; the list's beginning if there is none.
    pub start_after: Option<K>,
    /// Entries at most.
    pub limit: usize,
}

impl<K> Page<K> {
    /// A page as a query asks for it; `limit` is brought into its range.
    pub fn new(start_after: Option<K>, limit: Option<u32>) -> Self {
        Self { start_after, limit: paging::limit(limit) }
    }

    /// The first entries.
    pub fn first(limit: usize) -> Self {
        Self { start_after: None, limit }
    }
}

impl<'k, K> Page<K>
where
    K: PrimaryKey<'k> + KeyDeserialize,
    K::Output: 'static,
{
    /// Entries of a map.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn of<T>(self, map: &Map<K, T>, storage: &dyn Storage) -> StdResult<Vec<(K::Output, T)>>
    where
        T: Serialize + DeserializeOwned,
    {
        let start = self.start_after.map(Bound::exclusive);
        map.range(storage, start, None, Order::Ascending).take(self.limit).collect()
    }

    /// Entries of a map that have a part of their key in common.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn within<T>(
        self,
        entries: Prefix<K, T, K>,
        storage: &dyn Storage,
    ) -> StdResult<Vec<(K::Output, T)>>
    where
        T: Serialize + DeserializeOwned,
    {
        let start = self.start_after.map(Bound::exclusive);
        entries.range(storage, start, None, Order::Ascending).take(self.limit).collect()
    }

    /// The keys of such entries alone: for indexes.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn keys_within<T>(
        self,
        entries: Prefix<K, T, K>,
        storage: &dyn Storage,
    ) -> StdResult<Vec<K::Output>>
    where
        T: Serialize + DeserializeOwned,
    {
        let start = self.start_after.map(Bound::exclusive);
        entries.keys(storage, start, None, Order::Ascending).take(self.limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::MockStorage;

    use super::*;

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        const MAP: Map<(u64, u64), u64> = Map::new("m");
        let mut storage = MockStorage::new();
        for n in 1..=5 {
            MAP.save(&mut storage, (1, n), &(n * 10)).unwrap();
        }
        MAP.save(&mut storage, (2, 1), &99).unwrap();
        let page = |after| Page::new(after, Some(2)).within(MAP.prefix(1), &storage).unwrap();
        assert_eq!(page(None), [(1, 10), (2, 20)]);
        assert_eq!(page(Some(2)), [(3, 30), (4, 40)]);
        assert_eq!(page(Some(4)), [(5, 50)]);
        assert_eq!(page(Some(5)), []);
        let keys = Page::new(Some(3), None).keys_within(MAP.prefix(1), &storage);
        assert_eq!(keys.unwrap(), [4, 5]);
        let all = Page::new(Some((1, 4)), None).of(&MAP, &storage).unwrap();
        assert_eq!(all, [((1, 5), 50), ((2, 1), 99)]);
    }

    #[test]
    fn a_page_has_one_entry_at_least_and_a_hundred_at_most() {
        for (asked, limit) in [(None, 30), (Some(0), 1), (Some(7), 7), (Some(1_000), 100)] {
            assert_eq!(Page::<u64>::new(None, asked).limit, limit);
        }
    }
}
