//! Kubernetes quantities: read to the billionth without floats, and written in the form of the API server.

use serde_json::Value;

const NANO: i128 = 1_000_000_000;

/// A quantity such as `500m`, `1.5Gi` or `2e3` in billionths, rounded up (away from zero) to a whole one.
/// None for text that is not a quantity, or beyond 128 bits.
pub fn nano(text: &str) -> Option<i128> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // Fails for an empty number and for a second point.
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (factor, exponent) = scale(suffix)?;
    let digits = digits.checked_mul(factor)?;
    if digits == 0 {
        return Some(0);
    }
    let power = exponent.checked_add(9)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let step = 10i128.checked_pow(power.unsigned_abs());
    let value = match step {
        Some(step) if power >= 0 => digits.checked_mul(step)?,
        Some(step) => digits.checked_add(step - 1)? / step,
        None if power < 0 => 1,
        None => return None,
    };
    Some(sign * value)
}

/// What a suffix multiplies by: a factor, and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    const TEN: [(&str, i32); 10] = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    const TWO: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some((_, power)) = TEN.iter().find(|(name, _)| *name == suffix) {
        return Some((1, *power));
    }
    if let Some(at) = TWO.iter().position(|name| *name == suffix) {
        return Some((1024i128.pow(u32::try_from(at).ok()? + 1), 0));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((1, exponent.parse().ok()?))
}

/// A quantity field in billionths; 0 when it is absent.
pub fn nano_of(value: &Value) -> i128 {
    match value {
        Value::String(text) => nano(text).unwrap_or(0),
        Value::Number(number) => nano(&number.to_string()).unwrap_or(0),
        _ => 0,
    }
}

/// The form in which the API server writes the quantity back (`1000m` is `1`, `1024Mi` is `1Gi`).
pub fn canonical(text: &str) -> Option<String> {
    let value = nano(text)?;
    let number_end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+'))?;
    let suffix = text.get(number_end..)?;
    Some(match suffix {
        "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" if value.abs() >= 1024 * NANO => binary(value),
        s if s.starts_with('e') || (s.starts_with('E') && s.len() > 1) => exponent(value),
        _ => decimal(value),
    })
}

/// Decimal form with the largest suffix that loses nothing.
pub fn decimal(value: i128) -> String {
    let (digits, power) = thousands(value);
    let suffix = match power {
        -3 => "n",
        -2 => "u",
        -1 => "m",
        1 => "k",
        2 => "M",
        3 => "G",
        4 => "T",
        5 => "P",
        6 => "E",
        _ => "",
    };
    format!("{digits}{suffix}")
}

/// Binary form of an amount in billionths of a byte, rounded up to whole bytes.
pub fn binary(value: i128) -> String {
    let mut units = value.div_euclid(NANO) + i128::from(value.rem_euclid(NANO) != 0);
    let mut suffix = 0;
    while units != 0 && units % 1024 == 0 && suffix < 6 {
        units /= 1024;
        suffix += 1;
    }
    let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][suffix];
    format!("{units}{suffix}")
}

fn exponent(value: i128) -> String {
    match thousands(value) {
        (digits, 0) => digits.to_string(),
        (digits, power) => format!("{digits}e{}", power * 3),
    }
}

fn thousands(value: i128) -> (i128, i32) {
    if value == 0 {
        return (0, 0);
    }
    let (mut digits, mut power) = (value, -3);
    while digits % 1000 == 0 && power < 6 {
        digits /= 1000;
        power += 1;
    }
    (digits, power)
}

/// Canonical form of a field that may be a number; false for text that is not a quantity.
pub fn normalize(value: &mut Value) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return true,
    };
    // Plain integers have no suffix for `canonical` to find.
    let form = canonical(&text).or_else(|| nano(&text).map(decimal));
    match form {
        Some(form) => {
            *value = Value::String(form);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_back_in_the_form_of_the_api_server() {
        for (given, written) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("512Mi", "512Mi"),
            ("1000Mi", "1000Mi"),
            ("0.5Ki", "512"),
            ("1000", "1k"),
            ("1000000000", "1G"),
            ("8", "8"),
            ("0", "0"),
            ("1e3", "1e3"),
            ("2E", "2E"),
            ("100k", "100k"),
        ] {
            let mut value = Value::from(given);
            normalize(&mut value);
            assert_eq!(value, written, "{given}");
        }
    }

    #[test]
    fn every_form_that_kubernetes_reads_is_read() {
        for (text, expected) in [
            ("0", 0),
            ("1", NANO),
            ("500m", NANO / 2),
            (".5", NANO / 2),
            ("1.", NANO),
            ("+1", NANO),
            ("-5", -5 * NANO),
            ("2e3", 2_000 * NANO),
            ("2E-3", NANO / 500),
            ("1.5Ki", 1_536 * NANO),
            ("1n", 1),
            ("0.1n", 1),
            ("1Ei", (1 << 60) * NANO),
            ("1E", 1_000_000_000 * NANO * NANO),
            ("1e-99", 1),
        ] {
            assert_eq!(nano(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_quantity_is_refused() {
        for text in
            ["", "m", "1x", "1 ", " 1", "1e", "1e1.5", "1..2", ".", "1KI", "1ki", "--1", "1e99"]
        {
            assert_eq!(nano(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_read_as_a_quantity() {
        let mut value = Value::from(2);
        normalize(&mut value);
        assert_eq!(value, "2");
        let mut value = Value::from(0.25);
        normalize(&mut value);
        assert_eq!(value, "250m");
    }
}
