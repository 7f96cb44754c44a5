//! Volumes through renames, moves and remapped classes.

mod interrupted;
mod random;
mod unmounted;

use souk_sdl::{ManifestGroup, Options, compile};

use super::*;
use crate::{
    config::StorageClass,
    model::names::{hash, label_value, object_name},
};

type Classes = std::collections::BTreeMap<String, StorageClass>;

/// Where `default` and `beta2` lead.
fn classes(default: &str, beta2: &str) -> Classes {
    let class = |name: &str| StorageClass { name: name.to_owned(), capacity: None };
    [("default".to_owned(), class(default)), ("beta2".to_owned(), class(beta2))].into()
}

/// A service: its name, its profile (`small` has a volume, `large` two), replicas, mounted volumes.
type Service<'a> = (&'a str, &'a str, u32, &'a [&'a str]);

fn group(services: &[Service<'_>]) -> ManifestGroup {
    let mut text = String::from("version: \"2.0\"\nservices:\n");
    for (name, profile, ..) in services {
        let mounts = match *profile {
            "small" => "data: { mount: /data }",
            _ => "data: { mount: /data }, logs: { mount: /logs }",
        };
        text += &format!(
            "  {name}:
    image: app:1
    expose: [{{ port: 1, to: [{{ global: true }}] }}]
    params: {{ storage: {{ {mounts} }} }}\n"
        );
    }
    text += r"
profiles:
  compute:
    small: { resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: [
      { size: 1Gi }, { name: data, size: 1Gi, attributes: { persistent: true, class: default } }] } }
    large: { resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: [
      { name: logs, size: 3Gi, attributes: { persistent: true, class: beta2 } },
      { name: data, size: 2Gi, attributes: { persistent: true, class: default } }] } }
  placement: { here: { pricing: {
    small: { denom: uakt, amount: 1 }, large: { denom: uakt, amount: 1 } } } }
deployment:
";
    for (name, profile, count, _) in services {
        text += &format!("  {name}: {{ here: {{ profile: {profile}, count: {count} }} }}\n");
    }
    let compiled =
        compile(&text, &Options::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut group = compiled.manifest.0.into_iter().next().unwrap();
    // SDL wants each volume to be mounted; a manifest need not come from SDL.
    for service in &mut group.services {
        let of = services.iter().find(|(name, ..)| *name == service.name).unwrap();
        let mounted = service.params.iter_mut().flat_map(|params| params.storage.iter_mut());
        mounted.for_each(|all| all.retain(|one| of.3.contains(&one.name.as_str())));
    }
    group
}

/// What the cluster has of a lease.
#[derive(Clone, Debug, Default)]
struct There {
    claims: Vec<Claim>,
    assigned: Assignment,
}

impl There {
    fn of(claims: Vec<Claim>) -> Self {
        Self { claims, assigned: Assignment::default() }
    }

    fn plan(&self, group: &ManifestGroup, classes: &Classes) -> VolumePlan {
        VolumePlan::of(group, &self.claims, &self.assigned, classes)
    }

    /// Applies a plan as the API server takes it.
    fn apply(&mut self, plan: &VolumePlan) {
        self.apply_some(plan, |_| true);
    }

    /// Applies which service each replica is of, and then some of the claims.
    fn apply_some(&mut self, plan: &VolumePlan, is_applied: impl Fn(usize) -> bool) {
        self.assigned = plan.assignment.clone();
        let some = plan.claims.iter().enumerate().filter(|(at, _)| is_applied(*at));
        for (_, wanted) in some {
            self.put(wanted);
        }
        let bytes: u64 = self.claims.iter().map(|claim| claim.size).sum();
        assert!(
            self.claims.len() as u64 <= plan.count && bytes <= plan.bytes,
            "the quota has room"
        );
    }

    fn put(&mut self, wanted: &ClaimPlan) {
        let text = |text: &str| Some(Box::from(text));
        let known = self.claims.iter().position(|claim| *claim.name == *wanted.name);
        let at = known.unwrap_or_else(|| {
            self.claims.push(Claim {
                name: wanted.name.as_str().into(),
                storage_class: wanted.storage_class.as_deref().map(Box::from),
                size: wanted.size,
                ..Claim::default()
            });
            self.claims.len() - 1
        });
        let claim = &mut self.claims[at];
        assert_eq!(claim.storage_class.as_deref(), wanted.storage_class.as_deref(), "immutable");
        assert!(claim.size <= wanted.size, "claims cannot shrink");
        claim.size = wanted.size;
        claim.replica = text(&wanted.replica);
        claim.pool = text(&wanted.pool);
        claim.volume = text(&wanted.volume);
        claim.service = text(&wanted.service);
        claim.class = text(&wanted.class);
    }

    /// Plans and applies; returns the plan.
    fn step(&mut self, services: &[Service<'_>]) -> VolumePlan {
        let plan = self.plan(&group(services), &classes("ssd", "hdd"));
        self.apply(&plan);
        plan
    }
}

/// The claims that a service's replicas mount, by the volume.
fn claims_of(plan: &VolumePlan, service: &str, volume: &str) -> Vec<String> {
    let replicas = plan.replicas[service].iter();
    replicas.filter_map(|replica| replica.claims.get(volume).cloned()).collect()
}

fn names(plan: &VolumePlan, service: &str) -> Vec<String> {
    plan.replicas[service].iter().map(|replica| replica.name.clone()).collect()
}

/// Claims as agents up to 0.1 made them, by the template of a service's StatefulSet.
fn old_claims(service: &str, volume: &str, size: u64, replicas: u32) -> Vec<Claim> {
    let template = object_name(volume, &format!("-{}", hash(&[service], 8)));
    let claim = |number| Claim {
        name: format!("{template}-{}-{number}", object_name(service, "")).into(),
        service: Some(label_value(service).into()),
        storage_class: Some("old-ssd".into()),
        size,
        ..Claim::default()
    };
    (0..replicas).map(claim).collect()
}

#[test]
fn a_renamed_service_keeps_its_replicas_and_their_claims() {
    let mut there = There::default();
    let before = there.step(&[("db", "small", 2, &["data"])]);
    let after = there.step(&[("store", "small", 2, &["data"])]);
    assert_eq!(names(&after, "store"), ["db", "db-1"]);
    assert_eq!(claims_of(&after, "store", "data"), claims_of(&before, "db", "data"));
    assert_eq!(there.claims.len(), 2);
    // Another of the old name, beside it, gets neither its name nor its volume.
    let both = [("store", "small", 2, &["data"] as &[_]), ("db", "large", 1, &["data"])];
    let plan = there.step(&both);
    assert_eq!(claims_of(&plan, "store", "data"), claims_of(&before, "db", "data"));
    assert_eq!(names(&plan, "db"), ["db-2"]);
}

#[test]
fn a_volume_that_is_mounted_later_gets_its_claim_then_and_keeps_it_when_it_is_not() {
    let mut there = There::default();
    let plan = there.step(&[("db", "large", 1, &[])]);
    assert_eq!((there.claims.len(), plan.count, plan.bytes >> 30), (0, 2, 5));
    there.step(&[("db", "large", 1, &["data"])]);
    let logs = there.step(&[("db", "large", 1, &["logs"])]);
    assert_eq!((there.claims.len(), claims_of(&logs, "db", "data").len()), (2, 0));
    let both = there.step(&[("db", "large", 1, &["data", "logs"])]);
    assert_eq!(claims_of(&both, "db", "logs"), claims_of(&logs, "db", "logs"));
    assert_eq!(there.claims.len(), 2);
}

#[test]
fn a_replica_passes_to_the_service_that_has_more_now_and_back() {
    let mut there = There::default();
    let start = [("a", "small", 2, &["data"] as &[_]), ("b", "small", 1, &["data"])];
    let before = there.step(&start);
    let other = [("a", "small", 1, &["data"] as &[_]), ("b", "small", 2, &["data"])];
    let plan = there.step(&other);
    let (a, b) = (claims_of(&before, "a", "data"), claims_of(&before, "b", "data"));
    assert_eq!(claims_of(&plan, "a", "data"), a[..1]);
    assert_eq!(claims_of(&plan, "b", "data"), [b[0].clone(), a[1].clone()]);
    let back = there.step(&start);
    assert_eq!(claims_of(&back, "a", "data")[0], a[0]);
    assert_eq!(there.claims.len(), 3);
}

#[test]
fn a_class_that_leads_elsewhere_now_is_for_new_claims_alone() {
    let mut there = There::default();
    there.step(&[("db", "large", 1, &["data"])]);
    let group = group(&[("db", "large", 1, &["data", "logs"])]);
    let plan = there.plan(&group, &classes("nvme", "tape"));
    there.apply(&plan);
    let class = |volume: &str| {
        let found =
            there.claims.iter().find(|claim| claim.volume.as_deref() == Some(volume)).unwrap();
        found.storage_class.clone().unwrap()
    };
    assert_eq!((&*class("data"), &*class("logs")), ("ssd", "tape"));
}

#[test]
fn claims_of_older_agents_are_taken_over_though_their_service_was_renamed_at_the_same_time() {
    for service in ["db", "store"] {
        let mut claims = old_claims("db", "data", 2 << 30, 2);
        claims.extend(old_claims("db", "logs", 3 << 30, 2));
        let mut there = There::of(claims);
        let all = ["data", "logs"];
        let plan = there.step(&[(service, "large", 2, &all), ("web", "small", 1, &["data"])]);
        assert_eq!(names(&plan, service), ["db", "db-1"], "{service}");
        let template = format!("data-{}", hash(&["db"], 8));
        let expected = [format!("{template}-db-0"), format!("{template}-db-1")];
        assert_eq!(claims_of(&plan, service, "data"), expected);
        assert_eq!(there.claims.len(), 5, "one is new, that of `web`");
        let again = there.step(&[("renamed", "large", 2, &all), ("web", "small", 1, &["data"])]);
        assert_eq!(claims_of(&again, "renamed", "data"), expected);
    }
}

#[test]
fn an_old_claim_that_two_pools_could_have_goes_to_the_one_of_its_size() {
    // The service has moved to another profile: its volume is not the one that it had.
    let mut there = There::of(old_claims("db", "data", 1 << 30, 1));
    let services = [("db", "large", 1, &["data"] as &[_]), ("cache", "small", 1, &["data"])];
    let plan = there.step(&services);
    assert_eq!(claims_of(&plan, "cache", "data"), [there.claims[0].name.to_string()]);
    assert_eq!(claims_of(&plan, "db", "data").len(), 1);
}

#[test]
fn all_old_claims_of_one_replica_go_to_one_pool() {
    // By size alone `data` would go to the other pool.
    let mut claims = old_claims("db", "data", 1 << 30, 1);
    claims.extend(old_claims("db", "logs", 3 << 30, 1));
    let mut there = There::of(claims);
    let services =
        [("db", "large", 1, &["data", "logs"] as &[_]), ("cache", "small", 1, &["data"])];
    let plan = there.step(&services);
    assert_eq!(claims_of(&plan, "db", "data"), [there.claims[0].name.to_string()]);
    assert_eq!(claims_of(&plan, "db", "logs"), [there.claims[1].name.to_string()]);
    assert_eq!((claims_of(&plan, "cache", "data").len(), there.claims.len()), (1, 3));
}

#[test]
fn a_replica_with_the_last_number_is_no_end_of_the_names() {
    let mut taken = [format!("db-{}", u32::MAX)].into();
    assert_eq!(known::free_name("db", u32::MAX, &mut taken), "db");
    assert_eq!(known::free_name("db", u32::MAX, &mut taken), "db-1");
}

#[test]
fn claims_that_are_of_no_replica_keep_none_from_being_made() {
    let stray = Claim { name: "by-hand".into(), size: 7 << 30, ..Claim::default() };
    let mut there = There::of(vec![stray]);
    let plan = there.step(&[("db", "small", 1, &["data"])]);
    assert_eq!((plan.count, plan.bytes >> 30, there.claims.len()), (2, 8, 2));
}

#[test]
fn a_claim_that_was_made_larger_by_hand_stays_as_it_is() {
    let mut there = There::default();
    there.step(&[("db", "small", 1, &["data"])]);
    there.claims[0].size = 9 << 30;
    let plan = there.step(&[("db", "small", 1, &["data"])]);
    assert_eq!((there.claims[0].size >> 30, plan.bytes >> 30), (9, 9));
}

#[test]
fn a_volume_of_another_size_is_the_same_and_never_smaller_than_it_was() {
    let mut there = There::default();
    let before = there.step(&[("db", "large", 1, &["data"])]);
    let mut group = group(&[("db", "large", 1, &["data"])]);
    for (size, expected) in [(8u64 << 30, 8u64), (1 << 30, 8)] {
        let volumes = group.services[0].resources.storage.iter_mut();
        volumes.filter(|volume| volume.name == "data").for_each(|volume| volume.size = size.into());
        let plan = there.plan(&group, &classes("ssd", "hdd"));
        there.apply(&plan);
        assert_eq!(claims_of(&plan, "db", "data"), claims_of(&before, "db", "data"));
        assert_eq!((there.claims.len(), there.claims[0].size >> 30), (1, expected));
    }
}
