//! Where tenants reach a provider: an https origin and the pins of its key. Pure.

use souk_api::registry::Gateway;
use thiserror::Error;

/// Longest uri in bytes.
pub const MAX_URI: usize = 256;
/// Pins at most: the current key and the next.
pub const MAX_PINS: usize = 2;
/// Bytes of a pin, a SHA-256.
pub const PIN_LEN: usize = 32;

/// A gateway that tenants could not reach safely.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum GatewayError {
    /// Not an https origin.
    #[error("gateway uri `{0}` must be https://HOST[:PORT] without a path, in at most 256 bytes")]
    Uri(String),
    /// Too many pins.
    #[error("{0} gateway pins, the limit is 2: the current key and the next")]
    TooManyPins(usize),
    /// A pin of another length.
    #[error("gateway pin {pin} has {len} bytes; a pin is the SHA-256 of the key, 32 bytes")]
    Pin {
        /// The pin, as hex.
        pin: String,
        /// Its length in bytes.
        len: usize,
    },
    /// One pin twice.
    #[error("gateway pin {0} stands there twice")]
    DuplicatePin(String),
}

/// Checks the uri and the pins.
pub fn check(gateway: &Gateway) -> Result<(), GatewayError> {
    if gateway.uri.len() > MAX_URI || !is_https_origin(&gateway.uri) {
        return Err(GatewayError::Uri(gateway.uri.chars().take(MAX_URI).collect()));
    }
    let pins = &gateway.pins;
    if pins.len() > MAX_PINS {
        return Err(GatewayError::TooManyPins(pins.len()));
    }
    if let Some(pin) = pins.iter().find(|pin| pin.len() != PIN_LEN) {
        return Err(GatewayError::Pin { pin: pin.to_hex(), len: pin.len() });
    }
    match (pins.first(), pins.get(1)) {
        (Some(first), Some(second)) if first == second => {
            Err(GatewayError::DuplicatePin(first.to_hex()))
        }
        _ => Ok(()),
    }
}

/// `https://` and a host, perhaps a port; no user, path, query or fragment.
fn is_https_origin(uri: &str) -> bool {
    let Some(authority) = uri.strip_prefix("https://") else { return false };
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return address.parse::<std::net::Ipv6Addr>().is_ok() && is_port_part(port);
    }
    let (host, port) = match authority.find(':') {
        Some(colon) => authority.split_at(colon),
        None => (authority, ""),
    };
    is_host(host) && is_port_part(port)
}

/// Dot-separated labels of letters, digits and inner hyphens.
fn is_host(host: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=253).contains(&host.len())
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(letter)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Nothing, or a colon and a port from 1.
fn is_port_part(port: &str) -> bool {
    match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            digits.bytes().all(|b| b.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|port| port > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(uri: &str, pins: &[&[u8]]) -> Gateway {
        Gateway { uri: uri.into(), pins: pins.iter().map(|pin| (*pin).into()).collect() }
    }

    #[test]
    fn a_gateway_is_an_https_origin_and_nothing_more() {
        for uri in [
            "https://provider.example.com",
            "https://provider.example.com:8443",
            "https://127.0.0.1:1",
            "https://[::1]:65535",
            "https://[2001:db8::1]",
            "https://localhost",
        ] {
            assert_eq!(check(&gateway(uri, &[])), Ok(()), "{uri}");
        }
        for uri in [
            "",
            "https://",
            "http://provider.example.com",
            "provider.example.com",
            "https://provider.example.com/",
            "https://provider.example.com/path",
            "https://provider.example.com?query",
            "https://provider.example.com#part",
            "https://user@provider.example.com",
            "https://provider.example.com:",
            "https://provider.example.com:0",
            "https://provider.example.com:65536",
            "https://provider.example.com:+80",
            "https://provider..com",
            "https://-provider.com",
            "https://pro vider.com",
            "https://[::1",
            "https://[host]",
            "https://:8443",
        ] {
            assert_eq!(check(&gateway(uri, &[])), Err(GatewayError::Uri(uri.into())), "{uri}");
        }
        let long = format!("https://{}", ["a"; 130].join("."));
        assert!(matches!(check(&gateway(&long, &[])), Err(GatewayError::Uri(_))));
    }

    #[test]
    fn pins_are_at_most_two_different_hashes() {
        let uri = "https://provider.example.com";
        let (a, b) = ([1u8; 32], [2u8; 32]);
        assert_eq!(check(&gateway(uri, &[&a])), Ok(()));
        assert_eq!(check(&gateway(uri, &[&a, &b])), Ok(()));
        assert_eq!(check(&gateway(uri, &[&a, &b, &a])), Err(GatewayError::TooManyPins(3)));
        assert!(matches!(check(&gateway(uri, &[&a, &a])), Err(GatewayError::DuplicatePin(_))));
        assert!(matches!(
            check(&gateway(uri, &[&[1; 31]])),
            Err(GatewayError::Pin { len: 31, .. })
        ));
    }
}
