//! Warnings about what is written and has no effect, and about names that lead nowhere.

use std::collections::BTreeSet;

use crate::{
    document::Document,
    reader::{Read, Reader},
};

pub(super) fn warn(reader: &mut Reader<'_>, document: &Document) {
    let deployed: BTreeSet<&str> = document
        .deployment
        .iter()
        .filter(|(_, deployed)| !deployed.placements.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    for (name, service) in &document.services {
        if !deployed.contains(name.as_str()) {
            let message = format!("the service `{name}` is not deployed");
            reader.warn(service.at, "unused", message).help("add it to `deployment`, or remove it");
        }
        for (other, at) in &service.dependencies {
            if !document.services.contains_key(other) {
                let known = document.services.keys().map(String::as_str);
                let help = reader.suggest(other, known);
                let message = format!("no service is named `{other}`");
                reader.warn(*at, "unknown-service", message).maybe(help);
            }
        }
    }
    for (name, entry) in &document.deployment {
        if entry.placements.is_empty() {
            let message = format!("the service `{name}` gets no placement, so it does not run");
            reader.warn(entry.at, "unused", message).maybe(None);
        }
    }
    let placements = || document.deployment.values().flat_map(|entry| &entry.placements);
    let used: BTreeSet<&str> = placements().map(|(name, _)| name.as_str()).collect();
    let profiles: BTreeSet<&str> = placements().map(|(_, replicas)| replicas.profile()).collect();
    let unread = placements().any(|(_, replicas)| replicas.profile.is_bad());
    for (name, profile) in &document.profiles.compute {
        if !profiles.contains(name.as_str()) && !unread {
            let message = format!("the compute profile `{name}` is not used");
            reader.warn(profile.at, "unused", message).maybe(None);
        }
    }
    for (name, profile) in &document.profiles.placement {
        if !used.contains(name.as_str()) {
            let message = format!("the placement profile `{name}` is not used");
            reader.warn(profile.at, "unused", message).maybe(None);
        }
        for (compute, (price, at)) in &profile.pricing {
            if !document.profiles.compute.contains_key(compute) && !matches!(price, Read::Bad) {
                let known = document.profiles.compute.keys().map(String::as_str);
                let help = reader.suggest(compute, known);
                let message =
                    format!("the price is for `{compute}`, which is not a compute profile");
                reader.warn(*at, "unknown-profile", message).maybe(help);
            }
        }
    }
}
