//! What contracts say of things that do not exist: the one place that reads it.

use souk_chain::log::own_words;

/// What stands before a thing's name, and after it. A node may refuse a query for any other
/// reason, so nothing else counts. The tests provoke each in the contract that says it.
const ABSENT: [(&str, &str); 7] = [
    ("deployment ", " does not exist"),
    ("order ", " is not there"),
    ("order ", " has no lease"),
    ("provider ", " has no bid on order "),
    ("", " is not registered"),
    ("account ", " does not exist"),
    ("account ", " has no stream "),
];

/// Whether a refusal's text says that what was asked for does not exist.
pub(super) fn says_absent(log: &str) -> bool {
    matching(log).is_some()
}

/// The row that the text follows.
fn matching(log: &str) -> Option<&'static (&'static str, &'static str)> {
    let words = own_words(log);
    ABSENT.iter().find(|(before, after)| {
        let Some(rest) = words.strip_prefix(before) else { return false };
        let (name, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        !name.is_empty() && rest.starts_with(after)
    })
}

#[cfg(test)]
mod tests;
