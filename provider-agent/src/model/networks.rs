//! Networks that are not the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// IPv4 networks that are not the internet. Sources: RFC 6890 and its registry; and the one public
/// address of Azure's instance metadata.
pub const NOT_INTERNET_4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// IPv6 networks that are not the internet, with translated and tunnelled IPv4, by which the
/// networks above could be reached. Mapped IPv4 (`::ffff:0:0/96`) is not: it never leaves a node as
/// IPv6, and Kubernetes refuses a policy that names it, as it reads it as IPv4.
pub const NOT_INTERNET_6: [&str; 12] = [
    "::/128",
    "::1/128",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Whether an address is on the internet. IPv4 in IPv6 counts as IPv4.
pub fn is_public(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(six) => embedded(six).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let networks = NOT_INTERNET_4.iter().chain(&NOT_INTERNET_6);
    let mut networks = networks.filter_map(|network| network.parse::<IpNet>().ok());
    !networks.any(|network| network.contains(&address))
}

/// The IPv4 address of a mapped (`::ffff:a.b.c.d`) or compatible (`::a.b.c.d`) one.
fn embedded(six: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = six.segments();
    let prefix = [a, b, c, d, e] == [0; 5] && (f == 0xffff || (f == 0 && high != 0));
    let [one, two] = high.to_be_bytes();
    let [three, four] = low.to_be_bytes();
    prefix.then(|| Ipv4Addr::new(one, two, three, four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_can_be_read() {
        for network in NOT_INTERNET_4.iter().chain(&NOT_INTERNET_6) {
            assert!(network.parse::<IpNet>().is_ok(), "{network}");
        }
    }

    #[test]
    fn an_address_is_public_only_in_no_such_network_however_it_is_written() {
        for (address, expected) in [
            ("1.1.1.1", true),
            ("169.254.169.254", false),
            ("168.63.129.16", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:1.1.1.1", true),
            ("::127.0.0.1", false),
            ("::1", false),
            ("64:ff9b::7f00:1", false),
            ("fd00:ec2::254", false),
            ("2606:4700::1111", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }
}
