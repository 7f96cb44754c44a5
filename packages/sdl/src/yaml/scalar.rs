//! What a scalar means: the rules of yaml.v3, and the only place that knows them.
//!
//! Neither YAML 1.1 nor 1.2: `yes` is a text (but fits where a boolean is asked for), `0120` is
//! octal, `1_000` a number, a quoted text never anything but text.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    Kind, Node, Style, Tag,
    number::{Integer, is_decimal, parse_f64, parse_inner_sign, parse_integer},
};

/// A scalar's meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the signed ones.
    Uint(u64),
    Float(f64),
    Time,
    /// A text: the scalar's own.
    Text,
    /// A text in base 64.
    Binary,
}

impl Value {
    /// How messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Time => "a time",
            Self::Text | Self::Binary => "a text",
        }
    }
}

/// Whether a node says "nothing": an empty or null scalar, or a `!!null` tag.
pub(crate) fn is_null(node: &Node<'_>) -> bool {
    match (&node.tag, &node.kind) {
        (Some(tag), _) => *tag == Tag::Null,
        (None, Kind::Scalar(text, Style::Plain)) => is_null_text(text),
        _ => false,
    }
}

/// Whether a node is the key that merges another mapping in.
pub(crate) fn is_merge_key(node: &Node<'_>) -> bool {
    match (&node.tag, &node.kind) {
        (None, Kind::Scalar(text, Style::Plain)) => text == "<<",
        (Some(Tag::Merge), Kind::Scalar(text, _)) => text == "<<",
        _ => false,
    }
}

/// The meaning of a scalar node's text; nothing if it is not what its tag says.
pub(crate) fn resolve(text: &str, style: Style, tag: Option<&Tag>) -> Option<Value> {
    let Some(tag) = tag else {
        let plain = style == Style::Plain;
        return Some(if plain { implicit(text, true) } else { Value::Text });
    };
    match tag {
        Tag::Str | Tag::Merge | Tag::Other => return Some(Value::Text),
        Tag::Binary => return Some(Value::Binary),
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp => {}
    }
    match (tag, implicit(text, *tag == Tag::Timestamp)) {
        (Tag::Float, Value::Int(value)) => Some(Value::Float(value as f64)),
        (Tag::Null, value @ Value::Null)
        | (Tag::Bool, value @ Value::Bool(_))
        | (Tag::Int, value @ (Value::Int(_) | Value::Uint(_)))
        | (Tag::Float, value @ Value::Float(_))
        | (Tag::Timestamp, value @ Value::Time) => Some(value),
        _ => None,
    }
}

fn is_null_text(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn implicit(text: &str, times: bool) -> Value {
    let Some(&first) = text.as_bytes().first() else { return Value::Null };
    match first {
        b'~' | b'n' | b'N' if is_null_text(text) => Value::Null,
        b't' | b'T' if matches!(text, "true" | "True" | "TRUE") => Value::Bool(true),
        b'f' | b'F' if matches!(text, "false" | "False" | "FALSE") => Value::Bool(false),
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Value::Float(f64::INFINITY),
            _ => parse_f64(text).map_or(Value::Text, Value::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => number(text, times),
        _ => Value::Text,
    }
}

fn number(text: &str, times: bool) -> Value {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ if times && is_time(text) => return Value::Time,
        _ => {}
    }
    let joined;
    let plain = if text.contains('_') {
        joined = text.replace('_', "");
        joined.as_str()
    } else {
        text
    };
    match parse_integer(plain) {
        Some(Integer::Signed(value)) => return Value::Int(value),
        Some(Integer::Unsigned(value)) => return Value::Uint(value),
        None => {}
    }
    if is_decimal(plain.strip_prefix(['+', '-']).unwrap_or(plain)) {
        return parse_f64(plain).map_or(Value::Text, Value::Float);
    }
    parse_inner_sign(plain).map_or(Value::Text, Value::Int)
}

/// `2006-1-2`, alone or with a time of day after `T`, `t` (and a zone) or a space.
fn is_time(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year.parse::<u32>().is_ok_and(|y| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
    let days = match month.parse::<u32>() {
        Ok(4 | 6 | 9 | 11) => 30,
        Ok(2) => 28 + u32::from(leap),
        _ => 31,
    };
    year.len() == 4
        && in_range(year, 0, 9999)
        && in_range(month, 1, 12)
        && in_range(day, 1, days)
        && time.is_none_or(is_time_of_day)
}

fn is_time_of_day(text: &str) -> bool {
    let zoned = !text.starts_with(' ');
    let text = &text[1..];
    let clock = match (zoned, text.find(['Z', '+', '-'])) {
        (false, None) => text,
        (true, Some(at)) if is_zone(&text[at..]) => &text[..at],
        _ => return false,
    };
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    matches!((parts.next(), parts.next(), parts.next(), parts.next()), (Some(h), Some(m), Some(s), None)
        if in_range(h, 0, 23) && in_range(m, 0, 59) && in_range(s, 0, 59))
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

fn is_zone(text: &str) -> bool {
    let clock = text.strip_prefix(['+', '-']).and_then(|clock| clock.split_once(':'));
    text == "Z"
        || clock.is_some_and(|(h, m)| {
            h.len() == 2 && m.len() == 2 && in_range(h, 0, 24) && in_range(m, 0, 60)
        })
}

fn in_range(digits: &str, least: u32, most: u32) -> bool {
    (1..=4).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.parse::<u32>().is_ok_and(|value| (least..=most).contains(&value))
}

/// What a boolean key takes besides booleans: the texts of YAML 1.1, quoted or not.
pub(crate) fn boolean_text(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The text that base 64 stands for; what is no UTF-8 in it becomes U+FFFD byte by byte.
pub(crate) fn from_base64(text: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(joined).ok()?;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value {
        resolve(text, Style::Plain, None).unwrap()
    }

    #[test]
    fn plain_scalars_mean_what_yaml_v3_takes_them_for() {
        for null in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(null), Value::Null, "{null}");
        }
        for (text, value) in [
            ("true", Value::Bool(true)),
            ("FALSE", Value::Bool(false)),
            ("80", Value::Int(80)),
            ("0120", Value::Int(80)),
            ("8_0", Value::Int(80)),
            ("0b+11", Value::Int(3)),
            ("18446744073709551615", Value::Uint(u64::MAX)),
            ("80.7", Value::Float(80.7)),
            ("0128", Value::Float(128.0)),
            ("1e3", Value::Float(1000.0)),
            ("1_000.5", Value::Float(1000.5)),
            (".5", Value::Float(0.5)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("2001-12-14", Value::Time),
            ("2001-1-4T2:3:4Z", Value::Time),
            ("2001-02-30", Value::Text),
        ] {
            assert_eq!(plain(text), value, "{text}");
        }
        for text in [
            "yes", "on", "tRUE", "nULL", "0x", "1e999", "0x1p4", "1.2.3", "<<", "80a", "-", "+",
            ".", "1:30",
        ] {
            assert_eq!(plain(text), Value::Text, "{text}");
        }
    }

    #[test]
    fn quotes_make_a_text_and_tags_make_what_they_say() {
        assert_eq!(resolve("80", Style::Quoted, None), Some(Value::Text));
        assert_eq!(resolve("80", Style::Quoted, Some(&Tag::Int)), Some(Value::Int(80)));
        assert_eq!(resolve("80", Style::Plain, Some(&Tag::Float)), Some(Value::Float(80.0)));
        assert_eq!(resolve("80", Style::Plain, Some(&Tag::Str)), Some(Value::Text));
        assert_eq!(resolve("x", Style::Plain, Some(&Tag::Int)), None);
        assert_eq!(resolve("", Style::Plain, Some(&Tag::Bool)), None);
    }

    #[test]
    fn base64_gives_its_text() {
        assert_eq!(from_base64("aGVs\nbG8=").as_deref(), Some("hello"));
        assert_eq!(from_base64("/w==").as_deref(), Some("\u{fffd}"));
        assert_eq!(from_base64("aGVsbG8"), None);
    }
}
