//! Replicas that the cluster has claims of, or of which it was decided.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Claim,
    assignment::{Assigned, Assignment},
    old::Old,
    pool::{Pool, Volume},
};
use crate::model::names::set_name;

/// A replica that is there.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub name: String,
    /// The index of its pool.
    pub pool: usize,
    /// The label of the service that had it last.
    pub service: String,
    /// By the volume's name; none if no service ever mounted one.
    pub claims: BTreeMap<String, &'a Claim>,
    /// The labels of the volumes of which it has claims, or was to get them.
    pub volumes: BTreeSet<String>,
    /// How the names of its claims end, if an agent up to 0.1 made them.
    pub old: String,
}

/// The claims of a replica.
#[derive(Default)]
struct Claims<'a> {
    claims: Vec<&'a Claim>,
    /// As in [`Known`].
    old: String,
}

impl Known<'_> {
    /// `db` is before `db-2`, which is before `db-10`.
    fn order(&self) -> (&str, usize, &str) {
        (&self.service, self.name.len(), &self.name)
    }
}

/// The replicas that are there, those that were used longest by the same name first, and the claims that
/// are of none.
pub(super) fn known<'a>(
    claims: &'a [Claim],
    pools: &[Pool<'_>],
    assigned: &Assignment,
) -> (Vec<Known<'a>>, Vec<&'a Claim>) {
    let mut others = Vec::new();
    let mut known: Vec<Known<'a>> = Vec::new();
    let mut replicas: Vec<(String, Claims<'a>)> =
        replicas(claims, assigned, &mut others).into_iter().collect();
    // What is certain comes first: what is left may go where there is room.
    let is_certain = |(name, Claims { claims, .. }): &(String, Claims<'_>)| {
        let mut labels = claims.iter().filter_map(|claim| claim.service.as_deref());
        assigned.0.contains_key(name)
            || claims.iter().any(|claim| claim.pool.is_some())
            || labels.any(|label| pools.iter().any(|pool| pool.has(label)))
    };
    replicas.sort_by_key(|one| !is_certain(one));
    let mut names = BTreeSet::new();
    for (name, Claims { claims, old }) in replicas {
        let decided = assigned.0.get(&name);
        names.insert(name.clone());
        let room = |at: usize| known.iter().filter(|one| one.pool == at).count();
        let Some((at, pool)) = pool_of(&claims, pools, decided, room) else {
            others.extend(claims);
            continue;
        };
        let label = claims.iter().find_map(|claim| claim.service.as_deref()).unwrap_or_default();
        let service = decided.map_or(label, |one| one.service.as_str()).to_owned();
        let mut one = Known { name, pool: at, service, old, ..Known::default() };
        one.volumes.extend(decided.into_iter().flat_map(|one| one.volumes.clone()));
        for claim in claims {
            match volume_of(claim, pool) {
                Some(volume) => {
                    one.volumes.insert(volume.label());
                    others.extend(one.claims.insert(volume.name.clone(), claim));
                }
                None => others.push(claim),
            }
        }
        known.push(one);
    }
    for (name, one) in assigned.0.iter().filter(|(name, _)| !names.contains(*name)) {
        if let Some(pool) = pools.iter().position(|pool| pool.key == one.pool) {
            known.push(Known {
                name: name.clone(),
                pool,
                service: one.service.clone(),
                volumes: one.volumes.clone(),
                claims: BTreeMap::new(),
                old: one.old.clone(),
            });
        }
    }
    known.sort_by(|one, other| one.order().cmp(&other.order()));
    (known, others)
}

/// The claims of each replica by its name; those of none go to `others`.
///
/// Claims without label are of the replica that their name says. It may have its name already: an agent that
/// was to label all of its claims was stopped, before or after the first. If it has none, it gets one here,
/// which is the same whichever replicas were labelled before.
fn replicas<'a>(
    claims: &'a [Claim],
    assigned: &Assignment,
    others: &mut Vec<&'a Claim>,
) -> BTreeMap<String, Claims<'a>> {
    let mut replicas: BTreeMap<String, Claims<'a>> = BTreeMap::new();
    let mut unlabelled: BTreeMap<(&str, u32), Claims<'a>> = BTreeMap::new();
    for claim in claims {
        match (claim.replica.as_deref(), Old::of(claim)) {
            (Some(replica), _) => {
                replicas.entry(replica.to_owned()).or_default().claims.push(claim);
            }
            (None, Some(Old { service, number, suffix, .. })) => {
                let of = unlabelled.entry((service, number)).or_default();
                of.old = suffix;
                of.claims.push(claim);
            }
            (None, None) => others.push(claim),
        }
    }
    let mut names: BTreeSet<String> = replicas.keys().chain(assigned.0.keys()).cloned().collect();
    for ((service, number), Claims { claims: of, old }) in unlabelled {
        let is_labelled = |claim: &&Claim| claim.replica.is_some() && claim.name.ends_with(&old);
        let labelled = claims.iter().find(is_labelled).and_then(|claim| claim.replica.as_deref());
        let decided = assigned.0.iter().find(|(_, one)| one.old == old);
        let name = match labelled.or(decided.map(|(name, _)| name.as_str())) {
            Some(name) => name.to_owned(),
            None => free_name(service, number, &mut names),
        };
        let replica = replicas.entry(name).or_default();
        replica.claims.extend(of);
        replica.old = old;
    }
    for (name, replica) in &mut replicas {
        if let Some(one) = assigned.0.get(name).filter(|one| !one.old.is_empty()) {
            replica.old.clone_from(&one.old);
        }
    }
    replicas
}

/// A name that no replica has, from the first of `SERVICE`, `SERVICE-1`, `SERVICE-2` on; `number` is the
/// first that is tried.
pub(super) fn free_name(service: &str, number: u32, taken: &mut BTreeSet<String>) -> String {
    let base = set_name(service);
    let mut number = number;
    loop {
        let name = if number == 0 { base.clone() } else { format!("{base}-{number}") };
        if taken.insert(name.clone()) {
            return name;
        }
        // After the last comes the first: some number is free.
        number = number.wrapping_add(1);
    }
}

/// The pool of a replica: the one that its claims name or that was decided, or, if the order has no such
/// pool since volumes have another size, one with volumes of the same names; best one that has its service.
///
/// The claims of agents up to 0.1 name none. Theirs is a pool that has all volumes, or most; best with these
/// sizes, then with the service, and then where there is room; `taken` are the replicas that a pool has.
fn pool_of<'p, 'g>(
    claims: &[&Claim],
    pools: &'p [Pool<'g>],
    decided: Option<&Assigned>,
    taken: impl Fn(usize) -> usize,
) -> Option<(usize, &'p Pool<'g>)> {
    let all = || pools.iter().enumerate();
    let is_named = |pool: &Pool<'_>| {
        let decided = decided.is_some_and(|one| one.pool == pool.key);
        decided || claims.iter().any(|one| one.pool.as_deref() == Some(&*pool.key))
    };
    if let Some(named) = all().find(|(_, pool)| is_named(pool)) {
        return Some(named);
    }
    let missing =
        |pool: &Pool<'_>| claims.iter().filter(|claim| volume_of(claim, pool).is_none()).count();
    let other_sizes = |pool: &Pool<'_>| {
        let other = |claim: &&&Claim| {
            volume_of(claim, pool).is_some_and(|volume| volume.size != claim.size)
        };
        claims.iter().filter(other).count()
    };
    let has_service = |pool: &Pool<'_>| {
        let labels = claims.iter().filter_map(|claim| claim.service.as_deref());
        labels.chain(decided.map(|one| one.service.as_str())).any(|label| pool.has(label))
    };
    let is_old = claims.iter().all(|claim| claim.replica.is_none());
    let candidates = all().filter(|(_, pool)| {
        let missing = missing(pool);
        missing == 0 || is_old && missing < claims.len()
    });
    candidates.min_by_key(|(at, pool)| {
        let sizes = if is_old { other_sizes(pool) } else { 0 };
        (missing(pool), sizes, !has_service(pool), taken(*at) >= pool.replicas())
    })
}

/// The volume of a pool that a claim is of, by its label or, if it has none, by its name.
fn volume_of<'p>(claim: &Claim, pool: &'p Pool<'_>) -> Option<&'p Volume> {
    let mut volumes = pool.volumes.iter();
    match (claim.volume.as_deref(), &claim.replica) {
        (Some(label), _) => volumes.find(|volume| volume.label() == label),
        (None, Some(_)) => None,
        (None, None) => {
            let old = Old::of(claim)?;
            volumes.find(|volume| old.is_of(&volume.name))
        }
    }
}
