//! What names, keys and hosts may look like.

/// A service: lower case, digits and `-`, starting with a letter, not ending in `-`.
pub(crate) fn is_service(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(|last| *last != b'-')
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// A leased IP: at least two of lower case, digits, `-` and `_`, starting with a letter.
pub(crate) fn is_endpoint(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() >= 2
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(b))
}

/// An environment variable: letters, digits, `-`, `_` and `.`, not starting with a digit or `..`.
pub(crate) fn is_env(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || b"-._".contains(&b);
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| letter(*first))
        && bytes.iter().all(|b| letter(*b) || b.is_ascii_digit())
        && name != "."
        && !name.starts_with("..")
}

/// An attribute's key: starts with a letter; letters, digits, `_`, `/`, `.`, `-`; may end in `*`.
pub(crate) fn is_attribute_key(key: &str) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let inner = |bytes: &[u8]| bytes.iter().all(|b| word(b) || b"/.-".contains(b));
    let [first, rest @ ..] = key.as_bytes() else { return false };
    if !first.is_ascii_alphabetic() {
        return false;
    }
    let whole = (1..=126).contains(&rest.len()) && inner(rest);
    let with_last = || match rest {
        [middle @ .., last] => {
            (1..=126).contains(&middle.len()) && inner(middle) && (word(last) || *last == b'*')
        }
        [] => false,
    };
    whole || with_last()
}

/// A host name: labels of lower case, digits and inner `-`, at most 253 characters.
pub fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let fine = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        bytes.first().is_some_and(fine)
            && bytes.last().is_some_and(fine)
            && bytes.iter().all(|b| fine(b) || *b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Why nobody reaches a host by its name, though it is one by [`is_host`]; none if it can be reached.
/// Kubernetes refuses an address as host, and takes the others.
pub fn host_fault(name: &str) -> Option<&'static str> {
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Some("it is an IP address, not a DNS name");
    }
    if name.split('.').any(|label| label.len() > 63) {
        return Some("DNS has no labels of more than 63 characters");
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    is_number(last).then_some("clients take a name whose last label is a number for an IP address")
}

/// Whether resolvers may read a name whose last label is this, in lower case, as an address: `127.1`,
/// `0x7f000001`, `2130706433`.
pub fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").map(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    hex.unwrap_or_else(|| label.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether `http://` and this make an address at all. All entries of `accept` must, also those
/// of services that are not deployed; deployed ones must be hosts besides.
pub(crate) fn is_address(text: &str) -> bool {
    if text.bytes().any(|b| b < b' ' || b == 0x7F) {
        return false;
    }
    let before_query = text.split('?').next().unwrap_or_default();
    let (authority, path) = match before_query.find('/') {
        Some(at) => before_query.split_at(at),
        None => (before_query, ""),
    };
    let (user, host) = match authority.rfind('@') {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => ("", authority),
    };
    let in_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    user.chars().all(in_user) && escapes(user, false) && is_authority(host) && escapes(path, false)
}

/// A host in an address, with an optional port.
fn is_authority(host: &str) -> bool {
    match host.rfind('[') {
        Some(0) => {
            let Some(end) = host.rfind(']') else { return false };
            let (inner, port) = (&host[1..end], &host[end + 1..]);
            let (address, zone) = match inner.find("%25") {
                Some(at) => (&inner[..at], &inner[at + 3..]),
                None => (inner, "-"),
            };
            is_port(port) && !zone.is_empty() && address.parse::<std::net::Ipv6Addr>().is_ok()
        }
        Some(_) => false,
        None => {
            let port = host.rfind(':').map_or("", |at| &host[at..]);
            is_port(port) && escapes(host, true) && host.bytes().all(may_be_in_host)
        }
    }
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

fn may_be_in_host(byte: u8) -> bool {
    byte >= 0x80 || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
}

/// Whether each `%` has two hex digits after it; in a host they stand for no ASCII but `%`.
fn escapes(text: &str, host: bool) -> bool {
    text.match_indices('%').all(|(at, _)| {
        let Some(hex) = text.as_bytes().get(at + 1..at + 3) else { return false };
        hex.iter().all(u8::is_ascii_hexdigit) && (!host || hex[0] >= b'8' || hex == b"25")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_endpoints_have_plain_names() {
        for name in ["web", "a", "a-1", "w0"] {
            assert!(is_service(name), "{name}");
        }
        for name in ["", "Web", "1a", "a_b", "a-", "-a", "wéb"] {
            assert!(!is_service(name), "{name}");
        }
        assert!(is_endpoint("my_ip-1") && is_endpoint("ab") && is_endpoint("a-"));
        assert!(!is_endpoint("a") && !is_endpoint("Ab") && !is_endpoint("1b"));
    }

    #[test]
    fn a_host_that_no_client_finds_by_dns_has_a_fault() {
        let label = |length: usize| format!("{}.example.com", "a".repeat(length));
        for host in ["shop.example.com", "localhost", "1.example.com", "a.0xyz", &label(63)] {
            assert!(is_host(host) && host_fault(host).is_none(), "{host}");
        }
        for host in ["203.0.113.5", "1.2.3", "9", "a.0x1f", "shop.1", &label(64)] {
            assert!(is_host(host) && host_fault(host).is_some(), "{host}");
        }
    }

    #[test]
    fn environment_names_may_hold_dots_but_not_lead_elsewhere() {
        assert!(["A", "_a", ".a", "a.b", "-x", "A1"].into_iter().all(is_env));
        assert!(!["", "1A", ".", "..", "..a", "a b", "a/b"].into_iter().any(is_env));
    }

    #[test]
    fn attribute_keys_may_end_in_a_star() {
        let long = format!("a{}", "b".repeat(127));
        assert!(
            ["ab", "a/b.c-d", "ab*", "vendor/nvidia/model/", &long]
                .into_iter()
                .all(is_attribute_key)
        );
        let too_long = format!("{long}b");
        assert!(
            !["", "a", "1a", "a*b", "a*", "a b", "ab-*x", &too_long]
                .into_iter()
                .any(is_attribute_key)
        );
        assert!(!is_attribute_key(&format!("a{}/", "b".repeat(126))));
    }

    #[test]
    fn hosts_are_names_of_lower_case() {
        assert!(["a.com", "127.0.0.1", "x", "a-b.c"].into_iter().all(is_host));
        assert!(
            !["", "A.com", "a..b", "*.a.com", "a_b.com", "a.com:80", "-a", "a."]
                .into_iter()
                .any(is_host)
        );
    }

    #[test]
    fn addresses_are_looser_than_hosts() {
        assert!(
            ["", "a.com:80", "a.com/x", "*.a", "u@h", "[::1]:80", "a?b c", "http://a.com", "é"]
                .into_iter()
                .all(is_address)
        );
        assert!(
            !["a b", "a\tb", "a%zz", "a%20b", "a#b", "[::1", "x[::1]", "a:b", "[1.2.3.4]"]
                .into_iter()
                .any(is_address)
        );
    }
}
