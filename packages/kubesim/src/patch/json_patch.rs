//! RFC 6902: a list of operations on JSON pointers.

use serde_json::Value;

use crate::error::ApiError;

fn refuse(what: impl Into<String>) -> ApiError {
    let message =
        format!("the server rejected our request due to an error in our request: {}", what.into());
    ApiError::new(422, "Invalid", message)
}

/// The document that a JSON patch makes of `target`.
pub fn json_patch(target: &Value, patch: &Value) -> Result<Value, ApiError> {
    let operations =
        patch.as_array().ok_or_else(|| ApiError::bad_request("a JSON patch must be an array"))?;
    let mut document = target.clone();
    for operation in operations {
        let text = |field: &str| {
            operation[field]
                .as_str()
                .ok_or_else(|| ApiError::bad_request(format!("an operation has no {field:?}")))
        };
        let path = text("path")?;
        let value = || {
            operation
                .get("value")
                .cloned()
                .ok_or_else(|| ApiError::bad_request("an operation has no \"value\""))
        };
        match text("op")? {
            "add" => add(&mut document, path, value()?)?,
            "remove" => {
                take(&mut document, path)?;
            }
            "replace" => {
                // A field need not be there, unlike what holds it.
                look(&document, path)?;
                match document.pointer_mut(path) {
                    Some(found) => *found = value()?,
                    None => add(&mut document, path, value()?)?,
                }
            }
            "move" => {
                let moved = take(&mut document, text("from")?)?;
                add(&mut document, path, moved)?;
            }
            "copy" => {
                let from = text("from")?;
                let copied = look(&document, from)?.cloned().unwrap_or_default();
                add(&mut document, path, copied)?;
            }
            "test" => {
                if look(&document, path)?.unwrap_or(&Value::Null) != &value()? {
                    return Err(refuse(format!("testing value {path} failed")));
                }
            }
            other => {
                return Err(ApiError::bad_request(format!("unexpected operation: {other:?}")));
            }
        }
    }
    Ok(document)
}

fn missing(path: &str) -> ApiError {
    refuse(format!("path {path:?} does not exist"))
}

fn split(path: &str) -> Result<(&str, String), ApiError> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

/// What is at a path; nothing if only the last field is missing.
fn look<'v>(document: &'v Value, path: &str) -> Result<Option<&'v Value>, ApiError> {
    if path.is_empty() {
        return Ok(Some(document));
    }
    let (parent, last) = split(path)?;
    match document.pointer(parent) {
        Some(Value::Object(map)) => Ok(map.get(&last)),
        Some(Value::Array(items)) => {
            let found = last.parse::<usize>().ok().and_then(|at| items.get(at));
            found.map(Some).ok_or_else(|| missing(path))
        }
        _ => Err(missing(path)),
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), ApiError> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (parent, last) = split(path)?;
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(last, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let at = if last == "-" { Some(items.len()) } else { last.parse().ok() };
            match at.filter(|at| *at <= items.len()) {
                Some(at) => {
                    items.insert(at, value);
                    Ok(())
                }
                None => Err(missing(path)),
            }
        }
        _ => Err(missing(path)),
    }
}

fn take(document: &mut Value, path: &str) -> Result<Value, ApiError> {
    let (parent, last) = split(path)?;
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => map.remove(&last).ok_or_else(|| missing(path)),
        Some(Value::Array(items)) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len());
            at.map(|at| items.remove(at)).ok_or_else(|| missing(path))
        }
        _ => Err(missing(path)),
    }
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
        let after = json_patch(&before, &patch).unwrap();
        assert_eq!(after, json!({"a": {"b/c": 2}, "l": [9, 2, 3], "x": 2, "y": 1}));
    }

    #[test]
    fn a_field_that_is_replaced_need_not_be_there() {
        let patch = json!([{"op": "test", "path": "/b", "value": null}, {"op": "replace", "path": "/b", "value": 1}]);
        assert_eq!(json_patch(&json!({"a": 1}), &patch).unwrap(), json!({"a": 1, "b": 1}));
    }

    #[test]
    fn an_operation_that_cannot_be_done_is_refused() {
        for patch in [
            json!([{"op": "test", "path": "/a", "value": 2}]),
            json!([{"op": "remove", "path": "/b"}]),
            json!([{"op": "replace", "path": "/b/c", "value": 1}]),
            json!([{"op": "add", "path": "/b/c", "value": 1}]),
        ] {
            assert_eq!(json_patch(&json!({"a": 1}), &patch).unwrap_err().code, 422, "{patch}");
        }
    }
}
