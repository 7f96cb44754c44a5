//! Answers and requests that make no sense.

use rand::{Rng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};

/// Replaces some parts of a value, anywhere in it, by what does not belong there, or takes them out.
pub fn disfigure(value: &mut Value, rng: &mut StdRng) {
    for _ in 0..rng.gen_range(1..4) {
        let parts = count(value);
        let mut index = rng.gen_range(0..parts);
        change(value, &mut index, rng);
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the part with this index, counted from the value itself; false once it was changed.
fn change(value: &mut Value, index: &mut usize, rng: &mut StdRng) -> bool {
    if *index == 0 {
        *value = odd(value, rng);
        return false;
    }
    *index -= 1;
    match value {
        Value::Array(items) => items.iter_mut().all(|item| change(item, index, rng)),
        Value::Object(fields) => fields.values_mut().all(|field| change(field, index, rng)),
        _ => true,
    }
}

/// Something else in place of a value.
fn odd(old: &Value, rng: &mut StdRng) -> Value {
    let texts = ["", "0", "-1", "18446744073709551616", "\u{0}", "ü", "/", "1e400", "true", "null"];
    match rng.gen_range(0..12) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(0.5),
        6 => json!(true),
        7 => json!("x".repeat(rng.gen_range(0..5_000))),
        8 => json!([old, old]),
        9 => json!({ "": old }),
        10 => match old {
            Value::Object(fields) => {
                let keys: Vec<&String> = fields.keys().collect();
                let gone = keys.choose(rng).map(|key| (*key).clone());
                let left = fields.iter().filter(|(key, _)| Some(*key) != gone.as_ref());
                Value::Object(left.map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            Value::String(text) => json!(text.chars().rev().collect::<String>()),
            other => json!(other.to_string()),
        },
        _ => json!(texts.choose(rng)),
    }
}

/// A request of HTTP/1.1 as bytes, more or less.
pub fn request(token: &str, body: &Value, rng: &mut StdRng) -> Vec<u8> {
    let pick = |all: &[&'static str], rng: &mut StdRng| all.choose(rng).copied().unwrap_or("");
    let method =
        pick(&["GET", "GET", "GET", "PUT", "PUT", "POST", "DELETE", "HEAD", "", "x y"], rng);
    let order = pick(&["1", "2", "0", "-1", "18446744073709551616", "%00", "..", "", "a"], rng);
    let place = pick(
        &[
            "/v1/status",
            "/v1/version",
            "/v1/leases/ORDER/manifest",
            "/v1/leases/ORDER/status",
            "/v1/leases/ORDER/logs",
            "/v1/leases/ORDER/events",
            "/v1/orders/ORDER/reason",
            "/",
            "*",
            "//",
            "/v1/leases/ORDER/manifest/../status",
        ],
        rng,
    );
    let query = pick(
        &[
            "",
            "?",
            "?follow=true",
            "?follow=2",
            "?tail=99999999999999999999",
            "?tail=-1",
            "?service=%ff",
            "?since=x",
            "?follow=true&follow=false&tail=1",
            "?&&&==",
        ],
        rng,
    );
    let path = place.replace("ORDER", order) + query;
    let authorization = match rng.gen_range(0..5) {
        0 => String::new(),
        1 => format!("authorization: Bearer {}\r\n", &token[..rng.gen_range(0..token.len())]),
        2 => "authorization: Bearer a.b.c\r\nauthorization: x\r\n".into(),
        _ => format!("authorization: Bearer {token}\r\n"),
    };
    let mut body = body.clone();
    disfigure(&mut body, rng);
    let body = body.to_string();
    let length = match rng.gen_range(0..6) {
        0 => "transfer-encoding: chunked\r\n".into(),
        1 => "content-length: 18446744073709551615\r\n".into(),
        2 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let more =
        pick(&["", "host: a\r\nhost: b\r\n", "x: \u{1}\r\n", "accept: */*\r\n", "\r\n"], rng);
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         {authorization}{length}{more}\r\n{body}"
    )
    .into_bytes()
}
