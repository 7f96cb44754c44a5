//! Walks over objects: reading their field sets, merging, comparing, removing.

use serde_json::{Map, Value};

use super::{
    fieldset::{FieldSet, written},
    rules::{At, ListRule, element, set_element},
};

enum Shape<'v> {
    Leaf,
    Object(&'v Map<String, Value>),
    /// Items by element, in order.
    Items(Vec<(String, &'v Value)>, bool),
}

fn shape<'v>(value: &'v Value, at: At<'_>) -> Shape<'v> {
    match value {
        Value::Object(map) if !at.atomic_object() => Shape::Object(map),
        Value::Array(items) => match at.list() {
            ListRule::Atomic => Shape::Leaf,
            ListRule::Set => {
                Shape::Items(items.iter().map(|i| (set_element(i), i)).collect(), false)
            }
            ListRule::Keyed(keys) => {
                let found: Option<Vec<_>> =
                    items.iter().map(|i| element(keys, i).map(|e| (e, i))).collect();
                found.map_or(Shape::Leaf, |items| Shape::Items(items, true))
            }
        },
        _ => Shape::Leaf,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}

/// The fields that an object sets.
pub fn fields_of(value: &Value, at: At<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match shape(value, at) {
        Shape::Leaf => set.mark(),
        Shape::Object(map) => {
            for (name, below) in map {
                let mut child = fields_of(below, at.field(name));
                if is_empty(below) {
                    child.mark();
                }
                set.put(format!("f:{name}"), child);
            }
        }
        Shape::Items(items, keyed) => {
            for (element, item) in items {
                let mut child = if keyed { fields_of(item, at) } else { FieldSet::default() };
                child.mark();
                set.put(element, child);
            }
        }
    }
    set
}

/// The fields of a value that was not there before: maps and lists count themselves, too.
fn whole(value: &Value, at: At<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match shape(value, at) {
        Shape::Leaf => set.mark(),
        Shape::Object(map) => {
            if at.is_map() || map.is_empty() {
                set.mark();
            }
            for (name, below) in map {
                set.put(format!("f:{name}"), whole(below, at.field(name)));
            }
        }
        Shape::Items(items, keyed) => {
            set.mark();
            for (element, item) in items {
                let mut child = if keyed { whole(item, at) } else { FieldSet::default() };
                child.mark();
                set.put(element, child);
            }
        }
    }
    set
}

/// `live` with everything that `config` says; keyed lists keep the order of both.
pub fn merge(live: &Value, config: &Value, at: At<'_>) -> Value {
    match (shape(live, at), shape(config, at)) {
        (Shape::Object(old), Shape::Object(new)) => {
            let mut merged = old.clone();
            for (name, value) in new {
                let value = match old.get(name) {
                    Some(old) => merge(old, value, at.field(name)),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Shape::Items(old, keyed), Shape::Items(new, _)) => {
            Value::Array(merge_items(&old, &new, keyed, at))
        }
        _ => config.clone(),
    }
}

fn merge_items(
    old: &[(String, &Value)],
    new: &[(String, &Value)],
    keyed: bool,
    at: At<'_>,
) -> Vec<Value> {
    let find = |list: &[(String, &Value)], e: &str| list.iter().position(|(x, _)| x == e);
    let mut merged = Vec::new();
    let mut seen = vec![false; new.len()];
    let (mut i, mut j) = (0, 0);
    loop {
        if let Some((element, item)) = old.get(i) {
            match find(new, element) {
                Some(there) if seen[there] => {
                    i += 1;
                    continue;
                }
                None => {
                    merged.push(Value::clone(item));
                    i += 1;
                    continue;
                }
                Some(_) => {}
            }
        }
        let Some((element, item)) = new.get(j) else { break };
        seen[j] = true;
        j += 1;
        merged.push(match find(old, element) {
            Some(there) if keyed => merge(old[there].1, item, at),
            _ => Value::clone(item),
        });
    }
    merged
}

/// How two states of an object differ.
#[derive(Debug, Default)]
pub struct Changes {
    /// Added or with another value.
    pub changed: FieldSet,
    /// No longer there.
    pub removed: FieldSet,
}

/// Compares two states of an object.
pub fn compare(old: &Value, new: &Value, at: At<'_>) -> Changes {
    let mut changes = Changes::default();
    if old == new {
        return changes;
    }
    match (shape(old, at), shape(new, at)) {
        (Shape::Object(a), Shape::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k)));
            for name in names {
                let below = at.field(name);
                changes.absorb(
                    format!("f:{name}"),
                    a.get(name),
                    b.get(name),
                    |x, y| compare(x, y, below),
                    |v| whole(v, below),
                );
            }
        }
        (Shape::Items(a, keyed), Shape::Items(b, _)) => {
            let get = |list: &[(String, &'_ Value)], e: &str| {
                list.iter().find(|(x, _)| x == e).map(|(_, v)| Value::clone(v))
            };
            let elements = a.iter().chain(b.iter().filter(|(e, _)| !a.iter().any(|(x, _)| x == e)));
            for (element, _) in elements {
                let (x, y) = (get(&a, element), get(&b, element));
                changes.absorb(
                    element.clone(),
                    x.as_ref(),
                    y.as_ref(),
                    |x, y| compare(x, y, at),
                    |v| {
                        let mut set = if keyed { whole(v, at) } else { FieldSet::default() };
                        set.mark();
                        set
                    },
                );
            }
        }
        (Shape::Leaf, Shape::Leaf) => changes.changed.mark(),
        _ => {
            changes.removed = whole(old, at);
            changes.changed = whole(new, at);
        }
    }
    changes
}

impl Changes {
    fn absorb(
        &mut self,
        element: String,
        old: Option<&Value>,
        new: Option<&Value>,
        both: impl Fn(&Value, &Value) -> Changes,
        whole: impl Fn(&Value) -> FieldSet,
    ) {
        match (old, new) {
            (Some(old), Some(new)) => {
                let below = both(old, new);
                self.changed.put(element.clone(), below.changed);
                self.removed.put(element, below.removed);
            }
            (None, Some(new)) => self.changed.put(element, whole(new)),
            (Some(old), None) => self.removed.put(element, whole(old)),
            (None, None) => {}
        }
    }
}

/// Removes the fields of a set. A key field stays as long as its item does.
pub fn remove(value: &mut Value, set: &FieldSet, at: At<'_>) {
    match value {
        Value::Object(map) if !at.atomic_object() => {
            for (element, below) in set.children() {
                let Some(name) = element.strip_prefix("f:") else { continue };
                if below.is_member() {
                    map.remove(name);
                } else if let Some(value) = map.get_mut(name) {
                    remove(value, below, at.field(name));
                }
            }
        }
        Value::Array(items) => {
            let keys = match at.list() {
                ListRule::Atomic => return,
                ListRule::Set => {
                    items.retain(|i| !set.child(&set_element(i)).is_some_and(FieldSet::is_member));
                    return;
                }
                ListRule::Keyed(keys) => keys,
            };
            items.retain_mut(|item| {
                let Some(found) = element(keys, item) else { return true };
                let Some(below) = set.child(&found) else { return true };
                if below.is_member() {
                    return false;
                }
                let before: Vec<Value> = keys.iter().map(|k| item[*k].clone()).collect();
                remove(item, below, at);
                for (key, value) in keys.iter().zip(before) {
                    if !value.is_null() {
                        item[*key] = value;
                    }
                }
                true
            });
        }
        _ => {}
    }
}

/// The first item that occurs twice in a keyed list: path of the list and the item's key.
pub fn duplicate(value: &Value, at: At<'_>, path: &str) -> Option<(String, String)> {
    match shape(value, at) {
        Shape::Leaf => None,
        Shape::Object(map) => map
            .iter()
            .find_map(|(name, below)| duplicate(below, at.field(name), &format!("{path}.{name}"))),
        Shape::Items(items, keyed) => {
            for (i, (element, item)) in items.iter().enumerate() {
                if items.iter().take(i).any(|(other, _)| other == element) {
                    return Some((path.to_owned(), written(element)));
                }
                let below = format!("{path}{}", written(element));
                if keyed && let Some(found) = duplicate(item, at, &below) {
                    return Some(found);
                }
            }
            None
        }
    }
}
