//! Whatever a tenant and an operator do, no volume is lost and none is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Replicas that the order has of each profile.
const ORDERED: [(&str, u32); 2] = [("small", 4), ("large", 2)];
const NAMES: [&str; 7] = [
    "a",
    "a-1",
    "b",
    "db",
    "db-1",
    "web",
    "this-name-is-as-long-as-names-of-services-may-be-at-most-62-ch",
];

/// Some services that share a profile's replicas, each with a bit for every volume that it mounts.
fn services(
    profile: &'static str,
    count: u32,
) -> impl Strategy<Value = Vec<(usize, &'static str, u32, u8)>> {
    prop::collection::vec((0..count, 0..4u8), 1..=3).prop_map(move |weights| {
        let mut left = count;
        let mut made = Vec::new();
        for (at, (weight, mounts)) in weights.iter().enumerate() {
            let last = at + 1 == weights.len();
            let replicas = if last { left } else { (*weight).min(left) };
            left -= replicas;
            if replicas > 0 {
                made.push((at, profile, replicas, *mounts));
            }
        }
        made
    })
}

#[derive(Debug, Clone)]
struct Step {
    services: Vec<(&'static str, &'static str, u32, Vec<&'static str>)>,
    classes: Classes,
}

fn a_step() -> impl Strategy<Value = Step> {
    let [(small, few), (large, more)] = ORDERED;
    let names = Just(NAMES.to_vec()).prop_shuffle();
    let class = prop::sample::select(vec!["ssd", "hdd", "nvme"]);
    (services(small, few), services(large, more), names, class.clone(), class).prop_map(
        |(small, large, names, default, beta2)| {
            let all = small.into_iter().chain(large);
            let named = all.zip(names).map(|((_, profile, count, bits), name)| {
                let offered =
                    if profile == "small" { &["data"] as &[_] } else { &["data", "logs"] };
                let on = |at: usize| bits >> at & 1 == 1;
                let mounts = offered.iter().enumerate().filter(|(at, _)| on(*at));
                (name, profile, count, mounts.map(|(_, volume)| *volume).collect())
            });
            Step { services: named.collect(), classes: classes(default, beta2) }
        },
    )
}

/// The claim of each volume that a service's replicas mount, by the replica's name.
type Mounted = BTreeMap<String, BTreeMap<String, String>>;

fn mounted(plan: &VolumePlan, service: &str) -> Mounted {
    let replicas = plan.replicas[service].iter();
    replicas.map(|replica| (replica.name.clone(), replica.claims.clone())).collect()
}

proptest! {
    #[test]
    fn each_volume_stays_with_its_service_and_no_claim_is_refused_or_shared(
        steps in prop::collection::vec(a_step(), 1..8),
    ) {
        let mut claims: Vec<Claim> = Vec::new();
        let mut before: BTreeMap<(String, String), Mounted> = BTreeMap::new();
        for step in steps {
            let services: Vec<Service<'_>> = step.services.iter()
                .map(|(name, profile, count, mounts)| (*name, *profile, *count, mounts.as_slice()))
                .collect();
            let known: BTreeSet<Box<str>> = claims.iter().map(|claim| claim.name.clone()).collect();
            let plan = VolumePlan::of(&group(&services), &claims, &step.classes);
            // Asserts that nothing immutable changes, and that the quota has room.
            apply(&mut claims, &plan);
            prop_assert_eq!(&VolumePlan::of(&group(&services), &claims, &step.classes), &plan, "it is stable");

            let now: BTreeSet<Box<str>> = claims.iter().map(|claim| claim.name.clone()).collect();
            prop_assert!(now.is_superset(&known));
            let ordered = ORDERED.map(|(name, count)| u64::from(count) * if name == "small" { 1 } else { 2 });
            prop_assert_eq!(plan.count, ordered.iter().sum::<u64>(), "no more than was paid for");
            let names: Vec<&String> =
                plan.replicas.values().flatten().map(|replica| &replica.name).collect();
            prop_assert!(names.iter().all(|name| name.len() <= 52));
            prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            let used: Vec<&String> =
                plan.replicas.values().flatten().flat_map(|replica| replica.claims.values()).collect();
            prop_assert_eq!(used.iter().collect::<BTreeSet<_>>().len(), used.len());

            let mut after = BTreeMap::new();
            for (name, profile, count, mounts) in &services {
                let replicas = mounted(&plan, name);
                prop_assert_eq!(replicas.len(), *count as usize);
                for replica in replicas.values() {
                    prop_assert_eq!(replica.len(), mounts.len(), "each mounted volume has its claim");
                }
                let key = ((*name).to_owned(), (*profile).to_owned());
                if let Some(old) = before.get(&key) {
                    let stay: Vec<_> = old
                        .iter()
                        .filter_map(|(name, old)| Some((old, replicas.get(name)?)))
                        .collect();
                    if old.values().all(|claims| !claims.is_empty()) {
                        prop_assert!(stay.len() >= old.len().min(replicas.len()), "it keeps its own");
                    }
                    for (old, new) in stay {
                        for (volume, claim) in old {
                            prop_assert!(new.get(volume).is_none_or(|other| other == claim));
                        }
                    }
                }
                after.insert(key, replicas);
            }
            before = after;
        }
    }
}
