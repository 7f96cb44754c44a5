//! GPUs that are not there: without a reservation, or failed under a lease.

use std::path::{Path, PathBuf};

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Node};
use k256::ecdsa::SigningKey;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use souk_client::gateway::Client;
use souk_core::OrderId;
use souk_gateway::{
    Access, Audience, Claims, Pin,
    body::{LeaseStatus, Phase},
    token::issue,
};

use crate::{
    manifests::{Cluster, Leased, accepted, lease},
    support::{
        Fixture, InProcess, Must,
        agent::configure,
        fixture::{CHAIN_ID, address, key},
        free_port, gpu_app, until,
    },
};

const TRAIN: &str = r#"
version: "2.0"
services:
  train:
    image: train:1
    expose: [{ port: 80, to: [{ global: true }] }]
profiles:
  compute:
    train:
      resources:
        cpu: { units: 100m }
        memory: { size: 64Mi }
        storage: { size: 64Mi }
        gpu: { units: 1, attributes: { vendor: { nvidia: [{ model: h100 }] } } }
  placement:
    here: { pricing: { train: { denom: uakt, amount: 500000 } } }
deployment:
  train: { here: { profile: train, count: 1 } }
"#;

/// An agent whose gateway and metrics can be asked.
struct Environment {
    fixture: Fixture,
    config: PathBuf,
    cluster: Cluster,
    gateway: Client,
    metrics: String,
}

impl Environment {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let config = configure(&fixture, "agent", "");
        let (gateway, metrics) = (free_port(), free_port());
        let text = std::fs::read_to_string(&config).unwrap();
        let text = text.replace("127.0.0.1:0", &format!("127.0.0.1:{gateway}"));
        let text = format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n");
        std::fs::write(&config, text).unwrap();
        let cluster = Cluster::of(&config).await;
        let gateway = client(&fixture, &config, gateway);
        Self { fixture, config, cluster, gateway, metrics: format!("http://127.0.0.1:{metrics}") }
    }

    /// The node with the GPUs.
    async fn node(&self) -> String {
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        let with = ListParams::default().labels("nvidia.com/gpu.present=true");
        nodes.list(&with).await.unwrap().items[0].metadata.name.clone().unwrap()
    }

    async fn cordon(&self, node: &str, cordoned: bool) {
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        let patch = Patch::Merge(json!({"spec": {"unschedulable": cordoned}}));
        nodes.patch(node, &PatchParams::default(), &patch).await.unwrap();
    }

    async fn leave_gpus(&self, node: &str, left: u32) {
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        let status = json!({"allocatable": {"nvidia.com/gpu": left.to_string()}});
        let patch = Patch::Merge(json!({"status": status}));
        nodes.patch_status(node, &PatchParams::default(), &patch).await.unwrap();
    }

    /// GPUs that the pods of a lease request; none if there is no workload.
    async fn requested(&self, order: OrderId) -> Option<Value> {
        let all = self.cluster.namespaced::<Deployment>(order);
        let found = all.get_opt("train").await.ok()??;
        let pod = serde_json::to_value(found.spec?.template.spec?).unwrap();
        Some(pod["containers"][0]["resources"]["requests"]["nvidia.com/gpu"].clone())
    }

    async fn status(&self, what: &str, is: impl Fn(&LeaseStatus) -> bool, order: OrderId) {
        until(what, async || self.gateway.lease_status(order).await.ok().filter(|one| is(one)))
            .await;
    }

    async fn get(&self, route: &str) -> Option<(u16, String)> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("{}{route}", self.metrics)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// A lease that runs with its GPU.
    async fn running(&self, agent: &InProcess) -> Leased {
        let leased = lease(&self.fixture, agent, "ann", TRAIN).await;
        accepted(&agent.store, &leased).await;
        self.status("it runs", |one| one.phase == Phase::Ready, leased.order).await;
        assert_eq!(self.requested(leased.order).await, Some(json!("1")));
        leased
    }
}

/// The tenant's client.
pub fn client(fixture: &Fixture, config: &Path, port: u16) -> Client {
    let certificate = CertificateDer::from_pem_file(config.with_file_name("gateway.crt"));
    let pin = Pin::of_certificate(&certificate.must("certificate")).must("pin");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let claims = Claims {
        iss: address("ann"),
        aud: Audience {
            chain_id: CHAIN_ID.into(),
            orderbook: fixture.contracts.orderbook.clone(),
            provider: address("provider"),
        },
        iat: now - 10,
        exp: now + 600,
        access: Access::Full,
    };
    let wallet = SigningKey::from_slice(key("ann").to_bytes().as_slice()).unwrap();
    let client = Client::new(&format!("https://127.0.0.1:{port}"), &[pin]).must("client");
    client.with_token(issue(&wallet, &claims))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_reservation_is_gone_waits_with_a_reason_and_what_runs_keeps_its_gpu() {
    let environment = Environment::new().await;
    let agent = InProcess::start(&environment.config).await;
    let leased = environment.running(&agent).await;
    agent.stop().await;

    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // The last two may not be there.
        let _ = std::fs::remove_file(environment.config.with_file_name(file));
    }
    let node = environment.node().await;
    environment.cordon(&node, true).await;
    let agent = InProcess::start(&environment.config).await;
    until("the lease again", async || {
        agent.store.order(leased.order).await.unwrap()?.detail?;
        agent.store.lease(leased.order).await.unwrap()
    })
    .await;
    accepted(&agent.store, &leased).await;
    let waits = |one: &LeaseStatus| {
        let detail = one.detail.as_deref().unwrap_or_default();
        detail.contains("service train asks for 1 GPUs a replica, and none is reserved")
    };
    environment.status("the reason", waits, leased.order).await;
    assert_eq!(environment.requested(leased.order).await, Some(json!("1")));

    // With the node the reservation comes back, and the lease goes on.
    environment.cordon(&node, false).await;
    environment
        .status("it runs", |one| one.phase == Phase::Ready && !waits(one), leased.order)
        .await;
    assert_eq!(environment.requested(leased.order).await, Some(json!("1")));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gpu_that_fails_is_named_to_tenant_and_operator_and_its_node_gets_no_bid() {
    let environment = Environment::new().await;
    let agent = InProcess::start(&environment.config).await;
    let leased = environment.running(&agent).await;
    let node = environment.node().await;
    let fault = format!("GPUs of node {node}: 1 of 2 nvidia.com/gpu failed");

    environment.leave_gpus(&node, 1).await;
    // The node's name is the operator's.
    let shown = fault.replace(&format!("node {node}"), "the node");
    let named = |one: &LeaseStatus| one.detail.as_deref() == Some(shown.as_str());
    environment.status("the tenant sees it", named, leased.order).await;
    let (code, health) = until("health", async || {
        environment.get("/healthz").await.filter(|(_, text)| text.contains("\"gpus\""))
    })
    .await;
    assert!(code == 503 && health.contains(&fault), "{code} {health}");
    let (_, metrics) = environment.get("/metrics").await.unwrap();
    let gauge = format!("souk_provider_gpu_faults{{node=\"{node}\"}} 1");
    assert!(metrics.contains(&gauge), "{metrics}");
    let order = environment.fixture.order("bob", gpu_app("more", "h100", 1)).await;
    agent.decision(order, "no node has one of the GPUs").await;

    // It is mended.
    environment.leave_gpus(&node, 2).await;
    until("a bid", || environment.fixture.own_bid(order)).await;
    environment.status("all is well", |one| one.detail.is_none(), leased.order).await;
    agent.stop().await;
}
