//! The claims of a lease, and who has them.

use std::collections::{BTreeMap, BTreeSet};

use souk_sdl::{ManifestGroup, ManifestService};

use super::{
    Claim,
    assign::{Seat, assign},
    known::{Known, known},
    pool::{Pool, Volume, mount, pools},
};
use crate::{
    config::StorageClass,
    model::names::{hash, label_value, object_name},
};

/// The claims of a lease, and the replicas that mount them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumePlan {
    /// The replicas of each service with persistent volumes.
    pub replicas: BTreeMap<String, Vec<Replica>>,
    /// All claims that are applied.
    pub claims: Vec<ClaimPlan>,
    /// How many claims the quota must have room for, those of volumes that are not mounted yet among
    /// them.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A replica of a service with persistent volumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its name, which stays whatever its service is called. Of 52 characters at most.
    pub name: String,
    /// The claims that it mounts, by the volume's name.
    pub claims: BTreeMap<String, String>,
}

/// A claim as it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPlan {
    /// Its name.
    pub name: String,
    /// The replica that it is of.
    pub replica: String,
    /// The replica's pool.
    pub pool: String,
    /// The label of the volume's name.
    pub volume: String,
    /// The label of the service that has it.
    pub service: String,
    /// The market's class.
    pub class: String,
    /// The cluster's StorageClass: of a claim that is there its own, since it cannot be changed.
    pub storage_class: Option<String>,
    /// Bytes; never fewer than a claim that is there has, since none can shrink.
    pub size: u64,
}

impl VolumePlan {
    /// The plan for a group, by the claims that are there. `classes` has the cluster's StorageClass of
    /// each of the market's, for claims that are new.
    pub fn of(
        group: &ManifestGroup,
        there: &[Claim],
        classes: &BTreeMap<String, StorageClass>,
    ) -> Self {
        let pools = pools(group);
        let (mut known, others) = known(there, &pools);
        let mut names: BTreeSet<String> = known.iter().map(|one| one.name.clone()).collect();
        let mut plan = Self::default();
        for claim in others {
            plan.make_room(claim.size);
        }
        for (at, pool) in pools.iter().enumerate() {
            let (own, rest) = known.into_iter().partition(|one| one.pool == at);
            known = rest;
            let seats = assign(pool, own, &mut names);
            for (service, seats) in seats.services {
                for seat in seats {
                    plan.add(pool, service, seat, classes);
                }
            }
            for idle in seats.idle {
                for volume in &pool.volumes {
                    if let Some(claim) = idle.claims.get(&volume.name) {
                        plan.keep(pool, volume, &idle.name, idle.service.clone(), claim);
                    }
                }
            }
        }
        plan
    }

    fn add(
        &mut self,
        pool: &Pool<'_>,
        service: &ManifestService,
        seat: Seat<'_>,
        classes: &BTreeMap<String, StorageClass>,
    ) {
        let known = match seat {
            Seat::Known(known) => known,
            Seat::New(name) => {
                Known { name, pool: 0, service: String::new(), claims: BTreeMap::new() }
            }
        };
        let label = label_value(&service.name);
        let mut mounted = BTreeMap::new();
        for volume in &pool.volumes {
            let is_mounted = mount(service, &volume.name).is_some();
            let name = match known.claims.get(&volume.name) {
                Some(claim) => self.keep(pool, volume, &known.name, label.clone(), claim),
                None if is_mounted => {
                    let name = self.make(pool, volume, &known.name, label.clone(), classes);
                    self.make_room(volume.size);
                    name
                }
                None => {
                    self.make_room(volume.size);
                    continue;
                }
            };
            if is_mounted {
                mounted.insert(volume.name.clone(), name);
            }
        }
        let replica = Replica { name: known.name, claims: mounted };
        self.replicas.entry(service.name.clone()).or_default().push(replica);
    }

    /// A claim that is there; returns its name.
    fn keep(
        &mut self,
        pool: &Pool<'_>,
        volume: &Volume,
        replica: &str,
        service: String,
        claim: &Claim,
    ) -> String {
        let size = claim.size.max(volume.size);
        self.make_room(size);
        self.claims.push(ClaimPlan {
            name: claim.name.to_string(),
            replica: replica.to_owned(),
            pool: pool.key.clone(),
            volume: volume.label(),
            service,
            class: volume.class.clone(),
            storage_class: claim.storage_class.as_deref().map(str::to_owned),
            size,
        });
        claim.name.to_string()
    }

    /// A new claim; returns its name.
    fn make(
        &mut self,
        pool: &Pool<'_>,
        volume: &Volume,
        replica: &str,
        service: String,
        classes: &BTreeMap<String, StorageClass>,
    ) -> String {
        let suffix = format!("-{}", hash(&[replica, &pool.key, &volume.name], 8));
        let name = object_name(&volume.name, &suffix);
        let here = classes.get(&volume.class).map_or(&volume.class, |class| &class.name);
        self.claims.push(ClaimPlan {
            name: name.clone(),
            replica: replica.to_owned(),
            pool: pool.key.clone(),
            volume: volume.label(),
            service,
            class: volume.class.clone(),
            storage_class: Some(here.clone()),
            size: volume.size,
        });
        name
    }

    fn make_room(&mut self, bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
