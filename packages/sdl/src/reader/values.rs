//! Scalars and lists.

use super::{Read, Reader};
use crate::yaml::{
    Kind, NodeId,
    scalar::{self, Value},
};

impl<'t> Reader<'t> {
    /// A text. A number or boolean gives its text as it is written.
    pub fn text(&mut self, id: NodeId) -> Read<String> {
        self.scalar(id, "a text", &mut |reader, id, value| {
            let text = reader.tree().raw(id);
            match value {
                Value::Null => Some(None),
                Value::Binary => scalar::from_base64(text).map(Some),
                _ => Some(Some(text.to_owned())),
            }
        })
    }

    /// A boolean, also as `yes`, `on`, `y` and their opposites.
    pub fn boolean(&mut self, id: NodeId) -> Read<bool> {
        self.scalar(id, "true or false", &mut |reader, id, value| match value {
            Value::Null => Some(None),
            Value::Bool(value) => Some(Some(value)),
            Value::Text => scalar::boolean_text(reader.tree().raw(id)).map(Some),
            Value::Binary => {
                let text = scalar::from_base64(reader.tree().raw(id))?;
                scalar::boolean_text(&text).map(Some)
            }
            _ => None,
        })
    }

    /// A whole number up to 2^32 - 1. A fraction is cut off, which is a warning.
    pub fn number(&mut self, id: NodeId) -> Read<u32> {
        self.scalar(id, "a whole number from 0 to 4294967295", &mut |reader, id, value| {
            let number = match value {
                Value::Null => return Some(None),
                Value::Int(value) => u32::try_from(value).ok()?,
                Value::Uint(value) => u32::try_from(value).ok()?,
                Value::Float(value) if value > -1.0 && value < 4_294_967_296.0 => value as u32,
                _ => return None,
            };
            if matches!(value, Value::Float(value) if value.fract() != 0.0) {
                let message = format!("the fraction of {} is cut off", reader.tree().raw(id));
                reader.warn(id, "truncated", message).help(format!("write {number}"));
            }
            Some(Some(number))
        })
    }

    /// A list; entries that are null are left out, as Akash does.
    pub fn list<T>(
        &mut self,
        id: NodeId,
        what: &str,
        each: &mut dyn FnMut(&mut Self, NodeId) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.enter(id, |reader, id| {
            if reader.is_null(id) {
                return Read::Null;
            }
            if !matches!(reader.tree().node(id).kind, Kind::Sequence(_)) {
                let message = format!("{what} must be a list, this is {}", reader.describe(id));
                let help = match reader.tree().node(id).kind {
                    Kind::Scalar(..) => {
                        format!("write `- {}` on a line of its own", reader.tree().raw(id))
                    }
                    _ => "start each entry with `- `".to_owned(),
                };
                reader.error(id, "wrong-type", message).help(help);
                return Read::Bad;
            }
            let mut list = Vec::new();
            let mut bad = false;
            for &entry in reader.tree().children(id) {
                match each(reader, entry) {
                    Read::Is(value) => list.push(value),
                    Read::Bad => bad = true,
                    Read::Null => {
                        let message = format!("an empty entry of {what} is left out");
                        reader.warn(entry, "empty-entry", message).maybe(None);
                    }
                }
            }
            if bad { Read::Bad } else { Read::Is(list) }
        })
        .unwrap_or(Read::Bad)
    }

    /// A list of texts.
    pub fn texts(&mut self, id: NodeId, what: &str) -> Read<Vec<String>> {
        self.list(id, what, &mut |reader, entry| reader.text(entry))
    }

    /// The text of a node as it is written, for values with a grammar of their own (sizes, CPU
    /// units): tags and quotes don't matter, and a collection is an empty text.
    pub fn raw(&mut self, id: NodeId) -> Read<&'t str> {
        let raw = self.enter(id, |reader, id| {
            if reader.is_null(id) { Read::Null } else { Read::Is(reader.tree().raw(id)) }
        });
        raw.unwrap_or(Read::Bad)
    }

    /// Reads a scalar: `take` answers nothing if it is of the wrong type.
    fn scalar<T>(&mut self, id: NodeId, wanted: &str, take: &mut Take<'_, 't, T>) -> Read<T> {
        self.enter(id, |reader, id| {
            let node = reader.tree().node(id);
            let value = match &node.kind {
                Kind::Scalar(text, style) => scalar::resolve(text, *style, node.tag.as_ref()),
                _ => None,
            };
            let taken = value.and_then(|value| take(reader, id, value));
            match taken {
                Some(Some(value)) => Read::Is(value),
                Some(None) => Read::Null,
                None => {
                    let message =
                        format!("{wanted} must stand here, this is {}", reader.describe(id));
                    let quoted_number = value == Some(Value::Text)
                        && wanted.contains("number")
                        && reader.tree().raw(id).parse::<u32>().is_ok();
                    let help = quoted_number.then(|| "remove the quotes".to_owned());
                    reader.error(id, "wrong-type", message).maybe(help);
                    Read::Bad
                }
            }
        })
        .unwrap_or(Read::Bad)
    }

    /// What stands there, for a message.
    pub(super) fn describe(&self, id: NodeId) -> String {
        let node = self.tree().node(id);
        match &node.kind {
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a mapping".to_owned(),
            Kind::Alias(..) => "an alias".to_owned(),
            Kind::Scalar(text, style) => {
                let shown: String = text.chars().take(24).collect();
                match scalar::resolve(text, *style, node.tag.as_ref()) {
                    None => format!("`{shown}`, which is not what its tag says"),
                    Some(value) => format!("{} (`{shown}`)", value.name()),
                }
            }
        }
    }
}

/// Makes a value of a scalar's meaning: nothing if the type is wrong, an inner nothing for null.
type Take<'f, 't, T> = dyn FnMut(&mut Reader<'t>, NodeId, Value) -> Option<Option<T>> + 'f;
