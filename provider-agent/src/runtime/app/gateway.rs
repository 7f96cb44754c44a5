//! Assembles the gateway.

use std::sync::Arc;

use souk_gateway::token::{Audience, Policy};
use tokio_util::sync::CancellationToken;

use crate::{
    cluster::{
        inventory::ClusterView,
        kube::{cache::Caches, events::EventHub, logs::LogHub, objects::recipe},
        leases::{
            progress::ProgressMap,
            workloads::{ClusterWorkloads, Free},
        },
    },
    config::Config,
    gateway::{self, ServeError, State},
    market::lookup::ChainLookup,
    model::{
        health::Troubles, image::ImageRules, interfaces::CapacitySource, manifest::Rules,
        placement::Limits, scope::MarketScope,
    },
    store::Store,
};

/// The parts of the gateway.
pub(super) struct Parts {
    pub config: Arc<Config>,
    pub store: Store,
    /// For logs.
    pub logs: kube::Client,
    /// For watches of events.
    pub events: kube::Client,
    pub lookup: ChainLookup,
    pub caches: Caches,
    pub progress: ProgressMap,
    pub view: ClusterView,
    pub troubles: Troubles,
}

/// Serves until `stop`.
pub(super) async fn serve(parts: Parts, stop: CancellationToken) -> Result<(), ServeError> {
    let Parts { config, store, logs, events, lookup, caches, progress, view, troubles } = parts;
    let provider = config.provider.address.clone();
    let scope = MarketScope::of(&config);
    let workloads = ClusterWorkloads {
        events: EventHub::new(events),
        logs: LogHub::new(logs, caches.clone()),
        caches,
        store: store.clone(),
        cluster: Arc::new(config.cluster.clone()),
        recipe: recipe(&config.cluster, &scope),
        scope,
        progress,
        capacity: Arc::new(view.clone()),
        free: Box::new({
            let config = config.clone();
            move || free(&view, &config)
        }),
    };
    let audience = Audience {
        chain_id: config.chain.chain_id.clone(),
        orderbook: config.chain.contracts().orderbook.clone(),
        provider,
    };
    let policy = Policy { audience, prefix: config.chain.prefix.clone() };
    let rules = Rules {
        reserved_domains: config.cluster.reserved_domains().map(str::to_owned).collect(),
        images: ImageRules::of(&config.cluster),
    };
    let settings = config.gateway.clone();
    let state = State::new(store, lookup, Arc::new(workloads), policy, settings, rules)
        .reporting_to(troubles);
    let listening = |address| tracing::info!(%address, "gateway listening");
    gateway::serve(Arc::new(state), stop, listening).await
}

/// The free capacity without reservations, shown to anyone.
fn free(view: &ClusterView, config: &Config) -> Free {
    let Ok(snapshot) = view.snapshot() else { return Free::default() };
    let free = snapshot.left(&[], &Limits::of(config)).free();
    Free { cpu_milli: free.cpu_milli, memory: free.memory, gpus: u64::from(free.gpu) }
}
