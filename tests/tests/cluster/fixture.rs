//! A chain with a market, providers whose agents share the cluster, and a tenant.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use souk_api::{
    defaults::MIN_RUNWAY,
    orderbook::{ExecuteMsg, LeaseState},
};
use souk_chain::SecretKey;
use souk_client::{
    deploy::{self, read_offers},
    gateway::client_for,
    home::Home,
    market::Market,
    network::NameMap,
    sdl,
    wallet::Wallet,
};
use souk_core::OrderId;
use souk_gateway::body::{EventQuery, LeaseStatus, ManifestUpload, Phase};
use souk_kubesim::spec::NodeSpec;
use souk_localnet::{
    chain::{EmbeddedChain, EmbeddedConfig, PREFIX},
    provider::{ExistingCluster, Profile, Rates, register, write_config},
};
use souk_provider::model::scope::MarketScope;
use souk_tests::kubernetes::{Machine, RealNode};
use tempfile::TempDir;

use super::{
    agent::{At, Process},
    shared_cluster::{self, Cluster},
    until,
};

const COINS: u128 = 10_000_000_000;
const BLOCK_TIME: Duration = Duration::from_millis(200);
const RATES: Rates =
    Rates { cpu: 10_000, memory: 2_000, storage: 100, gpu: 200_000, endpoint: 100, ip: 100 };

/// Tells the nodes of one provider from all others'.
const OWNER: &str = "souk.test/provider";

pub struct Fixture {
    pub market: Market,
    pub tenant: Wallet,
    pub providers: Vec<Provider>,
    pub cluster: &'static Cluster,
    /// With all rights.
    pub client: Client,
    home: Home,
    chain: EmbeddedChain,
    _folder: TempDir,
}

pub struct Provider {
    /// Its name, and that of its agent's user in the cluster.
    pub name: String,
    pub address: String,
    /// The agent's configuration; its store is beside it.
    pub config: PathBuf,
    /// The nodes that are its own.
    pub nodes: BTreeMap<String, String>,
    /// The one that can be stopped.
    pub machine: Option<Machine>,
    uri: String,
}

/// Which nodes a provider has.
#[derive(Clone, Copy)]
pub enum Nodes {
    /// Simulated ones, this many.
    Simulated(u32),
    /// The real ones.
    Real,
    /// A real one of its own, which can be stopped.
    Machine,
}

/// A lease that a tenant has.
pub struct Leased {
    pub order: OrderId,
    pub provider: String,
    pub namespace: String,
}

impl Fixture {
    /// A market with a provider for each entry of `nodes`; their agents are not started.
    pub async fn new(cluster: &'static Cluster, nodes: &[Nodes]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let make = || SecretKey::generate();
        let tenant = make();
        let owners: Vec<(SecretKey, SecretKey)> = nodes.iter().map(|_| (make(), make())).collect();
        let keys = owners.iter().flat_map(|(owner, operator)| [owner, operator]);
        let accounts =
            keys.chain([&tenant]).map(|key| (key.address(PREFIX).unwrap(), COINS)).collect();
        let config = EmbeddedConfig {
            chain_id: "souk-cluster".to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            block_time: BLOCK_TIME,
            owner: make(),
            pool: make().address(PREFIX).unwrap(),
            accounts,
        };
        let mut chain = EmbeddedChain::start(config).await.unwrap();
        let denoms = [("uakt".to_owned(), chain.network.denom.clone())];
        chain.network.map = NameMap { denoms: denoms.into(), ..NameMap::default() };
        let market = Market::new(chain.network.clone()).unwrap();
        let client = cluster.client().await;
        let mut fixture = Self {
            tenant: wallet(&market, &tenant),
            providers: Vec::new(),
            cluster,
            client,
            home: Home::open(Some(folder.path().join("home"))).unwrap(),
            market,
            chain,
            _folder: folder,
        };
        for ((owner, operator), nodes) in owners.into_iter().zip(nodes) {
            fixture.add_provider(&owner, operator, *nodes).await;
        }
        fixture
    }

    async fn add_provider(&mut self, owner: &SecretKey, operator: SecretKey, nodes: Nodes) {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("p{}", MADE.fetch_add(1, Ordering::Relaxed));
        let (owner, folder) = (wallet(&self.market, owner), self._folder.path().join(&name));
        let (network, orderbook) = (&self.market.network, &self.market.contracts.orderbook);
        let scope = MarketScope::new(&network.chain_id, orderbook, &owner.address);
        let kubeconfig = self.cluster.agents_kubeconfig(&folder, &name, &scope).await;
        let mut machine = None;
        let (own, host) = match nodes {
            Nodes::Machine => {
                let node = RealNode::new(&name).label(OWNER, &name);
                let started = self.cluster.join(&node);
                let host = started.address.clone();
                machine = Some(started);
                ((OWNER.to_owned(), name.clone()), host)
            }
            Nodes::Real => {
                let host = self.cluster.real_nodes().unwrap().addresses()[1].clone();
                ((shared_cluster::REAL.0.to_owned(), shared_cluster::REAL.1.to_owned()), host)
            }
            Nodes::Simulated(count) => {
                let node = NodeSpec::new(&name, count, "8", "32Gi").label(OWNER, &name);
                self.cluster.plane().add_nodes(&[node]).await;
                ((OWNER.to_owned(), name.clone()), "node.example.com".to_owned())
            }
        };
        let own = BTreeMap::from([own]);
        let mut profile = Profile::new(&name, "here", RATES)
            .with_storage()
            .with_ips(2)
            .gpu("vendor/nvidia/model/h100");
        // There is no registry: images are those that the nodes have.
        profile.existing = Some(ExistingCluster {
            kubeconfig,
            nodes: own.clone(),
            local_images: true,
            host: Some(host),
        });
        let registered = register(&self.market, &owner, operator, &profile, &folder).await.unwrap();
        let network = &self.market.network;
        let config = write_config(network, &owner.address, &registered, &profile, &folder).unwrap();
        let uri = registered.uri();
        let (address, nodes) = (owner.address, own);
        self.providers.push(Provider { name, address, config, nodes, machine, uri });
    }

    /// Starts the first provider's agent.
    pub async fn agent(&self) -> Process {
        self.agent_of(0).await
    }

    /// Starts a provider's agent and waits until its gateway answers.
    pub async fn agent_of(&self, provider: usize) -> Process {
        let mut agent = Process::start(&self.providers[provider].config, None);
        self.answers(provider, &mut agent).await;
        agent
    }

    async fn answers(&self, provider: usize, agent: &mut Process) {
        let Provider { address, uri, .. } = &self.providers[provider];
        let record = self.market.registry.provider(address).await.unwrap();
        let client = souk_client::gateway::client(&record).unwrap();
        until(&format!("the gateway at {uri}"), async || {
            assert!(!agent.is_over(), "the agent ended: {}", agent.log_tail());
            client.version().await.ok()
        })
        .await;
    }

    /// Starts the first provider's agent, to be killed at a point.
    pub fn agent_killed_at(&self, at: At) -> Process {
        Process::start(&self.providers[0].config, Some(at))
    }

    /// Creates a deployment of SDL text; its order.
    pub async fn order(&self, text: &str) -> OpenOrder {
        let map = &self.market.network.map;
        let compiled = sdl::compile("test.yaml", text.as_bytes(), map, false).unwrap();
        let config = self.market.orderbook.config().await.unwrap();
        let plan = deploy::plan(compiled, None, true, &config, MIN_RUNWAY).unwrap();
        let created = deploy::create(&self.market, &self.tenant, &self.home, &plan).await.unwrap();
        let [order] = created.orders[..] else { panic!("one group was expected") };
        OpenOrder { order, upload: plan.upload }
    }

    /// The tenant gives a lease another manifest.
    pub async fn update(&self, leased: &Leased, text: &str) {
        let deployment = self.market.orderbook.lease(leased.order).await.unwrap().group.deployment;
        let map = &self.market.network.map;
        let compiled = sdl::compile("test.yaml", text.as_bytes(), map, false).unwrap();
        let config = self.market.orderbook.config().await.unwrap();
        let upload = deploy::plan(compiled, None, true, &config, MIN_RUNWAY).unwrap().upload;
        let version = upload.manifest.version();
        let commitment = souk_gateway::commitment(upload.salt.as_ref(), &version).into();
        let message = ExecuteMsg::commit(deployment, commitment);
        let message = self.tenant.execute(&self.market.contracts.orderbook, &message, &[]).unwrap();
        self.tenant.send("updating", vec![message]).await.unwrap();
        let gateway = self.gateway(leased).await;
        until("a gateway that takes the new manifest", async || {
            gateway.send_manifest(leased.order, &upload).await.ok()
        })
        .await;
    }

    /// Accepts the bid of a provider on an order.
    pub async fn accept(&self, provider: usize, order: &OpenOrder) -> Leased {
        let address = self.providers[provider].address.clone();
        let order = order.order;
        let bid = until(&format!("a bid of {address} for {order}"), async || {
            let detail = self.market.orderbook.order(order).await.unwrap();
            let table = read_offers(&self.market, &detail).await.unwrap();
            table.offers.into_iter().find(|bid| bid.provider == address)
        })
        .await;
        deploy::accept(&self.market, &self.tenant, order, &bid).await.unwrap();
        let namespace = self.namespace_of(&address, order);
        Leased { order, provider: address, namespace }
    }

    /// The name of the namespace that a provider's lease has.
    pub fn namespace_of(&self, provider: &str, order: OrderId) -> String {
        let (network, orderbook) = (&self.market.network, &self.market.contracts.orderbook);
        MarketScope::new(&network.chain_id, orderbook, provider).namespace(order)
    }

    /// Sends the manifest of a lease.
    pub async fn launch(&self, order: &OpenOrder) -> anyhow::Result<()> {
        deploy::launch(&self.market, &self.tenant, order.order, &order.upload).await?;
        Ok(())
    }

    /// Leases an order from a provider, which gets the manifest.
    pub async fn lease_at(&self, provider: usize, order: OpenOrder) -> Leased {
        let leased = self.accept(provider, &order).await;
        self.launch(&order).await.unwrap();
        leased
    }

    /// Deploys SDL at the first provider, as far as a gateway that took the manifest.
    pub async fn deploy(&self, text: &str) -> Leased {
        let order = self.order(text).await;
        self.lease_at(0, order).await
    }

    /// Deploys SDL at the first provider and waits until it is ready.
    pub async fn run(&self, text: &str) -> Leased {
        let leased = self.deploy(text).await;
        self.ready(&leased).await;
        leased
    }

    /// The tenant's client for a lease's gateway.
    pub async fn gateway(&self, leased: &Leased) -> souk_client::gateway::Client {
        client_for(&self.market, &self.tenant, &leased.provider).await.unwrap()
    }

    /// Waits for a status such as the tenant sees it.
    pub async fn status(
        &self,
        leased: &Leased,
        what: &str,
        is: impl Fn(&LeaseStatus) -> bool,
    ) -> LeaseStatus {
        let gateway = self.gateway(leased).await;
        let deadline = tokio::time::Instant::now() + super::DEADLINE;
        loop {
            let answer = gateway.lease_status(leased.order).await;
            match &answer {
                Ok(status) if is(status) => return status.clone(),
                _ if tokio::time::Instant::now() > deadline => {
                    panic!("no {what}; the last answer is {answer:?}")
                }
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    pub async fn ready(&self, leased: &Leased) -> LeaseStatus {
        self.status(leased, "readiness", |status| status.phase == Phase::Ready).await
    }

    /// The reasons of a lease's events, as the tenant sees them.
    pub async fn events(&self, leased: &Leased) -> Vec<(String, String)> {
        let gateway = self.gateway(leased).await;
        let Ok(mut stream) = gateway.events(leased.order, &EventQuery::default()).await else {
            return Vec::new();
        };
        let mut all = Vec::new();
        while let Ok(Some(event)) = stream.next().await {
            all.push((event.reason, event.message));
        }
        all
    }

    /// The tenant closes a lease.
    pub async fn close(&self, leased: &Leased) {
        let message = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
        let message = self.tenant.execute(&self.market.contracts.orderbook, &message, &[]).unwrap();
        self.tenant.send("closing", vec![message]).await.unwrap();
    }

    /// Lets seconds of chain time pass, and blocks with them.
    pub async fn pass(&self, seconds: u64, blocks: u64) {
        self.chain.handle.advance(seconds).await.unwrap();
        self.chain.handle.produce_blocks(blocks).await.unwrap();
    }

    /// Whether the chain says that a lease runs.
    pub async fn is_active(&self, leased: &Leased) -> bool {
        self.market.orderbook.lease(leased.order).await.unwrap().state == LeaseState::Active
    }

    pub async fn namespace(&self, name: &str) -> Option<Namespace> {
        Api::<Namespace>::all(self.client.clone()).get_opt(name).await.unwrap()
    }

    /// Orders the deletion of a lease's volumes, once the agent knows that it ended.
    pub async fn give_up(&self, leased: &Leased) {
        let gateway = self.gateway(leased).await;
        let given_up = async || gateway.delete_volumes(leased.order).await.ok();
        until(&format!("the end of lease {}", leased.order), given_up).await;
    }

    /// Waits until a lease's namespace is gone, once the tenant has given up its volumes.
    pub async fn is_gone(&self, leased: &Leased) {
        let name = &leased.namespace;
        self.give_up(leased).await;
        let gone = async || self.namespace(name).await.is_none().then_some(());
        until(&format!("the end of namespace {name}"), gone).await;
    }
}

/// An order of the tenant, with its manifest.
pub struct OpenOrder {
    pub order: OrderId,
    upload: ManifestUpload,
}

impl OpenOrder {
    /// Its group's next order, with the same manifest.
    pub fn again(&self, order: OrderId) -> Self {
        Self { order, upload: self.upload.clone() }
    }
}

fn wallet(market: &Market, key: &SecretKey) -> Wallet {
    let client = souk_chain::Client::new(market.network.client_config()).unwrap();
    Wallet::new(client, key.clone(), &market.network).unwrap()
}

/// A site with a data base that keeps its data.
pub const SITE: &str = include_str!("sdl/site.yaml");
