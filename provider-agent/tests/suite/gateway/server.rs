//! A running gateway on a store of the agent's.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use k256::ecdsa::SigningKey;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use souk_client::gateway::{Client, GatewayError};
use souk_core::OrderId;
use souk_gateway::{
    Access, Audience, Claims, Pin,
    body::{
        ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ManifestUpload, ProviderStatus,
    },
    token::{Policy, issue},
};
use souk_provider::{
    cluster::{
        capacity::CapacityState,
        kube::{
            cache::Caches,
            events::EventHub,
            logs::LogHub,
            objects::recipe,
            other_hosts::OtherHosts,
            streams::{self, LOG_CONNECTIONS},
        },
        leases::{progress::ProgressMap, trial::Trials, workloads::ClusterWorkloads},
        workloads::{LineStream, TrialError, WorkloadError, Workloads},
    },
    config::{Bytes, Config, Gateway, GatewayLimits},
    gateway::{State, serve},
    market::{Market, lookup::ChainLookup},
    model::{hosts::Domains, image::ImageRules, manifest::Rules, scope::MarketScope},
    store::Store,
};
use souk_sdl::ManifestGroup;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    manifests,
    support::{
        Fixture, InProcess, Must,
        agent::configure,
        fixture::{CHAIN_ID, address, key},
        until,
    },
};

/// A market, an agent that runs, its configuration, and a gateway on its store.
pub async fn started() -> (Fixture, PathBuf, InProcess, Server) {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    (fixture, config, agent, server)
}

/// The body limit of this gateway, in bytes.
pub const BODY: u64 = 32 << 10;

/// A gateway on the agent's own store, and on the cluster and chain that the agent has.
pub struct Server {
    pub uri: String,
    pub pin: Pin,
    audience: Audience,
    /// How often the cluster was asked for the provider's status.
    pub statuses: Arc<AtomicUsize>,
    _open: DropGuard,
}

/// Counts what is asked of the cluster.
struct Counted {
    workloads: ClusterWorkloads,
    statuses: Arc<AtomicUsize>,
}

impl Workloads for Counted {
    fn try_manifest(
        &self,
        order: OrderId,
        group: ManifestGroup,
        hosts: Vec<String>,
    ) -> BoxFuture<'_, Result<(), TrialError>> {
        self.workloads.try_manifest(order, group, hosts)
    }

    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>> {
        self.workloads.lease_status(order)
    }

    fn logs(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>> {
        self.workloads.logs(order, query)
    }

    fn events(
        &self,
        order: OrderId,
        query: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>> {
        self.workloads.events(order, query)
    }

    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>> {
        self.statuses.fetch_add(1, Ordering::SeqCst);
        self.workloads.provider_status()
    }
}

impl Server {
    pub async fn open(fixture: &Fixture, config: &Path, store: &Store) -> Self {
        Self::open_with(fixture, config, store, |_| ()).await
    }

    /// A gateway with its own limits.
    pub async fn open_with(
        fixture: &Fixture,
        config: &Path,
        store: &Store,
        change: impl FnOnce(&mut GatewayLimits),
    ) -> Self {
        Self::open_as(fixture, config, store, |gateway| {
            gateway.limits.streams_per_lease = 2;
            change(&mut gateway.limits);
        })
        .await
    }

    /// A gateway with settings of its own.
    pub async fn open_as(
        fixture: &Fixture,
        config: &Path,
        store: &Store,
        change: impl FnOnce(&mut Gateway),
    ) -> Self {
        let mut config = Config::load(config).must("configuration");
        config.gateway.limits.body = Bytes(BODY);
        change(&mut config.gateway);
        let certificate = CertificateDer::from_pem_file(&config.gateway.certificate);
        let pin = Pin::of_certificate(&certificate.must("certificate")).must("pin");
        let client = souk_provider::cluster::kube::client::from_config(&config.cluster)
            .await
            .must("cluster");
        let stop = CancellationToken::new();
        let (caches, watches) =
            Caches::start(client.clone(), &MarketScope::of(&config), stop.clone());
        tokio::spawn(watches);
        let logs = streams::from_config(&config.cluster, LOG_CONNECTIONS).await.must("cluster");
        let scope = MarketScope::of(&config);
        let (others, watches) = OtherHosts::start(client.clone(), &scope, stop.clone());
        tokio::spawn(watches);
        let cluster = Arc::new(config.cluster.clone());
        let trials = Trials::new(client.clone(), scope.clone(), cluster, others);
        let workloads = ClusterWorkloads {
            events: EventHub::new(client),
            logs: LogHub::new(logs, caches.clone()),
            caches,
            store: store.clone(),
            cluster: Arc::new(config.cluster.clone()),
            recipe: recipe(&config.cluster, &scope),
            scope,
            progress: ProgressMap::default(),
            trials,
            capacity: tokio::sync::watch::Sender::<CapacityState>::default().subscribe(),
        };
        let audience = Audience {
            chain_id: CHAIN_ID.into(),
            orderbook: fixture.contracts.orderbook.clone(),
            provider: address("provider"),
        };
        let policy = Policy { audience: audience.clone(), prefix: "souk".into() };
        let provider = &config.provider.address;
        let market = Market::new(fixture.queries(), fixture.contracts.clone(), provider);
        let chain = ChainLookup::new(market);
        let rules = Rules {
            domains: Domains::of(&config.cluster),
            images: ImageRules::of(&config.cluster),
        };
        let statuses = Arc::new(AtomicUsize::new(0));
        let workloads = Arc::new(Counted { workloads, statuses: Arc::clone(&statuses) });
        let settings = config.gateway.clone();
        let state = State::new(store.clone(), chain, workloads, policy, settings, rules);
        let (sender, address) = tokio::sync::oneshot::channel();
        let serving = serve(Arc::new(state), stop.clone(), move |bound| {
            let _ = sender.send(bound);
        });
        tokio::spawn(serving);
        let uri = format!("https://{}", address.await.must("a listening gateway"));
        Self { uri, pin, audience, statuses, _open: stop.drop_guard() }
    }

    pub fn stranger(&self) -> Client {
        Client::new(&self.uri, &[self.pin]).must("client")
    }

    pub fn claims(&self, who: &str) -> Claims {
        Claims {
            iss: address(who),
            aud: self.audience.clone(),
            iat: now() - 10,
            exp: now() + 600,
            access: Access::Full,
        }
    }

    pub fn with(&self, who: &str, claims: &Claims) -> Client {
        self.stranger().with_token(issue(&wallet(who), claims))
    }

    pub fn client(&self, who: &str) -> Client {
        self.with(who, &self.claims(who))
    }

    /// A wallet's token for all its leases and all scopes.
    pub fn token(&self, who: &str) -> String {
        issue(&wallet(who), &self.claims(who))
    }
}

pub fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

pub fn wallet(who: &str) -> SigningKey {
    SigningKey::from_slice(key(who).to_bytes().as_slice()).unwrap()
}

/// Sends a manifest until the agent has the lease and its commitment.
pub async fn send(client: &Client, order: OrderId, upload: &ManifestUpload) {
    until("the manifest is taken", async || match client.send_manifest(order, upload).await {
        Ok(()) => Some(()),
        Err(error) if error.is_too_early() => None,
        Err(error) => panic!("{error}"),
    })
    .await;
}

/// Status and code of a refusal.
pub fn refused<T>(answer: Result<T, GatewayError>) -> (u16, String) {
    let error = answer.err().unwrap();
    let (status, body) = error.refusal().unwrap_or_else(|| panic!("{error}"));
    (status, body.code.clone())
}
