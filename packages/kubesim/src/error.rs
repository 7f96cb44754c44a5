//! Refusals, and their form on the wire: the `Status` object with reason, details and causes.

use serde_json::{Value, json};

use crate::kinds::Kind;

/// One field that is wrong, as a cause inside a 422.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict`, …
    pub reason: &'static str,
    /// Path of the field, such as `spec.containers[0].image`.
    pub field: String,
    /// What is wrong with the value.
    pub message: String,
}

impl Cause {
    /// A field that must be there.
    pub fn required(field: impl Into<String>, what: &str) -> Self {
        let message = if what.is_empty() {
            "Required value".into()
        } else {
            format!("Required value: {what}")
        };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    /// A value that breaks a rule.
    pub fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {value}: {why}"),
        }
    }

    /// A value outside a fixed set.
    pub fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let list: Vec<String> = supported.iter().map(|s| format!("{s:?}")).collect();
        Self {
            reason: "FieldValueNotSupported",
            field: field.into(),
            message: format!("Unsupported value: {value}: supported values: {}", list.join(", ")),
        }
    }

    /// A value that occurs twice.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message: format!("Duplicate value: {value}"),
        }
    }

    /// A change or a value that is not allowed here.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {why}"),
        }
    }

    /// A reference to something that is not there.
    pub fn not_found(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueNotFound",
            field: field.into(),
            message: format!("Not found: {value}"),
        }
    }
}

/// A refusal of a request.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status.
    pub code: u16,
    /// The API's machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// What was wrong, for people.
    pub message: String,
    /// Whether the body did not fit its type.
    pub wrong_type: bool,
    /// What it was about.
    pub details: Box<Details>,
}

/// The details of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Object the request was about: name, group, kind or plural.
    pub subject: Option<(String, String, String)>,
    /// Fields that were wrong.
    pub causes: Vec<Cause>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// A refusal with neither subject nor causes.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), wrong_type: false, details: Box::default() }
    }

    fn about(mut self, kind: Kind, name: &str) -> Self {
        let info = kind.info();
        self.details.subject =
            Some((name.to_owned(), info.group.to_owned(), info.plural.to_owned()));
        self
    }

    /// 400: the request cannot be read.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401: no or a wrong token.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 403: not allowed, and why.
    pub fn forbidden(kind: Kind, name: &str, why: impl AsRef<str>) -> Self {
        let message = format!("{} {name:?} is forbidden: {}", kind.qualified(), why.as_ref());
        Self::new(403, "Forbidden", message).about(kind, name)
    }

    /// 404: no such object.
    pub fn not_found(kind: Kind, name: &str) -> Self {
        let message = format!("{} {name:?} not found", kind.qualified());
        Self::new(404, "NotFound", message).about(kind, name)
    }

    /// 404: no such path.
    pub fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// 405: the path does not know the method.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    /// 409: the name is taken.
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", kind.qualified());
        Self::new(409, "AlreadyExists", message).about(kind, name)
    }

    /// 409: the object is not in the state that the request assumed.
    pub fn conflict(kind: Kind, name: &str, why: impl AsRef<str>) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {}",
            kind.qualified(),
            why.as_ref()
        );
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// 409: the object changed since it was read.
    pub fn modified(kind: Kind, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(kind, name, why)
    }

    /// 410: the asked history is gone.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415: the body's type is unknown.
    pub fn unsupported_media_type(found: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format ({found}) - accepted media types \
             include: application/json, application/yaml"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 422: the object breaks rules.
    pub fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> Self {
        let info = kind.info();
        let list: Vec<String> =
            causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let what = match list.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let group = if info.group.is_empty() { String::new() } else { format!(".{}", info.group) };
        let message = format!("{}{group} {name:?} is invalid: {what}", info.kind);
        let mut error = Self::new(422, "Invalid", message);
        error.details.subject =
            Some((name.to_owned(), info.group.to_owned(), info.kind.to_owned()));
        error.details.causes = causes;
        error
    }

    /// 422: the parameters break rules; `what` is such as `PatchOptions`.
    pub fn invalid_options(what: &str, causes: Vec<Cause>) -> Self {
        let list: Vec<String> =
            causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let text = match list.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{what}.meta.k8s.io \"\" is invalid: {text}");
        let mut error = Self::new(422, "Invalid", message);
        error.details.subject = Some((String::new(), "meta.k8s.io".into(), what.to_owned()));
        error.details.causes = causes;
        error
    }

    /// 501: a part of the API that is not simulated.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(501, "NotImplemented", message)
    }

    /// 503: the API is out of service for a while.
    pub fn unavailable() -> Self {
        let mut error = Self::new(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        );
        error.details.retry_after = Some(1);
        error
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some((name, group, kind)) = &self.details.subject {
            let mut details = json!({"kind": kind});
            if !name.is_empty() {
                details["name"] = json!(name);
            }
            if !group.is_empty() {
                details["group"] = json!(group);
            }
            status["details"] = details;
        }
        if !self.details.causes.is_empty() {
            let causes: Vec<Value> = self
                .details
                .causes
                .iter()
                .map(|c| {
                    let mut cause = json!({"reason": c.reason, "message": c.message});
                    if !c.field.is_empty() {
                        cause["field"] = json!(c.field);
                    }
                    cause
                })
                .collect();
            status["details"]["causes"] = Value::Array(causes);
        }
        if let Some(seconds) = self.details.retry_after {
            status["details"]["retryAfterSeconds"] = json!(seconds);
        }
        status
    }
}
