//! Sets of field paths: a tree whose elements are written as in `fieldsV1`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A set of field paths. Elements are `f:name`, `k:{"name":"x"}` or `v:"x"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    member: bool,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Whether no path is in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// Whether the path that leads here is itself in the set.
    pub fn is_member(&self) -> bool {
        self.member
    }

    /// What lies below, by element.
    pub fn children(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.children.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The set below an element.
    pub fn child(&self, element: &str) -> Option<&Self> {
        self.children.get(element)
    }

    /// Marks the path that leads here.
    pub fn mark(&mut self) {
        self.member = true;
    }

    /// Puts a set below an element, merging with what is there; empty ones are not kept.
    pub fn put(&mut self, element: String, set: Self) {
        if set.is_empty() {
            return;
        }
        match self.children.get_mut(&element) {
            Some(there) => *there = there.union(&set),
            None => {
                self.children.insert(element, set);
            }
        }
    }

    /// Paths in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut result = self.clone();
        result.member |= other.member;
        for (element, set) in &other.children {
            result.put(element.clone(), set.clone());
        }
        result
    }

    /// Paths here that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut result = Self { member: self.member && !other.member, ..Self::default() };
        for (element, set) in &self.children {
            let rest = match other.children.get(element) {
                Some(theirs) => set.difference(theirs),
                None => set.clone(),
            };
            result.put(element.clone(), rest);
        }
        result
    }

    /// Paths in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut result = Self { member: self.member && other.member, ..Self::default() };
        for (element, set) in &self.children {
            if let Some(theirs) = other.children.get(element) {
                result.put(element.clone(), set.intersection(theirs));
            }
        }
        result
    }

    /// The set with every field on the way to its paths. An item of a list is in it only if it was.
    #[must_use]
    pub fn with_parents(&self) -> Self {
        let mut result = Self { member: self.member, ..Self::default() };
        for (element, set) in &self.children {
            let mut below = set.with_parents();
            below.member |= element.starts_with("f:") && !below.children.is_empty();
            result.put(element.clone(), below);
        }
        result
    }

    /// As in `fieldsV1`.
    pub fn to_fields_v1(&self) -> Value {
        let mut map = Map::new();
        // A member without children is `{}`; one with children says so by ".".
        if self.member && !self.children.is_empty() {
            map.insert(".".into(), json!({}));
        }
        for (element, set) in &self.children {
            map.insert(element.clone(), set.to_fields_v1());
        }
        Value::Object(map)
    }

    /// From `fieldsV1`.
    pub fn from_fields_v1(fields: &Value) -> Self {
        let mut set = Self::default();
        for (element, below) in fields.as_object().into_iter().flatten() {
            if element == "." {
                set.member = true;
                continue;
            }
            let mut child = Self::from_fields_v1(below);
            if child.children.is_empty() {
                child.member = true;
            }
            set.children.insert(element.clone(), child);
        }
        set
    }

    /// Every path as messages write it: `.spec.containers[name="a"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect("", &mut paths);
        paths
    }

    fn collect(&self, prefix: &str, paths: &mut Vec<String>) {
        if self.member && !prefix.is_empty() {
            paths.push(prefix.to_owned());
        }
        for (element, set) in &self.children {
            set.collect(&format!("{prefix}{}", written(element)), paths);
        }
    }
}

pub(super) fn written(element: &str) -> String {
    match element.split_at_checked(2) {
        Some(("f:", name)) => format!(".{name}"),
        Some(("k:", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let parts: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("[{}]", parts.join(","))
        }
        Some(("v:", value)) => format!("[={value}]"),
        _ => format!("[{element}]"),
    }
}
