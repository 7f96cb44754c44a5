//! Which service each replica is of, as it was decided last.
//!
//! It is written in one piece, as an annotation of the lease's namespace, before any claim gets another
//! label. Labels are written one by one: whoever is stopped in between finds some that are new and some
//! that are old, and goes on by this instead.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

/// The annotation, in JSON.
pub const REPLICAS: &str = "souk.market/replicas";

/// The replicas of a lease's pools, by name, those without claims among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment(pub BTreeMap<String, Assigned>);

/// What was decided about a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// The label of the service that has it.
    pub service: String,
    /// Its pool.
    pub pool: String,
    /// The labels of the volumes that were ever mounted: it has claims of them, or gets them next.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<String>,
    /// How the names of its claims end, if an agent up to 0.1 made them; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub old: String,
}

impl Assignment {
    /// That of a lease of which nothing was decided yet.
    pub fn none() -> &'static Self {
        static NONE: Assignment = Assignment(BTreeMap::new());
        &NONE
    }

    /// That of a namespace; empty if it has none, or none that can be read.
    pub fn of_namespace(meta: &ObjectMeta) -> Self {
        meta.annotations.as_ref().map(Self::of_annotations).unwrap_or_default()
    }

    /// That among annotations; empty if there is none, or none that can be read.
    pub fn of_annotations(annotations: &BTreeMap<String, String>) -> Self {
        let text = annotations.get(REPLICAS);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Writes it among annotations, if there is something to write.
    pub fn write(&self, annotations: &mut BTreeMap<String, String>) {
        if !self.0.is_empty() {
            // A map of texts is JSON.
            let text = serde_json::to_string(self).unwrap_or_default();
            annotations.insert(REPLICAS.to_owned(), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_cannot_be_read_counts_as_none() {
        let mut annotations = BTreeMap::new();
        Assignment::none().write(&mut annotations);
        assert!(annotations.is_empty());
        let one = Assigned {
            service: "store".into(),
            pool: "0a1b2c3d".into(),
            volumes: ["data".to_owned()].into(),
            old: String::new(),
        };
        let made = Assignment([("db".to_owned(), one)].into());
        made.write(&mut annotations);
        assert_eq!(
            annotations[REPLICAS],
            r#"{"db":{"service":"store","pool":"0a1b2c3d","volumes":["data"]}}"#
        );
        assert_eq!(Assignment::of_annotations(&annotations), made);
        annotations.insert(REPLICAS.to_owned(), "{".to_owned());
        assert_eq!(Assignment::of_annotations(&annotations), *Assignment::none());
    }
}
