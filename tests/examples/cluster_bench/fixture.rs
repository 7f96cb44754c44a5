//! The market: an embedded chain, one provider whose agent works on the cluster, tenants.

use std::time::Duration;

use anyhow::{Context as _, Result};
use cosmwasm_std::HexBinary;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use rand::RngCore as _;
use serde_json::json;
use souk_api::{
    defaults::{BOND_PER_SLOT, MIN_RUNWAY},
    escrow,
    orderbook::{ConfigResponse, ExecuteMsg, NewDeployment, OrderbookEvent},
};
use souk_chain::Coin;
use souk_client::{
    deploy, events,
    gateway::{client_for, send_manifest},
    sdl,
};
use souk_core::{AuctionPolicy, DeploymentId, OrderId};
use souk_gateway::{Salt, body::ManifestUpload, commitment};
use souk_localnet::{
    Localnet, LocalnetConfig,
    chain::ChainKind,
    process::Process,
    provider::{ExistingCluster, Profile, Provider, Rates},
};
use souk_provider::model::{labels, scope::MarketScope};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    Size,
    cluster::Cluster,
    ledger::{Ledger, SeenBid},
    observations::Observations,
    requests::Counter,
};

/// Real time between blocks.
pub const BLOCK_TIME: Duration = Duration::from_secs(1);
/// Orders that a tenant has open at once: no more than the agent bids on by default.
const OF_A_TENANT: usize = 20;
/// What each account has, in base units.
const COINS: u128 = 1_000_000_000_000_000;
const RATES: Rates =
    Rates { cpu: 10_000, memory: 2_000, storage: 100, gpu: 200_000, endpoint: 100, ip: 100 };

/// A site: one service behind an ingress, with a secret in its environment.
const SITE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [TOKEN=secret]
    expose: [{ port: 80, to: [{ global: true }] }]
profiles:
  compute:
    web:
      resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: { size: 64Mi } }
  placement:
    here: { pricing: { web: { denom: uakt, amount: 500 } } }
deployment:
  web: { here: { profile: web, count: 1 } }
"#;

/// An order with what its winner gets.
pub struct Order {
    pub id: OrderId,
    deployment: DeploymentId,
    tenant: usize,
    upload: ManifestUpload,
}

/// Everything that runs.
pub struct Fixture {
    pub cluster: Cluster,
    pub counter: Counter,
    pub ledger: Ledger,
    pub observations: Observations,
    local: Localnet,
    config: ConfigResponse,
    _folder: TempDir,
}

impl Fixture {
    pub async fn start(size: Size) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        eprintln!("starting a control plane with {} nodes", size.nodes);
        let cluster = Cluster::start(size.nodes, folder.path()).await?;
        let counter = Counter::start(&cluster).await?;
        let config = LocalnetConfig {
            chain: ChainKind::Embedded {
                chain_id: "souk-bench".to_owned(),
                block_time: BLOCK_TIME,
            },
            providers: vec![(provider(size, &cluster), false)],
            // The last one is for orders that come beside those of the others.
            accounts: size.batch.max(size.open).div_ceil(OF_A_TENANT) + 1 + 40 / OF_A_TENANT,
            coins: COINS,
            foreign_denoms: vec!["uakt".to_owned()],
            foreign_auditors: Vec::new(),
        };
        let local = Localnet::start(config, folder.path()).await?;
        let orderbook = &local.market.contracts.orderbook;
        let provider = &local.providers[0].address;
        cluster.confine(&MarketScope::new("souk-bench", orderbook, provider)).await?;
        let agent = local.providers[0].agent.as_ref().context("the agent runs")?;
        let observations = Observations::start(agent.log().to_owned(), cluster.client.clone());
        let ledger = Ledger::open(&local.market).await?;
        let config = local.market.orderbook.config().await?;
        Ok(Self { cluster, counter, ledger, observations, local, config, _folder: folder })
    }

    /// Ends it all.
    pub async fn stop(self) {
        self.local.stop().await;
    }

    fn provider(&mut self) -> &mut Provider {
        &mut self.local.providers[0]
    }

    /// The agent's process.
    pub fn agent(&self) -> Result<u32> {
        let agent = self.local.providers[0].agent.as_ref();
        agent.and_then(Process::id).context("the agent runs")
    }

    /// Ends the agent.
    pub async fn stop_agent(&mut self) {
        if let Some(agent) = self.provider().agent.take() {
            agent.stop().await;
        }
    }

    /// Starts the agent again and waits until its gateway answers.
    pub async fn start_agent(&mut self) -> Result<()> {
        self.provider().start_agent(&[]).await
    }

    /// What goes wrong is results with the agent's last words.
    pub fn log_tail(&self) -> String {
        self.local.log_tails()
    }

    /// Opens `count` orders at once, each in a deployment of its own.
    pub async fn open_orders(&self, count: usize) -> Result<Vec<Order>> {
        let of = |tenant: usize| {
            let before = tenant * OF_A_TENANT;
            self.open_orders_of(tenant, count.saturating_sub(before).min(OF_A_TENANT))
        };
        let orders = try_join_all((0..count.div_ceil(OF_A_TENANT)).map(of)).await?;
        Ok(orders.into_iter().flatten().collect())
    }

    /// Opens orders of the last two accounts, which have no others.
    pub async fn open_orders_of_last(&self, count: usize) -> Result<Vec<Order>> {
        let last = self.local.accounts.len() - 1;
        let mut orders = Vec::new();
        for (tenant, before) in [(last, 0), (last - 1, OF_A_TENANT)] {
            let count = count.saturating_sub(before).min(OF_A_TENANT);
            if count > 0 {
                orders.extend(self.open_orders_of(tenant, count).await?);
            }
        }
        Ok(orders)
    }

    /// Commits a deployment to a manifest with another salt, which is not sent yet.
    pub async fn update(&self, order: &mut Order) -> Result<()> {
        let salt = salt();
        let token = format!("TOKEN={}", HexBinary::from(&salt.0));
        for service in order.upload.manifest.0.iter_mut().flat_map(|group| &mut group.services) {
            service.env = Some(vec![token.clone()]);
        }
        order.upload.salt = Some(salt);
        let version = order.upload.manifest.version();
        let message = ExecuteMsg::commit(
            order.deployment,
            HexBinary::from(&commitment(order.upload.salt.as_ref(), &version)),
        );
        self.send("updating", vec![(order, message)]).await
    }

    /// Pays a little into the accounts of the first `count` leases.
    pub async fn deposit(&self, orders: &[Order], count: usize) -> Result<()> {
        let market = &self.local.market;
        for order in orders.iter().take(count) {
            let lease = market.orderbook.lease(order.id).await?;
            let message = escrow::ExecuteMsg::Deposit { account: lease.account };
            let wallet = &self.local.accounts[order.tenant];
            let coin = Coin::new(1_000u128, lease.denom.to_string());
            let message = wallet.execute(&market.contracts.escrow, &message, &[coin])?;
            wallet.send("a deposit", vec![message]).await?;
        }
        Ok(())
    }

    /// Changes an annotation of the pods of the first `count` leases.
    pub async fn touch_pods(&self, orders: &[OrderId], count: usize) -> Result<()> {
        let pods = Api::<Pod>::all(self.cluster.client.clone());
        for order in orders.iter().take(count) {
            let of = ListParams::default().labels(&format!("{}={order}", labels::ORDER));
            for pod in pods.list(&of).await?.items {
                let namespace = pod.metadata.namespace.unwrap_or_default();
                let name = pod.metadata.name.unwrap_or_default();
                let patch = Patch::Merge(json!({"metadata": {"annotations": {"bench": "1"}}}));
                let pods = Api::<Pod>::namespaced(self.cluster.client.clone(), &namespace);
                pods.patch(&name, &PatchParams::default(), &patch).await?;
            }
        }
        Ok(())
    }

    async fn open_orders_of(&self, tenant: usize, count: usize) -> Result<Vec<Order>> {
        let (market, wallet) = (&self.local.market, &self.local.accounts[tenant]);
        let orderbook = &market.contracts.orderbook;
        let (mut messages, mut uploads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let compiled = sdl::compile("site.yaml", SITE.as_bytes(), &market.network.map, true)?;
            let mut plan = deploy::plan(compiled, None, false, &self.config, MIN_RUNWAY)?;
            plan.upload.salt = Some(salt());
            let version = plan.upload.manifest.version();
            let message = ExecuteMsg::CreateDeployment(NewDeployment {
                commitment: HexBinary::from(&commitment(plan.upload.salt.as_ref(), &version)),
                groups: plan.groups,
                auction: AuctionPolicy::TenantChoice {},
                delegate: None,
                delegate_limit: None,
                allow: Vec::new(),
                refuse: Vec::new(),
                reclamation: None,
                absence: None,
            });
            messages.push(wallet.execute(orderbook, &message, &[plan.deposit])?);
            uploads.push(plan.upload);
        }
        let outcome = wallet.send("creating deployments", messages).await?;
        let opened =
            events::of_orderbook(&outcome.events, orderbook).into_iter().filter_map(|event| {
                match event {
                    OrderbookEvent::OrderOpened(opened) => Some((opened.order, opened.deployment)),
                    _ => None,
                }
            });
        let order = |((id, deployment), upload)| Order { id, deployment, tenant, upload };
        Ok(opened.zip(uploads).map(order).collect())
    }

    /// Accepts the provider's bids, all of one tenant in one transaction.
    pub async fn accept(&self, orders: &[Order], bids: &[SeenBid]) -> Result<()> {
        let provider = &self.local.providers[0].address;
        let message = |order: OrderId, seen: &SeenBid| {
            let (provider, bid, max_price) = (provider.clone(), seen.id, seen.price);
            ExecuteMsg::AcceptBid { order, provider, bid, max_price }
        };
        let each = orders.iter().zip(bids);
        let messages = each.map(|(order, bid)| (order, message(order.id, bid)));
        self.send("accepting bids", messages.collect()).await
    }

    /// Closes the deployments, all of one tenant in one transaction.
    pub async fn close(&self, orders: &[Order]) -> Result<()> {
        let message = |order: &Order| ExecuteMsg::CloseDeployment { deployment: order.deployment };
        let messages = orders.iter().map(|order| (order, message(order)));
        self.send("closing", messages.collect()).await
    }

    async fn send(&self, action: &str, messages: Vec<(&Order, ExecuteMsg)>) -> Result<()> {
        let orderbook = &self.local.market.contracts.orderbook;
        let of_tenant = |(tenant, wallet)| {
            let messages = messages.iter().filter(move |(order, _)| order.tenant == tenant);
            let wallet: &souk_client::wallet::Wallet = wallet;
            async move {
                let messages = messages.map(|(_, message)| wallet.execute(orderbook, message, &[]));
                let messages = messages.collect::<Result<Vec<_>, _>>()?;
                for some in messages.chunks(OF_A_TENANT) {
                    wallet.send(action, some.to_vec()).await?;
                }
                anyhow::Ok(())
            }
        };
        try_join_all(self.local.accounts.iter().enumerate().map(of_tenant)).await?;
        Ok(())
    }

    /// Sends the manifests, of all tenants at once, and gives the moments at which the gateway
    /// had taken them, in the order of the orders.
    pub async fn launch(&self, orders: &[Order]) -> Result<Vec<Instant>> {
        let of_tenant = |tenant: usize| async move {
            let provider = &self.local.providers[0].address;
            let wallet = &self.local.accounts[tenant];
            let gateway = client_for(&self.local.market, wallet, provider).await?;
            let mut taken = Vec::new();
            for (at, order) in orders.iter().enumerate().filter(|(_, one)| one.tenant == tenant) {
                send_manifest(&gateway, order.id, &order.upload).await?;
                taken.push((at, Instant::now()));
            }
            anyhow::Ok(taken)
        };
        let taken = try_join_all((0..self.local.accounts.len()).map(of_tenant)).await?;
        let mut taken: Vec<(usize, Instant)> = taken.into_iter().flatten().collect();
        taken.sort_by_key(|(at, _)| *at);
        Ok(taken.into_iter().map(|(_, moment)| moment).collect())
    }
}

/// The provider, with a bond for twice as many leases: one that ended holds its slot for a day.
fn provider(size: Size, cluster: &Cluster) -> Profile {
    let mut profile = Profile::new("bench", "here", RATES);
    let most = 2 * (size.leases + size.batch + 2 * size.single) + size.open + 1_000;
    profile.bond = BOND_PER_SLOT * (most as u128).max(20);
    profile.existing = Some(ExistingCluster {
        kubeconfig: cluster.kubeconfig.clone(),
        nodes: Default::default(),
        local_images: false,
        host: None,
    });
    profile
}

fn salt() -> Salt {
    let mut salt = [0; 32];
    rand::thread_rng().fill_bytes(&mut salt);
    Salt(salt)
}
