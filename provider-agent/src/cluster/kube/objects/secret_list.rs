//! The list of a lease's Secrets, as an annotation of its namespace. The agent may not read Secrets, so
//! this is how it knows which there are, and which of them are as it made them.

use std::collections::BTreeMap;

use kube::core::ObjectMeta;
use serde::{Deserialize, Serialize};

use super::{Kind, Object, Subject};
use crate::model::names::label_value;

/// The annotation, in JSON.
pub const SECRETS: &str = "souk.market/secrets";

/// The Secrets of a lease, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretList(pub BTreeMap<String, ListedSecret>);

/// A Secret that the agent made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSecret {
    /// The label of the service that it is for.
    pub service: String,
    /// A digest of it with the agent's key, in hexadecimal digits.
    pub digest: String,
}

impl ListedSecret {
    /// The digest as a number; zero if it cannot be read.
    pub fn number(&self) -> u64 {
        u64::from_str_radix(&self.digest, 16).unwrap_or_default()
    }
}

impl SecretList {
    /// The Secrets among a lease's objects.
    pub(super) fn of(subject: &Subject<'_>, objects: &[Object]) -> Self {
        let secrets = objects.iter().filter(|object| object.kind == Kind::Secret);
        let listed = |secret: &Object| {
            let service = label_value(secret.service.as_deref().unwrap_or_default());
            let digest = format!("{:016x}", digest(subject, secret));
            (secret.name.clone(), ListedSecret { service, digest })
        };
        Self(secrets.map(listed).collect())
    }

    /// The list of a namespace; empty if it has none.
    pub fn of_namespace(meta: &ObjectMeta) -> Self {
        Self::read(meta.annotations.iter().flatten())
    }

    /// The list of a namespace that is to be applied.
    pub fn of_object(namespace: &Object) -> Self {
        Self::read(&namespace.annotations)
    }

    fn read<'a>(annotations: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let mut annotations = annotations.into_iter();
        let text = annotations.find(|(key, _)| *key == SECRETS).map(|(_, text)| text.as_str());
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Writes the list into a namespace that is to be applied.
    pub fn write(&self, namespace: &mut Object) {
        // A map of texts is JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        namespace.annotations.insert(SECRETS.to_owned(), text);
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A digest of a Secret as it is sent, which reveals nothing of it.
pub fn digest(subject: &Subject<'_>, secret: &Object) -> u64 {
    subject.digests.digest(&[&secret.name, &secret.body.to_string()])
}
