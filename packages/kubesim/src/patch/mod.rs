//! The patches other than apply: JSON patch, JSON merge patch, strategic merge patch.

mod json_patch;
mod strategic;

use serde_json::Value;

use strategic::strategic_merge;

use crate::{apply::SchemaNode, error::ApiError, kinds::Kind};

/// How a PATCH body is to be read, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own, which merges well-known lists by key.
    Strategic,
    /// Server-side apply.
    Apply,
}

impl PatchType {
    /// The patch type that a content type names.
    pub fn of(content_type: &str) -> Result<Self, ApiError> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/apply-patch+yaml" | "application/apply-patch+json" => Ok(Self::Apply),
            other => Err(ApiError::unsupported_media_type(other)),
        }
    }
}

/// The object that a patch makes of `live`.
pub fn patched(kind: Kind, how: PatchType, live: &Value, patch: &Value) -> Result<Value, ApiError> {
    match how {
        PatchType::Json => json_patch::apply(live, patch),
        PatchType::Merge | PatchType::Apply => {
            require_object(patch)?;
            let mut object = live.clone();
            ::json_patch::merge(&mut object, patch);
            Ok(object)
        }
        PatchType::Strategic => {
            require_object(patch)?;
            strategic_merge(live, patch, SchemaNode::root(kind))
        }
    }
}

fn require_object(patch: &Value) -> Result<(), ApiError> {
    if patch.is_object() {
        Ok(())
    } else {
        Err(ApiError::bad_request("the patch must be a JSON object"))
    }
}
