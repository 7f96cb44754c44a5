//! What the agent's network policies mean, by a simulator of NetworkPolicy (cyclonus): who may
//! reach whom. The tables are in `tests/netpol`, a Go module; here the agent's own code makes
//! the leases that they are about.
#![allow(clippy::unwrap_used)]

use std::{path::Path, process::Command};

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use souk_core::{DeploymentId, GroupId, GroupSeq, OrderId};
use souk_provider::{
    cluster::kube::objects::{self, Kind, Subject},
    config::Cluster,
    model::{DigestKey, Owner, scope::MarketScope},
};
use souk_sdl::Options;
use souk_tests::tools;

/// A site behind an ingress that also opens a port of its own, its data base, and a job.
const SHOP: &str = r#"
version: "2.0"
services:
  web:
    image: web:1
    expose:
      - { port: 8080, as: 80, to: [{ global: true }] }
      - { port: 9000, to: [{ global: true }] }
  db:
    image: postgres:17
    expose: [{ port: 5432, to: [{ service: web }] }]
  job: { image: job:1 }
profiles:
  compute:
    small:
      resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: { size: 1Gi } }
  placement:
    here:
      pricing: { small: { denom: uakt, amount: 1 } }
deployment:
  web: { here: { profile: small, count: 1 } }
  db: { here: { profile: small, count: 1 } }
  job: { here: { profile: small, count: 1 } }
"#;

/// A site behind an ingress and nothing else.
const SITE: &str = r#"
version: "2.0"
services:
  web:
    image: web:1
    expose: [{ port: 8080, as: 80, to: [{ global: true }] }]
profiles:
  compute:
    web:
      resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: { size: 1Gi } }
  placement:
    here: { pricing: { web: { denom: uakt, amount: 1 } } }
deployment:
  web: { here: { profile: web, count: 1 } }
"#;

/// A lease's namespace, its policies, and the labels of each service's pods.
fn lease(provider: &str, order: u64, sdl: &str) -> Value {
    let compiled = souk_sdl::compile(sdl, &Options::default()).unwrap();
    let cluster = Cluster {
        ingress_class: Some("nginx".into()),
        domain: Some("apps.example.net".into()),
        node_port_host: Some("nodes.example.net".into()),
        // The nodes and the pods of this cluster have public addresses, too.
        deny_networks: vec!["203.0.114.0/24".into(), "2a00:1::/32".into()],
        ..Cluster::default()
    };
    let subject = Subject {
        order: OrderId(order),
        scope: &MarketScope::new("souk-1", "souk1book", provider),
        owner: Owner {
            tenant: "souk1ann",
            group: GroupId { deployment: DeploymentId(1), group: GroupSeq(1) },
        },
        group: &compiled.manifest[0],
        placements: &[],
        cluster: &cluster,
        digests: &DigestKey::from_bytes([0; 32]),
        running: true,
        claims: &[],
    };
    let (mut namespace, mut policies, mut pods) = (Value::Null, Vec::new(), Map::new());
    for object in objects::all(&subject).unwrap() {
        let sent = serde_json::to_value(object.dynamic(&subject)).unwrap();
        match object.kind {
            Kind::Namespace => namespace = sent,
            Kind::NetworkPolicy => policies.push(sent),
            Kind::Deployment | Kind::StatefulSet => {
                let labels = sent["spec"]["template"]["metadata"]["labels"].clone();
                pods.insert(object.service.unwrap(), labels);
            }
            _ => {}
        }
    }
    json!({ "namespace": namespace, "policies": policies, "pods": pods })
}

#[test]
fn tenants_reach_their_own_services_dns_and_the_internet_and_nothing_else() {
    let fixture = json!({ "leases": {
        "ann": lease("souk1east", 1, SHOP),
        "bob": lease("souk1east", 2, SITE),
        // Of another provider in the same cluster; order 1 is of another chain.
        "eve": lease("souk1west", 1, SITE),
    } });
    let go = Command::new("go").arg("version").output();
    let go = go.map_err(|error| anyhow!("go, which the policy simulator needs: {error}"));
    if tools::or_not_run(go).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fixture.json");
    std::fs::write(&file, fixture.to_string()).unwrap();
    let status = Command::new("go")
        .args(["test", "-count=1", "-v", "-vet=off", "-mod=readonly", "./..."])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("netpol"))
        .env("SOUK_WORLD", &file)
        .status()
        .unwrap();
    assert!(status.success(), "the tables of tests/netpol do not hold, see above");
}
