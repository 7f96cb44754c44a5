//! The agent's own parts, filled one after the other as at its start.

use std::{path::Path, time::Duration};

use souk_provider::{
    cluster::{
        capacity::{CapacityState, Counter},
        inventory,
        kube::{cache::Caches, client::from_config},
        leases::{index::LeaseIndex, progress::ProgressMap},
    },
    config::Cluster,
    model::{
        health::{Failures, Part},
        interfaces::CapacitySource,
        placement::Limits,
    },
    store::{Store, applied},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    allocated::{self, Memory},
    objects, server,
};

/// Longer than anything takes.
const TIMEOUT: Duration = Duration::from_secs(600);
/// Longer than an allocator waits before it gives memory back.
const REST: Duration = Duration::from_secs(5);

/// A part after the other.
struct Report {
    leases: u64,
    last: Memory,
    at: Instant,
}

impl Report {
    fn part(&mut self, name: &str) {
        let now = allocated::now();
        let kib = |bytes: usize| bytes / 1_024;
        let each = (now.live as f64 - self.last.live as f64) / self.leases as f64;
        println!(
            "  {name:30} live {:7} KiB, {each:6.0} bytes a lease more; peak {:7} KiB; anonymous {:7} KiB; {:5.1} s",
            kib(now.live),
            kib(now.peak),
            kib(now.anonymous),
            self.at.elapsed().as_secs_f64(),
        );
        (self.last, self.at) = (now, Instant::now());
    }
}

/// Fills all parts and prints what each takes.
#[tokio::main]
pub async fn run(leases: u64, address: &str, path: &Path) {
    let mut report = Report { leases, last: allocated::now(), at: Instant::now() };
    report.part("nothing");
    let store = Store::open(path).unwrap();
    let index = LeaseIndex::default();
    index.load(&store).await.unwrap();
    report.part("index of leases");
    let progress = ProgressMap::default();
    progress.restore(store.read(applied::all).await.unwrap());
    report.part("what was applied");

    let client = from_config(&cluster(address, path)).await.unwrap();
    let (scope, stop) = (objects::scope(), CancellationToken::new());
    let (caches, watches) = Caches::start(client.clone(), &scope, stop.clone());
    tokio::spawn(watches);
    until(|| caches.is_settled()).await;
    assert_eq!(caches.problems(), [""; 0]);
    assert_eq!(caches.orders().len() as u64, leases);
    report.part("what is seen of leases");

    let claims = Failures::default().of(Part::Claims);
    let (view, watches) = inventory::start(client.clone(), &scope, "", &store, claims, &stop);
    tokio::spawn(watches);
    until(|| view.snapshot().is_ok()).await;
    report.part("nodes and pods");
    let state = tokio::sync::watch::Sender::new(CapacityState::default());
    let counter = Counter {
        cluster: view,
        store: store.clone(),
        limits: Limits::default(),
        state: state.clone(),
    };
    tokio::spawn(counter.run(stop.clone()));
    until(|| *state.borrow() != CapacityState::default()).await;
    report.part("what is reserved");
    sleep(REST).await;
    report.part("at rest");

    let end = http::Request::post(server::END).body(Vec::new()).unwrap();
    client.request_text(end).await.unwrap();
    until(|| caches.orders().is_empty()).await;
    report.part("after all leases ended");
    sleep(REST).await;
    report.part("at rest");
    stop.cancel();
    drop(client);
    sleep(REST).await;
    report.part("without the API server");
    drop((index, progress, caches));
    report.part("without what was known");
}

/// The cluster whose API server is at an address.
fn cluster(address: &str, path: &Path) -> Cluster {
    let file = path.with_file_name("kubeconfig");
    let text = format!(
        "clusters: [{{ name: bench, cluster: {{ server: \"{address}\" }} }}]\n\
         users: [{{ name: bench, user: {{}} }}]\n\
         contexts: [{{ name: bench, context: {{ cluster: bench, user: bench }} }}]\n\
         current-context: bench\n"
    );
    std::fs::write(&file, text).unwrap();
    Cluster { kubeconfig: Some(file), ..Cluster::default() }
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting).await.unwrap();
}
