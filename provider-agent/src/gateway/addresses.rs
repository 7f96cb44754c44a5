//! How many connections each address has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

type Open = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// Counts the connections of each address, so that one cannot take them all.
#[derive(Debug)]
pub struct Addresses {
    limit: u32,
    open: Open,
}

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub struct Place {
    address: IpAddr,
    open: Open,
}

impl Addresses {
    /// At most `limit` connections for each address.
    pub fn new(limit: u32) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// A connection more, if the address may have one.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let address = whole(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(&address).copied().unwrap_or(0);
        if count >= self.limit {
            return None;
        }
        open.insert(address, count + 1);
        Some(Place { address, open: Arc::clone(&self.open) })
    }
}

/// Of an IPv6 address the network counts: whoever has one has all of them.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}

impl Drop for Place {
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
        let addresses = Addresses::new(2);
        let first = addresses.take(ip("192.0.2.1"));
        let second = addresses.take(ip("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(addresses.take(ip("192.0.2.1")).is_none());
        assert!(addresses.take(ip("192.0.2.2")).is_some());
        drop(first);
        assert!(addresses.take(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn the_addresses_of_one_network_are_counted_together() {
        let addresses = Addresses::new(1);
        let _held = addresses.take(ip("2001:db8::1")).unwrap();
        assert!(addresses.take(ip("2001:db8::2")).is_none());
        assert!(addresses.take(ip("2001:db8:0:1::1")).is_some());
    }
}
