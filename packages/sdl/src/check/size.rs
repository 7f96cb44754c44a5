//! How large the manifest would be. A short file can ask for a huge one: many services in many
//! placements, each with the same long list.

use std::collections::BTreeMap;

use crate::{
    document::Document,
    profiles::compute::Needs,
    reader::{Read, Reader},
    services::Service,
};

/// Largest manifest in bytes, roughly.
const MOST: usize = 64 << 20;

/// Refuses a document that would become too large.
pub(super) fn check(reader: &mut Reader<'_>, document: &Document) -> bool {
    let services: BTreeMap<&str, usize> =
        document.services.iter().map(|(name, service)| (name.as_str(), weight(service))).collect();
    let mut sum = 0usize;
    for (name, deployed) in &document.deployment {
        let service = services.get(name.as_str()).copied().unwrap_or_default();
        for replicas in deployed.placements.values() {
            let profile = document.profiles.compute.get(replicas.profile());
            let needs = match profile.map(|profile| &profile.resources) {
                Some(Read::Is(needs)) => needs_weight(needs),
                _ => 0,
            };
            sum = sum.saturating_add(service).saturating_add(needs);
        }
    }
    if sum > MOST {
        let message = format!("the manifest would be larger than {} MiB", MOST >> 20);
        reader.error_in_file("too-large", message).help("deploy fewer services in one file");
    }
    sum <= MOST
}

fn weight(service: &Service) -> usize {
    let texts = |list: &Option<Vec<String>>| -> usize {
        list.iter().flatten().map(|text| text.len() + 8).sum()
    };
    let located = |list: &Option<Vec<(String, _)>>| -> usize {
        list.iter().flatten().map(|(text, _)| text.len() + 8).sum()
    };
    let ports = service.ports().iter().map(|expose| {
        let one = 256 + located(&expose.accept) + expose.http.weight();
        let names: usize = expose.to.iter().map(|to| to.service.len() + to.ip.len()).sum();
        expose.to.len().max(1).saturating_mul(one).saturating_add(names)
    });
    let mounts = service.params.iter().flat_map(|params| &params.storage);
    let mounts: usize = mounts.map(|(name, _)| name.len() + 64).sum();
    ports.fold(512, usize::saturating_add)
        + texts(&service.command)
        + texts(&service.args)
        + located(&service.env)
        + mounts
}

fn needs_weight(needs: &Needs) -> usize {
    let volumes = needs
        .storage
        .as_ref()
        .value()
        .map_or(0, |volumes| volumes.iter().map(|volume| volume.name.len() + 128).sum());
    let gpu = needs
        .gpu
        .as_ref()
        .value()
        .map_or(0, |gpu| gpu.attributes.iter().map(|attribute| attribute.key.len() + 32).sum());
    256 + volumes + gpu
}
