//! Random manifests of one group, one after another, and storage classes that lead elsewhere: the newest is
//! reached, and each volume is the one that it was.

use std::collections::BTreeMap;

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::PersistentVolumeClaim};
use kube::api::ListParams;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use souk_gateway::body::ManifestUpload;
use souk_kubesim::spec::StorageClassSpec;

use super::{change, claims_of, is_ready, uids};
use crate::{
    manifests::{Cluster, Leased, accepted, lease, upload},
    support::{Fixture, InProcess, Options, agent::configure, until},
};

/// Replicas that the order has, each with two volumes.
const REPLICAS: usize = 3;
const STEPS: usize = 7;
const LONG: &str = "a-name-that-is-too-long-for-the-label-of-a-set-of-pods-yet-fine";

/// A manifest, and where the class of its volumes leads.
#[derive(Clone, Debug)]
struct Step {
    /// Services with their replicas and what they mount.
    services: Vec<(&'static str, usize, Vec<&'static str>)>,
    class: &'static str,
}

fn a_step() -> impl Strategy<Value = Step> {
    let names = Just(vec!["db", "db-1", "store", "cache", LONG]).prop_shuffle();
    let mounts = prop::collection::vec(prop::sample::subsequence(vec!["data", "logs"], 0..=2), 3);
    let counts = prop::sample::select(vec![vec![3], vec![2, 1], vec![1, 2], vec![1, 1, 1]]);
    let class = prop::sample::select(vec!["standard", "other"]);
    (names, mounts, counts, class).prop_map(|(names, mounts, counts, class)| {
        let all = names.into_iter().zip(counts).zip(mounts);
        Step { services: all.map(|((name, count), mounts)| (name, count, mounts)).collect(), class }
    })
}

impl Step {
    fn sdl(&self, number: usize) -> String {
        let mut text = String::from("version: \"2.0\"\nservices:\n");
        for (name, ..) in &self.services {
            text += &format!(
                "  {name}:
    image: app:{number}
    expose: [{{ port: 80, to: [{{ global: true }}] }}]
    params: {{ storage: {{ data: {{ mount: /data }}, logs: {{ mount: /logs }} }} }}\n"
            );
        }
        text += "profiles:\n  compute:\n    db: { resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: [
      { size: 64Mi }, { name: data, size: 1Gi, attributes: { persistent: true, class: default } },
      { name: logs, size: 1Gi, attributes: { persistent: true, class: default } }] } }
  placement: { here: { pricing: { db: { denom: uakt, amount: 500 } } } }\ndeployment:\n";
        for (name, count, _) in &self.services {
            text += &format!("  {name}: {{ here: {{ profile: db, count: {count} }} }}\n");
        }
        text
    }

    /// Its manifest. SDL wants each volume to be mounted; a manifest need not come from SDL.
    fn upload(&self, number: usize) -> ManifestUpload {
        let mut upload = upload(&self.sdl(number));
        for service in &mut upload.manifest.0[0].services {
            let (.., mounts) =
                self.services.iter().find(|(name, ..)| *name == service.name).unwrap();
            let all = service.params.iter_mut().flat_map(|params| params.storage.iter_mut());
            all.for_each(|all| all.retain(|one| mounts.contains(&one.name.as_str())));
        }
        upload
    }
}

/// The claim of each volume of a replica, by replica and volume, as the labels of claims say.
type Seen = BTreeMap<(String, String), (String, String)>;

async fn seen(cluster: &Cluster, leased: &Leased) -> Seen {
    let claims = cluster.namespaced::<PersistentVolumeClaim>(leased.order);
    let all = claims.list(&ListParams::default()).await.unwrap().items;
    let of = |claim: PersistentVolumeClaim| {
        let labels = claim.metadata.labels?;
        let key = |name: &str| labels.get(&format!("souk.market/{name}")).cloned();
        Some(((key("replica")?, key("volume")?), (claim.metadata.uid?, key("service")?)))
    };
    all.into_iter().filter_map(of).collect()
}

/// The claims of each replica of each service.
type Mounted = BTreeMap<String, Vec<Vec<String>>>;

/// Waits until all that a step wants runs.
async fn reached(cluster: &Cluster, leased: &Leased, step: &Step, number: usize) -> Mounted {
    let sets = cluster.namespaced::<StatefulSet>(leased.order);
    let image = format!("app:{number}");
    let mut mounted = BTreeMap::new();
    for (name, count, mounts) in &step.services {
        let claims = until(&format!("{name} of step {number}: {step:?}"), async || {
            let ours = ListParams::default().labels(&format!("souk.market/service={name}"));
            let all = sets.list(&ours).await.ok()?.items;
            (all.len() == *count && all.iter().all(|set| is_ready(set, &image)))
                .then(|| all.iter().map(claims_of).collect::<Vec<_>>())
        })
        .await;
        assert!(claims.iter().all(|one| one.len() == mounts.len()), "{claims:?} {step:?}");
        mounted.insert((*name).to_owned(), claims);
    }
    mounted
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_random_manifests_is_reached_with_the_data_of_the_one_before() {
    let mut options = Options::default();
    options.cluster.storage_classes =
        vec![StorageClassSpec::new("standard", true), StorageClassSpec::new("other", false)];
    options.claims.extend([
        souk_core::Attribute::new("capabilities/storage/1/class", "default"),
        souk_core::Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    let fixture = Fixture::with(options).await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let mut agent = InProcess::start(&config).await;
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(a_step(), STEPS).new_tree(&mut runner).unwrap().current();
    let mut leased = lease(&fixture, &agent, "ann", &steps[0].sdl(0)).await;
    let (mut class, mut before) = ("standard", (BTreeMap::new(), Seen::new()));
    let mut services = Mounted::new();
    for (number, step) in steps.iter().enumerate() {
        if step.class != class {
            agent.stop().await;
            change(&config, &format!("name = \"{class}\""), &format!("name = \"{}\"", step.class));
            class = step.class;
            agent = InProcess::start(&config).await;
        }
        leased.upload = step.upload(number);
        accepted(&agent.store, &leased).await;
        let mounted = reached(&cluster, &leased, step, number).await;
        let (all, labels) = (uids(&cluster, leased.order).await, seen(&cluster, &leased).await);
        assert!(all.len() <= 2 * REPLICAS, "{all:?}");
        for (name, uid) in &before.0 {
            assert_eq!(all.get(name), Some(uid), "{name} is lost after {step:?}");
        }
        for (volume, (uid, _)) in &before.1 {
            assert_eq!(labels.get(volume).map(|(uid, _)| uid), Some(uid), "{volume:?}: {step:?}");
        }
        // As many replicas of a service as there are in both have what they had.
        for (service, old) in &services {
            let Some(new) = mounted.get(service) else { continue };
            let (old, new): (Vec<_>, Vec<_>) =
                (old.iter().flatten().collect(), new.iter().flatten().collect());
            if !old.is_empty() && !new.is_empty() {
                let same = new.iter().any(|claim| old.contains(claim));
                let volumes = |claims: &[&String]| {
                    claims
                        .iter()
                        .map(|claim| claim.split('-').next().unwrap().to_owned())
                        .collect::<Vec<_>>()
                };
                let both = volumes(&old).iter().any(|volume| volumes(&new).contains(volume));
                assert!(same || !both, "{service}: {old:?} became {new:?}: {step:?}");
            }
        }
        (before, services) = ((all, labels), mounted);
    }
    assert!(!before.0.is_empty());
    agent.stop().await;
}
