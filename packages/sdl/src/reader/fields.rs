//! Mappings: those with known keys, and those whose keys are names.

use std::{
    collections::{HashMap, HashSet},
    mem::discriminant,
};

use super::{LONGEST_KEY, Read, Reader};
use crate::yaml::{Kind, NodeId, scalar};

/// Names given by keys seen so far, while mappings are merged into one another.
type Merged = Option<HashSet<String>>;

/// The most keys that are compared one by one.
const FEW_KEYS: usize = 12;
/// Mappings merged into mappings that are merged.
const DEEPEST_MERGE: usize = 32;

impl<'t> Reader<'t> {
    /// Reads a mapping with known keys; `set` gets each known key and its value. An unknown key
    /// is a warning: Akash ignores it.
    pub fn fields(
        &mut self,
        id: NodeId,
        what: &str,
        known: &'static [&'static str],
        set: &mut dyn FnMut(&mut Self, &'static str, NodeId),
    ) -> Read<()> {
        self.mapping(id, what, &mut |reader, name, key, value, done| {
            let Some(&field) = known.iter().find(|field| **field == name) else {
                let message = format!("`{name}` is not a key of {what}; it is ignored");
                let help = reader.suggest(&name, known.iter().copied());
                reader.warn(key, "unknown-key", message).maybe(help);
                return;
            };
            if done.contains(&field) {
                reader.error(key, "duplicate-key", format!("`{field}` is given twice"));
                return;
            }
            done.push(field);
            set(reader, field, value);
        })
    }

    /// Reads a mapping whose keys are names; `each` gets the name, its place and the value.
    pub fn entries(
        &mut self,
        id: NodeId,
        what: &str,
        each: &mut dyn FnMut(&mut Self, String, NodeId, NodeId),
    ) -> Read<()> {
        self.mapping(id, what, &mut |reader, name, key, value, _| each(reader, name, key, value))
    }

    fn mapping(&mut self, id: NodeId, what: &str, each: &mut Each<'_, 't>) -> Read<()> {
        self.enter(id, |reader, id| {
            if reader.is_null(id) {
                return Read::Null;
            }
            if !matches!(reader.tree().node(id).kind, Kind::Mapping(_)) {
                let message = format!("{what} must be a mapping, this is {}", reader.describe(id));
                reader
                    .error(id, "wrong-type", message)
                    .help("write `key: value`, indented, on lines of their own");
                return Read::Bad;
            }
            reader.mapping_keys(id, &mut None, each)
        })
        .unwrap_or(Read::Bad)
    }

    fn mapping_keys(
        &mut self,
        id: NodeId,
        merged: &mut Merged,
        each: &mut Each<'_, 't>,
    ) -> Read<()> {
        let twice = self.report_duplicates(id);
        let mut merge = None;
        let mut done = Vec::new();
        for (key, value) in self.whole_pairs(id) {
            if twice.contains(&key) {
                continue;
            }
            if scalar::is_merge_key(self.tree().node(key)) {
                merge = Some(value);
                continue;
            }
            let Some(name) = self.key(key) else { continue };
            if merged.as_mut().is_some_and(|names| !names.insert(name.clone())) {
                continue;
            }
            each(self, name, key, value, &mut done);
        }
        let Some(merge) = merge else { return Read::Is(()) };
        if merged.is_none() {
            *merged = Some(self.own_names(id));
        }
        self.merge(merge, merged, each)
    }

    /// The names that a mapping gives itself and that no merged mapping may give again. Keys
    /// that are not plainly texts (`80`, `true`) don't count: so it is in Akash.
    fn own_names(&mut self, id: NodeId) -> HashSet<String> {
        let mut names = HashSet::new();
        for (key, _) in self.whole_pairs(id) {
            let node = self.tree().node(self.target(key));
            match &node.kind {
                Kind::Scalar(text, style) => {
                    let value = scalar::resolve(text, *style, node.tag.as_ref());
                    if matches!(value, Some(scalar::Value::Text | scalar::Value::Binary)) {
                        names.extend(self.text(key).value());
                    }
                }
                _ => {
                    self.error(key, "wrong-type", "a key beside `<<` must be a text");
                }
            }
        }
        names
    }

    fn merge(&mut self, value: NodeId, merged: &mut Merged, each: &mut Each<'_, 't>) -> Read<()> {
        if self.merges >= DEEPEST_MERGE {
            self.error(value, "too-deep", "mappings are merged too deep into one another")
                .maybe(None);
            return Read::Bad;
        }
        self.merges += 1;
        let read = self.merge_all(value, merged, each);
        self.merges -= 1;
        read
    }

    fn merge_all(
        &mut self,
        value: NodeId,
        merged: &mut Merged,
        each: &mut Each<'_, 't>,
    ) -> Read<()> {
        let tree = self.tree();
        let is_mapping = |id| matches!(tree.node(id).kind, Kind::Mapping(_));
        let sources = match tree.node(value).kind {
            Kind::Sequence(_) => tree.children(value).to_vec(),
            _ => vec![value],
        };
        let mut result = Read::Is(());
        for source in sources {
            if !is_mapping(self.target(source)) {
                self.error(source, "wrong-type", "`<<` takes a mapping or a list of mappings")
                    .help("give the mapping an anchor, `&name`, and write `<<: *name`");
                return Read::Bad;
            }
            let keys = self.enter(source, |reader, id| reader.mapping_keys(id, merged, each));
            if !matches!(keys, Some(Read::Is(()))) {
                result = Read::Bad;
            }
        }
        result
    }

    /// Reports keys that stand there a second time, and tells which.
    fn report_duplicates(&mut self, id: NodeId) -> Vec<NodeId> {
        let tree = self.tree();
        let children = tree.children(id);
        let keys = children.as_chunks::<2>().0;
        let name = |key: NodeId| (discriminant(&tree.node(key).kind), tree.raw(key));
        let mut twice = Vec::new();
        if keys.len() <= FEW_KEYS {
            for (index, &[key, _]) in keys.iter().enumerate() {
                let first = keys[..index].iter().find(|[first, _]| name(*first) == name(key));
                twice.extend(first.map(|[first, _]| (key, *first)));
            }
        } else {
            let mut seen = HashMap::with_capacity(keys.len());
            for &[key, _] in keys {
                twice.extend(seen.insert(name(key), key).map(|first| (key, first)));
            }
        }
        for &(key, first) in &twice {
            let message = format!("the key `{}` stands here twice", tree.raw(key));
            let line = self.line(first);
            self.error(key, "duplicate-key", message)
                .help(format!("it is given first in line {line}; remove one"));
        }
        twice.into_iter().map(|(key, _)| key).collect()
    }

    /// A key's text; nothing for a null key, which Akash skips with its value.
    fn key(&mut self, key: NodeId) -> Option<String> {
        match self.text(key) {
            Read::Is(text) if text.len() > LONGEST_KEY => {
                self.error(key, "too-long", format!("a key has at most {LONGEST_KEY} bytes"))
                    .maybe(None);
                None
            }
            Read::Is(text) => Some(text),
            Read::Bad => None,
            Read::Null => {
                self.warn(key, "unknown-key", "a key is missing here; its value is ignored");
                None
            }
        }
    }
}

/// Gets the name, its place, the value, and the known keys that this mapping gave already.
type Each<'f, 't> = dyn FnMut(&mut Reader<'t>, String, NodeId, NodeId, &mut Vec<&'static str>) + 'f;
