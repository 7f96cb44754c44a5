//! How often addresses and their networks may ask: a token bucket for each, as its theoretical time
//! of arrival (the generic cell rate algorithm).
//!
//! The tables have a fixed size, which the keyed stores of the `governor` crate do not: they grow
//! with every address until somebody sweeps them. In a full table the bucket that was used least
//! recently makes room, and whoever is not in the table begins with a full bucket, so that a crowd of
//! strangers can never lock out the next one. There is a table for each width: a crowd of addresses
//! does not push its own networks out.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use hashlink::LruCache;
use ipnet::IpNet;

use super::prefix::{Width, networks};

/// Networks of one width that are remembered.
const CAPACITY: usize = 8_192;
/// Seconds of its rate that a bucket holds.
const BURST_SECONDS: u32 = 10;

/// The rates of all addresses.
#[derive(Debug)]
pub struct RateTable {
    /// Between two requests of an address at its rate.
    interval: Duration,
    /// When each bucket is full again.
    full_at: [LruCache<IpNet, Instant>; Width::ALL.len()],
}

impl RateTable {
    /// With this rate a second for an address, at least 1.
    pub fn new(per_second: u32) -> Self {
        Self::with_capacity(per_second, CAPACITY)
    }

    fn with_capacity(per_second: u32, capacity: usize) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Self { interval, full_at: Width::ALL.map(|_| LruCache::new(capacity)) }
    }

    /// Takes one from the buckets of an address and its networks, or from none of them if one is
    /// empty.
    pub fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let room = |table: &mut Self, width: Width, network: &IpNet| {
            let full_at = table.full_at[width as usize].get(network).copied();
            let debt = full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
            let capacity = Duration::from_secs(u64::from(BURST_SECONDS));
            debt + table.interval / width.factor() <= capacity
        };
        if !networks(address).all(|(width, network)| room(self, width, &network)) {
            return false;
        }
        for (width, network) in networks(address) {
            let step = self.interval / width.factor();
            let table = &mut self.full_at[width as usize];
            let from = table.get(&network).copied().map_or(now, |at| at.max(now));
            table.insert(network, from + step);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn taken(table: &mut RateTable, address: &str, now: Instant) -> usize {
        (0..10_000).take_while(|_| table.take(ip(address), now)).count()
    }

    #[test]
    fn a_bucket_holds_ten_seconds_and_fills_at_its_rate() {
        let (mut table, start) = (RateTable::new(5), Instant::now());
        assert_eq!(taken(&mut table, "192.0.2.1", start), 50);
        let later = start + Duration::from_secs(2);
        assert_eq!(taken(&mut table, "192.0.2.1", later), 10);
        assert_eq!(taken(&mut table, "192.0.2.1", later + Duration::from_secs(3_600)), 50);
    }

    #[test]
    fn a_network_has_less_than_its_addresses_together() {
        let (mut table, now) = (RateTable::new(5), Instant::now());
        let all: usize = (1..=9).map(|i| taken(&mut table, &format!("192.0.2.{i}"), now)).sum();
        assert_eq!(all, 200);
        assert_eq!(taken(&mut table, "192.0.3.1", now), 50);
        let mut of_sites = 0;
        for subnet in 0..=9 {
            of_sites += taken(&mut table, &format!("2001:db8:0:{subnet}::1"), now);
        }
        assert_eq!(of_sites, 100, "one /56");
        for site in 1..=9 {
            of_sites += taken(&mut table, &format!("2001:db8:0:{site:x}00::1"), now);
        }
        assert_eq!(of_sites, 200, "one /48");
    }

    #[test]
    fn a_full_table_does_not_grow_and_locks_nobody_out() {
        let (mut table, now) = (RateTable::with_capacity(1, 64), Instant::now());
        for i in 0..50_000_u32 {
            table.take(IpAddr::from(i.to_be_bytes()), now);
        }
        for known in &table.full_at {
            assert!(known.len() <= 64, "{}", known.len());
        }
        assert_eq!(taken(&mut table, "203.0.113.9", now), 10);
        assert_eq!(taken(&mut table, "2001:db8::9", now), 10);
    }
}
