//! Quantities in canonical form: what the API server writes back for what it was given.

use serde_json::Value;
use souk_core::quantity::Quantity;

const NANO: i128 = 1_000_000_000;

/// A quantity in billionths; nothing for text that is none.
pub fn nano(text: &str) -> Option<i128> {
    let exact = text.parse::<Quantity>().ok()?.to_string();
    let (digits, step) = match exact.as_bytes().last()? {
        b'm' => (exact.trim_end_matches('m'), NANO / 1_000),
        b'u' => (exact.trim_end_matches('u'), NANO / 1_000_000),
        b'n' => (exact.trim_end_matches('n'), 1),
        _ => (exact.as_str(), NANO),
    };
    digits.parse::<i128>().ok()?.checked_mul(step)
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

/// Binary form of so many billionths of a byte, rounded up to whole bytes.
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

/// Canonical form of a field that may be a number; false for text that is no quantity.
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
    fn a_number_is_read_as_a_quantity() {
        let mut value = Value::from(2);
        normalize(&mut value);
        assert_eq!(value, "2");
        let mut value = Value::from(0.25);
        normalize(&mut value);
        assert_eq!(value, "250m");
    }
}
