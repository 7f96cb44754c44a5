//! A file as JSON, for validators of the schema.

use serde_json::{Map, Number, Value};

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    reader::{Read, Reader},
    text,
    yaml::{self, Kind, NodeId, scalar},
};

/// Deepest nesting; a file has less than ten levels.
const DEEPEST: usize = 64;

/// The first document of a text as JSON: aliases followed, merge keys merged, scalars as
/// Akash takes them, keys as texts.
///
/// # Errors
/// If the text is no YAML, or a part of it cannot be read: all findings, by place.
pub fn as_json(text: &str) -> Result<Value, Diagnostics> {
    let one = |diagnostic: Diagnostic| Diagnostics(vec![diagnostic]);
    let text = text::check(text).map_err(one)?;
    let tree = yaml::parse(text).map_err(|error| one(crate::compile::not_yaml(error)))?;
    let mut reader = Reader::new(&tree);
    let value = tree.root().map_or(Value::Null, |root| value(&mut reader, root, 0));
    if reader.has_errors() { Err(Diagnostics::sorted(reader.into_findings())) } else { Ok(value) }
}

fn value(reader: &mut Reader<'_>, id: NodeId, depth: usize) -> Value {
    if depth > DEEPEST {
        reader.error(id, "too-deep", format!("nested more than {DEEPEST} levels deep")).maybe(None);
        return Value::Null;
    }
    let read = reader.enter(id, |reader, id| match &reader.tree().node(id).kind {
        Kind::Scalar(..) => scalar_value(reader, id),
        Kind::Sequence(_) => {
            let children = reader.tree().children(id);
            children.iter().map(|child| value(reader, *child, depth + 1)).collect()
        }
        Kind::Mapping(_) => {
            let mut object = Map::new();
            let _: Read<()> = reader.entries(id, "this", &mut |reader, name, _, at| {
                let value = value(reader, at, depth + 1);
                object.insert(name, value);
            });
            Value::Object(object)
        }
        Kind::Alias(..) => Value::Null,
    });
    read.unwrap_or_default()
}

fn scalar_value(reader: &Reader<'_>, id: NodeId) -> Value {
    let node = reader.tree().node(id);
    let Kind::Scalar(text, style) = &node.kind else { return Value::Null };
    let plain = || Value::String(text.clone().into_owned());
    match scalar::resolve(text, *style, node.tag.as_ref()) {
        Some(scalar::Value::Null) => Value::Null,
        Some(scalar::Value::Bool(value)) => Value::Bool(value),
        Some(scalar::Value::Int(value)) => value.into(),
        Some(scalar::Value::Uint(value)) => value.into(),
        Some(scalar::Value::Float(value)) => {
            Number::from_f64(value).map_or_else(plain, Value::Number)
        }
        Some(scalar::Value::Binary) => scalar::from_base64(text).map_or_else(plain, Value::String),
        Some(scalar::Value::Time | scalar::Value::Text) | None => plain(),
    }
}
