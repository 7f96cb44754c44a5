//! RFC 6902 as the API server reads it. The operations are those of the crate `json-patch`; where the server is more
//! lenient than the RFC, an operation is rewritten first.

use json_patch::{
    AddOperation, PatchErrorKind, PatchOperation,
    jsonptr::{Pointer, PointerBuf},
    patch_unsafe,
};
use serde_json::Value;

use crate::error::ApiError;

/// The document that a JSON patch makes of `target`.
///
/// # Errors
/// 400 for a patch that cannot be read, 422 for one that cannot be applied.
pub fn apply(target: &Value, patch: &Value) -> Result<Value, ApiError> {
    let operations =
        patch.as_array().ok_or_else(|| ApiError::bad_request("a JSON patch must be an array"))?;
    let mut document = target.clone();
    for operation in operations {
        let operation = lenient(&document, read(operation)?);
        if let Some(operation) = operation {
            patch_unsafe(&mut document, &[operation]).map_err(|error| match error.kind {
                PatchErrorKind::TestFailed => {
                    refuse(&format!("testing value {} failed", error.path))
                }
                kind => refuse(&format!("path {:?}: {kind}", error.path.as_str())),
            })?;
        }
    }
    Ok(document)
}

fn read(operation: &Value) -> Result<PatchOperation, ApiError> {
    // To the server any text is a path; what cannot be one leads nowhere.
    for field in ["path", "from"] {
        if let Some(text) = operation[field].as_str()
            && PointerBuf::parse(text).is_err()
        {
            return Err(refuse(&format!("path {text:?} does not exist")));
        }
    }
    serde_json::from_value(operation.clone())
        .map_err(|error| ApiError::bad_request(format!("an operation cannot be read: {error}")))
}

/// The operation with the server's leniency: a field that is replaced, copied or compared need not be there, unlike the
/// object that holds it. None if nothing is left to do.
fn lenient(document: &Value, operation: PatchOperation) -> Option<PatchOperation> {
    let add = |path: PointerBuf, value: Value| PatchOperation::Add(AddOperation { path, value });
    Some(match operation {
        PatchOperation::Replace(op) if is_absent_field(document, &op.path) => {
            add(op.path, op.value)
        }
        PatchOperation::Copy(op) if is_absent_field(document, &op.from) => {
            add(op.path, Value::Null)
        }
        PatchOperation::Test(op) if op.value.is_null() && is_absent_field(document, &op.path) => {
            return None;
        }
        other => other,
    })
}

fn is_absent_field(document: &Value, path: &Pointer) -> bool {
    let holder = path.parent().and_then(|parent| document.pointer(parent.as_str()));
    holder.is_some_and(Value::is_object) && document.pointer(path.as_str()).is_none()
}

fn refuse(what: &str) -> ApiError {
    let message = format!("the server rejected our request due to an error in our request: {what}");
    ApiError::new(422, "Invalid", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_does_what_it_says() {
        let before = json!({"a": {"b/c": 1}, "l": [1, 2]});
        let patch = json!([
            {"op": "test", "path": "/a/b~1c", "value": 1},
            {"op": "add", "path": "/l/1", "value": 9},
            {"op": "add", "path": "/l/-", "value": 3},
            {"op": "replace", "path": "/a/b~1c", "value": 2},
            {"op": "copy", "from": "/a/b~1c", "path": "/x"},
            {"op": "move", "from": "/l/0", "path": "/y"},
        ]);
        let after = apply(&before, &patch).unwrap();
        assert_eq!(after, json!({"a": {"b/c": 2}, "l": [9, 2, 3], "x": 2, "y": 1}));
    }

    #[test]
    fn a_field_that_is_replaced_need_not_be_there() {
        let patch = json!([{"op": "test", "path": "/b", "value": null}, {"op": "replace", "path": "/b", "value": 1}]);
        assert_eq!(apply(&json!({"a": 1}), &patch).unwrap(), json!({"a": 1, "b": 1}));
    }

    #[test]
    fn a_patch_that_cannot_be_read_is_a_bad_request() {
        for patch in [
            json!({}),
            json!([{"op": "add", "path": "/b"}]),
            json!([{"op": "remove"}]),
            json!([{"op": "put", "path": "/b", "value": 1}]),
            json!([{"op": "copy", "path": "/b"}]),
        ] {
            assert_eq!(apply(&json!({"a": 1}), &patch).unwrap_err().code, 400, "{patch}");
        }
    }

    #[test]
    fn an_operation_that_cannot_be_done_is_refused() {
        for patch in [
            json!([{"op": "replace", "path": "a", "value": 1}]),
            json!([{"op": "move", "from": "/b", "path": "/c"}]),
            json!([{"op": "copy", "from": "/b/c", "path": "/c"}]),
            json!([{"op": "test", "path": "/b", "value": 1}]),
            json!([{"op": "test", "path": "/a", "value": 2}]),
            json!([{"op": "remove", "path": "/b"}]),
            json!([{"op": "replace", "path": "/b/c", "value": 1}]),
            json!([{"op": "add", "path": "/b/c", "value": 1}]),
        ] {
            assert_eq!(apply(&json!({"a": 1}), &patch).unwrap_err().code, 422, "{patch}");
        }
    }
}
