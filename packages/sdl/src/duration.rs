//! Durations as Go writes them: `1h30m`, `90s`, `1.5h`, `300ms`.

/// A duration in nanoseconds; nothing for what is none, or beyond 292 years.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let whole = digits(rest);
        rest = &rest[whole.len()..];
        let fraction = rest.strip_prefix('.').map(digits);
        if let Some(fraction) = fraction {
            rest = &rest[1 + fraction.len()..];
        }
        if whole.is_empty() && fraction.unwrap_or_default().is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = nanoseconds(&rest[..end])?;
        rest = &rest[end..];
        let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
        let part = whole.checked_mul(unit)?.checked_add(fraction_of(fraction, unit))?;
        total = total.checked_add(part).filter(|total| *total <= 1 << 63)?;
    }
    if negative { 0i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() }
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

fn nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// That part of a unit; digits beyond the eighteenth don't count.
fn fraction_of(fraction: Option<&str>, unit: u64) -> u64 {
    let mut value = 0u128;
    let mut scale = 1u128;
    for digit in fraction.unwrap_or_default().bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    (value * u128::from(unit) / scale) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, seconds) in [
            ("1h30m", 5400),
            ("90s", 90),
            ("1.5h", 5400),
            ("0", 0),
            ("-2m", -120),
            ("+1m", 60),
            ("1m.5m", 90),
        ] {
            assert_eq!(parse(text), Some(seconds * 1_000_000_000), "{text}");
        }
        assert_eq!(parse("1.5ns"), Some(1));
        for bad in ["", "-", "1", "h", ".s", "1d", "1 h", "h1", "9999999h", "1h-1m"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
