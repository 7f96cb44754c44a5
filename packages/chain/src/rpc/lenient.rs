//! Reading of JSON as nodes write it: numbers as text or not, null for what is empty.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

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

/// A list of at most `MOST` base64 texts or null, as bytes.
pub(crate) fn base64_list<'de, D: Deserializer<'de>, const MOST: usize>(
    deserializer: D,
) -> Result<Vec<Vec<u8>>, D::Error> {
    let list = list_up_to::<D, String, MOST>(deserializer)?;
    list.into_iter().map(|text| STANDARD.decode(text).map_err(D::Error::custom)).collect()
}

/// A list of at most `MOST` entries, or null: an entry of two bytes may take a hundred of memory.
pub(crate) fn list_up_to<'de, D, T, const MOST: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ListVisitor<T, const MOST: usize>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST} entries")
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if list.len() >= MOST {
                    return Err(A::Error::custom(format!("a list has more than {MOST} entries")));
                }
                list.push(entry);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(ListVisitor::<T, MOST>(std::marker::PhantomData))
}

/// What a node adds to an error: text, a number as text, or nothing. Lists and objects count as nothing.
pub(crate) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct WordsVisitor;

    impl<'de> Visitor<'de> for WordsVisitor {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_bool<E>(self, value: bool) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_u64<E>(self, value: u64) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_i64<E>(self, value: i64) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_f64<E>(self, value: f64) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_unit<E>(self) -> Result<String, E> {
            Ok(String::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<String, A::Error> {
            while entries.next_element::<IgnoredAny>()?.is_some() {}
            Ok(String::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<String, A::Error> {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(String::new())
        }
    }

    deserializer.deserialize_any(WordsVisitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Lists {
        #[serde(default, deserialize_with = "list_up_to::<_, _, 2>")]
        numbers: Vec<u8>,
        #[serde(default, deserialize_with = "words")]
        data: String,
    }

    fn read(text: &str) -> Result<Lists, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_with_more_entries_than_there_can_be_is_refused() {
        assert_eq!(read(r#"{"numbers":[1,2]}"#).unwrap().numbers, [1, 2]);
        for none in [r#"{"numbers":null}"#, "{}"] {
            assert_eq!(read(none).unwrap().numbers, [0; 0]);
        }
        assert!(read(r#"{"numbers":[1,2,3]}"#).unwrap_err().contains("more than 2 entries"));
    }

    #[test]
    fn an_errors_words_are_text_or_a_number_and_nothing_else_is_kept() {
        for (data, expected) in [
            (r#""not found""#, "not found"),
            ("5", "5"),
            ("-5", "-5"),
            ("0.5", "0.5"),
            ("true", "true"),
            ("null", ""),
            ("[[1],{}]", ""),
            (r#"{"a":[1]}"#, ""),
        ] {
            assert_eq!(read(&format!(r#"{{"data":{data}}}"#)).unwrap().data, expected, "{data}");
        }
    }
}
