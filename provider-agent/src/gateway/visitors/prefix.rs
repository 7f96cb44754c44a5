//! The networks that an address is of. One person has a /64 of IPv6 at least, often a /56 or /48, and
//! a renter of machines has neighbouring IPv4 addresses: each is limited as a whole.

use std::net::IpAddr;

use ipnet::IpNet;

/// How wide a network is. Each address has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// An IPv4 address, or an IPv6 /64.
    Address,
    /// An IPv6 /56.
    Site,
    /// An IPv4 /24 or an IPv6 /48.
    Network,
}

impl Width {
    /// All widths.
    pub const ALL: [Self; 3] = [Self::Address, Self::Site, Self::Network];

    /// How much more than an address it may ask for.
    pub fn factor(self) -> u32 {
        match self {
            Self::Address => 1,
            Self::Site => 2,
            Self::Network => 4,
        }
    }
}

/// The networks of an address, the narrowest first. An IPv4 address that is written as IPv6 is
/// IPv4.
pub fn networks(address: IpAddr) -> impl Iterator<Item = (Width, IpNet)> {
    let address = address.to_canonical();
    Width::ALL.into_iter().filter_map(move |width| {
        let length = match (address, width) {
            (IpAddr::V4(_), Width::Address) => 32,
            (IpAddr::V4(_), Width::Network) => 24,
            (IpAddr::V4(_), Width::Site) => return None,
            (IpAddr::V6(_), Width::Address) => 64,
            (IpAddr::V6(_), Width::Site) => 56,
            (IpAddr::V6(_), Width::Network) => 48,
        };
        let network = IpNet::new(address, length).ok()?;
        Some((width, network.trunc()))
    })
}

/// The widest network of an address.
pub fn widest(address: IpAddr) -> Option<IpNet> {
    networks(address).last().map(|(_, network)| network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Vec<String> {
        networks(address.parse().unwrap()).map(|(_, network)| network.to_string()).collect()
    }

    #[test]
    fn an_address_is_counted_with_its_networks() {
        assert_eq!(of("192.0.2.7"), ["192.0.2.7/32", "192.0.2.0/24"]);
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        let expected = ["2001:db8:1:2ff::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"];
        assert_eq!(of("2001:db8:1:2ff::9"), expected);
    }
}
