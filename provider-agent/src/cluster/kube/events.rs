//! The Kubernetes events of a lease's objects.

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Event;
use kube::{
    Api, Client,
    api::ListParams,
    runtime::{WatchStreamExt, watcher},
};
use souk_gateway::body::{ClusterEvent, EventQuery};

use super::message::message;
use crate::cluster::workloads::{LineStream, WorkloadError};

/// The events of a namespace: the existing ones, or with `follow` the new ones as well.
///
/// # Errors
///
/// If the events cannot be listed.
pub async fn stream_all(
    client: &Client,
    namespace: &str,
    query: &EventQuery,
) -> Result<LineStream<ClusterEvent>, WorkloadError> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    if query.follow {
        let events = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
        // A broken watch restarts by itself; its errors are not the tenant's.
        let events = events.filter_map(|event| async { event.ok().map(|event| Ok(read(&event))) });
        return Ok(events.boxed());
    }
    let listed = api.list(&ListParams::default()).await;
    let listed = listed.map_err(|error| WorkloadError::Cluster(message(&error)))?;
    let mut events: Vec<Event> = listed.items;
    events.sort_by_key(last_seen);
    let events: Vec<_> = events.iter().map(|event| Ok(read(event))).collect();
    Ok(stream::iter(events).boxed())
}

fn read(event: &Event) -> ClusterEvent {
    let object = &event.involved_object;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    ClusterEvent {
        object: format!("{}/{}", text(&object.kind).to_lowercase(), text(&object.name)),
        kind: text(&event.type_),
        reason: text(&event.reason),
        message: text(&event.message),
        count: event.count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        last_seen: last_seen(event),
    }
}

fn last_seen(event: &Event) -> Option<String> {
    let seen = event.last_timestamp.as_ref().map(|time| time.0.to_string());
    seen.or_else(|| event.event_time.as_ref().map(|time| time.0.to_string()))
}
