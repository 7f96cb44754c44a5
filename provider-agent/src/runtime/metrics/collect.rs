//! Collects the metrics at each scrape.

use std::{collections::BTreeSet, fmt, sync::atomic::AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use souk_api::orderbook::LeaseState;
use souk_chain::rpc::EndpointHealth;

use super::Sources;
use crate::{
    cluster::kube::cache::Watched,
    model::{
        BidProgress, health::Part, interfaces::CapacitySource, kept::Kept, placement::Limits,
        quoting::OpenQuotes,
    },
    runtime::lock::LockState,
    store::{StoreError, bids, kept_volumes, leases, orders, pending, quotes},
};

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub(super) enum CollectError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text.
    #[error("the metrics cannot be encoded")]
    Encode(#[from] fmt::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Progress {
    progress: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Declined {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Component {
    component: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Node {
    node: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Class {
    class: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Resource {
    resource: String,
}

/// What is counted in the store.
struct Counts {
    open_orders: u64,
    bids: Vec<(BidProgress, u64)>,
    leases: Vec<(LeaseState, bool, u64)>,
    pending: usize,
    kept: Vec<Kept>,
    quotes: u32,
}

/// All metrics in the text format of OpenMetrics.
pub(super) async fn collect(sources: &Sources) -> Result<String, CollectError> {
    let mut metrics = Metrics(Registry::with_prefix("souk_provider"));
    let following = sources.following.borrow().clone();
    metrics.gauge("store_height", "Last block in the store", following.height);
    metrics.gauge("chain_height", "Last block of the chain", following.head);
    metrics.gauge("block_timestamp_seconds", "Time of the last block", following.time);
    metrics.counter("store_rebuilds", "Rebuilds of the store from queries", following.rebuilds);
    metrics.counter("unreadable_events", "Events not readable", following.unreadable);
    let findings = sources.findings.now();
    metrics.counter(
        "contradicted_events",
        "Ends of leases that only events say",
        findings.contradicted,
    );
    metrics.counter("audit_differences", "Differences of store and chain", findings.differences);
    metrics.counter(
        "absences",
        "Leases that ended since the provider was absent",
        findings.absences,
    );
    metrics.gauge(
        "undecided",
        "Questions on which endpoints do not agree",
        len(findings.undecided.len()),
    );
    from_store(&mut metrics, sources, following.time).await?;
    from_pipeline(&mut metrics, sources);
    from_cluster(&mut metrics, sources);
    from_heartbeats(&mut metrics, sources);
    from_quotes(&mut metrics, sources);
    let errors = super::judge(&super::reports(sources).await).errors.into_iter();
    let failing: BTreeSet<String> = errors.map(|error| error.component).collect();
    let parts = Family::<Component, Gauge>::default();
    for part in Part::ALL {
        let gauge = parts.get_or_create_owned(&Component { component: part.as_str() });
        gauge.set(failing.contains(part.as_str()).into());
    }
    metrics.0.register("component_failing", "1 for a part that has an error in health", parts);
    let faults = sources.capacity.borrow().faults.clone();
    let faults = faults.into_iter().map(|fault| Node { node: fault.node });
    metrics.gauges(
        "gpu_faults",
        "1 for a node whose GPUs fail or are not what leases hold",
        faults,
    );
    metrics.gauge(
        "leases_awaiting_manifest",
        "Leases whose manifests are missing, and that run or are older than the store",
        len(super::awaiting_manifest(sources).await),
    );
    metrics.gauge(
        "leases_refused",
        "Leases of which Kubernetes refuses something",
        len(sources.progress.refused().len()),
    );
    let held = matches!(*sources.lock.borrow(), LockState::Held);
    metrics.gauge("lock_held", "1 if no other agent can act for this provider", held.into());
    sources.leases.register(&mut metrics.0);
    let mut text = String::new();
    encode(&mut text, &metrics.0)?;
    Ok(text)
}

async fn from_store(
    metrics: &mut Metrics,
    sources: &Sources,
    now: u64,
) -> Result<(), CollectError> {
    let counts = sources
        .store
        .read(move |sql| {
            Ok::<_, StoreError>(Counts {
                open_orders: orders::count_open(sql)?,
                bids: bids::count(sql)?,
                leases: leases::count(sql, now)?,
                pending: pending::list(sql, 10_000)?.len(),
                kept: kept_volumes::all(sql)?,
                quotes: OpenQuotes::new(quotes::all(sql)?).slots(),
            })
        })
        .await?;
    metrics.gauge("open_orders", "Orders that take bids", counts.open_orders);
    metrics.gauge("pending_fetches", "Details still to be fetched", len(counts.pending));
    let bids = counts.bids.into_iter();
    let bids = bids.map(|(progress, count)| (Progress { progress: progress.to_string() }, count));
    metrics.counted("bids", "Own bids by progress", bids);
    let state = |(state, funded, count): (LeaseState, bool, u64)| {
        let state = match (state, funded) {
            (LeaseState::Active, true) => "funded".to_owned(),
            (LeaseState::Active, false) => "depleted".to_owned(),
            (other, _) => other.to_string(),
        };
        (State { state }, count)
    };
    metrics.counted("leases", "Own leases by state", counts.leases.into_iter().map(state));
    kept(metrics, &counts.kept);
    let help = "Reservations of signed quotes that hold";
    metrics.gauge("quotes_open", help, counts.quotes.into());
    Ok(())
}

fn kept(metrics: &mut Metrics, kept: &[Kept]) {
    let (count, bytes) = (Family::<Class, Gauge>::default(), Family::<Class, Gauge>::default());
    for volume in kept.iter().flat_map(|one| &one.volumes) {
        let class = Class { class: volume.class.clone() };
        count.get_or_create(&class).inc();
        let more = i64::try_from(volume.bytes).unwrap_or(i64::MAX);
        bytes.get_or_create(&class).inc_by(more);
    }
    metrics.0.register("kept_volumes", "Volumes of leases that ended", count);
    metrics.0.register("kept_volume_bytes", "Bytes of volumes of leases that ended", bytes);
}

fn from_pipeline(metrics: &mut Metrics, sources: &Sources) {
    let status = sources.pipeline.status().borrow().clone();
    metrics.gauge("outbox_messages", "Messages that wait to be sent", status.queued);
    metrics.counter("transactions_included", "Transactions in blocks", status.included);
    metrics.counter("messages_failed", "Messages that failed", status.failed);
    let endpoints = sources.client.endpoints();
    let usable =
        endpoints.iter().filter(|e| !matches!(e.health, EndpointHealth::SetAside(_))).count();
    metrics.gauge("rpc_endpoints", "Configured RPC endpoints", len(endpoints.len()));
    metrics.gauge("rpc_endpoints_usable", "RPC endpoints that are used", len(usable));
}

/// What is not known yet is left out.
fn from_heartbeats(metrics: &mut Metrics, sources: &Sources) {
    let state = sources.heartbeats.borrow().clone();
    metrics.counter("heartbeats", "Heartbeats sent", state.sent);
    if let Some(seen) = state.seen_at {
        let help = "When the chain last saw the provider, block time";
        metrics.gauge("seen_timestamp_seconds", help, seen);
    }
    if let Some(heartbeats) = state.affordable {
        let help = "Heartbeats that the operator's coins pay for";
        metrics.gauge("heartbeats_affordable", help, heartbeats);
    }
}

fn from_quotes(metrics: &mut Metrics, sources: &Sources) {
    let totals = sources.quotes.totals();
    metrics.counter("quotes_asked", "Groups for which quotes were asked", totals.asked);
    metrics.counter("quotes_offered", "Quotes without a signature", totals.offered);
    metrics.counter("quotes_signed", "Signed quotes", totals.signed);
    metrics.counter("quotes_used", "Reservations of quotes that leases got", totals.used);
    metrics.counter("quotes_lapsed", "Reservations of quotes that lapsed", totals.lapsed);
    let declined = Family::<Declined, Counter>::default();
    for (reason, count) in totals.declined {
        declined.get_or_create(&Declined { reason }).inc_by(count);
    }
    metrics.0.register("quotes_declined", "Quotes that were not given, by reason", declined);
}

fn from_cluster(metrics: &mut Metrics, sources: &Sources) {
    let snapshot = sources.cluster.snapshot();
    metrics.gauge("cluster_up", "1 if the cluster's state is known", snapshot.is_ok().into());
    let watches = Family::<Resource, Gauge>::default();
    for watched in Watched::all() {
        let up = watches.get_or_create_owned(&Resource { resource: watched.resource() });
        up.set(sources.caches.is_up(watched).into());
    }
    metrics.0.register("watch_up", "1 if leases' objects of a kind are seen", watches);
    let deletions = sources.caches.deletions();
    let now = super::now();
    let help = "Namespaces of leases that are being deleted";
    metrics.gauge("namespaces_terminating", help, len(deletions.len()));
    let help = "Those that are being deleted for longer than metrics.deletion_warning";
    metrics.gauge("namespaces_held", help, len(super::held(sources, now).len()));
    let help = "Pods that are left in namespaces that are being deleted";
    metrics.gauge(
        "namespaces_terminating_pods",
        help,
        deletions.iter().map(|one| len(one.pods)).sum(),
    );
    let help = "Age of the oldest deletion of a namespace";
    let oldest = deletions.iter().map(|one| one.seconds(now)).max().unwrap_or(0);
    metrics.gauge("namespaces_terminating_oldest_seconds", help, oldest);
    let failed = sources.caches.failed_pods().iter().map(|(_, pods)| len(pods.len())).sum();
    metrics.gauge("failed_pods", "Pods of leases that failed", failed);
    let inventory = snapshot.unwrap_or_default().left(&[], &Limits::default());
    let free = inventory.free();
    metrics.gauge("nodes_usable", "Nodes that take tenants' pods", len(inventory.nodes.len()));
    metrics.cores("free_cpu_cores", "CPU not requested by pods", free.cpu_milli);
    metrics.gauge("free_memory_bytes", "Memory not requested by pods", free.memory);
    metrics.gauge("free_gpus", "GPUs not requested by pods", u64::from(free.gpu));
}

struct Metrics(Registry);

impl Metrics {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.0.register(name, help, gauge);
    }

    /// Thousandths of a core, as cores.
    fn cores(&mut self, name: &str, help: &str, milli: u64) {
        let gauge = Gauge::<f64, AtomicU64>::default();
        let milli = u32::try_from(milli).unwrap_or(u32::MAX);
        gauge.set(f64::from(milli) / 1_000.0);
        self.0.register(name, help, gauge);
    }

    /// A counter since the start of the process; its name ends in `_total` in the text.
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    /// How often each set of labels occurs.
    fn gauges<L>(&mut self, name: &str, help: &str, all: impl IntoIterator<Item = L>)
    where
        L: EncodeLabelSet + Clone + Eq + std::hash::Hash + fmt::Debug + Send + Sync + 'static,
    {
        self.counted(name, help, all.into_iter().map(|labels| (labels, 1)));
    }

    /// The sum of what is counted for each set of labels.
    fn counted<L>(&mut self, name: &str, help: &str, all: impl IntoIterator<Item = (L, u64)>)
    where
        L: EncodeLabelSet + Clone + Eq + std::hash::Hash + fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::<L, Gauge>::default();
        for (labels, count) in all {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            family.get_or_create(&labels).inc_by(count);
        }
        self.0.register(name, help, family);
    }
}

fn len(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
