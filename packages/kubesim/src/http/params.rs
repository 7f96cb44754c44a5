//! Query parameters and what they mean for writes.

use std::collections::HashMap;

use axum::extract::Query;
use http::Uri;
use serde_json::json;

use crate::{
    error::{ApiError, Cause},
    registry::{FieldValidation, WriteOptions},
};

/// The query of a request.
#[derive(Debug)]
pub struct Params {
    values: HashMap<String, String>,
    agent: String,
}

impl Params {
    /// Reads a query; the user agent names the manager of writes that name none.
    pub fn of(uri: &Uri, agent: &str) -> Result<Self, ApiError> {
        let Query(values) = Query::<HashMap<String, String>>::try_from_uri(uri)
            .map_err(|e| ApiError::bad_request(format!("invalid query: {e}")))?;
        Ok(Self { values, agent: agent.to_owned() })
    }

    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Whether a parameter says yes.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::bad_request(format!("strconv: parsing {text:?}: invalid {name}"))
                })
            })
            .transpose()
    }

    /// A resource version; nothing for none or "0".
    pub fn version(&self) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get("resourceVersion") else { return Ok(None) };
        match text.parse::<u64>() {
            Ok(0) => Ok(None),
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(ApiError::bad_request(format!(
                "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            ))),
        }
    }

    /// What a write may say beside its body; `apply` must name its manager itself. `what` is
    /// such as `CreateOptions`.
    pub fn write_options(&self, what: &str, apply: bool) -> Result<WriteOptions, ApiError> {
        let refuse = |cause: Cause| ApiError::invalid_options(what, vec![cause]);
        let dry_run = match self.get("dryRun") {
            None => false,
            Some("All") => true,
            Some(other) => {
                return Err(refuse(Cause::not_supported("dryRun", &json!([other]), &["All"])));
            }
        };
        let validation = match self.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                let supported = &["", "Ignore", "Strict", "Warn"];
                return Err(refuse(Cause::not_supported(
                    "fieldValidation",
                    &json!(other),
                    supported,
                )));
            }
        };
        let manager = match self.get("fieldManager") {
            Some(name) if name.len() > 128 => {
                return Err(refuse(Cause {
                    reason: "FieldValueTooLong",
                    field: "fieldManager".into(),
                    message: "Too long: may not be more than 128 bytes".into(),
                }));
            }
            Some(name) => name.to_owned(),
            None if apply => String::new(),
            None => {
                let name = self.agent.split('/').next().unwrap_or_default();
                if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
            }
        };
        Ok(WriteOptions { manager, dry_run, validation, force: self.flag("force") })
    }
}
