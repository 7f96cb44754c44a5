//! The form of an answer: whole objects, their metadata alone, or a table.

use serde_json::{Value, json};

use super::table;
use crate::kinds::Kind;

/// What the client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whole objects.
    Full,
    /// `PartialObjectMetadata`.
    Metadata,
    /// A table for people.
    Table,
}

impl Form {
    /// The first form in an `Accept` header that is known.
    pub fn of(accept: &str) -> Self {
        for part in accept.split(',') {
            if part.contains("as=Table") && part.contains("v=v1") && !part.contains("v1beta1") {
                return Self::Table;
            }
            if part.contains("as=PartialObjectMetadata") && !part.contains("v1beta1") {
                return Self::Metadata;
            }
            let media = part.split(';').next().unwrap_or_default().trim();
            if media == "application/json" && !part.contains("as=") {
                return Self::Full;
            }
        }
        Self::Full
    }

    /// One object.
    pub fn object(self, kind: Kind, object: &Value) -> Value {
        match self {
            Self::Full => object.clone(),
            Self::Metadata => json!({
                "apiVersion": "meta.k8s.io/v1",
                "kind": "PartialObjectMetadata",
                "metadata": object["metadata"],
            }),
            Self::Table => table::table(
                kind,
                &[object],
                &json!({"resourceVersion": object["metadata"]["resourceVersion"]}),
            ),
        }
    }

    /// A list with its metadata.
    pub fn list(self, kind: Kind, items: &[&Value], metadata: &Value) -> Value {
        match self {
            Self::Full => {
                let items: Vec<Value> = items
                    .iter()
                    .map(|item| {
                        let mut item = Value::clone(item);
                        if let Some(map) = item.as_object_mut() {
                            map.remove("apiVersion");
                            map.remove("kind");
                        }
                        item
                    })
                    .collect();
                json!({
                    "kind": super::list_kind(kind),
                    "apiVersion": kind.api_version(),
                    "metadata": metadata,
                    "items": items,
                })
            }
            Self::Metadata => {
                let items: Vec<Value> = items.iter().map(|i| self.object(kind, i)).collect();
                json!({
                    "kind": "PartialObjectMetadataList",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata,
                    "items": items,
                })
            }
            Self::Table => table::table(kind, items, metadata),
        }
    }
}
