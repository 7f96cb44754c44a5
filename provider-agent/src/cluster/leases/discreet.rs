//! The cluster's words about a lease as its tenant may read them.

use souk_gateway::body::{ClusterEvent, LeaseStatus, PodStatus};
use souk_sdl::ManifestGroup;

use crate::{cluster::kube::seen::LeaseObjects, model::discretion::Known};

/// What the tenant of a lease knows: its group of the manifest, and what is seen of its objects.
pub fn known(namespace: &str, group: Option<&ManifestGroup>, seen: &LeaseObjects) -> Known {
    let manifest = group.and_then(|group| serde_json::to_string(group).ok()).unwrap_or_default();
    let objects = seen
        .objects
        .iter()
        .map(|object| format!("{}/{}", object.kind.gvk().kind.to_lowercase(), object.name));
    let pods = seen.pods.iter().map(|pod| pod.status.name.clone());
    let names: Vec<String> = objects.chain(pods).collect();
    Known::of(format!("{manifest} {}", names.join(" "))).with_namespace(namespace)
}

/// A status as the tenant may read it.
pub fn status(mut status: LeaseStatus, known: &Known) -> LeaseStatus {
    let objects = status.services.iter().flat_map(|service| service.objects.clone());
    // Of what is not made yet, too.
    let known = known.clone().and(&objects.collect::<Vec<_>>().join(" "));
    let pods = status.services.iter_mut().flat_map(|service| &mut service.pods);
    pods.for_each(|one| pod(one, &known));
    status.detail = status.detail.map(|detail| known.discreet(&detail));
    status
}

fn pod(pod: &mut PodStatus, known: &Known) {
    pod.reason = pod.reason.take().map(|reason| known.discreet(&reason));
    if let Some(failure) = &mut pod.failure {
        for text in [&mut failure.message, &mut failure.waiting] {
            *text = text.take().map(|text| known.discreet(&text));
        }
    }
}

/// An event as the tenant may read it.
pub fn event(event: ClusterEvent, known: &Known) -> ClusterEvent {
    let name = event.object.split_once('/').map_or("", |(_, name)| name);
    let message = known.clone().and(name).discreet(&event.message);
    ClusterEvent { message, ..event }
}
