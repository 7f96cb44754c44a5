//! Walks over objects: reading their field sets, merging, comparing, removing.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    fieldset::{FieldSet, written},
    rules::{ListRule, SchemaNode, element, set_element},
};

enum Shape<'v> {
    Leaf,
    Object(&'v Map<String, Value>),
    /// Items by element, in order.
    Items(Vec<(String, &'v Value)>, bool),
}

fn shape<'v>(value: &'v Value, at: SchemaNode<'_>) -> Shape<'v> {
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

/// Whether a value is owned by its mere presence, having no fields of its own.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// The fields that an object sets.
pub fn fields_of(value: &Value, at: SchemaNode<'_>) -> FieldSet {
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
            for (element, item) in &items {
                // Fields of items with the same key cannot be attributed.
                let plain = !keyed || count(&items, element) > 1;
                let mut child = if plain { FieldSet::default() } else { fields_of(item, at) };
                child.mark();
                set.put(element.clone(), child);
            }
        }
    }
    set
}

/// How many items have a key: more than one, if a write other than apply made it so.
fn count(items: &[(String, &Value)], element: &str) -> usize {
    items.iter().filter(|(other, _)| other == element).count()
}

/// The fields of a value that was not there before; what holds fields counts itself, too.
fn whole(value: &Value, at: SchemaNode<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match shape(value, at) {
        Shape::Leaf => set.mark(),
        Shape::Object(map) => {
            if !at.always_there() || map.is_empty() {
                set.mark();
            }
            for (name, below) in map {
                set.put(format!("f:{name}"), whole(below, at.field(name)));
            }
        }
        Shape::Items(items, keyed) => {
            if !at.always_there() {
                set.mark();
            }
            for (element, item) in &items {
                let plain = !keyed || count(&items, element) > 1;
                let mut child = if plain { FieldSet::default() } else { whole(item, at) };
                child.mark();
                set.put(element.clone(), child);
            }
        }
    }
    set
}

/// `live` with everything that `config` says; keyed lists keep the order of both.
pub fn merge(live: &Value, config: &Value, at: SchemaNode<'_>) -> Value {
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
        // A null says nothing of what is in an object or list.
        (Shape::Object(_) | Shape::Items(..), Shape::Leaf) if config.is_null() => live.clone(),
        _ => config.clone(),
    }
}

/// Both orders are kept as far as they agree. Where they do not, the applied one counts, and
/// items of the live list alone stay where the walk over it meets them.
fn merge_items(
    old: &[(String, &Value)],
    new: &[(String, &Value)],
    keyed: bool,
    at: SchemaNode<'_>,
) -> Vec<Value> {
    let find = |list: &[(String, &Value)], e: &str| list.iter().position(|(x, _)| x == e);
    let merged = |(element, item): &(String, &Value)| match find(old, element) {
        Some(there) if keyed && count(old, element) == 1 => merge(old[there].1, item, at),
        _ => Value::clone(item),
    };
    let mut result = Vec::new();
    let (mut i, mut j) = (0, 0);
    loop {
        let awaited = new.iter().skip(j).find(|(e, _)| find(old, e).is_some());
        match (old.get(i), new.get(j)) {
            (Some((live, _)), Some(wanted)) if *live == wanted.0 => {
                result.push(merged(wanted));
                (i, j) = (i + 1, j + 1);
            }
            (Some((live, item)), _) if find(new, live).is_none() => {
                result.push(Value::clone(item));
                i += 1;
            }
            // In both lists, and its turn is later or over.
            (Some((live, _)), Some(_)) if awaited.is_some_and(|(e, _)| e != live) => i += 1,
            (_, Some(wanted)) => {
                result.push(merged(wanted));
                j += 1;
            }
            (Some(_), None) => i += 1,
            (None, None) => return result,
        }
    }
}

/// How two states of an object differ.
#[derive(Debug, Default)]
pub struct Changes {
    /// Added or with another value.
    pub changed: FieldSet,
    /// No longer there.
    pub removed: FieldSet,
}

/// Compares two states of an object. A null counts as an object or list without content.
pub fn compare(old: &Value, new: &Value, at: SchemaNode<'_>) -> Changes {
    let mut changes = Changes::default();
    if old == new {
        return changes;
    }
    let nothing = Map::new();
    match (shape(old, at), shape(new, at)) {
        (Shape::Object(a), Shape::Leaf) if new.is_null() => changes.objects(a, &nothing, at),
        (Shape::Items(a, keyed), Shape::Leaf) if new.is_null() => {
            changes.items(&a, &[], keyed, at);
        }
        (Shape::Object(a), Shape::Object(b)) => changes.objects(a, b, at),
        (Shape::Items(a, keyed), Shape::Items(b, _)) => changes.items(&a, &b, keyed, at),
        (Shape::Leaf, Shape::Leaf) => changes.changed.mark(),
        _ => {
            changes.removed = whole(old, at);
            changes.changed = whole(new, at);
        }
    }
    changes
}

impl Changes {
    fn objects(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, at: SchemaNode<'_>) {
        for (name, value) in old {
            let below = at.field(name);
            match new.get(name) {
                Some(now) => self.absorb(format!("f:{name}"), compare(value, now, below)),
                None => self.removed.put(format!("f:{name}"), whole(value, below)),
            }
        }
        for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.changed.put(format!("f:{name}"), whole(value, at.field(name)));
        }
    }

    fn items(
        &mut self,
        old: &[(String, &Value)],
        new: &[(String, &Value)],
        keyed: bool,
        at: SchemaNode<'_>,
    ) {
        let item = |value: &Value| {
            let mut set = if keyed { whole(value, at) } else { FieldSet::default() };
            set.mark();
            set
        };
        let all: BTreeSet<&String> = old.iter().chain(new).map(|(element, _)| element).collect();
        for element in all {
            let of = |list: &[(String, &Value)]| -> Vec<Value> {
                list.iter().filter(|(e, _)| e == element).map(|(_, v)| Value::clone(v)).collect()
            };
            let mut alone = FieldSet::default();
            alone.mark();
            match (of(old).as_slice(), of(new).as_slice()) {
                ([before], [now]) if keyed => {
                    self.absorb(element.clone(), compare(before, now, at))
                }
                ([_], [_]) => {}
                ([before], []) => self.removed.put(element.clone(), item(before)),
                ([], [now]) => self.changed.put(element.clone(), item(now)),
                // What is there several times has no fields of its own.
                ([_, _, ..], rest @ ([] | [_])) => {
                    rest.iter().for_each(|now| self.changed.put(element.clone(), item(now)));
                    self.removed.put(element.clone(), alone);
                }
                (rest @ ([] | [_]), _) => {
                    rest.iter().for_each(|before| self.removed.put(element.clone(), item(before)));
                    self.changed.put(element.clone(), alone);
                }
                (before, now) if before != now => self.changed.put(element.clone(), alone),
                _ => {}
            }
        }
    }

    fn absorb(&mut self, element: String, below: Changes) {
        self.changed.put(element.clone(), below.changed);
        self.removed.put(element, below.removed);
    }
}

/// Removes the fields of a set. A key field stays as long as its item does.
pub fn remove(value: &mut Value, set: &FieldSet, at: SchemaNode<'_>) {
    match value {
        Value::Object(map) if !at.atomic_object() => {
            for (element, below) in set.children() {
                let Some(name) = element.strip_prefix("f:") else { continue };
                if below.is_member() {
                    map.remove(name);
                } else if let Some(value) = map.get_mut(name) {
                    remove(value, below, at.field(name));
                    // What lost its last field goes, also if it was applied empty: as the API
                    // has it. A null means to `compare` that only the fields are gone.
                    if is_empty(value) || value.as_array().is_some_and(Vec::is_empty) {
                        *value = Value::Null;
                    }
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
pub fn duplicate(value: &Value, at: SchemaNode<'_>, path: &str) -> Option<(String, String)> {
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
