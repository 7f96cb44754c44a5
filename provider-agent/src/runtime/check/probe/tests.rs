use k8s_openapi::api::core::v1::{Namespace, PersistentVolume};
use kube::{Api, api::ListParams};
use souk_kubesim::{
    ClusterSpec, KubeSim, StorageClassSpec,
    spec::{Denied, ImageMarkers, Timing},
};

use super::*;
use crate::{
    cluster::kube::client::from_config,
    config::{Check, Cluster, StorageClass},
    runtime::check::Level,
};

/// A simulated cluster: its pods start and write lines of their own, which the probes' are not.
struct Bench {
    _sim: KubeSim,
    client: Client,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(image: Option<&str>, denied: Vec<Denied>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let spec = ClusterSpec {
            timing: Timing::fast(),
            images: ImageMarkers::default(),
            storage_classes: vec![StorageClassSpec::new("standard", true)],
            denied,
            ..ClusterSpec::default()
        };
        let sim = KubeSim::start(spec).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        sim.write_kubeconfig(&kubeconfig).unwrap();
        let storage = StorageClass { name: "standard".into(), capacity: None };
        let cluster = Cluster {
            kubeconfig: Some(kubeconfig),
            storage_classes: [("default".to_owned(), storage)].into(),
            ..Cluster::default()
        };
        let client = from_config(&cluster).await.unwrap();
        let check = Check { probe_image: image.map(str::to_owned), ..Check::default() };
        let config = Config { cluster, check, ..crate::config::example() };
        Self { _sim: sim, client, config, _folder: folder }
    }

    async fn check(&self) -> Report {
        let mut report = Report::default();
        check(&self.config, &self.client, &mut report).await;
        report
    }

    async fn namespaces(&self) -> Vec<String> {
        let all: Api<Namespace> = Api::all(self.client.clone());
        let all = all.list(&ListParams::default()).await.unwrap().items;
        let names = all.into_iter().filter_map(|one| one.metadata.name);
        names.filter(|name| name.starts_with("souk-check-")).collect()
    }

    async fn place(&self) -> Place {
        Place::new(self.client.clone(), &MarketScope::of(&self.config))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_image_it_says_what_was_not_tried() {
    let bench = Bench::new(None, Vec::new()).await;
    let report = bench.check().await;
    let text = report.text();
    assert_eq!(report.worst(), Level::Warn);
    for expected in ["network policies are enforced", "processes are limited", "check.probe_image"]
    {
        assert!(text.contains(expected), "{text}");
    }
    assert!(bench.namespaces().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_that_a_killed_check_left_go_with_the_next() {
    let bench = Bench::new(None, Vec::new()).await;
    bench.place().await.make(Default::default()).await.unwrap();
    let foreign =
        serde_json::from_value(serde_json::json!({ "metadata": { "name": "souk-check-x-a" } }));
    let all: Api<Namespace> = Api::all(bench.client.clone());
    all.create(&Default::default(), &foreign.unwrap()).await.unwrap();
    assert_eq!(bench.namespaces().await.len(), 3);
    let report = bench.check().await;
    assert!(
        report.text().contains("2 namespaces of a check that was killed removed"),
        "{report:?}"
    );
    assert_eq!(bench.namespaces().await, ["souk-check-x-a"], "that one is not its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_half_way_leaves_nothing() {
    let denied = Denied { verb: "patch".into(), resource: "statefulsets".into() };
    let bench = Bench::new(Some("probe:1"), vec![denied]).await;
    let report = bench.check().await;
    let text = report.text();
    assert!(text.contains("FAIL  probe: StatefulSet/volume-default: statefulsets"), "{text}");
    assert!(bench.namespaces().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_each_class_is_bound_and_gone_at_the_end() {
    let bench = Bench::new(Some("probe:1"), Vec::new()).await;
    let (place, mut report) = (bench.place().await, Report::default());
    let probe = Probe::new(&bench.config, "probe:1", &place);
    place.make(bench.config.cluster.pod_security).await.unwrap();
    let classes = volumes::begin(&bench.config, &probe, &place, &mut report).await.unwrap();
    let bound = volumes::bound(&place, classes, &mut report).await.unwrap();
    let volumes: Api<PersistentVolume> = Api::all(bench.client.clone());
    assert_eq!(volumes.list(&ListParams::default()).await.unwrap().items.len(), 1);
    place.remove().await.unwrap();
    volumes::deleted(&bench.client, &bound, &mut report).await;
    assert_eq!(
        report.text(),
        "ok    volume: one of class default was bound, and deleted with its claim"
    );
    assert!(volumes.list(&ListParams::default()).await.unwrap().items.is_empty());
}
