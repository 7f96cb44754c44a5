//! What contracts say of things that do not exist: the one place that reads it.

use souk_chain::log::own_words;

/// What stands before a thing's name, and after it. A node may refuse a query for any other
/// reason, so nothing else counts.
const ABSENT: [(&str, &str); 10] = [
    ("deployment ", " does not exist"),
    ("group ", " does not exist"),
    ("order ", " is not there"),
    ("order ", " has no lease"),
    ("provider ", " has no bid on order "),
    ("provider ", " is not registered"),
    ("", " is not registered"),
    ("", " attests nothing of "),
    ("account ", " does not exist"),
    ("account ", " has no "),
];

/// Whether a refusal's text says that what was asked for does not exist.
pub(super) fn says_absent(log: &str) -> bool {
    let words = own_words(log);
    ABSENT.iter().any(|(before, after)| {
        let Some(rest) = words.strip_prefix(before) else { return false };
        let (name, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        !name.is_empty() && rest.starts_with(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_contracts_own_word_says_that_there_is_nothing() {
        for (log, absent) in [
            ("provider souk1me has no bid on order 7: query wasm contract failed", true),
            ("order 7 is not there; an absent order is closed: query wasm contract", true),
            ("order 7 has no lease: query wasm contract failed: unknown request", true),
            ("deployment 7 does not exist: query wasm contract failed", true),
            ("souk1me is not registered; register it first: query wasm contract failed", true),
            ("account 0/7 does not exist: query wasm contract failed", true),
            ("out of gas in location: wasm contract; gasWanted: 3000000", false),
            ("Error parsing into type: missing field: query wasm contract failed", false),
            ("contract: not found", false),
            ("deployment 7 is closed: query wasm contract failed", false),
            ("account 0/7 is closed: query wasm contract failed", false),
        ] {
            assert_eq!(says_absent(log), absent, "{log}");
        }
    }
}
