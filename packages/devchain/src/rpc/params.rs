//! Parameters of a call, read as CometBFT reads them: what it refuses is refused here, too.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::envelope::RpcError;
use super::routes::{Kind, Parameters};

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Flag,
    Factor(f64),
}

/// Parameters of one call.
#[derive(Clone, Debug, Default)]
pub struct Params(BTreeMap<&'static str, Argument>);

impl Params {
    /// Of a JSON-RPC request: by name, or all of them in order.
    pub fn from_json(known: Parameters, params: Option<Value>) -> Result<Self, RpcError> {
        let given: Vec<Option<Value>> = match params {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(mut map)) => {
                known.iter().map(|(name, _)| map.remove(*name)).collect()
            }
            Some(Value::Array(list)) if list.len() == known.len() => {
                list.into_iter().map(Some).collect()
            }
            Some(Value::Array(list)) => {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                return Err(wrong(
                    "json",
                    format!("expected {} parameters ({names:?}), got {}", known.len(), list.len()),
                ));
            }
            Some(_) => {
                return Err(wrong("json", "unknown type for JSON params. Expected map or array"));
            }
        };
        Self::read(known, given, |kind, value| match value {
            Value::Null => Ok(None),
            value => of_json(kind, &value).map(Some).map_err(|why| wrong("json", why)),
        })
    }

    /// Of a URI's query; what is empty is not given.
    pub fn from_uri(
        known: Parameters,
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, RpcError> {
        let mut pairs: BTreeMap<String, String> = pairs.into_iter().collect();
        let given = known.iter().map(|(name, _)| pairs.remove(*name)).collect();
        Self::read(known, given, |kind, text: String| match text.as_str() {
            "" => Ok(None),
            text => of_uri(kind, text).map(Some).map_err(|why| wrong("http", why)),
        })
    }

    fn read<T>(
        known: Parameters,
        given: Vec<Option<T>>,
        read: impl Fn(Kind, T) -> Result<Option<Argument>, RpcError>,
    ) -> Result<Self, RpcError> {
        let mut arguments = BTreeMap::new();
        for ((name, kind), value) in known.iter().zip(given) {
            if let Some(value) = value
                && let Some(argument) = read(*kind, value)?
            {
                arguments.insert(*name, argument);
            }
        }
        Ok(Self(arguments))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Argument::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// A text; empty if it was not given.
    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Argument::Text(text)) => text,
            _ => "",
        }
    }

    /// Bytes; empty if they were not given.
    pub fn bytes(&self, name: &str) -> &[u8] {
        match self.0.get(name) {
            Some(Argument::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// A decimal number.
    pub fn factor(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Argument::Factor(factor)) => Some(*factor),
            _ => None,
        }
    }
}

fn wrong(written: &str, why: impl std::fmt::Display) -> RpcError {
    RpcError::invalid_params(format!("error converting {written} params to arguments: {why}"))
}

fn of_json(kind: Kind, value: &Value) -> Result<Argument, String> {
    let text = || value.as_str().ok_or_else(|| format!("cannot read {value} as text"));
    Ok(match kind {
        Kind::Int => match value {
            Value::String(digits) => Argument::Int(whole(digits)?),
            _ => return Err(format!("invalid 64-bit integer encoding {value}, expected string")),
        },
        Kind::Text => Argument::Text(text()?.to_owned()),
        Kind::Base64 => Argument::Bytes(
            BASE64_STANDARD.decode(text()?).map_err(|why| format!("illegal base64 data: {why}"))?,
        ),
        Kind::Hex => {
            Argument::Bytes(hex::decode(text()?).map_err(|why| format!("encoding/hex: {why}"))?)
        }
        Kind::Flag if value.is_boolean() => Argument::Flag,
        Kind::Flag => return Err(format!("cannot read {value} as true or false")),
        Kind::Count => match value {
            Value::Number(number) => {
                Argument::Int(number.as_i64().ok_or_else(|| format!("{number} is not whole"))?)
            }
            _ => Argument::Int(whole(text()?)?),
        },
        Kind::Factor => match value {
            Value::Number(number) => decimal(&number.to_string())?,
            _ => decimal(text()?)?,
        },
    })
}

fn of_uri(kind: Kind, text: &str) -> Result<Argument, String> {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    Ok(match kind {
        Kind::Int | Kind::Count => Argument::Int(whole(quoted.unwrap_or(text))?),
        Kind::Factor => decimal(quoted.unwrap_or(text))?,
        Kind::Flag if matches!(text, "true" | "false") => Argument::Flag,
        Kind::Flag => return Err(format!("cannot read {text} as true or false")),
        Kind::Base64 | Kind::Hex | Kind::Text => {
            let bytes = match (digits, quoted) {
                (Some(digits), _) => {
                    hex::decode(digits).map_err(|why| format!("encoding/hex: {why}"))?
                }
                (None, Some(quoted)) => quoted.as_bytes().to_vec(),
                (None, None) => {
                    return Err(format!("{text} is neither in quotes nor hex after 0x"));
                }
            };
            match kind {
                Kind::Text => {
                    Argument::Text(String::from_utf8(bytes).map_err(|why| why.to_string())?)
                }
                _ => Argument::Bytes(bytes),
            }
        }
    })
}

/// A whole number as JSON writes it, without a plus or zeros before it.
fn whole(digits: &str) -> Result<i64, String> {
    let number: Option<i64> = digits.parse().ok();
    number
        .filter(|number| number.to_string() == digits)
        .ok_or_else(|| format!("invalid 64-bit integer encoding {digits:?}"))
}

fn decimal(text: &str) -> Result<Argument, String> {
    let number: Option<f64> = text.parse().ok();
    let finite = number.filter(|number| number.is_finite());
    finite.map(Argument::Factor).ok_or_else(|| format!("{text:?} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ALL: Parameters = &[
        ("int", Kind::Int),
        ("text", Kind::Text),
        ("base64", Kind::Base64),
        ("hex", Kind::Hex),
        ("flag", Kind::Flag),
    ];

    #[test]
    fn json_takes_what_cometbft_takes_and_nothing_else() {
        let good =
            json!({ "int": "-5", "text": "a", "base64": "AQI=", "hex": "0aFF", "flag": true });
        let read = Params::from_json(ALL, Some(good)).unwrap();
        assert_eq!((read.int("int"), read.text("text")), (Some(-5), "a"));
        assert_eq!((read.bytes("base64"), read.bytes("hex")), (&[1, 2][..], &[10, 255][..]));
        let nothing = json!({ "int": null, "unknown": 5 });
        assert_eq!(Params::from_json(ALL, Some(nothing)).unwrap().int("int"), None);
        for bad in [
            json!({ "int": 5 }),
            json!({ "int": "" }),
            json!({ "int": "5x" }),
            json!({ "int": "05" }),
            json!({ "text": 5 }),
            json!({ "base64": "0x012" }),
            json!({ "base64": "!" }),
            json!({ "hex": "0x01" }),
            json!({ "hex": "AQI=" }),
            json!({ "flag": "true" }),
            json!(["5"]),
            json!("5"),
        ] {
            let refused = Params::from_json(ALL, Some(bad.clone())).unwrap_err();
            assert_eq!(refused.code, -32602, "{bad}");
        }
    }

    #[test]
    fn a_uri_writes_numbers_bare_text_in_quotes_and_bytes_as_hex() {
        let read =
            |name: &str, text: &str| Params::from_uri(ALL, [(name.to_owned(), text.to_owned())]);
        for number in ["7", "\"7\""] {
            assert_eq!(read("int", number).unwrap().int("int"), Some(7));
        }
        assert_eq!(read("text", "\"a\"").unwrap().text("text"), "a");
        for name in ["base64", "hex"] {
            assert_eq!(read(name, "0x0102").unwrap().bytes(name), [1, 2]);
            assert_eq!(read(name, "\"ab\"").unwrap().bytes(name), b"ab");
            assert!(read(name, "abcd").is_err());
        }
        assert!(read("flag", "true").is_ok());
        assert_eq!(read("int", "").unwrap().int("int"), None);
        for (name, text) in
            [("text", "a"), ("int", "x"), ("int", "0x5"), ("hex", "0xz"), ("flag", "1")]
        {
            assert!(read(name, text).is_err(), "{name} {text}");
        }
    }
}
