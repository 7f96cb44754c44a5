//! Values with units: sizes, durations, prices an hour.

use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};
use souk_core::Quantity;

/// A number or a text, as TOML and the environment give it.
struct NumberOrText<'a>(&'a str);

impl de::Visitor<'_> for NumberOrText<'_> {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }
}

macro_rules! from_number_or_text {
    ($type:ty, $expected:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_any(NumberOrText($expected))?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

/// Base units an hour for one unit of something, with up to nine decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hourly(u128);

impl Hourly {
    const PLACES: usize = 9;
    const ONE: u128 = 1_000_000_000;
    const MAX: u128 = 1 << 96;

    /// Whole base units.
    pub const fn whole(units: u64) -> Self {
        Self(units as u128 * Self::ONE)
    }

    /// In billionths of a base unit.
    pub const fn billionths(self) -> u128 {
        self.0
    }
}

impl FromStr for Hourly {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            let fine =
                !whole.is_empty() && digits(whole) && digits(part) && part.len() <= Self::PLACES;
            let whole: u128 = fine.then(|| whole.parse().ok()).flatten()?;
            let part: u128 = format!("{part:0<places$}", places = Self::PLACES).parse().ok()?;
            (whole <= Self::MAX).then(|| Self(whole * Self::ONE + part))
        };
        read().ok_or_else(|| {
            format!("`{text}` is not a price; write base units an hour such as 1500 or \"0.25\"")
        })
    }
}

impl fmt::Display for Hourly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:0places$}", self.0 % Self::ONE, places = Self::PLACES);
        match part.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / Self::ONE),
            part => write!(f, "{}.{part}", self.0 / Self::ONE),
        }
    }
}

from_number_or_text!(Hourly, "base units an hour, a whole number or decimal text");

/// A size in bytes, written `10Gi`, `500G` or as a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let quantity: Quantity = text.parse().map_err(|error| format!("{error}"))?;
        Ok(Self(quantity.units()))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

from_number_or_text!(Bytes, "a size such as 10Gi");

/// A duration in whole seconds, written `5m`, `1day` or as a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u64);

impl Seconds {
    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Seconds {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(seconds) = text.parse() {
            return Ok(Self(seconds));
        }
        let duration = humantime::parse_duration(text).map_err(|error| {
            format!("`{text}` is not a duration ({error}); write for instance 5m or 90s")
        })?;
        Ok(Self(duration.as_secs()))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.duration()).fmt(f)
    }
}

from_number_or_text!(Seconds, "a duration such as 5m");

/// An address to listen on.
pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = deserializer.deserialize_any(NumberOrText("an address and a port"))?;
    text.parse().map_err(|_| {
        de::Error::custom(format!(
            "`{text}` is not an address with a port; write for instance 0.0.0.0:8443 or [::]:8443"
        ))
    })
}

/// An address to listen on, if one is given.
pub(super) fn opt_listen<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    listen(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly_and_print_as_they_read() {
        for (text, billionths) in [("0", 0), ("1500", 1_500_000_000_000), ("0.25", 250_000_000)] {
            let price: Hourly = text.parse().unwrap();
            assert_eq!((price.billionths(), price.to_string().as_str()), (billionths, text));
        }
        for bad in ["", "-1", "1e3", ".5", "1.0000000001", "1,5"] {
            assert!(bad.parse::<Hourly>().is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_and_sizes_read_as_people_write_them() {
        assert_eq!("5m".parse(), Ok(Seconds(300)));
        assert_eq!("90".parse(), Ok(Seconds(90)));
        assert!("soon".parse::<Seconds>().is_err());
        assert_eq!("10Gi".parse(), Ok(Bytes(10 << 30)));
    }
}
