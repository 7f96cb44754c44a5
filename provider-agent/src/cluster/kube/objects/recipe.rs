//! Identifies how objects are made of a manifest: by this program and by the configuration. When it
//! changes, every lease is applied again.

use std::sync::OnceLock;

use serde_json::json;
use souk_core::{DeploymentId, GroupId, GroupSeq, OrderId};
use souk_sdl::{ManifestGroup, ManifestService, Options, compile};

use super::{Subject, all};
use crate::{
    config::Cluster,
    model::{DigestKey, Owner, names::digest, placement::Placement, scope::MarketScope},
};

/// A manifest with something of everything that objects are made of. What it does not show comes
/// with the daily refresh.
const SAMPLE: &str = r#"
version: "2.0"
services:
  web:
    image: registry.example.com/web:1
    credentials: { host: registry.example.com, username: ann, password: secret }
    command: [sh, -c]
    args: [serve]
    env: [TOKEN=secret]
    expose:
      - { port: 8080, as: 80, accept: [shop.example.com], to: [{ global: true }] }
      - { port: 9000, to: [{ global: true }] }
  db:
    image: postgres:17
    expose: [{ port: 5432, to: [{ service: web }] }]
    params: { storage: { data: { mount: /data }, scratch: { mount: /scratch } } }
  train:
    image: train:1
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
          - { name: data, size: 10Gi, attributes: { persistent: true, class: default } }
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

const OWNER: Owner<'static> = Owner {
    tenant: "souk1tenant",
    group: GroupId { deployment: DeploymentId(0), group: GroupSeq(0) },
};

/// Identifies how this program makes objects with a configuration.
pub fn recipe(cluster: &Cluster, scope: &MarketScope) -> u64 {
    // How the cluster is reached does not show in it.
    let settings = Cluster { kubeconfig: None, context: None, ..cluster.clone() };
    let mut parts = vec![env!("CARGO_PKG_VERSION").to_owned(), format!("{settings:?}")];
    if let Some(group) = sample() {
        let placements = placements(group);
        // The same whatever key this agent has.
        let digests = &DigestKey::from_bytes([0; 32]);
        let subject = Subject {
            order: OrderId(0),
            scope,
            owner: OWNER,
            group,
            placements: &placements,
            cluster,
            digests,
            running: true,
            claims: &[],
        };
        // A test proves that the sample has the GPUs that it asks for.
        let objects = all(&subject).unwrap_or_default();
        parts.extend(objects.iter().map(|object| format!("{:?}", object.dynamic(&subject))));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    digest(&parts)
}

fn sample() -> Option<&'static ManifestGroup> {
    static GROUP: OnceLock<Option<ManifestGroup>> = OnceLock::new();
    let compiled = || compile(SAMPLE, &Options::default()).ok()?.manifest.0.into_iter().next();
    GROUP.get_or_init(compiled).as_ref()
}

fn placements(group: &ManifestGroup) -> Vec<Placement> {
    let services = group.services.iter();
    let with_gpus = services.filter(|service| service.resources.gpu.units.get() > 0);
    let placement = |service: &ManifestService| {
        let requests = json!({ "cpu_milli": 1, "memory": 1, "ephemeral": 1, "gpu": 2 });
        let gpu = json!({
            "vendor": "nvidia",
            "model": "h100",
            "memory": "80Gi",
            "interface": null,
            "product": "NVIDIA-H100-80GB-HBM3",
        });
        let unit = service.resources.id;
        let placement = json!({ "unit": unit, "node": "node", "requests": requests, "gpu": gpu });
        serde_json::from_value(placement).ok()
    };
    with_gpus.filter_map(placement).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::Kind, *};
    use crate::config::PodSecurity;

    fn scope(provider: &str) -> MarketScope {
        MarketScope::new("souk-1", "souk1book", provider)
    }

    fn cluster() -> Cluster {
        let (class, domain) = (Some("nginx".to_owned()), Some("apps.example.com".to_owned()));
        Cluster { ingress_class: class, domain, ..Cluster::default() }
    }

    #[test]
    fn the_sample_has_something_of_every_kind() {
        let group = sample().expect("the sample compiles");
        let (scope, cluster) = (scope("souk1me"), cluster());
        let placements = placements(group);
        assert_eq!(placements.len(), 1);
        let subject = Subject {
            order: OrderId(0),
            scope: &scope,
            owner: OWNER,
            group,
            placements: &placements,
            cluster: &cluster,
            digests: &DigestKey::from_bytes([0; 32]),
            running: true,
            claims: &[],
        };
        let kinds: BTreeSet<Kind> =
            all(&subject).unwrap().iter().map(|object| object.kind).collect();
        assert_eq!(kinds, Kind::ALL.into());
    }

    #[test]
    fn it_changes_with_what_objects_are_made_by_and_not_with_how_the_cluster_is_reached() {
        let base = recipe(&cluster(), &scope("souk1me"));
        assert_eq!(recipe(&cluster(), &scope("souk1me")), base);
        let elsewhere = Cluster { kubeconfig: Some("/else".into()), ..cluster() };
        assert_eq!(recipe(&elsewhere, &scope("souk1me")), base);
        assert_ne!(recipe(&cluster(), &scope("souk1other")), base);
        let strict = Cluster { pod_security: PodSecurity::Restricted, ..cluster() };
        assert_ne!(recipe(&strict, &scope("souk1me")), base);
        let denied = Cluster { deny_networks: vec!["203.0.113.0/24".into()], ..cluster() };
        assert_ne!(recipe(&denied, &scope("souk1me")), base);
    }
}
