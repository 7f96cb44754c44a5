//! In which order a lease's objects are replaced: pure.
//!
//! Most objects are applied first, and what is not wanted any more goes afterwards, so that nothing
//! is missing in between. Where the old keeps the new from being made, it goes first: an Ingress that
//! has a host of another (ingress-nginx refuses a host twice), a Service that has node ports or an
//! address (the quota has none to spare). Claims for volumes stay until their lease ends.

use std::collections::BTreeSet;

use crate::{
    cluster::kube::{
        objects::{Kind, Object},
        seen::{Detail, Reach, SeenObject},
    },
    model::names::label_value,
};

/// The name of an object, with its kind.
pub type Key = (Kind, Box<str>);

/// How objects are replaced.
#[derive(Debug, PartialEq)]
pub struct Rollout {
    /// What is deleted before anything is applied.
    pub first: Vec<Key>,
    /// What is applied, in this order.
    pub objects: Vec<Object>,
}

/// Orders the replacement of what is seen by what is wanted.
pub fn rollout(wanted: Vec<Object>, seen: &[SeenObject]) -> Rollout {
    let there: Vec<&SeenObject> = seen.iter().filter(|object| !object.terminating).collect();
    let mut first = Vec::new();
    for object in &there {
        let is_wanted = is_among(&wanted, object.kind, &object.name);
        let outside = matches!(&object.detail, Detail::Service(one) if one.reach != Reach::Inside);
        if !is_wanted && (outside || holds_host_of_another(object, &wanted)) {
            first.push(key(object));
        }
    }
    let (ingresses, mut objects): (Vec<Object>, Vec<Object>) =
        wanted.into_iter().partition(|object| object.kind == Kind::Ingress);
    // A node port that moves between two Services is given up before it is taken.
    objects.sort_by_key(|object| (object.kind, growth(object, &there)));
    let (ingresses, broken) = by_hosts(ingresses, &there);
    first.extend(broken);
    objects.extend(ingresses);
    Rollout { first, objects }
}

/// What is deleted after `wanted` was applied, of which `failed` could not be. What a failed object is
/// to replace stays: whatever is of the same service, and of services that are gone, if one of a new
/// service failed, which may be the same by another name.
pub fn to_prune(wanted: &[Object], failed: &[Key], seen: &[SeenObject]) -> Vec<Key> {
    let label = |object: &Object| object.service.as_deref().map(label_value);
    let is_failed = |object: &&Object| {
        failed.iter().any(|(kind, name)| *kind == object.kind && **name == *object.name)
    };
    let stuck: BTreeSet<String> = wanted.iter().filter(is_failed).filter_map(label).collect();
    let all: BTreeSet<String> = wanted.iter().filter_map(label).collect();
    let known: BTreeSet<&str> = seen.iter().filter_map(|one| one.service.as_deref()).collect();
    let new_is_stuck = stuck.iter().any(|service| !known.contains(service.as_str()));
    let stays = |object: &SeenObject| match object.service.as_deref() {
        Some(service) if all.contains(service) => stuck.contains(service),
        Some(_) | None => new_is_stuck,
    };
    let is_volume = |object: &SeenObject| object.kind == Kind::PersistentVolumeClaim;
    let there = seen.iter().filter(|object| !object.terminating && !is_volume(object));
    let unwanted = there.filter(|object| !is_among(wanted, object.kind, &object.name));
    unwanted.filter(|object| !stays(object)).map(key).collect()
}

fn key(object: &SeenObject) -> Key {
    (object.kind, object.name.clone())
}

fn is_among(wanted: &[Object], kind: Kind, name: &str) -> bool {
    wanted.iter().any(|object| object.kind == kind && object.name == name)
}

/// The hosts that an Ingress is to have.
fn wanted_hosts(object: &Object) -> impl Iterator<Item = &str> {
    let rules = object.body["spec"]["rules"].as_array().into_iter().flatten();
    rules.filter_map(|rule| rule["host"].as_str())
}

/// Whether an Ingress has a host that one of another name is to have. If its hosts are not seen, it
/// may have.
fn holds_host_of_another(object: &SeenObject, wanted: &[Object]) -> bool {
    let others = wanted.iter().filter(|one| one.kind == Kind::Ingress && *one.name != *object.name);
    match &object.detail {
        _ if object.kind != Kind::Ingress => false,
        Detail::Hosts(hosts) => {
            let mut taken = others.flat_map(wanted_hosts);
            taken.any(|host| hosts.iter().any(|held| **held == *host))
        }
        _ => others.count() > 0,
    }
}

/// How many ports outside a Service gains.
fn growth(object: &Object, there: &[&SeenObject]) -> i64 {
    let ports = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let same = |one: &&&SeenObject| one.kind == object.kind && *one.name == *object.name;
    match there.iter().find(same).map(|one| &one.detail) {
        Some(Detail::Service(service)) if service.reach != Reach::Inside => {
            let wanted = object.body["spec"]["ports"].as_array().map_or(0, Vec::len);
            ports(wanted) - ports(service.ports.len())
        }
        // What is new comes after all that shrinks.
        None if object.kind == Kind::Service => i64::MAX,
        _ => 0,
    }
}

/// Ingresses in an order in which each host is given up before it is taken. Where they only exchange
/// their hosts there is none: one of them is deleted first.
fn by_hosts(mut left: Vec<Object>, there: &[&SeenObject]) -> (Vec<Object>, Vec<Key>) {
    let held = |name: &str| -> Vec<&str> {
        let found = there.iter().find(|one| one.kind == Kind::Ingress && *one.name == *name);
        match found.map(|one| &one.detail) {
            Some(Detail::Hosts(hosts)) => hosts.iter().map(|host| &**host).collect(),
            _ => Vec::new(),
        }
    };
    let (mut ordered, mut broken) = (Vec::new(), Vec::<Key>::new());
    while !left.is_empty() {
        let is_free = |object: &Object| {
            let others = left.iter().filter(|other| other.name != object.name);
            let others =
                others.filter(|other| broken.iter().all(|(_, name)| **name != *other.name));
            let held: Vec<&str> = others.flat_map(|other| held(&other.name)).collect();
            wanted_hosts(object).all(|host| !held.contains(&host))
        };
        match left.iter().position(is_free) {
            Some(at) => ordered.push(left.remove(at)),
            None => {
                let whole =
                    left.iter().find(|one| broken.iter().all(|(_, name)| **name != *one.name));
                match whole {
                    Some(one) => broken.push((Kind::Ingress, one.name.as_str().into())),
                    None => ordered.append(&mut left),
                }
            }
        }
    }
    (ordered, broken)
}

#[cfg(test)]
mod tests;
