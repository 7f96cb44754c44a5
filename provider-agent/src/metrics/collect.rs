//! The figures, taken when they are asked for.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use souk_api::orderbook::LeaseState;
use souk_chain::rpc::EndpointHealth;

use super::Sources;
use crate::{
    inventory::{Inventory, Limits},
    store::{StoreError, bids, leases, orders, pending},
};

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(super) enum CollectError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text.
    #[error("the figures cannot be written")]
    Write(#[from] fmt::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

/// Everything the store counts.
struct Counts {
    open_orders: usize,
    bids: Vec<String>,
    leases: Vec<(LeaseState, bool)>,
    pending: usize,
}

/// All figures as Prometheus reads them.
pub(super) async fn collect(sources: &Sources) -> Result<String, CollectError> {
    let following = sources.following.borrow().clone();
    let now = following.time;
    let counts = sources
        .store
        .read(move |sql| {
            let funded = leases::all(sql)?.into_iter().map(|l| (l.state, l.is_funded_at(now)));
            Ok::<_, StoreError>(Counts {
                open_orders: orders::open(sql)?.len(),
                bids: bids::all(sql)?.iter().map(|bid| bid.progress.to_string()).collect(),
                leases: funded.collect(),
                pending: pending::list(sql, 10_000)?.len(),
            })
        })
        .await?;

    let mut figures = Figures(Registry::with_prefix("souk_provider"));
    figures.one("height", "last block in the store", following.height);
    figures.one("head", "chain's head as last seen", following.head);
    figures.one("block_time_seconds", "time of the last block", following.time);
    figures.one("rebuilds", "rebuilds of the store from queries", following.rebuilds);
    figures.one("unreadable_events", "events that could not be read", following.unreadable);
    figures.one("open_orders", "orders that take bids", len(counts.open_orders));
    figures.one("pending_fetches", "details waiting to be fetched", len(counts.pending));
    figures.many("bids", "own bids by progress", counts.bids);
    let state = |(state, funded): (LeaseState, bool)| match (state, funded) {
        (LeaseState::Active, true) => "funded".to_owned(),
        (LeaseState::Active, false) => "depleted".to_owned(),
        (other, _) => other.to_string(),
    };
    figures.many("leases", "own leases by state", counts.leases.into_iter().map(state));

    let status = sources.pipeline.status().borrow().clone();
    figures.one("outbox_queued", "messages that wait", status.queued);
    figures.one("transactions_included", "since the start", status.included);
    figures.one("messages_failed", "since the start", status.failed);
    let endpoints = sources.client.endpoints();
    let usable =
        endpoints.iter().filter(|e| !matches!(e.health, EndpointHealth::SetAside(_))).count();
    figures.one("rpc_endpoints", "configured", len(endpoints.len()));
    figures.one("rpc_endpoints_usable", "not set aside at present", len(usable));

    let seen = sources.cluster.observe();
    figures.one("cluster_seen", "1 if the cluster can be judged", u64::from(seen.is_some()));
    let seen = seen.unwrap_or_default();
    let inventory = Inventory::new(&seen.nodes, &seen.pods, &[], &Limits::default());
    let free = inventory.free();
    figures.one("nodes_usable", "nodes that take tenants", len(inventory.nodes.len()));
    figures.one("free_cpu_milli", "not requested by pods", free.cpu_milli);
    figures.one("free_memory_bytes", "not requested by pods", free.memory);
    figures.one("free_gpus", "not requested by pods", u64::from(free.gpu));

    let mut text = String::new();
    encode(&mut text, &figures.0)?;
    Ok(text)
}

struct Figures(Registry);

impl Figures {
    fn one(&mut self, name: &str, help: &str, value: u64) {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.0.register(name, help, gauge);
    }

    fn many(&mut self, name: &str, help: &str, kinds: impl IntoIterator<Item = String>) {
        let family = Family::<Kind, Gauge>::default();
        for kind in kinds {
            family.get_or_create(&Kind { kind }).inc();
        }
        self.0.register(name, help, family);
    }
}

fn len(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
