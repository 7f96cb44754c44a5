//! Versions of code, as cw2 publishes them: three numbers with dots between.

/// Whether `stored` is newer than `code`. What cannot be read counts as newer, so that nothing
/// unknown is taken over. A part after a hyphen or plus does not count.
pub fn is_newer(stored: &str, code: &str) -> bool {
    match (numbers(stored), numbers(code)) {
        (Some(stored), Some(code)) => stored > code,
        _ => true,
    }
}

fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.split(['-', '+']).next()?;
    let mut parts = core.split('.');
    let mut next = || parts.next()?.parse().ok();
    let found = [next()?, next()?, next()?];
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        for (stored, newer) in [
            ("0.1.0", false),
            ("0.0.9", false),
            ("0.1.1", true),
            ("0.2.0", true),
            ("0.10.0", true),
            ("1.0.0", true),
            ("0.1.0-rc1", false),
            ("0.0.10+build", false),
        ] {
            assert_eq!(is_newer(stored, "0.1.0"), newer, "{stored}");
        }
    }

    #[test]
    fn what_is_no_version_counts_as_newer() {
        for stored in ["", "1", "0.1", "0.1.0.0", "v0.1.0", "0..1"] {
            assert!(is_newer(stored, "0.1.0"), "{stored}");
        }
    }
}
