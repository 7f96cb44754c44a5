//! Whom to ask to sign. Pure.

use std::collections::BTreeMap;

use super::Priced;

/// As many are asked to sign for a group: what one signs is capacity that it keeps for a minute, and others may want it.
pub const MOST_SIGNED: usize = 3;

/// The best of a group's prices, [`MOST_SIGNED`] at most, without those whose providers are `refused`.
pub fn best(prices: &[Priced], refused: &[String]) -> Vec<Priced> {
    let left = prices.iter().filter(|one| !refused.contains(&one.provider.provider));
    left.take(MOST_SIGNED).cloned().collect()
}

/// What each provider is asked to sign: its groups, with the prices that it gave. One request has all of them, since a
/// provider keeps capacity for what it signs together.
pub(super) fn by_provider(wishes: &[Vec<Priced>]) -> Vec<Vec<(usize, Priced)>> {
    let mut all: BTreeMap<&str, Vec<(usize, Priced)>> = BTreeMap::new();
    for (group, wish) in wishes.iter().enumerate() {
        for priced in wish {
            let of_provider = all.entry(&priced.provider.provider).or_default();
            of_provider.push((group, priced.clone()));
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::{super::testing::priced, *};

    fn names(prices: &[Priced]) -> Vec<&str> {
        prices.iter().map(|priced| priced.provider.provider.as_str()).collect()
    }

    #[test]
    fn the_best_three_are_asked_to_sign_without_those_that_were_refused() {
        let prices: Vec<Priced> =
            [("a", 5), ("b", 6), ("c", 7), ("d", 8)].map(|(who, price)| priced(who, price)).into();
        assert_eq!(names(&best(&prices, &[])), ["a", "b", "c"]);
        assert_eq!(names(&best(&prices, &["a".to_owned(), "c".to_owned()])), ["b", "d"]);
        assert!(best(&[], &[]).is_empty());
    }

    #[test]
    fn each_provider_is_asked_once_for_all_of_its_groups() {
        let wishes = [
            vec![priced("a", 5), priced("b", 6)],
            vec![priced("b", 1)],
            vec![],
            vec![priced("c", 9), priced("b", 10)],
        ];
        let asked = by_provider(&wishes);
        let asked: Vec<Vec<(usize, &str, u128)>> = asked
            .iter()
            .map(|one| {
                one.iter()
                    .map(|(group, priced)| {
                        let name = priced.provider.provider.as_str();
                        (*group, name, priced.offered.price.u128())
                    })
                    .collect()
            })
            .collect();
        let expected: [&[(usize, &str, u128)]; 3] =
            [&[(0, "a", 5)], &[(0, "b", 6), (1, "b", 1), (3, "b", 10)], &[(3, "c", 9)]];
        assert_eq!(asked, expected);
    }
}
