//! Edits of what is good: of the parts of a value, and of bytes.

use serde_json::{Map, Value, json};

/// Of a value: which part, what is done with it, and with what.
pub type Edit = (u16, u8, u16);

/// Of bytes: where, how many are cut, and which word is put there.
pub type Cut = (u16, u8, u8);

/// The most edits that one input has.
const MOST: usize = 6;

const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967295",
    "281474976710656",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0.5",
    "-0.0",
    "1e308",
    "1e-400",
];

const TEXTS: [&str; 24] = [
    "",
    " ",
    "0",
    "-1",
    "text",
    "true",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211455",
    "1e400",
    "1e30",
    "-5m",
    "0.0000000001",
    "9223372036854775807Ei",
    "\u{0}",
    "ü😀\u{2028}",
    "../..",
    "*.example.com",
    "a.example.com",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "-009999-01-01T00:00:00Z",
    "[::1]:99999",
    "AAAA",
];

/// Words of JSON and HTTP, so that more than the first byte is reached.
pub const WORDS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-",
    "0",
    "9",
    "1e9",
    ".",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\t",
    "\0",
    "%00",
    "%ff",
    "/",
    "//",
    "..",
    "?",
    "&",
    "=",
    "#",
    "é",
    "HTTP/1.1",
    "GET ",
    "PUT ",
    "content-length: 0\r\n",
    "transfer-encoding: chunked\r\n",
    "host: a\r\n",
    "Bearer ",
    "a",
];

/// Edits a value in some places.
pub fn edit(value: &mut Value, edits: &[Edit]) {
    for (part, what, with) in edits.iter().take(MOST) {
        // One edit in four is of a list or an object.
        let leaves = !what.is_multiple_of(4);
        let mut index = usize::from(*part) % count(value, leaves).max(1);
        at(value, leaves, &mut index, &mut |found| change(found, *what / 4, usize::from(*with)));
    }
}

/// Edits bytes in some places.
pub fn cut(bytes: &mut Vec<u8>, cuts: &[Cut]) {
    for (at, cut, put) in cuts.iter().take(MOST) {
        let at = usize::from(*at) % (bytes.len() + 1);
        let end = (at + usize::from(*cut % 16)).min(bytes.len());
        let word = WORDS[usize::from(*put) % WORDS.len()];
        // A raw byte now and then.
        let put = if *cut >= 240 { &[*put][..] } else { word.as_bytes() };
        bytes.splice(at..end, put.iter().copied());
    }
}

/// Whether a part is one of those that are counted: leaves alone, or the others.
fn counts(value: &Value, leaves: bool) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_)) != leaves
}

/// The parts of a value, itself among them: its leaves, or the others.
fn count(value: &Value, leaves: bool) -> usize {
    usize::from(counts(value, leaves))
        + match value {
            Value::Array(items) => items.iter().map(|item| count(item, leaves)).sum(),
            Value::Object(fields) => fields.values().map(|field| count(field, leaves)).sum(),
            _ => 0,
        }
}

/// Calls `with` for the part with this index; false once that was done.
fn at(
    value: &mut Value,
    leaves: bool,
    index: &mut usize,
    with: &mut impl FnMut(&mut Value),
) -> bool {
    if counts(value, leaves) {
        if *index == 0 {
            with(value);
            return false;
        }
        *index -= 1;
    }
    match value {
        Value::Array(items) => items.iter_mut().all(|item| at(item, leaves, index, with)),
        Value::Object(fields) => fields.values_mut().all(|field| at(field, leaves, index, with)),
        _ => true,
    }
}

fn change(value: &mut Value, what: u8, with: usize) {
    let old = value.take();
    *value = match what % 16 {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(with.is_multiple_of(2)),
        // A number that stands there as text stays one.
        4 | 5 => match &old {
            Value::String(text) if text.parse::<f64>().is_ok() => {
                json!(NUMBERS[with % NUMBERS.len()])
            }
            _ => number(NUMBERS[with % NUMBERS.len()]),
        },
        6 | 7 => json!(TEXTS[with % TEXTS.len()]),
        8 => json!("x".repeat(with % 4_096)),
        9 => json!(vec![old; 1 + with % 64]),
        10 => (0..with % 160).fold(old, |inner, _| json!([inner])),
        11 => json!({ TEXTS[with % TEXTS.len()]: old }),
        12 => {
            within(old, |items| drop((!items.is_empty()).then(|| items.remove(with % items.len()))))
        }
        13 => within(old, |items| {
            if let Some((key, item)) = items.get(with % items.len().max(1)).cloned() {
                let many = std::iter::repeat_n(item, 1 + with % 64).enumerate();
                items.extend(many.map(|(number, item)| (format!("{key}{number}"), item)));
            }
        }),
        14 => within(old, |items| {
            let place = with % items.len().max(1);
            items
                .iter_mut()
                .skip(place)
                .take(1)
                .for_each(|item| item.0 = TEXTS[with % TEXTS.len()].into());
        }),
        _ => text(old, with),
    };
}

fn number(digits: &str) -> Value {
    serde_json::from_str(digits).unwrap_or_else(|_| json!(digits))
}

/// Changes what is in a list or an object.
fn within(value: Value, with: impl FnOnce(&mut Vec<(String, Value)>)) -> Value {
    match value {
        Value::Array(items) => {
            let mut items = items.into_iter().map(|item| (String::new(), item)).collect();
            with(&mut items);
            items.into_iter().map(|(_, item)| item).collect()
        }
        Value::Object(fields) => {
            let mut fields = fields.into_iter().collect();
            with(&mut fields);
            Value::Object(fields.into_iter().collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Another text of the same kind; anything else as its text.
fn text(value: Value, with: usize) -> Value {
    let Value::String(text) = value else { return json!(value.to_string()) };
    let cut =
        text.char_indices().map(|(at, _)| at).nth(with % text.chars().count().max(1)).unwrap_or(0);
    let (start, rest) = text.split_at(cut);
    match with % 5 {
        0 => json!(start),
        1 => json!(rest),
        2 => json!(format!("{start}{}{rest}", TEXTS[with % TEXTS.len()])),
        3 => json!(text.to_uppercase()),
        _ => json!(format!("{text}{text}")),
    }
}

#[test]
fn each_edit_changes_a_value_and_keeps_it_json() {
    let _alone = crate::measure::alone();
    let good = json!({ "a": [1, "two", { "b": null }], "c": "three" });
    let changed = (0..64u8).flat_map(|what| (0..8u16).map(move |part| (part, what, part * 7 + 1)));
    let differs = |one: (u16, u8, u16)| {
        let mut value = good.clone();
        edit(&mut value, &[one]);
        assert!(serde_json::from_slice::<Value>(value.to_string().as_bytes()).is_ok());
        value != good
    };
    assert!(changed.filter(|one| differs(*one)).count() > 256);
}
