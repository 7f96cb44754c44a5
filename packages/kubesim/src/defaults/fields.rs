//! Setting fields that are absent.

use serde_json::{Value, json};

/// Sets a field that is absent.
pub fn or(object: &mut Value, field: &str, value: Value) {
    if let Some(map) = object.as_object_mut()
        && map.get(field).is_none_or(Value::is_null)
    {
        map.insert(field.to_owned(), value);
    }
}

/// A field's value; an empty map if it is absent.
pub fn part<'v>(object: &'v mut Value, field: &str) -> &'v mut Value {
    or(object, field, json!({}));
    &mut object[field]
}

/// The items of a list; none if it is absent.
pub fn items<'v>(object: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}
