//! Reading of JSON as nodes write it: numbers as text or not, null for what is empty.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

/// A number that nodes write as a number, as text or as null.
pub(crate) fn lenient_int<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<u64> + TryFrom<i64> + Default,
{
    struct IntVisitor<T>(std::marker::PhantomData<T>);

    impl<T: FromStr + TryFrom<u64> + TryFrom<i64> + Default> Visitor<'_> for IntVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, or text of one")
        }

        fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<T, E> {
            T::try_from(v).map_err(|_| E::custom(format!("{v} is out of range")))
        }

        fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<T, E> {
            T::try_from(v).map_err(|_| E::custom(format!("{v} is out of range")))
        }

        fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<T, E> {
            if v.is_empty() {
                return Ok(T::default());
            }
            v.parse().map_err(|_| E::custom(format!("{v:?} is not a whole number in range")))
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
            Ok(T::default())
        }
    }

    deserializer.deserialize_any(IntVisitor(std::marker::PhantomData))
}

/// `null` where a value is expected stands for the empty value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Base64 text or null, as bytes.
pub(crate) fn lenient_base64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    STANDARD.decode(text).map_err(D::Error::custom)
}

/// A list of base64 texts or null, as bytes.
pub(crate) fn base64_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Vec<u8>>, D::Error> {
    let list = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    list.into_iter().map(|text| STANDARD.decode(text).map_err(D::Error::custom)).collect()
}
