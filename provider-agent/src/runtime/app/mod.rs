//! Assembles the agent and runs its tasks as a group: one that ends ends all.

mod error;
mod gateway;
mod group;
mod keeper;
mod limits;
mod outbox;
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

use self::{
    keeper::Keeper,
    limits::divide_descriptors,
    outbox::{connect_outbox, obey},
};
use super::{
    lock::{Holder, Lock, LockState, Machine},
    metrics,
    reach::Expected,
};
use crate::{
    cluster::{
        capacity::{CapacityState, Counter},
        inventory::{self as inventory, ClusterView},
        kube::{
            cache::Caches,
            client::{self, Acting},
            other_hosts::OtherHosts,
            streams::{self, EVENT_CONNECTIONS, LOG_CONNECTIONS},
        },
        leases::{
            dry_run::DryRuns, failed_pods::FailedPods, metrics::LeaseMetrics,
            progress::ProgressMap, reconcile::Reconciler,
        },
    },
    config::{Config, SelfCheck},
    gateway::Word,
    market::{
        Market,
        audit::{Auditor, Findings},
        bidding::{
            Bidder, Deps,
            quoting::{HeadTimes, QuoteDesk, QuoteQuestions},
        },
        fetch::{Fetcher, Subject},
        follow::{FollowState, FollowerTask},
        heartbeat::{HeartbeatState, Heartbeats},
        lookup::ChainLookup,
        outbox::Messages,
        quote_key::KeyKeeper,
        upkeep::Upkeep,
    },
    model::{
        MarketId, QuoteKey, Registered,
        health::{Failures, Part},
        placement::Limits,
        reach::LastAttempt,
        scope::MarketScope,
    },
    store::{Store, StoreError, copies, copy_files, digest_key, quote_key},
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
/// If it cannot be opened, is of another market, or is half of one that was to be put back.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    copy_files::clear_leftovers(&config.store.path)?;
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
    /// For the lock, and to read.
    cluster: kube::Client,
    /// For what acts: it changes nothing while the lock is not held.
    acting: Acting,
    following: watch::Sender<FollowState>,
    reach: watch::Sender<LastAttempt>,
    /// The attempts to try a manifest.
    dry_runs: watch::Sender<LastAttempt>,
    findings: Findings,
    heartbeats: watch::Sender<HeartbeatState>,
    /// Where the gateway asks for quotes.
    desk: QuoteDesk,
    /// What the bidding loop answers, until it has it.
    questions: Option<QuoteQuestions>,
    /// The key with which it signs what it says off chain.
    quote_key: QuoteKey,
    /// Whose the registry has.
    registered: watch::Sender<Registered>,
    capacity: watch::Sender<CapacityState>,
    lock: watch::Sender<LockState>,
    /// By what the lock is held.
    holder: Holder,
    failures: Failures,
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
        let quote_key = quote_key::load_or_make(&config.store.path)?;
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
        let acting = Acting::from_config(&config.cluster).await?;
        let following = watch::Sender::new(FollowState::default());
        let (findings, reach) = (Findings::default(), watch::Sender::new(LastAttempt::default()));
        let identity = store.write(copies::identity_or_make).await?;
        let holder = Holder::new(&Machine::this(), &identity, pipeline.lock().file().ok());
        let (desk, questions) = QuoteDesk::new();
        let waiting = LockState::Waiting("the lock was not asked for yet".to_owned());
        Ok(Self {
            config,
            store,
            client,
            market,
            pipeline,
            messages,
            cluster,
            acting,
            following,
            reach,
            dry_runs: watch::Sender::default(),
            findings,
            heartbeats: watch::Sender::default(),
            desk,
            questions: Some(questions),
            quote_key,
            registered: watch::Sender::default(),
            capacity: watch::Sender::default(),
            lock: watch::Sender::new(waiting),
            holder,
            failures: Failures::default(),
        })
    }

    /// The store.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The attempts to try a manifest.
    pub fn manifest_attempts(&self) -> watch::Receiver<LastAttempt> {
        self.dry_runs.subscribe()
    }

    /// Runs until `stop`.
    ///
    /// # Errors
    ///
    /// If one of the tasks ends by itself.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), AppError> {
        let mut tasks = TaskGroup::new(stop.clone());
        let stop = tasks.stop();
        let pipeline = self.pipeline.handle();
        let provider = self.config.provider.address.clone();

        let scope = MarketScope::of(&self.config);
        let nodes = &self.config.cluster.node_labels();
        let claims = self.failures.of(Part::Claims);
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
                health: self.failures.of(part),
            };
            tasks.spawn(part.as_str(), fetcher.run(stop.clone()));
        }
        let auditor = Auditor {
            market: self.market.clone(),
            store: self.store.clone(),
            findings: self.findings.clone(),
            interval: self.config.chain.audit_interval.duration(),
            health: self.failures.of(Part::Audit),
        };
        tasks.spawn("audit", auditor.run(stop.clone()));
        let counter = Counter {
            cluster: view.clone(),
            store: self.store.clone(),
            limits: Limits::of(&self.config),
            state: self.capacity.clone(),
        };
        tasks.spawn("capacity", counter.run(stop.clone()));
        let reconciler = self.reconciler(caches.clone()).await?;
        let observed = Observed {
            cluster: view.clone(),
            caches: caches.clone(),
            leases: reconciler.metrics.clone(),
            progress: reconciler.progress.clone(),
        };
        self.spawn_metrics(&mut tasks, &stop, &pipeline, observed).await?;

        // Until no other agent acts for this provider, this one only reads.
        let idle = watch::Sender::new(self.lock.borrow().problem().map(str::to_owned));
        let questions = self.questions.take().unwrap_or_else(|| QuoteDesk::new().1);
        let deps = Deps {
            market: self.market.clone(),
            store: self.store.clone(),
            config: self.config.clone(),
            messages: self.messages.clone(),
            cluster: Arc::new(view.clone()),
            following: self.following.subscribe(),
            idle: idle.subscribe(),
            heartbeats: self.heartbeats.subscribe(),
            quote_key: self.quote_key.clone(),
            registered: self.registered.subscribe(),
            health: self.failures.of(Part::Bidding),
        };
        let bidder = Bidder::new(deps, questions);
        tasks.spawn("bidding", bidder.run(stop.clone()));
        let lock = Lock::new(
            self.cluster.clone(),
            scope.clone(),
            self.holder.clone(),
            self.acting.fence.clone(),
            self.lock.clone(),
        );
        let keeper = Keeper::start(lock, self.pipeline.lock());
        tasks.spawn("lock", keeper.watch(self.store.clone(), stop.clone()));
        let obey = obey(
            self.lock.subscribe(),
            idle.clone(),
            self.store.clone(),
            pipeline.clone(),
            stop.clone(),
        );
        tasks.forever("lock's effect", obey);
        let mut state = self.lock.subscribe();
        let may_act = async {
            // It ends with the agent.
            let _ = state.wait_for(LockState::may_act).await;
        };
        tasks.wait_for(may_act).await?;
        if !stop.is_cancelled() {
            self.spawn_acting(&mut tasks, &stop, reconciler, &caches, &idle).await?;
            tasks.forever("outbox", connect_outbox(self.store.clone(), pipeline, stop.clone()));
            tasks.spawn("pipeline", self.pipeline.run(stop.clone()));
            tracing::info!(%provider, operator = %self.messages.operator, "agent started");
        }
        let joined = tasks.join().await;
        // Another agent may act as soon as it is let go.
        keeper.end(joined.all_ended).await;
        joined.result
    }

    /// Starts what waited for the lock.
    async fn spawn_acting(
        &self,
        tasks: &mut TaskGroup,
        stop: &CancellationToken,
        reconciler: Reconciler,
        caches: &Caches,
        idle: &watch::Sender<Option<String>>,
    ) -> Result<(), AppError> {
        let upkeep = Upkeep {
            market: self.market.clone(),
            store: self.store.clone(),
            messages: self.messages.clone(),
            policy: self.config.bidding.clone(),
            following: self.following.subscribe(),
            idle: idle.subscribe(),
            namespaces: Arc::new(caches.clone()),
            attempts: self.reach().into_iter().chain([self.manifest_attempts()]).collect(),
            findings: self.findings.clone(),
            health: self.failures.of(Part::Upkeep),
        };
        tasks.spawn("upkeep", upkeep.run(stop.clone()));
        let heartbeats = Heartbeats {
            market: self.market.clone(),
            store: self.store.clone(),
            messages: self.messages.clone(),
            pipeline: self.pipeline.handle(),
            gas_price: self.config.chain.gas_price.clone(),
            following: self.following.subscribe(),
            pods: Arc::new(caches.clone()),
            least_limit: self.config.bidding.shortest_absence_limit.0,
            state: self.heartbeats.clone(),
            findings: self.findings.clone(),
            health: self.failures.of(Part::Heartbeats),
        };
        tasks.spawn("heartbeats", heartbeats.run(stop.clone()));
        let keeper = KeyKeeper {
            market: self.market.clone(),
            store: self.store.clone(),
            messages: self.messages.clone(),
            key: self.quote_key.clone(),
            idle: idle.subscribe(),
            state: self.registered.clone(),
            health: self.failures.of(Part::QuoteKey),
        };
        tasks.spawn("quote key", keeper.run(stop.clone()));
        self.spawn_leases(tasks, stop, reconciler).await?;
        if self.config.gateway.self_check != SelfCheck::Off {
            let expected = Expected::new(&self.config);
            let task = reach::run(expected, self.market.clone(), self.reach.clone(), stop.clone());
            tasks.spawn("self check", task);
        }
        Ok(())
    }

    /// The attempts to reach the gateway; none if the configuration wants none.
    fn reach(&self) -> Option<watch::Receiver<LastAttempt>> {
        (self.config.gateway.self_check != SelfCheck::Off).then(|| self.reach.subscribe())
    }

    async fn spawn_leases(
        &self,
        tasks: &mut TaskGroup,
        stop: &CancellationToken,
        reconciler: Reconciler,
    ) -> Result<(), AppError> {
        let (progress, caches) = (reconciler.progress.clone(), reconciler.caches.clone());
        tasks.forever("leases", reconciler.run(stop.clone()));
        let failed = FailedPods {
            client: self.acting.client.clone(),
            caches: caches.clone(),
            scope: MarketScope::of(&self.config),
            health: self.failures.of(Part::FailedPods),
        };
        tasks.forever("failed pods", failed.run(stop.clone()));
        let dry_runs = self.dry_runs(tasks, stop);
        let parts = gateway::Parts {
            config: self.config.clone(),
            store: self.store.clone(),
            logs: streams::from_config(&self.config.cluster, LOG_CONNECTIONS).await?,
            events: streams::from_config(&self.config.cluster, EVENT_CONNECTIONS).await?,
            lookup: ChainLookup::new(self.market.clone()),
            caches,
            progress,
            dry_runs,
            capacity: self.capacity.subscribe(),
            word: Word {
                key: self.quote_key.clone(),
                registered: self.registered.subscribe(),
                heartbeats: self.heartbeats.subscribe(),
            },
            failures: self.failures.clone(),
            desk: self.desk.clone(),
            heads: HeadTimes::new(self.market.clone()),
        };
        tasks.spawn("gateway", gateway::serve(parts, stop.clone()));
        Ok(())
    }

    async fn reconciler(&self, caches: Caches) -> Result<Reconciler, AppError> {
        Ok(Reconciler::new(
            self.acting.clone(),
            caches,
            self.store.clone(),
            Arc::new(ChainLookup::new(self.market.clone())),
            Arc::new(self.config.cluster.clone()),
            Arc::new(self.store.write(digest_key::get_or_make).await?),
            MarketScope::of(&self.config),
        ))
    }

    /// Where manifests are tried before they are accepted.
    fn dry_runs(&self, tasks: &mut TaskGroup, stop: &CancellationToken) -> DryRuns {
        let scope = MarketScope::of(&self.config);
        let (others, watches) = OtherHosts::start(self.cluster.clone(), &scope, stop.clone());
        tasks.forever("other hosts", watches);
        let cluster = Arc::new(self.config.cluster.clone());
        let dry_runs = DryRuns::new(self.acting.client.clone(), scope, cluster, others);
        let health = self.failures.of(Part::DryRuns);
        let watch = dry_runs.clone().watch(self.dry_runs.clone(), health, stop.clone());
        tasks.forever("dry runs", watch);
        dry_runs
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
            failures: self.failures.clone(),
            deletion_warning: self.config.metrics.deletion_warning.0,
            client: self.client.clone(),
            reach: self.reach(),
            capacity: self.capacity.subscribe(),
            lock: self.lock.subscribe(),
            heartbeats: self.heartbeats.subscribe(),
            quotes: Arc::clone(self.desk.counts()),
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
