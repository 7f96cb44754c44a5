//! Whether a registry is on the internet, as far as its name says: what a name leads to is known only
//! to the node that asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use souk_sdl::is_number;

use crate::model::networks::is_public;

/// Endings of names that are not the internet's: of this machine, of local networks, of clusters and
/// of what clouds tell their machines.
const PRIVATE_ENDINGS: [&str; 11] = [
    "localhost",
    "localdomain",
    "local",
    "svc",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "arpa",
];

/// What a registry is that is not on the internet.
pub(super) fn not_public(registry: &str) -> Option<&'static str> {
    let (host, _) = host_and_port(registry);
    let six = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = six.and_then(|six| six.parse::<Ipv6Addr>().ok()) {
        return (!is_public(IpAddr::V6(address))).then_some("an address of a private network");
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return (!is_public(IpAddr::V4(address))).then_some("an address of a private network");
    }
    let last = host.rsplit('.').next().unwrap_or(host).to_ascii_lowercase();
    if is_number(&last) {
        return Some("an address that is written in another way than 192.0.2.1");
    }
    if !host.contains('.') && last != "localhost" {
        return Some("a name without a domain, which leads into the node's own network");
    }
    PRIVATE_ENDINGS.contains(&last.as_str()).then_some("a name of a private network")
}

/// A registry's host, and its port if it names one. Colons within brackets are of an address.
pub(super) fn host_and_port(registry: &str) -> (&str, Option<&str>) {
    match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    }
}
