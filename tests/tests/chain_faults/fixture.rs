//! A tenant, and a provider whose agent is a process that reaches the chain by proxies alone.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use cosmwasm_std::HexBinary;
use serde_json::Value;
use souk_api::orderbook::{self, BidResponse, LeaseState, NewDeployment, OrderbookEvent};
use souk_chain::{Client, Coin, SecretKey, TxOutcome};
use souk_client::{events, market::Market, network::Network, wallet::Wallet};
use souk_core::{
    AuctionPolicy, GroupSpec, GroupUnit, OrderId, Price, Requirements, Resources, Volume,
};
use souk_devchain::proxy::{On, Proxy};
use souk_kubesim::spec::NodeSpec;
use souk_localnet::provider::{Profile, Provider, Rates, Registration, register};
use souk_provider::{model::Lease, store::Store};
use souk_tests::wait::until;
use tempfile::TempDir;

use crate::chain::Chain;

/// The agent's requests that hold its bids.
pub const SIMULATED_BID: On = On("abci_query", "\"place_bid\"");
pub const BROADCAST_BID: On = On("broadcast_tx_sync", "\"place_bid\"");

/// Everything around one provider.
pub struct Fixture {
    pub chain: Arc<Chain>,
    pub market: Market,
    pub tenant: Wallet,
    pub provider: Provider,
    /// The agent's key.
    pub operator: SecretKey,
    /// The agent's endpoints, in the order of its configuration.
    pub proxies: Vec<Proxy>,
    store: OnceLock<Store>,
    _folder: TempDir,
}

impl Fixture {
    /// A provider behind `proxies` proxies to the node.
    pub async fn start(chain: Arc<Chain>, proxies: usize) -> Self {
        Self::start_with(chain, proxies, |_| ()).await
    }

    /// The same; `change` changes the network as the agent's configuration has it.
    pub async fn start_with(
        chain: Arc<Chain>,
        proxies: usize,
        change: impl FnOnce(&mut Network),
    ) -> Self {
        let mut all = Vec::new();
        for _ in 0..proxies {
            all.push(Proxy::before(&chain.node.rpc_url()).await);
        }
        let folder = tempfile::tempdir().unwrap();
        let market = Market::new(chain.network.clone()).unwrap();
        let (owner, operator) = (chain.wallet(&chain.next_key()), chain.next_key());
        let rates = Rates { cpu: 10_000, memory: 2_000, storage: 100, gpu: 1, endpoint: 1, ip: 1 };
        let profile =
            Profile::new("provider", "eu-west", rates).node(NodeSpec::new("cpu", 2, "64", "256Gi"));
        let place = folder.path().join("provider");
        let registered: Registration =
            register(&market, &owner, operator.clone(), &profile, &place).await.unwrap();
        let mut network = chain.network.clone();
        network.rpc = all.iter().map(|proxy| proxy.url().to_owned()).collect();
        change(&mut network);
        let provider =
            Provider::start(&network, &owner.address, &registered, profile, &place).await.unwrap();
        let tenant = chain.wallet(&chain.next_key());
        let (proxies, store) = (all, OnceLock::new());
        Self { chain, market, tenant, provider, operator, proxies, store, _folder: folder }
    }

    /// An order of the tenant.
    pub async fn order(&self, name: &str) -> OrderId {
        let msg = orderbook::ExecuteMsg::CreateDeployment(NewDeployment {
            commitment: HexBinary::from([7u8; 32]),
            groups: vec![app(name)],
            auction: AuctionPolicy::TenantChoice {},
            delegate: None,
            delegate_limit: None,
            allow: vec![self.provider.address.clone()],
            refuse: vec![],
            reclamation: None,
            absence: None,
        });
        let coins = Coin::new(50_000_000, self.market.network.denom.clone());
        let outcome = self.send("deploying", &msg, &[coins]).await;
        let events = events::of_orderbook(&outcome.events, &self.market.contracts.orderbook);
        let opened = events.iter().find_map(|event| match event {
            OrderbookEvent::OrderOpened(opened) => Some(opened.order),
            _ => None,
        });
        opened.expect("an order was opened")
    }

    pub async fn accept(&self, order: OrderId) {
        let bid = self.bid(order).await.expect("the provider bids").id;
        let msg = orderbook::ExecuteMsg::AcceptBid {
            order,
            provider: self.provider.address.clone(),
            bid,
            max_price: Price::new(1_000_000).unwrap(),
        };
        self.send("accepting", &msg, &[]).await;
    }

    async fn send(&self, what: &str, msg: &orderbook::ExecuteMsg, coins: &[Coin]) -> TxOutcome {
        let message = self.tenant.execute(&self.market.contracts.orderbook, msg, coins).unwrap();
        self.tenant.send(what, vec![message]).await.unwrap()
    }

    /// The provider's bid on an order, as the chain has it.
    pub async fn bid(&self, order: OrderId) -> Option<BidResponse> {
        let bids = self.market.orderbook.bids(order).await.ok()?;
        bids.into_iter().find(|bid| bid.provider == self.provider.address)
    }

    /// Waits for the bid.
    pub async fn wait_for_bid(&self, what: &str, order: OrderId) -> BidResponse {
        until(&format!("{what}\n{}", self.log_tail()), async || self.bid(order).await).await
    }

    /// An order that became a lease, known to the agent.
    pub async fn lease(&self, name: &str) -> OrderId {
        let order = self.order(name).await;
        self.wait_for_bid("a bid for the lease", order).await;
        self.accept(order).await;
        self.agent_has_lease(order).await;
        order
    }

    /// Waits until the agent's store has the lease, active and with its account's clock.
    pub async fn agent_has_lease(&self, order: OrderId) {
        until("the lease in the agent's store", async || {
            let row: Lease = self.store().lease(order).await.ok()??;
            (row.state == LeaseState::Active && row.clock.is_some()).then_some(())
        })
        .await;
    }

    /// The agent's own memory, beside its process.
    pub fn store(&self) -> &Store {
        self.store.get_or_init(|| Store::open(&self.provider.folder.join("agent.db")).unwrap())
    }

    /// How many distinct transactions with a bid on this order were broadcast at any proxy,
    /// refused ones included.
    pub fn bids_broadcast(&self, order: OrderId) -> usize {
        let mut hashes = BTreeSet::new();
        for (hash, messages) in self.proxies.iter().flat_map(Proxy::transactions) {
            let holds = messages.iter().filter_map(souk_devchain::proxy::contract_message).any(
                |message: Value| {
                    let bid = message.get("place_bid");
                    bid.is_some_and(|bid| bid.get("order") == Some(&order.0.into()))
                },
            );
            if holds {
                hashes.insert(hash);
            }
        }
        hashes.len()
    }

    /// What must hold after every fault: one bid on chain for each order, from exactly this many
    /// transactions, and every lease still there.
    pub async fn nothing_was_lost(&self, bids: &[(OrderId, usize)], leases: &[OrderId]) {
        for (order, transactions) in bids {
            let all = self.market.orderbook.bids(*order).await.unwrap();
            assert_eq!(all.len(), 1, "bids on order {order}");
            assert_eq!(self.bids_broadcast(*order), *transactions, "transactions for {order}");
        }
        for lease in leases {
            assert_eq!(
                self.market.orderbook.lease(*lease).await.unwrap().state,
                LeaseState::Active
            );
            self.agent_has_lease(*lease).await;
        }
        let stats = self.market.orderbook.provider_stats(&self.provider.address).await.unwrap();
        let slots = bids.len() as u64;
        assert_eq!(u64::from(stats.used), slots, "slots used by bids and leases: {stats:?}");
    }

    /// Waits for `count` more blocks.
    pub async fn blocks(&self, count: u64) {
        let from = self.market.now().await.unwrap().0;
        until("blocks", async || {
            let now = self.market.now().await.ok()?.0;
            (now >= from + count).then_some(())
        })
        .await;
    }

    /// The agent's key used by somebody else: a transaction that takes the next sequence.
    pub fn intruder(&self) -> Wallet {
        self.chain.wallet(&self.operator)
    }

    pub async fn stop_agent(&mut self) {
        if let Some(agent) = self.provider.agent.take() {
            agent.stop().await;
        }
    }

    pub async fn start_agent(&mut self) {
        self.provider.start_agent(&[]).await.unwrap();
    }

    /// The end of the agent's log.
    pub fn log_tail(&self) -> String {
        self.provider.agent.as_ref().map(|agent| agent.log_tail()).unwrap_or_default()
    }

    /// Ends agent and cluster.
    pub async fn stop(mut self) {
        self.provider.stop().await;
    }
}

/// A client of one endpoint.
pub fn client(url: &str) -> Client {
    Client::new(souk_chain::ClientConfig::new(crate::chain::CHAIN_ID, [url])).unwrap()
}

/// One replica of a core.
fn app(name: &str) -> GroupSpec {
    const MI: u64 = 1 << 20;
    let volume = Volume { name: "default".into(), size: 1_024 * MI, attributes: vec![] };
    let resources = Resources {
        cpu_milli: 1_000,
        cpu_attributes: vec![],
        memory: 512 * MI,
        gpu: None,
        storage: vec![volume],
        endpoints: vec![],
    };
    GroupSpec {
        name: name.into(),
        requirements: Requirements::default(),
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: Price::new(1_000_000).unwrap(),
    }
}
