//! A chain with the five contracts, accounts with keys, and a simulated cluster.

use std::{path::PathBuf, time::Duration};

use cosmwasm_std::{HexBinary, coins};
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Namespace};
use kube::{Api, api::PostParams};
use serde::Serialize;
use souk_api::{
    attestations,
    defaults::{self, Foundations, Roles},
    orderbook::{self, Absence, NewDeployment, OrderbookEvent, events::OrderOpened},
    registry,
};
use souk_chain::{
    Client, ClientConfig, Coin, Queries, SecretKey, Signer, TxOutcome,
    tx::{GasConfig, Instantiate, execute, instantiate, send},
};
use souk_client::{events, market::Orderbook};
use souk_core::{Attribute, AuctionPolicy, BidId, DeploymentId, GroupSpec, OrderId, Price};
use souk_devchain::{Devchain, Handle};
use souk_kubesim::{ClusterSpec, KubeSim, NodeSpec, spec::Timing};
use souk_localnet::chain::codes;
use souk_provider::{
    cluster::kube::client,
    config::{Cluster, Contracts},
    model::scope::MarketScope,
    runtime::lock::never_held,
};

use super::{Must, proxy::Proxy};

pub const CHAIN_ID: &str = "souk-test";
const NAMES: [&str; 8] =
    ["owner", "provider", "operator", "ann", "bob", "auditor", "rival", "rival-operator"];

/// What a fixture is made of.
pub struct Options {
    pub cluster: ClusterSpec,
    /// Slots that the provider's bond backs.
    pub slots: u128,
    pub claims: Vec<Attribute>,
    pub block: Duration,
}

impl Options {
    /// Blocks for tests that make time pass: upkeep looks only at the chain's head, and a busy machine is two
    /// shorter blocks behind.
    pub fn with_long_blocks() -> Self {
        Self { block: Duration::from_millis(500), ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        let nodes = vec![
            NodeSpec::new("cpu", 2, "8", "32Gi"),
            NodeSpec::new("gpu", 1, "16", "64Gi").nvidia(2, "NVIDIA-H100-80GB-HBM3", 81_559),
        ];
        let cluster = ClusterSpec { nodes, timing: Timing::fast(), ..ClusterSpec::default() };
        let claims = vec![
            Attribute::new("region", "eu-west"),
            Attribute::new("capabilities/gpu/vendor/nvidia/model/h100", "true"),
        ];
        Self { cluster, slots: 50, claims, block: Duration::from_millis(200) }
    }
}

/// A market and a cluster; all of it ends when it is dropped.
pub struct Fixture {
    pub chain: Handle,
    pub sim: KubeSim,
    pub proxy: Proxy,
    pub contracts: Contracts,
    pub folder: tempfile::TempDir,
    pub client: Client,
}

/// The key of an account.
pub fn key(name: &str) -> SecretKey {
    let number = NAMES.iter().position(|known| *known == name).must_be(name) + 1;
    let mut bytes = [7u8; 32];
    bytes[31] = u8::try_from(number).unwrap();
    SecretKey::from_bytes(&bytes).unwrap()
}

trait MustBe {
    fn must_be(self, name: &str) -> usize;
}

impl MustBe for Option<usize> {
    fn must_be(self, name: &str) -> usize {
        self.unwrap_or_else(|| panic!("there is no account {name}"))
    }
}

/// The address of an account.
pub fn address(name: &str) -> String {
    key(name).address("souk").unwrap()
}

impl Fixture {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut chain =
            codes::with_codes(Devchain::builder()).chain_id(CHAIN_ID).block_time(options.block);
        for name in NAMES {
            chain = chain.account(address(name), coins(1_000_000_000_000, "usouk"));
        }
        let chain = chain.start().await.must("chain");
        let sim = KubeSim::start(options.cluster).await.must("cluster");
        let proxy = Proxy::before(&chain.rpc_url()).await;
        let client = Client::new(ClientConfig::new(CHAIN_ID, [chain.rpc_url()])).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let contracts = Contracts {
            orderbook: String::new(),
            escrow: String::new(),
            provider_registry: String::new(),
            attestations: String::new(),
            fee_distributor: None,
        };
        let mut fixture = Self { chain, sim, proxy, contracts, folder, client };
        fixture.contracts = fixture.instantiate().await;
        sim_kubeconfig(&fixture);
        fixture.make_lock().await;
        fixture.register("provider", "operator", options.slots, options.claims).await;
        fixture
    }

    /// Makes the lock of the provider's agent as an administrator does. Where there is none the first agent
    /// waits before it acts.
    async fn make_lock(&self) {
        let scope = MarketScope::new(CHAIN_ID, &self.contracts.orderbook, &address("provider"));
        let (namespace, lock) = never_held(&scope);
        let client = self.kube().await;
        let all = Api::<Namespace>::all(client.clone());
        all.create(&PostParams::default(), &namespace).await.must("namespace");
        let leases = Api::<Lease>::namespaced(client, &scope.own_namespace());
        leases.create(&PostParams::default(), &lock).await.must("lock");
    }

    /// A client of the simulated cluster.
    pub async fn kube(&self) -> kube::Client {
        let cluster = Cluster { kubeconfig: Some(self.kubeconfig()), ..Cluster::default() };
        client::from_config(&cluster).await.must("cluster")
    }

    async fn instantiate(&self) -> Contracts {
        let put = async |label: &str, code_id: u64, msg: &(dyn erased::Json + Sync)| {
            let what = Instantiate { code_id, label: label.into(), ..Instantiate::default() };
            let any = instantiate(&address("owner"), &what, &msg.json()).unwrap();
            let outcome = self.signer("owner").send_and_confirm(vec![any]).await.must(label);
            outcome.contract_address().unwrap().to_owned()
        };
        let roles = Roles::default;
        let attestations =
            put("attestations", codes::ATTESTATIONS, &defaults::attestations(roles())).await;
        let registry = defaults::registry(roles(), vec![]);
        let registry = put("registry", codes::PROVIDER_REGISTRY, &registry).await;
        let fees = defaults::fee_distributor(roles(), address("owner"));
        let fees = put("fees", codes::FEE_DISTRIBUTOR, &fees).await;
        let escrow = put("escrow", codes::ESCROW, &defaults::escrow(roles(), fees.clone())).await;
        let on = Foundations {
            escrow: escrow.clone(),
            registry: registry.clone(),
            attestations: attestations.clone(),
        };
        let mut orderbook = defaults::orderbook(roles(), on);
        // An hour's notice is six blocks.
        orderbook.params.slowest_block = 600_000;
        let orderbook = put("orderbook", codes::ORDERBOOK, &orderbook).await;
        self.execute("owner", &escrow, &defaults::link_escrow(orderbook.clone()), 0).await;
        self.execute("owner", &registry, &defaults::link_registry(orderbook.clone()), 0).await;
        Contracts {
            orderbook,
            escrow,
            provider_registry: registry,
            attestations,
            fee_distributor: Some(fees),
        }
    }

    /// A second market on the same chain.
    pub async fn another_market(&self) -> Contracts {
        self.instantiate().await
    }

    /// A lease of the provider in another market.
    pub async fn lease_at(&self, market: &Contracts, tenant: &str, group: GroupSpec) -> OrderId {
        let orderbook = &market.orderbook;
        let claims = Options::default().claims;
        self.register_at(&market.provider_registry, "provider", "owner", 10, claims).await;
        let msg = new_deployment(vec![group], AuctionPolicy::TenantChoice {}, None);
        let outcome = self.execute(tenant, orderbook, &msg, 50_000_000).await;
        let order = events::opened_orders(&events::of_orderbook(&outcome.events, orderbook))[0];
        let (provider, price) = (address("provider"), Price::new(10).unwrap());
        let bid = orderbook::ExecuteMsg::PlaceBid {
            order,
            provider: provider.clone(),
            price,
            offer: vec![],
            reclamation_window: None,
        };
        self.execute("owner", orderbook, &bid, 0).await;
        let bid = self.bid_id(orderbook, order, &provider).await;
        let accept = orderbook::ExecuteMsg::AcceptBid { order, provider, bid, max_price: price };
        self.execute(tenant, orderbook, &accept, 0).await;
        order
    }

    /// The number of the provider's bid on an order.
    async fn bid_id(&self, orderbook: &str, order: OrderId, provider: &str) -> BidId {
        let bid = Orderbook::new(self.queries(), orderbook).bid(order, provider).await;
        bid.unwrap().unwrap().id
    }

    pub fn queries(&self) -> Queries {
        self.client.query()
    }

    /// Sends coins of one account to another.
    pub async fn pay(&self, from: &str, to: &str, usouk: u128) {
        let any = send(&address(from), &address(to), &[Coin::new(usouk, "usouk")]);
        self.signer(from).send_and_confirm(vec![any]).await.must("coins");
    }

    fn signer(&self, name: &str) -> Signer {
        let gas = GasConfig::new("0.025usouk".parse().unwrap());
        let signer = Signer::new(self.client.clone(), key(name), "souk", gas).unwrap();
        signer.poll(Duration::from_millis(50))
    }

    /// Sends a message with coins; it must not fail.
    pub async fn execute(
        &self,
        who: &str,
        contract: &str,
        msg: &impl Serialize,
        usouk: u128,
    ) -> TxOutcome {
        self.try_execute(who, contract, msg, usouk).await.must("message")
    }

    pub async fn try_execute(
        &self,
        who: &str,
        contract: &str,
        msg: &impl Serialize,
        usouk: u128,
    ) -> Result<TxOutcome, souk_chain::signer::SendError> {
        let funds = if usouk == 0 { vec![] } else { vec![Coin::new(usouk, "usouk")] };
        let any = execute(&address(who), contract, msg, &funds).unwrap();
        self.signer(who).send_and_confirm(vec![any]).await
    }

    pub async fn orderbook(&self, who: &str, msg: &orderbook::ExecuteMsg) -> TxOutcome {
        self.execute(who, &self.contracts.orderbook, msg, 0).await
    }

    pub async fn register(
        &self,
        provider: &str,
        operator: &str,
        slots: u128,
        attributes: Vec<Attribute>,
    ) {
        let registry = self.contracts.provider_registry.clone();
        self.register_at(&registry, provider, operator, slots, attributes).await;
    }

    async fn register_at(
        &self,
        registry: &str,
        provider: &str,
        operator: &str,
        slots: u128,
        attributes: Vec<Attribute>,
    ) {
        let msg = registry::ExecuteMsg::Register {
            payee: None,
            operator: address(operator),
            gateway: registry::Gateway {
                uri: "https://provider.example.com:8443".into(),
                pins: vec![],
            },
            attributes,
            contact: registry::Contact::default(),
        };
        let bond = slots.max(10) * 1_000_000;
        self.execute(provider, registry, &msg, bond).await;
    }

    pub async fn attest(&self, attributes: Vec<Attribute>, lifetime: u64) {
        let now = self.chain.time_ns().await.unwrap() / 1_000_000_000;
        let msg = attestations::ExecuteMsg::Attest {
            provider: address("provider"),
            attributes,
            expires_at: now + lifetime,
            evidence: None,
        };
        self.execute("auditor", &self.contracts.attestations, &msg, 0).await;
    }

    /// Creates a deployment with 50 coins, or what carries its orders; returns it with its orders.
    pub async fn deploy(
        &self,
        tenant: &str,
        groups: Vec<GroupSpec>,
        auction: AuctionPolicy,
    ) -> (DeploymentId, Vec<OrderId>) {
        self.deploy_until(tenant, groups, auction, None).await
    }

    /// The same with a limit for absence.
    async fn deploy_until(
        &self,
        tenant: &str,
        groups: Vec<GroupSpec>,
        auction: AuctionPolicy,
        absence: Option<Absence>,
    ) -> (DeploymentId, Vec<OrderId>) {
        let ceilings: u128 = groups.iter().map(|group| group.ceiling.u128()).sum();
        let msg = new_deployment(groups, auction, absence);
        let orderbook = self.contracts.orderbook.clone();
        let outcome = self.execute(tenant, &orderbook, &msg, ceilings.max(50_000_000)).await;
        let opened: Vec<OrderOpened> = self
            .events(&outcome)
            .into_iter()
            .filter_map(|event| match event {
                OrderbookEvent::OrderOpened(event) => Some(event),
                _ => None,
            })
            .collect();
        (opened[0].deployment, opened.iter().map(|event| event.order).collect())
    }

    /// One order of a tenant who chooses among the bids.
    pub async fn order(&self, tenant: &str, group: GroupSpec) -> OrderId {
        self.deploy(tenant, vec![group], AuctionPolicy::TenantChoice {}).await.1[0]
    }

    /// One with this limit for absence, in seconds.
    pub async fn order_until(&self, tenant: &str, group: GroupSpec, limit: u64) -> OrderId {
        let absence = Some(Absence { limit, ..Absence::default() });
        let auction = AuctionPolicy::TenantChoice {};
        self.deploy_until(tenant, vec![group], auction, absence).await.1[0]
    }

    pub async fn accept(&self, tenant: &str, order: OrderId, provider: &str) {
        let max_price = Price::new(1_000_000).unwrap();
        let provider = address(provider);
        let bid = self.bid_id(&self.contracts.orderbook, order, &provider).await;
        let msg = orderbook::ExecuteMsg::AcceptBid { order, provider, bid, max_price };
        self.orderbook(tenant, &msg).await;
    }

    pub async fn rival_bids(&self, order: OrderId, price: u128) {
        let msg = orderbook::ExecuteMsg::PlaceBid {
            order,
            provider: address("rival"),
            price: Price::new(price).unwrap(),
            offer: vec![],
            reclamation_window: None,
        };
        self.orderbook("rival-operator", &msg).await;
    }

    pub fn events(&self, outcome: &TxOutcome) -> Vec<OrderbookEvent> {
        events::of_orderbook(&outcome.events, &self.contracts.orderbook)
    }

    /// The bids on an order, as the chain has them.
    pub async fn bids(&self, order: OrderId) -> Vec<orderbook::BidResponse> {
        let orderbook = Orderbook::new(self.queries(), &self.contracts.orderbook);
        orderbook.bids(order).await.must("bids")
    }

    /// The provider's own bid on an order.
    pub async fn own_bid(&self, order: OrderId) -> Option<orderbook::BidResponse> {
        let provider = address("provider");
        self.bids(order).await.into_iter().find(|bid| bid.provider == provider)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }
}

fn new_deployment(
    groups: Vec<GroupSpec>,
    auction: AuctionPolicy,
    absence: Option<Absence>,
) -> orderbook::ExecuteMsg {
    orderbook::ExecuteMsg::CreateDeployment(NewDeployment {
        commitment: HexBinary::from([7u8; 32]),
        groups,
        auction,
        delegate: None,
        delegate_limit: None,
        allow: vec![],
        refuse: vec![],
        reclamation: None,
        absence,
    })
}

fn sim_kubeconfig(fixture: &Fixture) {
    fixture.sim.write_kubeconfig(&fixture.kubeconfig()).unwrap();
}

mod erased {
    /// A message of any of the contracts.
    pub trait Json {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}
