//! Limits the connections of each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

type Open = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// Counts the connections of each address, so that one address cannot take them all.
#[derive(Debug)]
pub struct ConnectionLimit {
    limit: u32,
    open: Open,
}

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    address: IpAddr,
    open: Open,
}

impl ConnectionLimit {
    /// At most `limit` connections for each address.
    pub fn new(limit: u32) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// A permit for one more connection of an address; none if it has reached the limit.
    pub fn acquire(&self, address: IpAddr) -> Option<ConnectionPermit> {
        let address = network_of(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(&address).copied().unwrap_or(0);
        if count >= self.limit {
            return None;
        }
        open.insert(address, count + 1);
        Some(ConnectionPermit { address, open: Arc::clone(&self.open) })
    }
}

/// The address, or the /64 network of an IPv6 address: one host has all addresses of it.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_number_of_connections_and_gets_them_back() {
        let addresses = ConnectionLimit::new(2);
        let first = addresses.acquire(ip("192.0.2.1"));
        let second = addresses.acquire(ip("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(addresses.acquire(ip("192.0.2.1")).is_none());
        assert!(addresses.acquire(ip("192.0.2.2")).is_some());
        drop(first);
        assert!(addresses.acquire(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn the_addresses_of_one_network_are_counted_together() {
        let addresses = ConnectionLimit::new(1);
        let _held = addresses.acquire(ip("2001:db8::1")).unwrap();
        assert!(addresses.acquire(ip("2001:db8::2")).is_none());
        assert!(addresses.acquire(ip("2001:db8:0:1::1")).is_some());
    }
}
