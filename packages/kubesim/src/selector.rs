//! Label selectors (text and object form) and field selectors.

use serde_json::Value;

use crate::{error::ApiError, kinds::Kind};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A label selector; the empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

impl LabelSelector {
    /// The `labelSelector` parameter: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let bad = || ApiError::bad_request(format!("unable to parse requirement: {text:?}"));
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(requirement(part).ok_or_else(bad)?);
        }
        Ok(Self(requirements))
    }

    /// A `metav1.LabelSelector`; an absent one selects nothing, an empty one everything.
    pub fn of_object(selector: &Value) -> Option<Self> {
        let object = selector.as_object()?;
        let mut requirements = equalities(object.get("matchLabels").unwrap_or(&Value::Null));
        for expression in
            object.get("matchExpressions").and_then(Value::as_array).into_iter().flatten()
        {
            let key = text(&expression["key"]);
            let values = expression["values"].as_array().into_iter().flatten().map(text).collect();
            requirements.push(match expression["operator"].as_str()? {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Absent(key),
                _ => return None,
            });
        }
        Some(Self(requirements))
    }

    /// A plain map, as in a service's `spec.selector`.
    pub fn of_map(map: &Value) -> Self {
        Self(equalities(map))
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels satisfy it.
    pub fn matches(&self, labels: &Value) -> bool {
        self.0.iter().all(|r| {
            let value = |key: &str| labels.get(key).and_then(Value::as_str);
            match r {
                Requirement::In(key, values) => {
                    value(key).is_some_and(|v| values.iter().any(|x| x == v))
                }
                Requirement::NotIn(key, values) => {
                    !value(key).is_some_and(|v| values.iter().any(|x| x == v))
                }
                Requirement::Exists(key) => value(key).is_some(),
                Requirement::Absent(key) => value(key).is_none(),
            }
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn equalities(map: &Value) -> Vec<Requirement> {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(k, v)| Requirement::In(k.clone(), vec![text(v)])).collect()
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(key_of(key)?));
    }
    if let Some((left, values)) = part.split_once('(') {
        let values = values.trim().strip_suffix(')')?;
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        let mut words = left.split_whitespace();
        let key = key_of(words.next()?)?;
        return match (words.next()?, words.next()) {
            ("in", None) => Some(Requirement::In(key, values)),
            ("notin", None) => Some(Requirement::NotIn(key, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(key_of(key)?, vec![value_of(value)?]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(key_of(key)?, vec![value_of(value)?]));
    }
    Some(Requirement::Exists(key_of(part)?))
}

fn key_of(text: &str) -> Option<String> {
    let key = text.trim();
    let fine = !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    fine.then(|| key.to_owned())
}

fn value_of(text: &str) -> Option<String> {
    let value = text.trim();
    let fine = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    fine.then(|| value.to_owned())
}

/// A field selector: equalities and inequalities of a few fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// The `fieldSelector` parameter; a field that the kind does not offer is refused.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, ApiError> {
        let mut terms = Vec::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (field, equal, value) = if let Some((f, v)) = part.split_once("!=") {
                (f, false, v)
            } else if let Some((f, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (f, true, v)
            } else {
                let message = format!("invalid selector: {text:?}; can't understand {part:?}");
                return Err(ApiError::bad_request(message));
            };
            if !supported(kind, field) {
                let message = format!(
                    "{field:?} is not a known field selector of {}: only \"metadata.name\", \
                     \"metadata.namespace\" and a few of some kinds",
                    kind.qualified()
                );
                return Err(ApiError::bad_request(message));
            }
            terms.push((field.to_owned(), equal, value.to_owned()));
        }
        Ok(Self(terms))
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's fields satisfy it.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(field, equal, wanted)| {
            let mut at = object;
            for step in field.split('.') {
                at = &at[step];
            }
            let found = match at {
                Value::String(text) => text.clone(),
                Value::Null if field == "spec.unschedulable" => "false".into(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            (found == *wanted) == *equal
        })
    }
}

fn supported(kind: Kind, field: &str) -> bool {
    if field == "metadata.name" || (field == "metadata.namespace" && kind.namespaced()) {
        return true;
    }
    let more: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::ReplicaSet => &["status.replicas"],
        _ => &[],
    };
    more.contains(&field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_label_selector_selects_by_equality_and_by_set() {
        let labels = json!({"app": "web", "tier": "front"});
        for (text, selected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app=api", false),
            ("app in (api, web)", true),
            ("app notin (api,web)", false),
            ("missing notin (x)", true),
            ("tier", true),
            ("!tier", false),
            ("!missing", true),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&labels), selected, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["a in b", "a in (b", "a b", "=x", "a=b c"] {
            assert_eq!(LabelSelector::parse(text).unwrap_err().code, 400, "{text}");
        }
        assert_eq!(FieldSelector::parse(Kind::Pod, "spec.image=x").unwrap_err().code, 400);
        assert_eq!(FieldSelector::parse(Kind::Pod, "spec.nodeName").unwrap_err().code, 400);
    }

    #[test]
    fn a_field_selector_reads_nested_fields() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
        let matches = |text| FieldSelector::parse(Kind::Pod, text).unwrap().matches(&pod);
        assert!(matches("spec.nodeName=n1,status.phase!=Failed"));
        assert!(!matches("metadata.name=b"));
        assert!(!matches("spec.nodeName="));
    }
}
