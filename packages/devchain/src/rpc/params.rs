//! Parameters of a call: named or by position, as JSON or as the strings of a URI.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::envelope::RpcError;

/// Parameters of one call.
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: Values,
    from_uri: bool,
}

#[derive(Clone, Debug, Default)]
enum Values {
    #[default]
    None,
    Named(serde_json::Map<String, Value>),
    Listed(Vec<Value>),
}

impl Params {
    /// Of a JSON-RPC request.
    pub fn from_json(params: Option<Value>) -> Result<Self, RpcError> {
        let values = match params {
            None | Some(Value::Null) => Values::None,
            Some(Value::Object(map)) => Values::Named(map),
            Some(Value::Array(list)) => Values::Listed(list),
            Some(_) => {
                return Err(RpcError::invalid_params("params must be an object or an array"));
            }
        };
        Ok(Self { values, from_uri: false })
    }

    /// Of a URI's query: strings in quotes, bytes as `0x...`, numbers bare.
    pub fn from_uri(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let map = pairs.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
        Self { values: Values::Named(map), from_uri: true }
    }

    fn get(&self, name: &str, position: usize) -> Option<&Value> {
        let value = match &self.values {
            Values::None => None,
            Values::Named(map) => map.get(name),
            Values::Listed(list) => list.get(position),
        };
        value.filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text.
    pub fn text(&self, name: &str, position: usize) -> Option<String> {
        let text = self.get(name, position)?.as_str()?;
        if !self.from_uri {
            return Some(text.to_owned());
        }
        let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        Some(quoted.unwrap_or(text).to_owned())
    }

    /// A whole number, bare or as text.
    pub fn number(&self, name: &str, position: usize) -> Result<Option<i64>, RpcError> {
        let Some(value) = self.get(name, position) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim_matches('"').parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => {
                Err(RpcError::invalid_params(format!("{name} must be a whole number, got {value}")))
            }
        }
    }

    /// A decimal number, bare or as text.
    pub fn decimal(&self, name: &str, position: usize) -> Result<Option<f64>, RpcError> {
        let Some(value) = self.get(name, position) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim_matches('"').parse().ok(),
            _ => None,
        };
        match number.filter(|n| n.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(RpcError::invalid_params(format!("{name} must be a number, got {value}"))),
        }
    }

    /// Bytes: base64 in JSON, `0x` hex or a quoted string in a URI.
    pub fn bytes(&self, name: &str, position: usize) -> Result<Vec<u8>, RpcError> {
        let Some(text) = self.get(name, position).and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let bad = || RpcError::invalid_params(format!("{name}: no bytes in {text:?}"));
        if let Some(digits) = text.strip_prefix("0x") {
            return hex::decode(digits).map_err(|_| bad());
        }
        if self.from_uri {
            return Ok(text.trim_matches('"').as_bytes().to_vec());
        }
        BASE64_STANDARD.decode(text).map_err(|_| bad())
    }

    /// Bytes in hex, as `data` of `abci_query`.
    pub fn hex(&self, name: &str, position: usize) -> Result<Vec<u8>, RpcError> {
        let Some(text) = self.get(name, position).and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let digits = text.trim_matches('"');
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        hex::decode(digits)
            .map_err(|_| RpcError::invalid_params(format!("{name}: no hex in {text:?}")))
    }
}
