//! Replicas that the cluster has claims of.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Claim,
    pool::{Pool, Volume},
};
use crate::model::names::{hash, object_name, set_name};

/// A replica that has claims.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub name: String,
    /// The index of its pool.
    pub pool: usize,
    /// The label of the service that had it last.
    pub service: String,
    /// By the volume's name.
    pub claims: BTreeMap<String, &'a Claim>,
}

/// The replicas of the claims that are there, those that were used longest by the same name first, and
/// the claims that are of none.
pub(super) fn known<'a>(
    claims: &'a [Claim],
    pools: &[Pool<'_>],
) -> (Vec<Known<'a>>, Vec<&'a Claim>) {
    let mut known: Vec<Known<'a>> = Vec::new();
    let mut others = Vec::new();
    let mut unlabelled = Vec::new();
    let mut replicas: BTreeMap<&str, Vec<&'a Claim>> = BTreeMap::new();
    for claim in claims {
        match claim.replica.as_deref() {
            Some(replica) => replicas.entry(replica).or_default().push(claim),
            None => unlabelled.push(claim),
        }
    }
    for (replica, claims) in replicas {
        let Some((at, pool)) = pool_of(&claims, pools) else {
            others.extend(claims);
            continue;
        };
        let service = claims.iter().find_map(|claim| claim.service.as_deref());
        let mut one = Known::new(replica.to_owned(), at, service.unwrap_or_default());
        for claim in claims {
            match volume_of(claim, pool) {
                Some(volume) => others.extend(one.claims.insert(volume.name.clone(), claim)),
                None => others.push(claim),
            }
        }
        known.push(one);
    }
    let mut names: BTreeSet<String> = known.iter().map(|one| one.name.clone()).collect();
    // Of one service and number all claims are of one replica.
    let mut old: BTreeMap<(&str, u32, usize), BTreeMap<String, &'a Claim>> = BTreeMap::new();
    for claim in unlabelled {
        match by_service(claim, pools) {
            Some((service, number, pool, volume)) => {
                let of = old.entry((service, number, pool)).or_default();
                others.extend(of.insert(volume.name.clone(), claim));
            }
            None => others.push(claim),
        }
    }
    for ((service, number, pool), claims) in old {
        let name = free_name(service, number, &mut names);
        known.push(Known { claims, ..Known::new(name, pool, service) });
    }
    known.sort_by(|one, other| one.order().cmp(&other.order()));
    (known, others)
}

impl Known<'_> {
    fn new(name: String, pool: usize, service: &str) -> Self {
        Self { name, pool, service: service.to_owned(), claims: BTreeMap::new() }
    }

    /// `db` is before `db-2`, which is before `db-10`.
    fn order(&self) -> (&str, usize, &str) {
        (&self.service, self.name.len(), &self.name)
    }
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

/// The pool of a replica: the one that its claims name, or, if the order has no such pool since volumes
/// have another size, one with volumes of the same names; best one that has its service.
fn pool_of<'p, 'g>(claims: &[&Claim], pools: &'p [Pool<'g>]) -> Option<(usize, &'p Pool<'g>)> {
    let named = |pool: &Pool<'_>| claims.iter().any(|one| one.pool.as_deref() == Some(&*pool.key));
    let has_all = |pool: &Pool<'_>| claims.iter().all(|claim| volume_of(claim, pool).is_some());
    let has_service = |pool: &Pool<'_>| {
        claims.iter().filter_map(|claim| claim.service.as_deref()).any(|label| pool.has(label))
    };
    let all = || pools.iter().enumerate();
    let similar = || all().filter(|(_, pool)| has_all(pool));
    all()
        .find(|(_, pool)| named(pool))
        .or_else(|| similar().min_by_key(|(_, pool)| !has_service(pool)))
}

/// The volume that a claim's label says.
fn volume_of<'p>(claim: &Claim, pool: &'p Pool<'_>) -> Option<&'p Volume> {
    let label = claim.volume.as_deref()?;
    pool.volumes.iter().find(|volume| volume.label() == label)
}

/// What a claim is of that a StatefulSet's template made, as agents up to 0.1 had them: its name is
/// `VOLUME-HASH-SET-NUMBER`, where hash and set are the service's. Pools that have the service come
/// first, and then those whose volume has this size.
fn by_service<'a, 'p>(
    claim: &'a Claim,
    pools: &'p [Pool<'_>],
) -> Option<(&'a str, u32, usize, &'p Volume)> {
    let service = claim.service.as_deref()?;
    let (rest, number) = claim.name.rsplit_once('-')?;
    let number = number.parse().ok()?;
    let template = rest.strip_suffix(&object_name(service, ""))?.strip_suffix('-')?;
    let suffix = format!("-{}", hash(&[service], 8));
    let candidates = pools.iter().enumerate().flat_map(|(at, pool)| {
        let volumes = pool.volumes.iter();
        let fits = volumes.filter(|volume| object_name(&volume.name, &suffix) == template);
        fits.map(move |volume| (at, pool, volume))
    });
    let rank = |(_, pool, volume): &(usize, &Pool<'_>, &Volume)| {
        (volume.size != claim.size, !pool.has(service))
    };
    let (at, _, volume) = candidates.min_by_key(rank)?;
    Some((service, number, at, volume))
}
