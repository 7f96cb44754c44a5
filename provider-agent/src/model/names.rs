//! Valid Kubernetes names for all names that SDL allows.

use sha2::{Digest, Sha256};

/// Longest label value and DNS label.
const MAX: usize = 63;

/// A DNS label made of `name` and a suffix; unchanged if it is one already.
pub fn object_name(name: &str, suffix: &str) -> String {
    let full = format!("{name}{suffix}");
    if is_dns_label(&full) {
        return full;
    }
    // A shortened or cleaned name gets a hash of the whole, so that two never collide.
    let tail = format!("-{}{suffix}", hash(&[name], 8));
    let room = MAX.saturating_sub(tail.len() + 1);
    let clean = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let kept: String = name.chars().map(clean).take(room).collect();
    format!("s{}{tail}", kept.trim_matches('-'))
}

/// The longest base of a StatefulSet's name. Its controller labels each pod with the name and a hash of
/// ten characters, for which a label has room up to 52; four are for a number.
const MAX_SET: usize = 48;

/// The name of a service's StatefulSets, which may be followed by `-` and a number of two digits: names
/// of 53 characters and more are accepted by Kubernetes and never get a pod.
pub fn set_name(service: &str) -> String {
    let name = object_name(service, "");
    if name.len() <= MAX_SET {
        return name;
    }
    let tail = format!("-{}", hash(&[service], 8));
    let kept: String = name.chars().take(MAX_SET - tail.len()).collect();
    format!("{}{tail}", kept.trim_end_matches('-'))
}

/// A label's value: `name` if it may be one.
pub fn label_value(name: &str) -> String {
    let fine = name.len() <= MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric());
    if fine { name.to_owned() } else { object_name(name, "") }
}

/// The first `digits` hexadecimal digits of the parts' SHA-256.
pub fn hash(parts: &[&str], digits: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut text = hex::encode(hasher.finalize());
    text.truncate(digits);
    text
}

/// The first 64 bits of the parts' SHA-256.
pub fn digest(parts: &[&str]) -> u64 {
    u64::from_str_radix(&hash(parts, 16), 16).unwrap_or_default()
}

fn is_dns_label(name: &str) -> bool {
    (1..=MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_dns_label_stays_as_it_is() {
        assert_eq!(object_name("web", "-env"), "web-env");
    }

    #[test]
    fn a_stateful_sets_name_leaves_room_for_the_label_of_its_pods() {
        assert_eq!(set_name("db"), "db");
        let (one, other) = ("a".repeat(49), format!("{}b", "a".repeat(62)));
        for name in ["a".repeat(48), one.clone(), other.clone(), format!("{}-x", "a".repeat(46))] {
            let made = set_name(&name);
            assert!(is_dns_label(&made) && made.len() <= MAX_SET, "{made}");
        }
        assert_ne!(set_name(&one), set_name(&other));
    }

    #[test]
    fn every_other_name_becomes_one_and_two_never_meet() {
        let long = "a".repeat(70);
        let names = ["Data", "data_1", "data.1", "1data", "-", long.as_str()];
        let made: Vec<_> = names.iter().map(|name| object_name(name, "-env")).collect();
        for name in &made {
            assert!(is_dns_label(name), "{name}");
        }
        let mut distinct = made.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), made.len(), "{made:?}");
    }
}
