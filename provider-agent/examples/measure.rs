//! Measures the agent against an embedded chain and cluster and prints what it found:
//!
//!     cargo run --profile dist -p souk-provider --example measure [LEASES]
//!
//! How many blocks pass between an order's event and the bid, how long a crowd of orders takes,
//! and how much memory the agent's process holds with so many leases.
#![allow(clippy::unwrap_used, dead_code, unused_imports)]

#[path = "../tests/suite/manifests.rs"]
mod manifests;
#[path = "../tests/suite/support/mod.rs"]
mod support;

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use souk_core::OrderId;
use souk_kubesim::{ClusterSpec, NodeSpec, spec::Timing};
use souk_provider::{app::Agent, config::Config, store::Store};
use support::{Options, World, agent::configure, until};
use tokio_util::sync::CancellationToken;

/// One service behind an ingress.
const SITE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [TOKEN=secret]
    expose: [{ port: 80, to: [{ global: true }] }]
profiles:
  compute:
    web:
      resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: { size: 64Mi } }
  placement:
    here: { pricing: { web: { denom: uakt, amount: 500 } } }
deployment:
  web: { here: { profile: web, count: 1 } }
"#;

const AGENT: &str = "SOUK_MEASURE_AGENT";

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(config) = std::env::var_os(AGENT) {
        let config = Config::load(Path::new(&config)).unwrap();
        return Agent::new(config).await.unwrap().run(CancellationToken::new()).await.unwrap();
    }
    let leases = std::env::args().nth(1).map_or(100, |text| text.parse().unwrap());
    let cluster = ClusterSpec {
        nodes: vec![NodeSpec::new("node", 50, "32", "128Gi")],
        timing: Timing::fast(),
        ..ClusterSpec::default()
    };
    let options =
        Options { cluster, slots: 10_000, block: Duration::from_millis(500), ..Options::default() };
    let world = World::with(options).await;
    let config = configure(&world, "agent", "max_open_bids_per_tenant = 100000");
    let agent = tokio::process::Command::new(std::env::current_exe().unwrap())
        .env(AGENT, &config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = agent.id().unwrap();
    let loaded = Config::load(&config).unwrap();
    until("the agent's store", async || loaded.store.path.exists().then_some(())).await;
    let store = Store::open(&loaded.store.path).unwrap();
    until("the agent's first block", async || store.cursor().await.unwrap()).await;
    println!("memory with no lease: {} MiB", memory(pid));

    let mut delays = Vec::new();
    let began = Instant::now();
    for _ in 0..leases {
        let leased = manifests::tender(&world, "ann", SITE).await;
        delays.push(delay(&world, &store, leased.order).await);
        world.accept("ann", leased.order, "provider").await;
        manifests::accepted(&store, &leased).await;
    }
    delays.sort_unstable();
    println!(
        "blocks from an order's event to the bid on the book: median {}, most {}",
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
    until("all leases", async || {
        (store.active_leases().await.unwrap().len() >= leases).then_some(())
    })
    .await;
    println!("{leases} orders, bids and leases one after another: {:?}", began.elapsed());
    let cluster = manifests::Cluster::of(&config).await;
    until("a running pod of each lease", async || {
        let pods: kube::Api<k8s_openapi::api::core::v1::Pod> =
            kube::Api::all(cluster.client.clone());
        let ours = kube::api::ListParams::default().labels(souk_provider::labels::ORDER);
        let pods = pods.list(&ours).await.ok()?.items;
        let running = |pod: &k8s_openapi::api::core::v1::Pod| {
            pod.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Running")
        };
        (pods.iter().filter(|pod| running(pod)).count() >= leases).then_some(())
    })
    .await;
    println!("memory with {leases} leases: {} MiB", memory(pid));
}

/// Blocks between the event of an order and that of the bid on it.
async fn delay(world: &World, store: &Store, order: OrderId) -> u64 {
    let bid = until("a bid", || world.own_bid(order)).await;
    let row = until("the order", async || store.order(order).await.unwrap()).await;
    let mut height = row.opened_height;
    loop {
        let block = world.client.block(height).await.unwrap().header.time.seconds;
        if block >= bid.placed_at {
            return height - row.opened_height;
        }
        height += 1;
    }
}

/// Resident memory of a process in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1_024
}
