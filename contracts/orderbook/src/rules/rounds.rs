//! How often a group is put out again in a day without its tenant's fault. Pure.

use cosmwasm_schema::cw_serde;
use souk_api::orderbook::MAX_ROUNDS;
use souk_core::time::DAY;

/// The reopenings of a day.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Rounds {
    /// When the first of them was, in seconds since the epoch.
    #[serde(rename = "t")]
    pub since: u64,
    /// How many there were.
    #[serde(rename = "n")]
    pub count: u8,
}

/// The rounds with one more at `now`; none if there were [`MAX_ROUNDS`] within a day.
pub fn next(rounds: Option<Rounds>, now: u64) -> Option<Rounds> {
    match rounds.filter(|rounds| now < rounds.since.saturating_add(DAY)) {
        None => Some(Rounds { since: now, count: 1 }),
        Some(Rounds { count, .. }) if count >= MAX_ROUNDS => None,
        Some(Rounds { since, count }) => Some(Rounds { since, count: count.saturating_add(1) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_in_a_day_and_then_ten_again() {
        let mut rounds = None;
        for (at, count) in (1_000..1_010).zip(1..) {
            rounds = next(rounds, at);
            assert_eq!(rounds, Some(Rounds { since: 1_000, count }));
        }
        assert_eq!(next(rounds, 1_010), None);
        assert_eq!(next(rounds, 1_000 + DAY - 1), None);
        let again = Rounds { since: 1_000 + DAY, count: 1 };
        assert_eq!(next(rounds, 1_000 + DAY), Some(again));
    }
}
