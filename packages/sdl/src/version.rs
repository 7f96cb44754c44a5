//! `version`: which rules a file follows.
//!
//! ```yaml
//! version: "2.1"
//! ```
//!
//! `2.0` in any spelling (`2`, `v2.0`, `2.0.0`) is 2.0; whatever is 2.1.0 or later is 2.1.

/// The two sets of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// SDL 2.0: each service has its own resource unit.
    V2_0,
    /// SDL 2.1: services of one placement that share a compute profile share a resource unit.
    V2_1,
}

/// Why a version was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VersionError {
    #[error("`{0}` is not a version")]
    NotAVersion(String),
    #[error("version {0} is not supported")]
    Unsupported(String),
}

/// Reads a version, tolerating a `v` before it, missing parts and leading zeros.
pub(crate) fn parse(text: &str) -> Result<Edition, VersionError> {
    let bad = || VersionError::NotAVersion(text.to_owned());
    let trimmed = text.trim();
    let trimmed = trimmed.strip_prefix('v').unwrap_or(trimmed);
    let mut parts: Vec<String> = trimmed.splitn(3, '.').map(without_leading_zeros).collect();
    let short = parts.len() < 3;
    if short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err(bad());
    }
    parts.resize(3, "0".to_owned());
    // The third part is the patch, `-` pre-release, `+` build.
    let (rest, build) = split(&parts[2], '+');
    let (patch, pre) = split(rest, '-');
    let numbers = [number(&parts[0]), number(&parts[1]), number(patch)];
    let [Some(major), Some(minor), Some(patch)] = numbers else { return Err(bad()) };
    let fine = |ids: &str, check: fn(&str) -> bool| ids.split('.').all(check);
    if build.is_some_and(|ids| !fine(ids, is_identifier))
        || pre.is_some_and(|ids| !fine(ids, is_pre_release))
    {
        return Err(bad());
    }
    match ((major, minor, patch), pre) {
        ((2, 0, 0), None) => Ok(Edition::V2_0),
        (version, _) if version > (2, 1, 0) => Ok(Edition::V2_1),
        ((2, 1, 0), None) => Ok(Edition::V2_1),
        _ => Err(VersionError::Unsupported(trimmed.to_owned())),
    }
}

fn without_leading_zeros(part: &str) -> String {
    if part.len() <= 1 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    let digit_first = rest.starts_with(|c: char| c.is_ascii_digit());
    if digit_first { rest.to_owned() } else { format!("0{rest}") }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_pre_release(text: &str) -> bool {
    let numeric = text.bytes().all(|b| b.is_ascii_digit());
    is_identifier(text) && (!numeric || number(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_tolerantly() {
        for text in ["2.0", "2", "v2.0", "2.0.0", " 2.0 ", "02.00", "2.0.0+build.1"] {
            assert_eq!(parse(text), Ok(Edition::V2_0), "{text}");
        }
        for text in ["2.1", "2.01", "3.0", "2.1.1-rc1", "v10", "2.1.0+x"] {
            assert_eq!(parse(text), Ok(Edition::V2_1), "{text}");
        }
        for text in ["1.5", "2.0.1", "2.1.0-rc1", "2.0.0-beta"] {
            assert!(matches!(parse(text), Err(VersionError::Unsupported(_))), "{text}");
        }
        for text in ["", "V2.0", "2.0-beta", "two", "2.x", "2.1.0-", "2.1.0-01", "2..0"] {
            assert!(matches!(parse(text), Err(VersionError::NotAVersion(_))), "{text}");
        }
    }
}
