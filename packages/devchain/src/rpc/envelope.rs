//! JSON-RPC answers and their errors.

use serde_json::{Value, json};

/// An error of a call, as JSON-RPC carries it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {data}")]
pub struct RpcError {
    /// JSON-RPC code.
    pub code: i32,
    /// What kind of error.
    pub message: &'static str,
    /// Details.
    pub data: String,
}

impl RpcError {
    /// The method ran and failed.
    pub fn internal(data: impl Into<String>) -> Self {
        Self { code: -32603, message: "Internal error", data: data.into() }
    }

    /// The request cannot be read.
    pub fn invalid_request(data: impl Into<String>) -> Self {
        Self { code: -32600, message: "Invalid Request", data: data.into() }
    }

    /// The parameters are wrong.
    pub fn invalid_params(data: impl Into<String>) -> Self {
        Self { code: -32602, message: "Invalid params", data: data.into() }
    }

    /// No such method.
    pub fn no_method() -> Self {
        Self { code: -32601, message: "Method not found", data: String::new() }
    }

    /// The request is not JSON-RPC.
    pub fn parse(data: impl Into<String>) -> Self {
        Self { code: -32700, message: "Parse error. Invalid JSON", data: data.into() }
    }
}

/// A JSON-RPC answer; to a request whose id is not known it has none.
pub fn envelope(id: &Value, result: Result<Value, RpcError>) -> Value {
    let mut answer = match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "result": result }),
        Err(err) => {
            let mut error = json!({ "code": err.code, "message": err.message });
            if !err.data.is_empty() {
                error["data"] = err.data.into();
            }
            json!({ "jsonrpc": "2.0", "error": error })
        }
    };
    if !id.is_null() {
        answer["id"] = id.clone();
    }
    answer
}
