//! Kubernetes quantities, read to the billionth into 128 bits.
//!
//! Source of the grammar: apimachinery `resource.Quantity`. Unlike the public crate this
//! reads `1E` and `1Ei` and never goes through a float.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A quantity such as `500m`, `1.5Gi`, `2e3` or `1Ei`, in billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

/// A text that is not a quantity, or one beyond 128 bits.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("`{0}` is not a Kubernetes quantity; write for instance 500m, 2, 1.5Gi or 4e9")]
pub struct QuantityError(pub String);

const NANO: i128 = 1_000_000_000;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole units (bytes, cores, devices).
    pub fn from_units(units: u64) -> Self {
        Self(i128::from(units).saturating_mul(NANO))
    }

    /// Thousandths of a unit.
    pub fn from_milli(milli: u64) -> Self {
        Self(i128::from(milli).saturating_mul(NANO / 1_000))
    }

    /// Whole units, rounded up as Kubernetes does; 0 for what is negative.
    pub fn units(self) -> u64 {
        self.rounded_up(NANO)
    }

    /// Thousandths, rounded up as Kubernetes does; 0 for what is negative.
    pub fn milli(self) -> u64 {
        self.rounded_up(NANO / 1_000)
    }

    fn rounded_up(self, step: i128) -> u64 {
        let up = self.0.max(0).saturating_add(step.saturating_sub(1));
        u64::try_from(up.checked_div(step).unwrap_or(0)).unwrap_or(u64::MAX)
    }

    /// The sum, held at the ends of the range.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, held at the ends of the range.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| QuantityError(text.to_owned()))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, step) in [("", NANO), ("m", NANO / 1_000), ("u", NANO / 1_000_000)] {
            if self.0.checked_rem(step) == Some(0) {
                return write!(f, "{}{suffix}", self.0.checked_div(step).unwrap_or(0));
            }
        }
        write!(f, "{}n", self.0)
    }
}

fn parse(text: &str) -> Option<i128> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len().saturating_add(fraction.len()) == 0 || fraction.contains('.') {
        return None;
    }
    let mut digits: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(digit.checked_sub(b'0')?);
        digits = digits.checked_mul(10)?.checked_add(digit)?;
    }
    let scale = suffix_factor(suffix)?;
    let shift = i32::try_from(fraction.len()).ok()?;
    let value = apply(digits, scale, shift)?;
    if negative { value.checked_neg() } else { Some(value) }
}

/// A suffix is a power of ten or of two.
enum Factor {
    Ten(i32),
    Two(u32),
}

fn suffix_factor(suffix: &str) -> Option<Factor> {
    use Factor::{Ten, Two};
    Some(match suffix {
        "n" => Ten(-9),
        "u" => Ten(-6),
        "m" => Ten(-3),
        "" => Ten(0),
        "k" => Ten(3),
        "M" => Ten(6),
        "G" => Ten(9),
        "T" => Ten(12),
        "P" => Ten(15),
        "E" => Ten(18),
        "Ki" => Two(10),
        "Mi" => Two(20),
        "Gi" => Two(30),
        "Ti" => Two(40),
        "Pi" => Two(50),
        "Ei" => Two(60),
        _ => Ten(exponent(suffix.strip_prefix(['e', 'E'])?)?),
    })
}

fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fine = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.parse().ok()).flatten()
}

/// `digits` with its point moved `shift` places left, times the factor, in billionths;
/// what is smaller than a billionth rounds up, away from zero.
fn apply(digits: i128, factor: Factor, shift: i32) -> Option<i128> {
    let (digits, power) = match factor {
        Factor::Ten(power) => (digits, power),
        Factor::Two(bits) => (digits.checked_mul(1i128.checked_shl(bits)?)?, 0),
    };
    if digits == 0 {
        return Some(0);
    }
    let power = power.checked_add(9)?.checked_sub(shift)?;
    match u32::try_from(power) {
        Ok(power) => digits.checked_mul(10i128.checked_pow(power)?),
        Err(_) => {
            let Some(step) = 10i128.checked_pow(power.unsigned_abs()) else { return Some(1) };
            digits.checked_add(step.checked_sub(1)?)?.checked_div(step)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_kubernetes_reads_is_read() {
        for (text, milli) in [
            ("0", 0),
            ("1", 1_000),
            ("500m", 500),
            ("1.5", 1_500),
            (".5", 500),
            ("1.", 1_000),
            ("2e3", 2_000_000),
            ("2E-3", 2),
            ("1Ki", 1_024_000),
            ("1.5Ki", 1_536_000),
            ("1n", 1),
            ("1k", 1_000_000),
            ("-5", 0),
        ] {
            assert_eq!(text.parse::<Quantity>().unwrap().milli(), milli, "{text}");
        }
        assert_eq!("1Ei".parse::<Quantity>().unwrap().units(), 1 << 60);
        assert_eq!("1E".parse::<Quantity>().unwrap().units(), 1_000_000_000_000_000_000);
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in
            ["", "m", "1x", "1 ", " 1", "1e", "1e1.5", "1..2", ".", "1KI", "1ki", "--1", "1e99"]
        {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_quantity_reads_back_what_it_prints() {
        for text in ["7", "250m", "3u", "5n", "-250m"] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), text);
        }
    }
}
