//! The attributes of a cluster that can be detected, for registration.

use std::collections::BTreeSet;

use souk_core::Attribute;

use super::NodeState;

/// Capabilities of a cluster: a key for each way of asking for each GPU model, and a numbered
/// group for each class of storage. Sorted by key.
pub fn detect_attributes<'a>(
    nodes: &[NodeState],
    storage_classes: impl IntoIterator<Item = &'a str>,
    ingress: bool,
) -> Vec<Attribute> {
    let mut found = BTreeSet::new();
    for gpu in nodes.iter().filter_map(|node| node.gpu.as_ref()) {
        for key in gpu.keys() {
            found.insert(Attribute::new(format!("capabilities/gpu/{key}"), "true"));
        }
    }
    for arch in nodes.iter().map(|node| node.arch.as_str()).collect::<BTreeSet<_>>() {
        found.insert(Attribute::new(format!("capabilities/cpu/arch/{arch}"), "true"));
    }
    let classes: BTreeSet<&str> = storage_classes.into_iter().collect();
    for (class, number) in classes.iter().zip(1..) {
        let key = |key: &str| format!("capabilities/storage/{number}/{key}");
        found.insert(Attribute::new(key("class"), *class));
        found.insert(Attribute::new(key("persistent"), "true"));
    }
    // Volumes in memory need no class of the cluster.
    let number = classes.len() + 1;
    let key = |key: &str| format!("capabilities/storage/{number}/{key}");
    found.insert(Attribute::new(key("class"), "ram"));
    found.insert(Attribute::new(key("persistent"), "false"));
    if ingress {
        found.insert(Attribute::new("capabilities/endpoint/http", "true"));
    }
    found.into_iter().collect()
}
