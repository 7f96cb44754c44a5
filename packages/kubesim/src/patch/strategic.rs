//! Strategic merge patch: a merge patch that merges well-known lists by key and knows
//! `$patch`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…` and `$retainKeys`.

use serde_json::{Map, Value};

use crate::{
    apply::{ListRule, SchemaNode},
    error::ApiError,
};

/// The document that a strategic merge patch makes of `target`.
pub fn strategic_merge(
    target: &Value,
    patch: &Value,
    at: SchemaNode<'_>,
) -> Result<Value, ApiError> {
    let Value::Object(changes) = patch else { return Ok(patch.clone()) };
    match changes.get("$patch").and_then(Value::as_str) {
        Some("replace") => return Ok(without_directives(patch)),
        Some("delete") => return Ok(Value::Object(Map::new())),
        Some("merge") | None => {}
        Some(other) => {
            return Err(ApiError::bad_request(format!("Unknown patch type: {other}")));
        }
    }
    let mut result = target.as_object().cloned().unwrap_or_else(Map::new);
    if let Some(keep) = changes.get("$retainKeys").and_then(Value::as_array) {
        result.retain(|k, _| keep.iter().any(|x| x.as_str() == Some(k)));
    }
    for (name, change) in changes {
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = change.as_array().cloned().unwrap_or_default();
            if let Some(Value::Array(items)) = result.get_mut(list) {
                items.retain(|i| !gone.contains(i));
            }
        } else if name.starts_with('$') {
            continue;
        } else if change.is_null() {
            result.remove(name);
        } else {
            let before = result.get(name).cloned().unwrap_or(Value::Null);
            let below = at.field(name);
            let value = match change {
                Value::Array(items) => merge_list(&before, items, below)?,
                Value::Object(_) if below.strategic_replace() => change.clone(),
                Value::Object(_) => strategic_merge(&before, change, below)?,
                scalar => scalar.clone(),
            };
            result.insert(name.clone(), value);
        }
    }
    for (name, order) in changes {
        if let Some(list) = name.strip_prefix("$setElementOrder/")
            && let Some(order) = order.as_array()
            && let Some(Value::Array(items)) = result.get_mut(list)
        {
            let before = target[list].as_array().map(Vec::as_slice).unwrap_or_default();
            *items = ordered(std::mem::take(items), order, before, at.field(list));
        }
    }
    Ok(Value::Object(result))
}

fn merge_list(before: &Value, changes: &[Value], at: SchemaNode<'_>) -> Result<Value, ApiError> {
    let directive = |c: &Value| c.get("$patch").and_then(Value::as_str).map(str::to_owned);
    let replaces = |c: &Value| directive(c).as_deref() == Some("replace");
    let Some(old) = before.as_array().cloned() else {
        // Nothing to merge with: the patch is the list.
        let kept = changes.iter().filter(|c| directive(c).is_none());
        return Ok(Value::Array(kept.map(without_directives).collect()));
    };
    match at.strategic_list() {
        ListRule::Keyed(keys) if !changes.iter().any(replaces) => {
            let mut items = old.clone();
            for change in changes {
                let key = keys.iter().map(|k| &change[*k]).collect::<Vec<_>>();
                if key.iter().any(|k| k.is_null()) {
                    let message = format!(
                        "map: {change} does not contain declared merge key: {}",
                        keys.join(", ")
                    );
                    return Err(ApiError::bad_request(message));
                }
                let same = |item: &Value| keys.iter().zip(&key).all(|(k, v)| item[*k] == **v);
                let found = items.iter().position(same);
                let deletes = directive(change).as_deref() == Some("delete");
                match found {
                    Some(i) if deletes => {
                        items.remove(i);
                    }
                    Some(i) => items[i] = strategic_merge(&items[i], change, at)?,
                    None if deletes => {}
                    None => items.push(without_directives(change)),
                }
            }
            Ok(Value::Array(ordered(items, changes, &old, at)))
        }
        ListRule::Set => {
            let mut items = old.clone();
            for change in changes {
                if !items.contains(change) {
                    items.push(change.clone());
                }
            }
            Ok(Value::Array(ordered(items, changes, &old, at)))
        }
        _ => {
            let kept = changes
                .iter()
                .filter(|c| !(replaces(c) && c.as_object().is_some_and(|o| o.len() == 1)));
            Ok(Value::Array(kept.map(without_directives).collect()))
        }
    }
}

/// Items that the patch names in the patch's order; the others where they were among them.
fn ordered(items: Vec<Value>, order: &[Value], before: &[Value], at: SchemaNode<'_>) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| {
        list.iter().position(|other| match at.strategic_list() {
            ListRule::Keyed(keys) => keys.iter().all(|k| other[*k] == item[*k]),
            _ => other == item,
        })
    };
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(before, item));
    let mut merged = Vec::new();
    let mut others = others.into_iter().peekable();
    for item in named {
        let here = place(before, &item);
        while let Some(other) = others.peek() {
            let earlier = place(before, other).zip(here).is_some_and(|(other, here)| other < here);
            if !earlier {
                break;
            }
            merged.extend(others.next());
        }
        merged.push(item);
    }
    merged.extend(others);
    merged
}

fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(k, v)| !k.starts_with('$') && !v.is_null())
                .map(|(k, v)| (k.clone(), without_directives(v)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_directives).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use serde_json::json;

    fn pod(spec: Value) -> Value {
        json!({"spec": spec})
    }

    fn merged(target: Value, patch: Value) -> Value {
        strategic_merge(&pod(target), &pod(patch), SchemaNode::root(Kind::Pod)).unwrap()["spec"]
            .clone()
    }

    #[test]
    fn well_known_lists_merge_by_key() {
        let before = json!({"containers": [{"name": "a", "image": "x", "env": [{"name": "K", "value": "1"}]}, {"name": "b"}]});
        let patch = json!({"containers": [{"name": "a", "env": [{"name": "L", "value": "2"}]}]});
        let after = merged(before, patch);
        assert_eq!(after["containers"][0]["image"], "x");
        assert_eq!(after["containers"][0]["env"].as_array().unwrap().len(), 2);
        assert_eq!(after["containers"][1]["name"], "b");
    }

    #[test]
    fn other_lists_are_replaced() {
        let before = json!({"tolerations": [{"key": "a"}]});
        let after = merged(before, json!({"tolerations": [{"key": "b"}]}));
        assert_eq!(after["tolerations"], json!([{"key": "b"}]));
    }

    #[test]
    fn directives_delete_replace_and_order() {
        let before = json!({"containers": [{"name": "a"}, {"name": "b"}], "securityContext": {"runAsUser": 1, "fsGroup": 2}});
        let patch = json!({
            "containers": [{"name": "a", "$patch": "delete"}, {"name": "c"}],
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}],
            "securityContext": {"$patch": "replace", "runAsUser": 7},
        });
        let after = merged(before, patch);
        assert_eq!(after["containers"], json!([{"name": "c"}, {"name": "b"}]));
        assert_eq!(after["securityContext"], json!({"runAsUser": 7}));
    }
}
