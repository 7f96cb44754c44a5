//! The pods' service account, without permissions.

use serde_json::json;

use super::{Kind, Object};

/// The name of every lease's service account.
pub(super) const SERVICE_ACCOUNT: &str = "tenant";

pub(super) fn service_account() -> Object {
    let body = json!({ "automountServiceAccountToken": false });
    Object::new(Kind::ServiceAccount, SERVICE_ACCOUNT, body)
}
