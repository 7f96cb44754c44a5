//! Numbers as Go's `strconv` reads them.

/// An integer in 64 bits, signed if it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Integer {
    Signed(i64),
    Unsigned(u64),
}

/// An integer with an optional sign and a base by its prefix: `0x`, `0b`, `0o`, or `0` for octal.
pub(super) fn parse_integer(text: &str) -> Option<Integer> {
    let (negative, digits) = sign(text);
    let signed = digits.len() != text.len();
    let value = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => radix(&digits[2..], 16),
        [b'0', b'b' | b'B', _, ..] => radix(&digits[2..], 2),
        [b'0', b'o' | b'O', _, ..] => radix(&digits[2..], 8),
        [b'0', _, ..] => radix(&digits[1..], 8),
        _ => radix(digits, 10),
    }?;
    match (with_sign(negative, value), signed) {
        (Some(value), _) => Some(Integer::Signed(value)),
        (None, false) => Some(Integer::Unsigned(value)),
        (None, true) => None,
    }
}

/// `0b-101` and `0o+17`: a sign after the prefix, which yaml.v3 takes too.
pub(super) fn parse_inner_sign(text: &str) -> Option<i64> {
    let base = match text.get(..2)? {
        "0b" => 2,
        "0o" => 8,
        _ => return None,
    };
    let (negative, digits) = sign(&text[2..]);
    with_sign(negative, radix(digits, base)?)
}

/// Digits alone, in base ten.
pub(crate) fn parse_u64(text: &str) -> Option<u64> {
    radix(text, 10)
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn with_sign(negative: bool, value: u64) -> Option<i64> {
    if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

fn radix(digits: &str, base: u32) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| u64::from_str_radix(digits, base).ok()).flatten()
}

/// A float: decimal or hexadecimal (`0x1p4`), underscores between digits, `inf`, `nan`.
/// Nothing for what is not a float and for what is beyond the largest.
pub(crate) fn parse_f64(text: &str) -> Option<f64> {
    let (negative, body) = sign(text);
    if let Some(value) = special(body, body.len() != text.len()) {
        return Some(if negative { -value } else { value });
    }
    if !underscores_separate_digits(body) {
        return None;
    }
    let body = body.replace('_', "");
    let value = if body.len() > 2
        && body.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"))
    {
        hexadecimal(&body[2..])?
    } else if is_decimal(&body) {
        body.parse::<f64>().ok()?
    } else {
        return None;
    };
    value.is_finite().then_some(if negative { -value } else { value })
}

fn special(body: &str, signed: bool) -> Option<f64> {
    match body.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Some(f64::INFINITY),
        "nan" if !signed => Some(f64::NAN),
        _ => None,
    }
}

/// `1`, `1.`, `.1`, `1.5`, each with an exponent or without.
pub(super) fn is_decimal(body: &str) -> bool {
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(sign(&body[at + 1..]).1)),
        None => (body, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && whole.len() + fraction.len() > 0
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// What follows `0x`: digits, maybe with a point, and an exponent of two that must be there.
fn hexadecimal(body: &str) -> Option<f64> {
    let at = body.find(['p', 'P'])?;
    let (negative, digits) = sign(&body[at + 1..]);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exponent = digits.parse::<i64>().unwrap_or(100_000).min(100_000);
    let mut exponent = if negative { -exponent } else { exponent };

    let (whole, fraction) = body[..at].split_once('.').unwrap_or((&body[..at], ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut mantissa = 0u64;
    for (index, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent -= if index >= whole.len() { 4 } else { 0 };
        } else {
            // Beyond 64 bits only whether there is anything matters, for rounding.
            mantissa |= u64::from(digit != 0);
            exponent += if index < whole.len() { 4 } else { 0 };
        }
    }
    let power = i32::try_from(exponent.clamp(-5000, 5000)).ok()?;
    Some(mantissa as f64 * 2f64.powi(power))
}

/// Whether each underscore stands between digits (or after a base's prefix).
fn underscores_separate_digits(body: &str) -> bool {
    if !body.contains('_') {
        return true;
    }
    let bytes = body.as_bytes();
    let prefixed = bytes.len() >= 2 && bytes[0] == b'0' && b"bBoOxX".contains(&bytes[1]);
    let hex = prefixed && bytes[1].eq_ignore_ascii_case(&b'x');
    let mut after_digit = prefixed;
    let mut after_underscore = false;
    for &byte in &bytes[if prefixed { 2 } else { 0 }..] {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        if byte == b'_' && !after_digit || !digit && after_underscore {
            return false;
        }
        after_digit = digit;
        after_underscore = byte == b'_';
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_a_base_by_their_prefix() {
        for (text, value) in [
            ("80", 80),
            ("+80", 80),
            ("-80", -80),
            ("0120", 80),
            ("0x50", 80),
            ("0X50", 80),
            ("0b1010000", 80),
            ("0o120", 80),
            ("0", 0),
            ("00", 0),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_integer(text), Some(Integer::Signed(value)), "{text}");
        }
        assert_eq!(parse_integer("18446744073709551615"), Some(Integer::Unsigned(u64::MAX)));
        for bad in [
            "",
            "+",
            "0x",
            "0b",
            "08",
            "18446744073709551616",
            "-9223372036854775809",
            "1a",
            "--1",
            "1_0",
        ] {
            assert_eq!(parse_integer(bad), None, "{bad}");
        }
        assert_eq!(parse_inner_sign("0b-101"), Some(-5));
        assert_eq!(parse_inner_sign("0o+17"), Some(15));
    }

    #[test]
    fn floats_are_decimal_or_hexadecimal() {
        for (text, value) in [
            ("1", 1.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-1.5e3", -1500.0),
            ("+1E-2", 0.01),
            ("1_048_576", 1_048_576.0),
            ("0x1p4", 16.0),
            ("0x1.8p1", 3.0),
            ("0X_1P-1", 0.5),
            ("0x1ffffffffffffffffp0", 36_893_488_147_419_103_231.0),
        ] {
            assert_eq!(parse_f64(text), Some(value), "{text}");
        }
        assert_eq!(parse_f64("-Infinity"), Some(f64::NEG_INFINITY));
        assert!(parse_f64("nan").is_some_and(f64::is_nan));
        for bad in [
            "", ".", "e5", "1e", "1e400", "0x10", "0x1p", "+nan", "1__0", "_1", "1_", "1_.5", "1 ",
            "1.2.3", "infin",
        ] {
            assert_eq!(parse_f64(bad), None, "{bad}");
        }
    }
}
