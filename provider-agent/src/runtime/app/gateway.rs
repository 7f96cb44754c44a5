//! Assembles the gateway.

use std::sync::Arc;

use souk_gateway::token::{Audience, Policy};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    cluster::{
        capacity::CapacityState,
        kube::{cache::Caches, events::EventHub, logs::LogHub, objects::recipe},
        leases::{dry_run::DryRuns, progress::ProgressMap, workloads::ClusterWorkloads},
    },
    config::Config,
    gateway::{self, Quoting, ServeError, State, Word},
    market::{
        bidding::quoting::{HeadTimes, QuoteDesk},
        lookup::ChainLookup,
    },
    model::{
        health::Failures, hosts::Domains, image::ImageRules, manifest::Rules, scope::MarketScope,
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
    pub capacity: watch::Receiver<CapacityState>,
    pub dry_runs: DryRuns,
    pub word: Word,
    pub failures: Failures,
    pub desk: QuoteDesk,
    pub heads: HeadTimes,
}

/// Serves until `stop`.
pub(super) async fn serve(parts: Parts, stop: CancellationToken) -> Result<(), ServeError> {
    let Parts {
        config,
        store,
        logs,
        events,
        lookup,
        caches,
        progress,
        capacity,
        dry_runs,
        word,
        failures,
        desk,
        heads,
    } = parts;
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
        capacity,
        dry_runs,
    };
    let audience = Audience {
        chain_id: config.chain.chain_id.clone(),
        orderbook: config.chain.contracts().orderbook.clone(),
        provider,
    };
    let policy = Policy { audience, prefix: config.chain.prefix.clone() };
    let rules =
        Rules { domains: Domains::of(&config.cluster), images: ImageRules::of(&config.cluster) };
    let settings = config.gateway.clone();
    let (bidding, quotes) = (config.bidding.clone(), config.quotes.clone());
    let quoting = Quoting { desk, heads, bidding, quotes };
    let state = State::new(store, lookup, Arc::new(workloads), policy, settings, rules)
        .saying(word)
        .quoting(quoting)
        .reporting_to(failures);
    let listening = |address| tracing::info!(%address, "gateway listening");
    gateway::serve(Arc::new(state), stop, listening).await
}
