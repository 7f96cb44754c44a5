//! The smallest value that a schema allows, so that a message can be asked for its permission.

use serde_json::{Map, Value, json};

use crate::schema::definition;

/// Text that is a number, hex and base64 at once.
const TEXT: &str = "1111";

/// A value of `schema`, whose named types are in `definitions`.
pub fn of(schema: &Value, definitions: &Value) -> Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return of(definition(name, definitions), definitions);
    }
    for choice in ["allOf", "oneOf", "anyOf"] {
        if let Some(first) = schema.get(choice).and_then(|list| list.get(0)) {
            return of(first, definitions);
        }
    }
    if let Some(first) = schema.get("enum").and_then(|list| list.get(0)) {
        return first.clone();
    }
    let ty = schema.get("type").cloned().unwrap_or_default();
    let ty = ty.as_str().or_else(|| ty.get(0)?.as_str());
    match ty {
        Some("object") => object(schema, definitions),
        Some("array") => json!([]),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        _ => json!(TEXT),
    }
}

fn object(schema: &Value, definitions: &Value) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let field = |name: &Value| {
        let name = name.as_str()?;
        Some((name.to_owned(), of(schema.get("properties")?.get(name)?, definitions)))
    };
    Value::Object(required.filter_map(field).collect::<Map<_, _>>())
}
