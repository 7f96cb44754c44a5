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

/// A JSON-RPC answer.
pub fn envelope(id: &Value, result: Result<Value, RpcError>) -> Value {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(err) => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": err.code, "message": err.message, "data": err.data },
        }),
    }
}
