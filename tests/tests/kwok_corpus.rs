//! Every valid file of the SDL corpus on a real control plane: the agent's objects for it are
//! accepted, with pod security enforced, and all its pods find a node. The nodes are simulated
//! by kwok after the hand-written providers of `souk_tests::profiles`; all files are there at
//! the same time, and end with the cluster.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::{
    Api, Client,
    api::{ListParams, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::json;
use souk_core::{DeploymentId, GroupId, GroupSeq, GroupSpec, OrderId};
use souk_kubesim::spec::NodeSpec;
use souk_provider::{
    cluster::kube::{
        apply,
        objects::{self, Subject},
    },
    config::{Cluster, Overcommit, StorageClass},
    model::{
        DigestKey, Owner, labels,
        placement::{Inventory, Limits, NodeState, Placement, Reservation, fit},
        scope::MarketScope,
    },
};
use souk_sdl::{ManifestGroup, Mapping, Options};
use souk_tests::{
    corpus,
    kubernetes::{self, ControlPlane},
    profiles,
};
use tokio::sync::watch;

/// Files at once.
const AT_ONCE: usize = 12;
/// For how long a file's pods may wait for a node. Patience, not a measure.
const TIMEOUT: Duration = Duration::from_secs(600);

const PROVIDER: &str = "souk1corpus";

/// Pods of all leases by whether they have a node.
type Placed = BTreeMap<(String, String), bool>;

#[tokio::test(flavor = "multi_thread")]
async fn every_valid_file_is_accepted_and_its_pods_find_a_node() {
    let Some(folder) = corpus::folder() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plane = tokio::task::spawn_blocking(|| ControlPlane::start(kubernetes::Options::default()));
    let plane = plane.await.unwrap();
    plane.add_classes().await;
    plane.add_nodes(&all_nodes()).await;
    let client = plane.client().await;
    let nodes = fit_nodes(&client).await;
    let placed = pods(&client);

    let began = Instant::now();
    let market = Market { client, nodes, reserved: Mutex::default(), placed };
    let files = ["community", "golden"].into_iter().flat_map(|part| corpus::entries(&folder, part));
    let files: Vec<_> = files.filter(|entry| entry.ok).collect();
    let total = files.len();
    let (mut jobs, mut failed) = (Vec::new(), Vec::new());
    for (entry, number) in files.into_iter().zip(1..) {
        match Job::read(&folder, &entry.file, 1_000 * number) {
            Ok(job) => jobs.push(job),
            Err(problem) => failed.push(format!("{}: {problem}", entry.file)),
        }
    }
    // The scheduler spreads pods, so those that need a whole node's GPUs come first.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.gpus()));
    let tried: Vec<_> = futures::stream::iter(&jobs)
        .map(async |job| (job, market.deploy(job).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut scheduled = 0;
    for (job, outcome) in tried {
        match outcome {
            Ok(pods) => scheduled += pods,
            Err(problem) => failed.push(format!("{}: {problem}", job.file)),
        }
    }
    failed.sort();
    println!(
        "{} of {total} files accepted, {scheduled} pods scheduled, in {} s",
        total - failed.len(),
        began.elapsed().as_secs()
    );
    assert!(total > 0, "the corpus has no valid file");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The nodes of all providers in one cluster.
fn all_nodes() -> Vec<NodeSpec> {
    let of = |profile: souk_localnet::provider::Profile| {
        let name = profile.name;
        let rename =
            move |node: NodeSpec| NodeSpec { name: format!("{name}-{}", node.name), ..node };
        profile.cluster.nodes.into_iter().map(rename)
    };
    profiles::all().into_iter().flat_map(of).collect()
}

/// The nodes as the agent sees them, when all are ready.
async fn fit_nodes(client: &Client) -> Vec<NodeState> {
    let nodes = Api::<Node>::all(client.clone());
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let all = nodes.list(&ListParams::default()).await.unwrap();
        let states: Vec<NodeState> = all.iter().map(NodeState::of).collect();
        let unfit: Vec<_> = states.iter().filter_map(|state| state.unfit.clone()).collect();
        if unfit.is_empty() {
            return states;
        }
        assert!(Instant::now() < deadline, "nodes are not fit: {unfit:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn cluster() -> Cluster {
    let class = |name: &str| (name.to_owned(), StorageClass { name: name.into(), capacity: None });
    Cluster {
        ingress_class: Some(kubernetes::INGRESS_CLASS.into()),
        domain: Some("apps.example.net".into()),
        node_port_host: Some("nodes.example.net".into()),
        storage_classes: kubernetes::STORAGE_CLASSES.map(class).into(),
        ..Cluster::default()
    }
}

/// One watch of all pods of ours.
fn pods(client: &Client) -> watch::Receiver<Placed> {
    let (sender, receiver) = watch::channel(Placed::new());
    let config = watcher::Config::default().labels(labels::ORDER);
    let events = watcher(Api::<Pod>::all(client.clone()), config).default_backoff();
    tokio::spawn(async move {
        let mut events = events.boxed();
        while let Some(event) = events.next().await {
            // A broken watch is begun again, with all pods that there are.
            let Ok(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) = event else {
                continue;
            };
            let has_node = pod.spec.and_then(|spec| spec.node_name).is_some();
            let key = (pod.metadata.namespace.unwrap(), pod.metadata.name.unwrap());
            sender.send_modify(|all| {
                all.insert(key, has_node);
            });
        }
    });
    receiver
}

/// A file, ready to be deployed.
struct Job {
    file: String,
    groups: Vec<(OrderId, GroupSpec, ManifestGroup)>,
}

impl Job {
    fn read(folder: &Path, file: &str, first: u64) -> Result<Self, String> {
        let bytes = std::fs::read(folder.join(file)).map_err(|error| error.to_string())?;
        let compiled = souk_sdl::compile_bytes(&bytes, &Options::default())
            .map_err(|problems| format!("it is not valid: {problems}"))?;
        let order = compiled.order_groups(&Mapping::default());
        let order = order.map_err(|error| error.to_string())?;
        let mut groups = Vec::new();
        for (spec, number) in order.groups.into_iter().zip(first..) {
            let group = compiled.manifest.iter().find(|group| group.name == spec.name);
            let group = group.ok_or_else(|| format!("no group {}", spec.name))?.clone();
            groups.push((OrderId(number), spec, group));
        }
        Ok(Self { file: file.to_owned(), groups })
    }

    /// The most GPUs of one replica.
    fn gpus(&self) -> u32 {
        let units = self.groups.iter().flat_map(|(_, spec, _)| &spec.units);
        units.filter_map(|unit| Some(unit.resources.gpu.as_ref()?.units)).max().unwrap_or(0)
    }
}

/// The cluster, and what of it is promised.
struct Market {
    client: Client,
    nodes: Vec<NodeState>,
    reserved: Mutex<Vec<Reservation>>,
    placed: watch::Receiver<Placed>,
}

impl Market {
    /// Deploys each group of a file as a lease of its own and gives the number of their pods.
    async fn deploy(&self, job: &Job) -> Result<usize, String> {
        let mut pods = 0;
        for (order, spec, group) in &job.groups {
            let placements = self.place(*order, spec)?;
            let cluster = cluster();
            let scope = MarketScope::new("souk-1", "souk1book", PROVIDER);
            let subject = Subject {
                order: *order,
                scope: &scope,
                owner: Owner {
                    tenant: "souk1ann",
                    group: GroupId { deployment: DeploymentId(1), group: GroupSeq(1) },
                },
                group,
                placements: &placements,
                cluster: &cluster,
                digests: &DigestKey::from_bytes([0; 32]),
                running: true,
                claims: &[],
            };
            pods += self.lease(&subject).await?;
        }
        Ok(pods)
    }

    /// Places a group beside all others, as the agent does before it bids.
    fn place(&self, order: OrderId, spec: &GroupSpec) -> Result<Vec<Placement>, String> {
        let limits = Limits {
            overcommit: Overcommit::default(),
            persistent: kubernetes::STORAGE_CLASSES.map(|class| (class.to_owned(), None)).into(),
            leased_ips: 1_000,
        };
        let mut reserved = self.reserved.lock().unwrap();
        let inventory = Inventory::new(&self.nodes, &[], reserved.iter(), &limits);
        let placements = fit(spec, &inventory, &|_| Some(0)).map_err(|s| s.to_string())?;
        reserved.push(Reservation { order, placements: placements.clone(), ips: 0 });
        Ok(placements)
    }

    /// Applies a lease's objects and waits until all its pods have nodes.
    async fn lease(&self, subject: &Subject<'_>) -> Result<usize, String> {
        let namespace = subject.namespace();
        for object in objects::all(subject).map_err(|error| error.to_string())? {
            apply::apply(&self.client, subject, object.kind, &object.dynamic(subject))
                .await
                .map_err(|error| format!("{:?} {}: {error}", object.kind, object.name))?;
        }
        let services = subject.group.services.iter();
        let wanted: usize = services.map(|service| service.count as usize).sum();
        let scheduled = |all: &Placed| {
            let ours = all.iter().filter(|((ns, _), has_node)| *ns == namespace && **has_node);
            ours.count() == wanted
        };
        let mut placed = self.placed.clone();
        if tokio::time::timeout(TIMEOUT, placed.wait_for(scheduled)).await.is_err() {
            return Err(why(&self.client, &namespace, wanted).await);
        }
        privileged_pods_are_refused(&self.client, &namespace).await?;
        Ok(wanted)
    }
}

/// Shows that the namespace's pod security is enforced here and not only written down.
async fn privileged_pods_are_refused(client: &Client, namespace: &str) -> Result<(), String> {
    let pod = json!({
        "metadata": { "name": "privileged" },
        "spec": { "containers": [{
            "name": "main", "image": "x", "securityContext": { "privileged": true },
        }] },
    });
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let made = Api::<Pod>::namespaced(client.clone(), namespace).create(&dry, &pod).await;
    match made {
        Err(kube::Error::Api(status)) if status.message.contains("violates PodSecurity") => Ok(()),
        other => Err(format!("a privileged pod should be refused by pod security: {other:?}")),
    }
}

/// What the cluster says of pods without a node.
async fn why(client: &Client, namespace: &str, wanted: usize) -> String {
    let events = Api::<Event>::namespaced(client.clone(), namespace);
    let events = events.list(&ListParams::default()).await.unwrap();
    let reasons: Vec<String> = events
        .into_iter()
        .filter(|event| event.type_.as_deref() == Some("Warning"))
        .map(|event| {
            format!("{}: {}", event.reason.unwrap_or_default(), event.message.unwrap_or_default())
        })
        .collect();
    format!("its {wanted} pods did not all get a node: {}", reasons.join("; "))
}
