//! CPU units and sizes: `100m`, `0.5`, `512Mi`, `1.5Gi`.
//!
//! Suffixes are case-sensitive and stand right after the number. A fraction of a millicore or
//! of a byte is cut off. What Akash would wrap around is refused.

use crate::yaml;

/// A number and whether something was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed<T> {
    pub value: T,
    pub truncated: bool,
}

/// Why a quantity was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuantityError {
    #[error("`{0}` is not an amount of CPU; write `500m`, `0.5` or `2`")]
    Cpu(String),
    #[error("`{0}` is not a size; write a number and one of {1}, such as `512Mi`")]
    Size(String, &'static str),
    #[error("`{0}` is below zero")]
    Negative(String),
    #[error("`{0}` is too large")]
    TooLarge(String),
}

const K: f64 = 1e3;
const KI: f64 = 1024.0;

/// Suffixes of a memory or storage size.
const SIZES: &[(&str, f64)] = &[
    ("Ki", KI),
    ("Mi", KI * KI),
    ("Gi", KI * KI * KI),
    ("Ti", KI * KI * KI * KI),
    ("Pi", KI * KI * KI * KI * KI),
    ("Ei", KI * KI * KI * KI * KI * KI),
    ("k", K),
    ("M", K * K),
    ("G", K * K * K),
    ("T", K * K * K * K),
    ("P", K * K * K * K * K),
    ("E", K * K * K * K * K * K),
];
/// How many of them are powers of 1024; a GPU's memory takes these alone.
const BINARY: usize = 6;

/// Bytes of memory or storage.
pub(crate) fn bytes(text: &str) -> Result<Parsed<u64>, QuantityError> {
    size(text, SIZES, "k, Ki, M, Mi, G, Gi, T, Ti, P, Pi, E, Ei")
}

/// Bytes of a GPU's memory.
pub(crate) fn gpu_bytes(text: &str) -> Result<Parsed<u64>, QuantityError> {
    size(text, &SIZES[..BINARY], "Ki, Mi, Gi, Ti, Pi, Ei")
}

fn size(
    text: &str,
    suffixes: &[(&str, f64)],
    names: &'static str,
) -> Result<Parsed<u64>, QuantityError> {
    let suffixed =
        suffixes.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (number, unit) = suffixed.unwrap_or((text, 1.0));
    let number =
        yaml::parse_f64(number).ok_or_else(|| QuantityError::Size(text.to_owned(), names))?;
    whole(number * unit, text, u64::MAX as f64)
}

/// Thousandths of a core.
pub(crate) fn millicores(text: &str) -> Result<Parsed<u32>, QuantityError> {
    let bad = || QuantityError::Cpu(text.to_owned());
    if let Some(digits) = text.strip_suffix('m') {
        let value = yaml::parse_u64(digits).ok_or_else(bad)?;
        let value = u32::try_from(value).map_err(|_| QuantityError::TooLarge(text.to_owned()))?;
        return Ok(Parsed { value, truncated: false });
    }
    let cores = yaml::parse_f64(text).ok_or_else(bad)?;
    let milli = whole(cores * 1000.0, text, f64::from(u32::MAX) + 1.0)?;
    let value = u32::try_from(milli.value).map_err(|_| QuantityError::TooLarge(text.to_owned()))?;
    Ok(Parsed { value, truncated: milli.truncated })
}

fn whole(number: f64, text: &str, beyond: f64) -> Result<Parsed<u64>, QuantityError> {
    if number < 0.0 {
        return Err(QuantityError::Negative(text.to_owned()));
    }
    // Also not for NaN.
    if number.is_nan() || number >= beyond {
        return Err(QuantityError::TooLarge(text.to_owned()));
    }
    Ok(Parsed { value: number as u64, truncated: number.fract() != 0.0 })
}

/// Bytes as a person would write them.
pub(crate) fn display_bytes(bytes: u64) -> String {
    let units = [("Ti", 1u64 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((suffix, unit)) => format!("{}{suffix}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact<T>(value: T) -> Parsed<T> {
        Parsed { value, truncated: false }
    }

    #[test]
    fn sizes_take_binary_and_decimal_suffixes() {
        for (text, value) in [
            ("512Mi", 512 << 20),
            ("1.5Gi", 3 << 29),
            (".5Gi", 1 << 29),
            ("1e3Mi", 1000 << 20),
            ("1_048_576", 1 << 20),
            ("1k", 1000),
            ("2T", 2_000_000_000_000),
            ("0x1p20", 1 << 20),
            ("0", 0),
        ] {
            assert_eq!(bytes(text), Ok(exact(value)), "{text}");
        }
        assert_eq!(bytes("1.0000001Ki"), Ok(Parsed { value: 1024, truncated: true }));
        for bad in ["", "1gi", "512m", "512Mi ", "1 Mi", "Gi", "1Kib"] {
            assert!(matches!(bytes(bad), Err(QuantityError::Size(..))), "{bad}");
        }
        assert!(matches!(bytes("-1Mi"), Err(QuantityError::Negative(_))));
        for wraps in ["20Ei", "NaN", "InfGi", "16Ei"] {
            assert!(matches!(bytes(wraps), Err(QuantityError::TooLarge(_))), "{wraps}");
        }
        assert!(gpu_bytes("40G").is_err());
        assert_eq!(gpu_bytes("80Gi"), Ok(exact(80 << 30)));
    }

    #[test]
    fn cpu_is_counted_in_thousandths() {
        for (text, value) in
            [("100m", 100), ("0100m", 100), ("0.5", 500), ("1", 1000), ("+1", 1000)]
        {
            assert_eq!(millicores(text), Ok(exact(value)), "{text}");
        }
        assert_eq!(millicores("0.0145"), Ok(Parsed { value: 14, truncated: true }));
        for bad in ["", "m", "100M", "0.1m", "1 ", "0x10", "+1m"] {
            assert!(matches!(millicores(bad), Err(QuantityError::Cpu(_))), "{bad}");
        }
        for wraps in ["4294968.296", "4294967296m", "Infinity"] {
            assert!(matches!(millicores(wraps), Err(QuantityError::TooLarge(_))), "{wraps}");
        }
    }
}
