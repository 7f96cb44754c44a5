//! Values of a terms file as people write them: `1h`, `500000` or `"500000"`.

use std::{fmt, time::Duration};

use serde::{Deserializer, de};

/// A number or a text.
struct NumberOrText(&'static str);

impl de::Visitor<'_> for NumberOrText {
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

/// Whole seconds, written as a number or with a unit.
pub mod seconds {
    use serde::Serializer;

    use super::*;

    /// As people read it.
    pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_duration(Duration::from_secs(*value)))
    }

    /// `3600`, `1h`, `1h 30m`.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = from.deserialize_any(NumberOrText("a duration such as `1h`"))?;
        if let Ok(seconds) = text.parse() {
            return Ok(seconds);
        }
        let duration = humantime::parse_duration(&text);
        duration.map(|duration| duration.as_secs()).map_err(|error| {
            de::Error::custom(format!("`{text}` is not a duration such as `1h` or `21d`: {error}"))
        })
    }
}

/// What is read from its text, written as a text or as a number.
pub mod number {
    use std::{fmt::Display, str::FromStr};

    use serde::Serializer;

    use super::*;

    /// As its text.
    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    /// `500000` or `"500000"`.
    pub fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        from.deserialize_any(NumberOrText("a whole number"))?.parse().map_err(de::Error::custom)
    }
}

/// Several such values.
pub mod list {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Serializer};

    use super::*;

    /// As their texts.
    pub fn serialize<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(ToString::to_string))
    }

    /// From their texts.
    pub fn deserialize<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
    }
}
