//! Reading bodies as the typed API would: wrong types refused, unknown fields found and
//! dropped, quantities and times in canonical form. Nothing is added.

use serde_json::Value;

use crate::{error::ApiError, kinds::Kind, quantity};

/// A body that fits its kind.
#[derive(Debug)]
pub struct Read {
    /// The object, without unknown fields and nulls.
    pub object: Value,
    /// Paths of the fields that the kind does not have.
    pub unknown: Vec<String>,
}

/// Reads a body as an object of its kind.
pub fn read(kind: Kind, mut body: Value) -> Result<Read, ApiError> {
    let info = kind.info();
    if !body.is_object() {
        return Err(ApiError::bad_request("the body of the request must be an object"));
    }
    let api_version = kind.api_version();
    for (field, wanted) in [("apiVersion", api_version.as_str()), ("kind", info.kind)] {
        match body[field].as_str() {
            Some(found) if found == wanted => {}
            None | Some("") => body[field] = Value::from(wanted),
            Some(found) => {
                return Err(ApiError::bad_request(format!(
                    "the API version in the data ({field} {found:?}) does not match the expected \
                     {field} ({wanted:?})"
                )));
            }
        }
    }
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let odd_quantity = !quantities(kind, &mut body);
    let unreadable = |why: &str| {
        let (kind, version) = (info.kind, info.version);
        let text = format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}");
        ApiError { wrong_type: true, ..ApiError::bad_request(text) }
    };
    if odd_quantity {
        return Err(unreadable(
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ));
    }
    let typed = (info.decode)(body.clone()).map_err(|why| unreadable(&why))?;
    let mut unknown = Vec::new();
    let object = restrict(body, &typed, "", &mut unknown);
    Ok(Read { object, unknown })
}

fn restrict(given: Value, typed: &Value, path: &str, unknown: &mut Vec<String>) -> Value {
    match (given, typed) {
        (Value::Object(given), Value::Object(typed)) => Value::Object(
            given
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .filter_map(|(name, value)| {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    match typed.get(&name) {
                        Some(typed) => {
                            let value = restrict(value, typed, &path, unknown);
                            Some((name, value))
                        }
                        None => {
                            unknown.push(path);
                            None
                        }
                    }
                })
                .collect(),
        ),
        (Value::Array(given), Value::Array(typed)) if given.len() == typed.len() => Value::Array(
            given
                .into_iter()
                .zip(typed)
                .enumerate()
                .map(|(i, (value, typed))| restrict(value, typed, &format!("{path}[{i}]"), unknown))
                .collect(),
        ),
        (_, typed) => typed.clone(),
    }
}

/// Gives an object the values that it was read from: quantities in the form that they had there,
/// and nulls, which an applier owns.
pub fn as_written(object: &mut Value, body: &Value) {
    match (object, body) {
        (Value::Object(object), Value::Object(body)) => {
            for (name, given) in body {
                match object.get_mut(name) {
                    Some(value) => as_written(value, given),
                    None if given.is_null() => {
                        object.insert(name.clone(), Value::Null);
                    }
                    None => {}
                }
            }
        }
        (Value::Array(items), Value::Array(given)) if items.len() == given.len() => {
            items.iter_mut().zip(given).for_each(|(item, given)| as_written(item, given));
        }
        (_, Value::Null) => {}
        (value, given) => *value = given.clone(),
    }
}

/// Fields that hold quantities by name.
const MAPS: &[&str] = &[
    "requests",
    "limits",
    "hard",
    "used",
    "allocatable",
    "capacity",
    "default",
    "defaultRequest",
    "max",
    "min",
    "overhead",
    "podFixed",
    "allocatedResources",
];

/// Brings quantities into canonical form; false when one is none.
fn quantities(kind: Kind, body: &mut Value) -> bool {
    let carries = matches!(
        kind,
        Kind::Pod
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::ReplicaSet
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::LimitRange
            | Kind::Node
            | Kind::RuntimeClass
    );
    let mut fine = true;
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if carries && name != "metadata" {
            fine &= quantities_below(name, value);
        }
    }
    fine
}

fn quantities_below(name: &str, value: &mut Value) -> bool {
    let mut fine = true;
    match value {
        Value::Object(map) if MAPS.contains(&name) => {
            for value in map.values_mut() {
                fine &= quantity::normalize(value);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                match name.as_str() {
                    "metadata" | "nodeSelector" | "matchLabels" => {}
                    "sizeLimit" | "divisor" => fine &= quantity::normalize(value),
                    _ => fine &= quantities_below(name, value),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                fine &= quantities_below("", item);
            }
        }
        _ => {}
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_fields_are_found_and_dropped() {
        let body = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "immage": "x"}], "foo": 1}});
        let read = read(Kind::Pod, body).unwrap();
        assert_eq!(read.unknown, ["spec.containers[0].immage", "spec.foo"]);
        assert_eq!(read.object["spec"], json!({"containers": [{"name": "c"}]}));
    }

    #[test]
    fn a_wrong_type_is_refused() {
        let body = json!({"metadata": {"name": "a"}, "spec": {"replicas": "three"}});
        assert_eq!(read(Kind::Deployment, body).unwrap_err().code, 400);
        let body = json!({"kind": "Pod", "metadata": {"name": "a"}});
        assert_eq!(read(Kind::Service, body).unwrap_err().code, 400);
    }

    #[test]
    fn quantities_come_out_canonical_and_may_be_numbers() {
        let resources =
            json!({"requests": {"cpu": 0.5, "memory": "1024Mi"}, "limits": {"nvidia.com/gpu": 1}});
        let body = json!({"metadata": {"name": "a", "labels": {"max": "1024Mi"}}, "spec": {"containers": [{"name": "c", "resources": resources}]}});
        let read = read(Kind::Pod, body).unwrap();
        assert_eq!(
            read.object["spec"]["containers"][0]["resources"],
            json!({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "1"}})
        );
        assert_eq!(read.object["metadata"]["labels"]["max"], "1024Mi");
    }
}
