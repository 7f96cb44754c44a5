//! What a replica with volumes waits for before it is applied: pure.
//!
//! Two pods never have one volume at a time, and of a service with several replicas one after another is
//! replaced, as a StatefulSet of several would do it. Whatever is seen may be a little behind what was
//! applied: then nothing is believed to be ready.

use std::{collections::BTreeSet, fmt};

use super::progress::Progress;
use crate::{
    cluster::kube::{
        objects::{Kind, Object},
        seen::{Detail, LeaseObjects, Replicas, SeenObject, SeenPod},
    },
    model::{
        names::label_value,
        volumes::{Claim, is_of_old_set},
    },
};

/// What a replica waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A StatefulSet of an agent up to 0.1 is still there, which may start a pod with its volumes.
    Old(Box<str>),
    /// A pod of something else still has one of its volumes.
    Holds {
        /// The pod.
        pod: Box<str>,
        /// The StatefulSet that the pod's name tells.
        set: Option<Box<str>>,
    },
    /// Pods or StatefulSets are not seen: one of something else may have its volumes, or another replica
    /// may not be ready.
    Unseen(&'static str),
    /// Another replica of the service is not ready yet.
    Rolls(Box<str>),
}

impl Other {
    /// The StatefulSet that has to go.
    pub fn set(&self) -> Option<&str> {
        match self {
            Self::Old(set) => Some(set),
            Self::Holds { set, .. } => set.as_deref(),
            Self::Unseen(_) | Self::Rolls(_) => None,
        }
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Old(set) => {
                write!(f, "StatefulSet {set} still has a volume that another one is to have")
            }
            Self::Holds { pod, .. } => {
                write!(f, "pod {pod} still uses a volume that another pod is to have")
            }
            Self::Unseen(what) => write!(
                f,
                "{what} cannot be seen at the moment, and a volume may still be in use; see the agent's health"
            ),
            Self::Rolls(service) => {
                write!(f, "service {service} is updated replica by replica, one is not ready yet")
            }
        }
    }
}

/// What is known when it is decided what a replica waits for.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// All that is wanted.
    pub wanted: &'a [Object],
    /// What is seen.
    pub seen: &'a LeaseObjects,
    /// What was applied before.
    pub before: &'a Progress,
    /// Services of which a ready replica was changed just now.
    pub rolling: &'a BTreeSet<String>,
    /// The claims that were there before.
    pub there: &'a [Claim],
    /// Whether pods are seen.
    pub pods_are_seen: bool,
    /// Whether StatefulSets are.
    pub sets_are_seen: bool,
}

/// What the StatefulSet of a replica waits for; nothing if it can be applied.
pub fn waits_for(set: &Object, around: &Around<'_>) -> Option<Other> {
    if set.body["spec"]["replicas"].as_u64() == Some(0) {
        // It starts no pod.
        return None;
    }
    let claims = claims_of(set);
    let has_data = around.there.iter().any(|claim| claims.contains(&&*claim.name));
    let was_applied = around.before.object(Kind::StatefulSet, &set.name).is_some();
    if !around.sets_are_seen && (has_data || was_applied) {
        return Some(Other::Unseen("StatefulSets"));
    }
    if let Some(old) = around.seen.objects.iter().find(|one| is_old(one, &set.name, &claims)) {
        return Some(Other::Old(old.name.clone()));
    }
    let own = format!("{}-0", set.name);
    let holds = |pod: &&SeenPod| {
        *pod.status.name != *own && pod.claims.iter().any(|claim| claims.contains(&&**claim))
    };
    if let Some(pod) = around.seen.pods.iter().find(holds) {
        let name = pod.status.name.as_str();
        let set = name.rsplit_once('-').map(|(set, _)| set.into());
        return Some(Other::Holds { pod: name.into(), set });
    }
    let is_there = around.seen.replicas(Kind::StatefulSet, &set.name).is_some();
    if !around.pods_are_seen && !is_there && has_data {
        return Some(Other::Unseen("pods"));
    }
    let service = set.service.as_deref()?;
    let rolls = may_be_ready(around, &set.name)
        && (around.rolling.contains(service) || another_is_down(around, service, &set.name));
    rolls.then(|| Other::Rolls(service.into()))
}

/// Whether an object is the StatefulSet of all replicas of a service, with one of these claims.
fn is_old(object: &SeenObject, but: &str, claims: &[&str]) -> bool {
    let Some(service) = object.service.as_deref().filter(|_| *object.name != *but) else {
        return false;
    };
    let is_old = matches!(&object.detail, Detail::Workload(one) if one.is_old);
    object.kind == Kind::StatefulSet
        && is_old
        && claims.iter().any(|claim| is_of_old_set(claim, &object.name, service))
}

/// Whether what is seen of a StatefulSet is from before it was applied last.
fn is_stale(around: &Around<'_>, name: &str, seen: Option<Replicas>) -> bool {
    let Some(applied) = around.before.object(Kind::StatefulSet, name) else { return false };
    !seen.is_some_and(|seen| applied.is_seen(seen))
}

/// Whether a replica may be ready, by what is seen of it.
fn may_be_ready(around: &Around<'_>, name: &str) -> bool {
    around.seen.replicas(Kind::StatefulSet, name).is_some_and(|seen| {
        let is_ready = seen.wanted > 0 && seen.ready > 0;
        is_ready || is_stale(around, name, Some(seen))
    })
}

/// Whether another replica of a service is not ready, or may not be.
fn another_is_down(around: &Around<'_>, service: &str, but: &str) -> bool {
    let label = label_value(service);
    let is_wanted = |name: &str| {
        let mut sets = around.wanted.iter().filter(|one| one.kind == Kind::StatefulSet);
        sets.any(|one| one.name == name && one.service.as_deref() == Some(service))
    };
    let sets = around.seen.objects.iter().filter(|one| one.kind == Kind::StatefulSet);
    let mut others = sets.filter(|one| {
        *one.name != *but && (one.service.as_deref() == Some(&label) || is_wanted(&one.name))
    });
    let is_down = |one: &SeenObject| match one.detail {
        Detail::Workload(seen) => {
            seen.wanted > 0 && (seen.ready == 0 || is_stale(around, &one.name, Some(seen)))
        }
        _ => false,
    };
    let mut unseen = around.before.objects.iter().filter(|one| {
        one.kind == Kind::StatefulSet
            && *one.name != *but
            && is_wanted(&one.name)
            && around.seen.find(Kind::StatefulSet, &one.name).is_none()
    });
    others.any(is_down) || unseen.next().is_some()
}

/// The labels of services whose pods still run as they did before, while these StatefulSets wait.
pub fn still_run(waiting: &[Box<str>], seen: &LeaseObjects) -> BTreeSet<Box<str>> {
    if waiting.is_empty() {
        return BTreeSet::new();
    }
    let sets = waiting.iter().filter_map(|name| seen.find(Kind::StatefulSet, name));
    let pods = seen.pods.iter().filter(|pod| !pod.claims.is_empty());
    let labels = sets.filter_map(|set| set.service.clone());
    labels.chain(pods.filter_map(|pod| pod.service.clone())).collect()
}

/// The claims that a StatefulSet's pod mounts.
fn claims_of(set: &Object) -> Vec<&str> {
    let volumes = set.body["spec"]["template"]["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|one| one["persistentVolumeClaim"]["claimName"].as_str()).collect()
}

#[cfg(test)]
mod tests;
