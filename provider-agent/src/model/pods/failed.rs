//! Pods that failed and were replaced. Kubernetes keeps thousands of them; here a few are kept for
//! their reason, and the others go after a short time.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::Time};

/// How many failed pods of a service are kept, the newest.
pub const KEPT: usize = 3;
/// Seconds that a failed pod stays beside those.
pub const KEPT_FOR: i64 = 60;

/// A pod that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPod {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The label of its service.
    pub service: String,
    /// When it failed, in Unix seconds.
    pub at: i64,
}

/// When a pod failed, in Unix seconds; none if it did not.
pub fn failed_at(pod: &Pod) -> Option<i64> {
    let status = pod.status.as_ref().filter(|one| one.phase.as_deref() == Some("Failed"))?;
    let ends = status.container_statuses.iter().flatten().filter_map(|container| {
        container.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref()
    });
    let changes = status.conditions.iter().flatten();
    let changes = changes.filter_map(|condition| condition.last_transition_time.as_ref());
    let known: Option<&Time> = ends.max_by_key(|time| time.0).or(changes.max_by_key(|time| time.0));
    let known = known.or(status.start_time.as_ref()).or(pod.metadata.creation_timestamp.as_ref());
    Some(known.map_or(0, |time| time.0.as_second()))
}

/// Those that are to be deleted at this moment: of each service all but the newest, once they are old
/// enough to have been seen.
pub fn to_delete(failed: Vec<FailedPod>, now: i64) -> Vec<FailedPod> {
    let mut services: BTreeMap<String, Vec<FailedPod>> = BTreeMap::new();
    for pod in failed {
        services.entry(pod.service.clone()).or_default().push(pod);
    }
    let old = |pod: &FailedPod| now.saturating_sub(pod.at) >= KEPT_FOR;
    let of_service = |mut pods: Vec<FailedPod>| {
        pods.sort_by(|one, other| (other.at, &other.name).cmp(&(one.at, &one.name)));
        pods.into_iter().skip(KEPT).filter(old).collect::<Vec<_>>()
    };
    services.into_values().flat_map(of_service).collect()
}
