//! What is applied for a lease, from SDL to objects.
#![allow(clippy::unwrap_used)]

mod access;
mod environment;
mod exposes;
mod gpus;
mod leased;
mod network;
mod outside;
mod workloads;

use serde_json::Value;
use souk_core::{DeploymentId, GroupId, GroupSeq, OrderId};
use souk_sdl::{ManifestGroup, Options};

use super::{Kind, Object, Subject, all};
use crate::{
    config::{Cluster, PodSecurity, StorageClass},
    model::{
        DigestKey, Owner,
        placement::{GpuModel, Placement, Requests},
        scope::MarketScope,
        volumes::Claim,
    },
};

fn scope_of(provider: &str) -> MarketScope {
    MarketScope::new("souk-1", "souk1book", provider)
}

const ORDER: OrderId = OrderId(7);
const OWNER: Owner<'static> = Owner {
    tenant: "souk1ann",
    group: GroupId { deployment: DeploymentId(5), group: GroupSeq(2) },
};
const KEY: DigestKey = DigestKey::from_bytes([7; 32]);

/// A web site, a data base with a volume, and a job with two GPUs.
const FILE: &str = r#"
version: "2.0"
services:
  web:
    image: registry.example.com/web:1
    credentials: { host: registry.example.com, username: ann, password: pull-secret }
    env:
      - TOKEN=token-secret
      - NVIDIA_VISIBLE_DEVICES=all
      - nvidia_driver_capabilities=compute
      - AMD_VISIBLE_DEVICES=all
      - EMPTY=
    expose:
      - port: 8080
        as: 80
        accept: [shop.example.com]
        to: [{ global: true }]
      - port: 9000
        to: [{ global: true }]
  db:
    image: postgres:17
    env: [PGPASSWORD=db-secret]
    expose: [{ port: 5432, to: [{ service: web }] }]
    params:
      storage:
        data: { mount: /var/lib/data }
        scratch: { mount: /scratch }
  train:
    image: train:1
    env: [NVIDIA_DISABLE_REQUIRE=1, AMD_VISIBLE_DEVICES=all, ROCR_VISIBLE_DEVICES=0]
profiles:
  compute:
    web:
      resources: { cpu: { units: 500m }, memory: { size: 256Mi }, storage: { size: 1Gi } }
    db:
      resources:
        cpu: { units: 1 }
        memory: { size: 1Gi }
        storage:
          - { size: 2Gi }
          - { name: data, size: 10Gi, attributes: { persistent: true, class: beta2 } }
          - { name: scratch, size: 64Mi, attributes: { persistent: false, class: ram } }
    train:
      resources:
        cpu: { units: 4 }
        memory: { size: 8Gi }
        storage: { size: 4Gi }
        gpu: { units: 2, attributes: { vendor: { nvidia: [{ model: h100 }] } } }
  placement:
    here:
      pricing:
        web: { denom: uakt, amount: 100 }
        db: { denom: uakt, amount: 100 }
        train: { denom: uakt, amount: 100 }
deployment:
  web: { here: { profile: web, count: 3 } }
  db: { here: { profile: db, count: 1 } }
  train: { here: { profile: train, count: 2 } }
"#;

/// The first group of an SDL file.
fn group_of(file: &str) -> ManifestGroup {
    let compiled = souk_sdl::compile(file, &Options::default()).unwrap();
    compiled.manifest.0.into_iter().next().unwrap()
}

/// A lease and the cluster that it runs on.
#[derive(Debug)]
struct Lease {
    group: ManifestGroup,
    placements: Vec<Placement>,
    cluster: Cluster,
    running: bool,
    scope: MarketScope,
    claims: Vec<Claim>,
}

impl Lease {
    fn new() -> Self {
        let group = group_of(FILE);
        let train = group.services.iter().find(|service| service.name == "train").unwrap();
        let gpu = GpuModel {
            vendor: "nvidia".into(),
            model: "h100".into(),
            memory: Some("80Gi".into()),
            interface: Some("sxm".into()),
            product: "NVIDIA-H100-80GB-HBM3".into(),
        };
        let requests = Requests { cpu_milli: 2_000, memory: 8 << 30, ephemeral: 4 << 30, gpu: 2 };
        let placement = Placement {
            unit: train.resources.id,
            node: "gpu-1".into(),
            requests,
            volumes: vec![],
            gpu: Some(gpu),
        };
        let class = StorageClass { name: "fast-ssd".into(), capacity: None };
        let cluster = Cluster {
            ingress_class: Some("nginx".into()),
            domain: Some("apps.example.net".into()),
            storage_classes: [("beta2".to_owned(), class)].into(),
            deny_networks: vec!["203.0.114.0/24".into(), "2a00:1::/32".into()],
            ..Cluster::default()
        };
        Self {
            group,
            placements: vec![placement],
            cluster,
            running: true,
            scope: scope_of("souk1provider"),
            claims: Vec::new(),
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            order: ORDER,
            scope: &self.scope,
            owner: OWNER,
            group: &self.group,
            placements: &self.placements,
            cluster: &self.cluster,
            digests: &KEY,
            running: self.running,
            claims: &self.claims,
        }
    }

    fn objects(&self) -> Vec<Object> {
        all(&self.subject()).unwrap()
    }

    /// The object of a kind and name, as it is sent.
    fn object(&self, kind: Kind, name: &str) -> Value {
        let objects = self.objects();
        let found = objects.iter().find(|object| object.kind == kind && object.name == name);
        let known: Vec<_> = objects.iter().map(|object| &object.name).collect();
        let found = found.ok_or_else(|| format!("no {kind:?} {name} among {known:?}")).unwrap();
        serde_json::to_value(found.dynamic(&self.subject())).unwrap()
    }

    /// Each workload's pod template.
    fn templates(&self) -> Vec<(String, Value)> {
        let workload =
            |object: &Object| matches!(object.kind, Kind::Deployment | Kind::StatefulSet);
        let objects = self.objects();
        let workloads = objects.iter().filter(|object| workload(object));
        workloads
            .map(|object| (object.name.clone(), object.body["spec"]["template"].clone()))
            .collect()
    }

    fn template(&self, name: &str) -> Value {
        self.templates().into_iter().find(|(found, _)| found == name).unwrap().1
    }
}

#[test]
fn every_object_is_in_the_leases_namespace_and_labelled_as_ours() {
    let lease = Lease::new();
    let subject = lease.subject();
    for object in lease.objects() {
        let sent = object.dynamic(&subject);
        let labels = sent.metadata.labels.unwrap();
        for (key, value) in subject.labels() {
            assert_eq!(labels.get(&key), Some(&value), "{:?} {}", object.kind, object.name);
        }
        let namespace = (object.kind != Kind::Namespace).then(|| subject.namespace());
        assert_eq!(sent.metadata.namespace, namespace, "{:?} {}", object.kind, object.name);
    }
}

#[test]
fn what_bounds_a_lease_is_applied_before_what_runs() {
    let kinds: Vec<Kind> = Lease::new().objects().iter().map(|object| object.kind).collect();
    assert!(kinds.is_sorted());
    let workload = kinds.iter().position(|kind| *kind == Kind::Deployment).unwrap();
    for bound in [Kind::Namespace, Kind::ResourceQuota, Kind::NetworkPolicy, Kind::Secret] {
        assert!(kinds.iter().position(|kind| *kind == bound).unwrap() < workload, "{bound:?}");
    }
}

#[test]
fn no_two_objects_of_a_kind_have_one_name_whatever_the_services_names() {
    let mut lease = Lease::new();
    let web = lease.group.services.iter().find(|service| service.name == "web").unwrap().clone();
    let clash = |name: &str, ip: &str| {
        let mut service = web.clone();
        service.name = name.into();
        service.expose.iter_mut().for_each(|expose| expose.ip = ip.into());
        service
    };
    let names = ["web-np", "web-env", "web-pull", "web-8080", "web_np", "web-http"];
    lease.group.services.extend(names.map(|name| clash(name, "")));
    lease.group.services.extend([clash("a-b", "c"), clash("a", "b-c")]);
    let mut names: Vec<_> =
        lease.objects().into_iter().map(|object| (object.kind, object.name)).collect();
    let made = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), made);
}

#[test]
fn two_providers_on_one_cluster_have_namespaces_of_their_own() {
    let lease = Lease::new();
    let other = Subject { scope: &scope_of("souk1other"), ..lease.subject() };
    assert_ne!(other.namespace(), lease.subject().namespace());
}

#[test]
fn the_namespace_enforces_the_configured_pod_security() {
    for (level, word) in
        [(PodSecurity::Baseline, "baseline"), (PodSecurity::Restricted, "restricted")]
    {
        let mut lease = Lease::new();
        lease.cluster.pod_security = level;
        let namespace = lease.object(Kind::Namespace, &lease.subject().namespace());
        let labels = &namespace["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], word);
    }
}

#[test]
fn every_kind_but_secrets_is_watched() {
    let expected: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Secret).collect();
    assert_eq!(Kind::WATCHED.to_vec(), expected);
}
