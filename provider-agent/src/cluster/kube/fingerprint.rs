//! Whether an object is still as the agent applied it.
//!
//! The API server records which fields the agent's apply set (managed fields). A field that is changed
//! or removed by anyone else is removed from that record. So the record distinguishes a manual
//! change from the changes that controllers make all the time.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::model::{labels::MANAGER, names::hash};

/// Where the fingerprint is kept on cached objects. Never sent to a cluster.
const KEY: &str = "souk.market/fingerprint";

/// The fingerprint of an object as the API server returns it; empty if the agent applied none of its
/// fields.
pub fn of(meta: &ObjectMeta) -> String {
    let entries = meta.managed_fields.iter().flatten();
    let mut ours = entries.filter(|entry| {
        entry.manager.as_deref() == Some(MANAGER)
            && entry.operation.as_deref() == Some("Apply")
            && entry.subresource.as_deref().unwrap_or_default().is_empty()
    });
    let fields = ours.next().and_then(|entry| entry.fields_v1.as_ref());
    fields.map(|fields| hash(&[&fields.0.to_string()], 16)).unwrap_or_default()
}

/// Replaces the managed fields, which are larger than the rest of many objects, by the fingerprint.
pub(super) fn keep(meta: &mut ObjectMeta) {
    let fingerprint = of(meta);
    meta.managed_fields = None;
    if !fingerprint.is_empty() {
        meta.annotations.get_or_insert_default().insert(KEY.to_owned(), fingerprint);
    }
}

/// The fingerprint of a cached object.
pub fn kept(meta: &ObjectMeta) -> &str {
    let kept = meta.annotations.as_ref().and_then(|annotations| annotations.get(KEY));
    kept.map(String::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meta(fields: &str, others: &str) -> ObjectMeta {
        let field = format!("f:{fields}");
        serde_json::from_value(json!({
            "name": "web",
            "annotations": { "a": "b" },
            "managedFields": [
                { "manager": "souk-provider", "operation": "Apply", "apiVersion": "v1",
                  "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { field: {} } } },
                { "manager": others, "operation": "Update", "apiVersion": "v1",
                  "fieldsType": "FieldsV1", "fieldsV1": { "f:status": {} } },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_change_of_the_agents_fields_differs_from_those_that_controllers_make() {
        let before = of(&meta("ports", "controller"));
        assert!(!before.is_empty());
        assert_eq!(of(&meta("ports", "somebody")), before);
        assert_ne!(of(&meta("type", "controller")), before);
        assert_eq!(of(&ObjectMeta::default()), "");
    }

    #[test]
    fn a_cached_object_keeps_it_without_the_record() {
        let mut cached = meta("ports", "controller");
        let fingerprint = of(&cached);
        keep(&mut cached);
        assert_eq!(cached.managed_fields, None);
        assert_eq!(kept(&cached), fingerprint);
        assert_eq!(kept(&ObjectMeta::default()), "");
    }
}
