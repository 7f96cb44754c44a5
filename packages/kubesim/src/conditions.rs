//! Conditions in a status: one of each type, with the time of its last change.

use serde_json::{Value, json};

use crate::{clock, validate::array};

/// The condition of a type.
pub fn get<'v>(status: &'v Value, kind: &str) -> Option<&'v Value> {
    array(&status["conditions"]).find(|c| c["type"] == kind)
}

/// Whether a condition is `True`.
pub fn is_true(status: &Value, kind: &str) -> bool {
    get(status, kind).is_some_and(|c| c["status"] == "True")
}

/// Sets a condition; its transition time changes only with its status. Empty texts are left out.
pub fn set(status: &mut Value, kind: &str, holds: bool, reason: &str, message: &str) {
    put(status, kind, holds, reason, message, false);
}

/// Like `set`, with a `lastUpdateTime` that changes with reason and message.
pub fn update(status: &mut Value, kind: &str, holds: bool, reason: &str, message: &str) {
    put(status, kind, holds, reason, message, true);
}

fn put(
    status: &mut Value,
    kind: &str,
    holds: bool,
    reason: &str,
    message: &str,
    with_update: bool,
) {
    let now = json!(clock::seconds(clock::now()));
    let old = get(status, kind).cloned().unwrap_or(Value::Null);
    let state = if holds { "True" } else { "False" };
    let mut condition = json!({"type": kind, "status": state});
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition[field] = json!(text);
        }
    }
    let same_text = old["reason"] == condition["reason"] && old["message"] == condition["message"];
    let same_state = old["status"] == state;
    condition["lastTransitionTime"] =
        if same_state { old["lastTransitionTime"].clone() } else { now.clone() };
    if with_update {
        let keep = same_state && same_text && !old["lastUpdateTime"].is_null();
        condition["lastUpdateTime"] = if keep { old["lastUpdateTime"].clone() } else { now };
    }
    if let Some(last) = old.get("observedGeneration") {
        condition["observedGeneration"] = last.clone();
    }
    let mut all: Vec<Value> = array(&status["conditions"]).cloned().collect();
    match all.iter_mut().find(|c| c["type"] == kind) {
        Some(there) => *there = condition,
        None => all.push(condition),
    }
    status["conditions"] = json!(all);
}

/// Removes a condition.
pub fn clear(status: &mut Value, kind: &str) {
    if let Some(all) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        all.retain(|c| c["type"] != kind);
    }
}
