//! Whether an object is still as the agent applied it.
//!
//! The API server records which fields the agent's apply set (managed fields). A field that is changed
//! or removed by anyone else is removed from that record. So the record distinguishes a manual
//! change from the changes that controllers make all the time.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::model::{labels::MANAGER, names::digest};

/// Which fields of an object are the agent's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of an object as the API server returns it; zero if the agent applied none of
    /// its fields.
    pub fn of(meta: &ObjectMeta) -> Self {
        let entries = meta.managed_fields.iter().flatten();
        let mut ours = entries.filter(|entry| {
            entry.manager.as_deref() == Some(MANAGER)
                && entry.operation.as_deref() == Some("Apply")
                && entry.subresource.as_deref().unwrap_or_default().is_empty()
        });
        let fields = ours.next().and_then(|entry| entry.fields_v1.as_ref());
        Self(fields.map(|fields| digest(&[&fields.0.to_string()])).unwrap_or_default())
    }
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
        let before = Fingerprint::of(&meta("ports", "controller"));
        assert_ne!(before, Fingerprint::default());
        assert_eq!(Fingerprint::of(&meta("ports", "somebody")), before);
        assert_ne!(Fingerprint::of(&meta("type", "controller")), before);
        assert_eq!(Fingerprint::of(&ObjectMeta::default()), Fingerprint::default());
    }
}
