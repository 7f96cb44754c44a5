//! How long the volumes of a lease that ended are kept: pure.
//!
//! All times are Unix seconds by the clocks of the agent and of the API server. The chain's time has no
//! part in it: it reaches the agent through nodes, and one that lies about it must not shorten the time
//! in which a tenant's data can be saved from its other lies.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use souk_core::{OrderId, time::HOUR};

/// The volumes of a lease that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The lease.
    pub order: OrderId,
    /// When it was seen to have ended.
    pub since: u64,
    /// When its volumes go; not after now if they are going.
    pub until: u64,
    /// For how many seconds its oldest volume had been there when it ended.
    pub ran: u64,
    /// Its volumes.
    pub volumes: Vec<KeptVolume>,
}

/// A volume that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVolume {
    /// The market's storage class.
    pub class: String,
    /// Bytes.
    pub bytes: u64,
}

impl Kept {
    /// Its bytes of a class.
    pub fn bytes(&self, class: &str) -> u64 {
        let of_class = self.volumes.iter().filter(|one| one.class == class);
        of_class.fold(0, |sum, one| sum.saturating_add(one.bytes))
    }

    /// The same with times that a clock which was set since cannot have made too long: not more than
    /// `longest` is left.
    #[must_use]
    pub fn capped(self, now: u64, longest: u64) -> Self {
        Self { until: self.until.min(now.saturating_add(longest)), ..self }
    }

    /// For how many seconds it is still kept.
    pub fn left(&self, now: u64) -> u64 {
        self.until.saturating_sub(now)
    }
}

/// For how many seconds the volumes of a lease are kept: as long as they were there, an hour at least and
/// `longest` at most.
pub fn grace(ran: u64, longest: u64) -> u64 {
    ran.max(HOUR).min(longest)
}

/// What may be kept of a class: `percent` of its capacity in bytes.
pub fn share(capacity: u64, percent: u32) -> u64 {
    let part = u128::from(capacity).saturating_mul(u128::from(percent.min(100))) / 100;
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// The leases whose volumes go now so that what is kept of each class is within its share. Those that ran
/// longest are kept first, each if it fits beside those before it: nobody displaces old volumes with those of
/// short leases, and none goes for one that goes too. What is going already does not count.
pub fn beyond_shares(kept: &[Kept], shares: &BTreeMap<String, u64>, now: u64) -> Vec<OrderId> {
    let mut stay: Vec<&Kept> = kept.iter().filter(|one| one.left(now) > 0).collect();
    stay.sort_by_key(|one| (Reverse(one.ran), Reverse(one.order)));
    let mut left = shares.clone();
    let mut gone = Vec::new();
    for one in stay {
        let fits = left.iter().all(|(class, left)| one.bytes(class) <= *left);
        if !fits {
            gone.push(one.order);
            continue;
        }
        for (class, left) in &mut left {
            *left = left.saturating_sub(one.bytes(class));
        }
    }
    gone.reverse();
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * HOUR;

    #[test]
    fn volumes_are_kept_as_long_as_the_lease_ran_between_an_hour_and_a_day() {
        for (ran, expected) in [(0, HOUR), (60, HOUR), (5 * HOUR, 5 * HOUR), (90 * DAY, DAY)] {
            assert_eq!(grace(ran, DAY), expected, "{ran}");
        }
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nothing_for_longer_than_the_longest_time() {
        let row = kept(1, 5, 9 * DAY, &[]);
        assert_eq!(row.clone().capped(DAY, DAY).until, 2 * DAY);
        assert_eq!(row.clone().capped(8 * DAY, DAY), row);
    }

    fn kept(order: u64, ran: u64, until: u64, volumes: &[(&str, u64)]) -> Kept {
        let volume =
            |(class, bytes): &(&str, u64)| KeptVolume { class: (*class).into(), bytes: *bytes };
        let volumes = volumes.iter().map(volume).collect();
        Kept { order: OrderId(order), since: 0, until, ran, volumes }
    }

    #[test]
    fn beyond_the_share_of_a_class_what_ran_longest_is_kept() {
        let all = [
            kept(1, 500, 99, &[("beta2", 40)]),
            kept(2, 100, 99, &[("beta2", 40), ("beta3", 5)]),
            kept(3, 300, 99, &[("beta2", 40)]),
            kept(4, 1, 99, &[("beta3", 5)]),
            kept(5, 1, 10, &[("beta2", 1_000)]),
            kept(6, 1, 99, &[("default", 1 << 60)]),
        ];
        let gone = |beta2: u64, beta3: u64| -> Vec<u64> {
            let shares = [("beta2".to_owned(), beta2), ("beta3".to_owned(), beta3)].into();
            beyond_shares(&all, &shares, 10).into_iter().map(|order| order.0).collect()
        };
        assert_eq!(gone(120, 10), [0; 0]);
        assert_eq!(gone(119, 10), [2]);
        assert_eq!(gone(79, 10), [2, 3]);
        assert_eq!(gone(39, 10), [2, 3, 1]);
        // What went for one class does not count in another.
        assert_eq!(gone(119, 5), [2]);
        assert_eq!(gone(120, 5), [4]);
        assert_eq!(gone(120, 0), [4, 2]);
        // What exceeds a share by itself takes no other with it, however long it ran.
        let all = [kept(1, 900, 99, &[("beta2", 101)]), kept(2, 5, 99, &[("beta2", 1)])];
        assert_eq!(beyond_shares(&all, &[("beta2".to_owned(), 100)].into(), 10), [OrderId(1)]);
        assert_eq!((share(100, 25), share(u64::MAX, 100)), (25, u64::MAX));
        let endless = kept(7, 1, 99, &[("beta2", u64::MAX), ("beta2", 5)]);
        assert_eq!(endless.bytes("beta2"), u64::MAX);
    }
}
