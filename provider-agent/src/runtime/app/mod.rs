//! Assembles the agent and runs its tasks as a group: one that ends ends all.

mod error;
mod gateway;
mod group;
mod reach;

use std::sync::Arc;

use souk_chain::{
    Client, Pipeline, PipelineHandle, SecretKey, follower::FollowerConfig,
    pipeline::PipelineConfig, rpc::RpcError, tx::GasConfig,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use error::AppError;
pub use group::TaskGroup;

use super::{
    descriptors::{self, Plan},
    metrics,
    reach::Expected,
};
use crate::{
    cluster::{
        inventory::{self as inventory, ClusterView},
        kube::{
            cache::Caches,
            client,
            streams::{self, EVENT_CONNECTIONS, LOG_CONNECTIONS},
        },
        leases::{
            failed_pods::FailedPods, metrics::LeaseMetrics, progress::ProgressMap,
            reconcile::Reconciler,
        },
    },
    config::{Config, SelfCheck},
    market::{
        Market,
        audit::{Auditor, Findings},
        bidding::{Bidder, Deps},
        fetch::{Fetcher, Subject},
        follow::{FollowState, FollowerTask},
        lookup::ChainLookup,
        outbox::Messages,
        upkeep::Upkeep,
    },
    model::{
        MarketId,
        health::{Part, Troubles},
        reach::LastAttempt,
        scope::MarketScope,
    },
    store::{Store, StoreError, Topic, digest_key},
};

/// Reads the operator key of the configuration.
///
/// # Errors
///
/// If it cannot be read or decrypted.
pub fn load_key(config: &Config) -> Result<SecretKey, AppError> {
    Ok(config.provider.key.source()?.load()?)
}

/// The transaction pipeline's settings of the configuration.
pub fn pipeline_config(config: &Config) -> PipelineConfig {
    let gas = GasConfig {
        max_price: config.chain.max_gas_price(),
        ..GasConfig::new(config.chain.gas_price.clone())
    };
    PipelineConfig::new(&config.chain.prefix, gas)
}

/// Opens the store of the configuration and binds it to the market.
///
/// # Errors
///
/// If it cannot be opened or is of another market.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let store = Store::open(&config.store.path)?;
    let market = MarketId {
        chain_id: config.chain.chain_id.clone(),
        orderbook: config.chain.contracts().orderbook.clone(),
    };
    store.bind_market(market).await?;
    Ok(store)
}

/// The agent, ready to run.
pub struct Agent {
    config: Arc<Config>,
    store: Store,
    client: Client,
    market: Market,
    pipeline: Pipeline,
    messages: Messages,
    cluster: kube::Client,
    following: watch::Sender<FollowState>,
    reach: watch::Sender<LastAttempt>,
    findings: Findings,
    troubles: Troubles,
}

impl Agent {
    /// Opens store, key and clients. A chain or cluster that does not answer is waited for later.
    ///
    /// # Errors
    ///
    /// If the configuration, key or store cannot be used, or the chain is another one.
    pub async fn new(mut config: Config) -> Result<Self, AppError> {
        divide_descriptors(&mut config)?;
        let config = Arc::new(config);
        let key = load_key(&config)?;
        let store = open_store(&config).await?;
        let client = Client::new(config.chain.client())?;
        if let Err(wrong @ RpcError::WrongChain { .. }) = client.status().await {
            return Err(wrong.into());
        }
        let pipeline =
            Pipeline::open(pipeline_config(&config), client.clone(), key, &config.store.path)?;
        let contracts = config.chain.contracts().clone();
        let provider = config.provider.address.clone();
        let messages = Messages {
            operator: pipeline.address().to_owned(),
            provider: provider.clone(),
            contracts: contracts.clone(),
        };
        let market = Market::new(client.query(), contracts, provider);
        let cluster = client::from_config(&config.cluster).await?;
        let following = watch::Sender::new(FollowState::default());
        let (findings, reach) = (Findings::default(), watch::Sender::new(LastAttempt::default()));
        Ok(Self {
            config,
            store,
            client,
            market,
            pipeline,
            messages,
            cluster,
            following,
            reach,
            findings,
            troubles: Troubles::default(),
        })
    }

    /// The store.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Runs until `stop`.
    ///
    /// # Errors
    ///
    /// If one of the tasks ends by itself.
    pub async fn run(self, stop: CancellationToken) -> Result<(), AppError> {
        let mut tasks = TaskGroup::new(stop.clone());
        let stop = tasks.stop();
        let pipeline = self.pipeline.handle();
        let provider = self.config.provider.address.clone();

        let scope = MarketScope::of(&self.config);
        let nodes = &self.config.cluster.node_labels();
        let claims = self.troubles.of(Part::Claims);
        let (view, watches) =
            inventory::start(self.cluster.clone(), &scope, nodes, &self.store, claims, &stop);
        tasks.forever("inventory", watches);
        let (caches, watches) = Caches::start(self.cluster.clone(), &scope, stop.clone());
        tasks.forever("caches", watches);

        let following = FollowerTask {
            market: self.market.clone(),
            client: self.client.clone(),
            store: self.store.clone(),
            pipeline: Some(pipeline.clone()),
            config: FollowerConfig::default(),
            state: self.following.clone(),
        };
        tasks.spawn("follower", following.run(stop.clone()));
        for (part, subject) in
            [(Part::Details, Subject::Details), (Part::Confirmations, Subject::Confirmations)]
        {
            let fetcher = Fetcher {
                market: self.market.clone(),
                store: self.store.clone(),
                findings: self.findings.clone(),
                subject,
                health: self.troubles.of(part),
            };
            tasks.spawn(part.as_str(), fetcher.run(stop.clone()));
        }
        let auditor = Auditor {
            market: self.market.clone(),
            store: self.store.clone(),
            findings: self.findings.clone(),
            interval: self.config.chain.audit_interval.duration(),
            health: self.troubles.of(Part::Audit),
        };
        tasks.spawn("audit", auditor.run(stop.clone()));
        let bidder = Bidder::new(Deps {
            market: self.market.clone(),
            store: self.store.clone(),
            config: self.config.clone(),
            messages: self.messages.clone(),
            cluster: Arc::new(view.clone()),
            following: self.following.subscribe(),
            health: self.troubles.of(Part::Bidding),
        });
        tasks.spawn("bidding", bidder.run(stop.clone()));
        let upkeep = Upkeep {
            market: self.market.clone(),
            store: self.store.clone(),
            messages: self.messages.clone(),
            policy: self.config.bidding.clone(),
            following: self.following.subscribe(),
            namespaces: Arc::new(caches.clone()),
            reach: self.reach(),
            health: self.troubles.of(Part::Upkeep),
        };
        tasks.spawn("upkeep", upkeep.run(stop.clone()));
        let (leases, progress) =
            self.spawn_leases(&mut tasks, &stop, caches.clone(), &view).await?;
        if self.config.gateway.self_check != SelfCheck::Off {
            let expected = Expected::new(&self.config);
            let task = reach::run(expected, self.market.clone(), self.reach.clone(), stop.clone());
            tasks.spawn("self check", task);
        }
        let (cluster, caches) = (view, caches);
        let observed = Observed { cluster, caches, leases, progress };
        self.spawn_metrics(&mut tasks, &stop, &pipeline, observed).await?;
        tasks.forever("outbox", connect_outbox(self.store.clone(), pipeline, stop.clone()));
        tasks.spawn("pipeline", self.pipeline.run(stop.clone()));
        tracing::info!(%provider, operator = %self.messages.operator, "agent started");
        tasks.join().await
    }

    /// The attempts to reach the gateway; none if the configuration wants none.
    fn reach(&self) -> Option<watch::Receiver<LastAttempt>> {
        (self.config.gateway.self_check != SelfCheck::Off).then(|| self.reach.subscribe())
    }

    async fn spawn_leases(
        &self,
        tasks: &mut TaskGroup,
        stop: &CancellationToken,
        caches: Caches,
        view: &ClusterView,
    ) -> Result<(LeaseMetrics, ProgressMap), AppError> {
        let lookup = ChainLookup::new(self.market.clone());
        let reconciler = Reconciler::new(
            self.cluster.clone(),
            caches.clone(),
            self.store.clone(),
            Arc::new(lookup.separate()),
            Arc::new(self.config.cluster.clone()),
            Arc::new(self.store.write(digest_key::get_or_make).await?),
            MarketScope::of(&self.config),
        );
        let (progress, metrics) = (reconciler.progress.clone(), reconciler.metrics.clone());
        tasks.forever("leases", reconciler.run(stop.clone()));
        let failed = FailedPods {
            client: self.cluster.clone(),
            caches: caches.clone(),
            scope: MarketScope::of(&self.config),
            health: self.troubles.of(Part::FailedPods),
        };
        tasks.forever("failed pods", failed.run(stop.clone()));
        let parts = gateway::Parts {
            config: self.config.clone(),
            store: self.store.clone(),
            logs: streams::from_config(&self.config.cluster, LOG_CONNECTIONS).await?,
            events: streams::from_config(&self.config.cluster, EVENT_CONNECTIONS).await?,
            lookup,
            caches,
            progress: progress.clone(),
            view: view.clone(),
            troubles: self.troubles.clone(),
        };
        tasks.spawn("gateway", gateway::serve(parts, stop.clone()));
        Ok((metrics, progress))
    }

    async fn spawn_metrics(
        &self,
        tasks: &mut TaskGroup,
        stop: &CancellationToken,
        pipeline: &PipelineHandle,
        observed: Observed,
    ) -> Result<(), AppError> {
        let Some(address) = self.config.metrics.listen else { return Ok(()) };
        let sources = metrics::Sources {
            store: self.store.clone(),
            following: self.following.subscribe(),
            findings: self.findings.clone(),
            pipeline: pipeline.clone(),
            cluster: observed.cluster,
            caches: observed.caches,
            leases: observed.leases,
            progress: observed.progress,
            troubles: self.troubles.clone(),
            deletion_warning: self.config.metrics.deletion_warning.0,
            client: self.client.clone(),
            reach: self.reach(),
        };
        let listener = metrics::bind(address).await?;
        tasks.spawn("metrics", metrics::serve(listener, sources, stop.clone()));
        Ok(())
    }
}

/// What the metrics show of the cluster.
struct Observed {
    cluster: ClusterView,
    caches: Caches,
    leases: LeaseMetrics,
    progress: ProgressMap,
}

/// Raises the limit of open files and gives the gateway what is left of it.
fn divide_descriptors(config: &mut Config) -> Result<(), AppError> {
    let plan = Plan::of(config, descriptors::raise().map_err(AppError::Limit)?)?;
    if let Some((found, advice)) = plan.shortage() {
        tracing::warn!("{found}; {advice}");
    }
    config.gateway.limits.connections = plan.connections;
    Ok(())
}

/// Connects the store and the pipeline: a message committed to the outbox wakes the pipeline, and an
/// outcome notifies the listeners of orders.
async fn connect_outbox(store: Store, pipeline: PipelineHandle, stop: CancellationToken) {
    let mut committed = store.listen(&[Topic::Outbox]);
    let mut ended = pipeline.changes();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = committed.changed() => pipeline.wake(),
            changed = ended.changed() => match changed {
                Ok(()) => store.wake(Topic::Orders),
                // The pipeline is gone and the group is about to stop.
                Err(_) => stop.cancelled().await,
            },
        }
    }
}
