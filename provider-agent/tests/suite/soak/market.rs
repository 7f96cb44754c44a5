//! One market with its agent, its tenants and all that can be disturbed of it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::ListParams;
use rand::{Rng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use souk_api::orderbook::ExecuteMsg;
use souk_client::gateway::Client;
use souk_devchain::proxy::Proxy;
use souk_gateway::{Access, Audience, Claims, Pin, token::issue};
use souk_provider::config::Config;

use crate::{
    flood::{free_port, pin_of},
    manifests::{self, Cluster, Leased, SITE, commitment_of, create_deployment, upload},
    support::{
        ApiProxy, Fixture, Must, Process,
        agent::configure,
        fixture::{CHAIN_ID, address, key},
    },
};

/// Files that the agent may have open.
const FILES: u64 = 1_024;
const TENANTS: [&str; 2] = ["ann", "bob"];
/// Leases that run at once, at most.
const MOST_LEASES: usize = 4;

/// A tenant's order, or its lease.
pub struct Tenancy {
    pub tenant: &'static str,
    pub leased: Leased,
    /// Its host name has this number, its image this version.
    number: u32,
    pub version: u32,
    /// Whether the agent has taken the newest manifest.
    pub sent: bool,
    /// Its claims with their identities, from when it first ran.
    pub claims: Option<BTreeMap<String, String>>,
}

/// The market under test.
pub struct Market {
    pub fixture: Fixture,
    /// In front of the two endpoints that the agent has.
    pub rpc: [Proxy; 2],
    pub api: ApiProxy,
    /// The cluster without that proxy.
    pub cluster: Cluster,
    pub gateway: u16,
    pub metrics: u16,
    config: PathBuf,
    pin: Pin,
    agent: Option<Process>,
    made: u32,
    pub waiting: Vec<Tenancy>,
    pub running: Vec<Tenancy>,
    pub ended: Vec<Tenancy>,
}

impl Market {
    pub async fn start_new() -> Self {
        let mut fixture = manifests::fixture().await;
        let second = fixture.chain.another_endpoint().await.must("endpoint");
        let rpc =
            [Proxy::before(&fixture.chain.rpc_url()).await, Proxy::before(&second.url()).await];
        let (gateway, metrics) = (free_port(), free_port());
        let config = configure(&fixture, "agent", "max_open_bids_per_tenant = 100");
        let urls = json!([rpc[0].url(), rpc[1].url()]);
        let text = std::fs::read_to_string(&config).must("configuration");
        let text = text
            .replace(
                &format!("rpc = [\"{}\"]", fixture.proxy.url),
                &format!("rpc = {urls}\naudit_interval = \"1s\""),
            )
            .replace("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{gateway}\""));
        let text = format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n");
        std::fs::write(&config, text).must("configuration");
        let cluster = Cluster::of(&config).await;
        let api = ApiProxy::before(&fixture).await;
        api.stand_before(&fixture, &config);
        let pin = pin_of(&config);
        let mut market = Self {
            fixture,
            rpc,
            api,
            cluster,
            gateway,
            metrics,
            config,
            pin,
            agent: None,
            made: 0,
            waiting: Vec::new(),
            running: Vec::new(),
            ended: Vec::new(),
        };
        market.start(None).await;
        market
    }

    /// Starts the agent, in place of one that runs.
    pub async fn start(&mut self, failpoint: Option<&str>) {
        self.kill().await;
        self.agent = Some(Process::start_with(&self.config, failpoint, Some(FILES)));
    }

    /// Kills the agent.
    pub async fn kill(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.kill().await;
        }
    }

    /// Whether the agent ended without having been killed from outside.
    pub fn agent_has_ended(&mut self) -> bool {
        self.agent.as_mut().is_some_and(Process::has_ended)
    }

    /// The namespace of one of the leases.
    pub fn a_namespace(&self, rng: &mut StdRng) -> String {
        let config = Config::load(&self.config).must("configuration");
        let scope = souk_provider::model::scope::MarketScope::of(&config);
        match self.running.choose(rng) {
            Some(lease) => scope.namespace(lease.leased.order),
            None => "namespaces/none".into(),
        }
    }

    /// What tenants do at some moment: one orders, another accepts, changes or ends something.
    pub async fn tenants_act(&mut self, rng: &mut StdRng) -> String {
        let ready: Vec<usize> = self.with_bids().await;
        let accepts = self.running.len() < 2 || rng.gen_bool(0.4);
        let what = match rng.gen_range(0..3) {
            _ if accepts && self.running.len() < MOST_LEASES && !ready.is_empty() => {
                self.accept(ready[rng.gen_range(0..ready.len())]).await
            }
            0 if self.running.len() > 1 => {
                let index = rng.gen_range(0..self.running.len());
                self.close(true, index).await
            }
            1 if !self.running.is_empty() => {
                let index = rng.gen_range(0..self.running.len());
                self.update(index).await
            }
            _ if self.waiting.len() > 2 => self.close(false, 0).await,
            _ => "nothing".to_owned(),
        };
        let tenant = TENANTS[rng.gen_range(0..TENANTS.len())];
        format!("{what}, {}", self.order(tenant).await)
    }

    async fn with_bids(&self) -> Vec<usize> {
        let mut ready = Vec::new();
        for (index, tenancy) in self.waiting.iter().enumerate() {
            if self.fixture.own_bid(tenancy.leased.order).await.is_some() {
                ready.push(index);
            }
        }
        ready
    }

    async fn order(&mut self, tenant: &'static str) -> String {
        self.made += 1;
        let leased = create_deployment(&self.fixture, tenant, &site(self.made, 1)).await;
        let text = format!("order {}", leased.order);
        let (number, version) = (self.made, 1);
        let tenancy = Tenancy { tenant, leased, number, version, sent: false, claims: None };
        self.waiting.push(tenancy);
        text
    }

    async fn accept(&mut self, index: usize) -> String {
        let tenancy = self.waiting.remove(index);
        self.fixture.accept(tenancy.tenant, tenancy.leased.order, "provider").await;
        let text = format!("lease {}", tenancy.leased.order);
        self.running.push(tenancy);
        text
    }

    async fn update(&mut self, index: usize) -> String {
        let tenancy = &mut self.running[index];
        tenancy.version += 1;
        tenancy.leased.upload = upload(&site(tenancy.number, tenancy.version));
        tenancy.sent = false;
        let update = ExecuteMsg::UpdateDeployment {
            deployment: tenancy.leased.deployment,
            commitment: commitment_of(&tenancy.leased.upload),
        };
        self.fixture.orderbook(tenancy.tenant, &update).await;
        format!("update of {}", tenancy.leased.order)
    }

    async fn close(&mut self, running: bool, index: usize) -> String {
        let from = if running { &mut self.running } else { &mut self.waiting };
        let tenancy = from.remove(index);
        let close = ExecuteMsg::CloseDeployment { deployment: tenancy.leased.deployment };
        self.fixture.orderbook(tenancy.tenant, &close).await;
        let text = format!("end of {}", tenancy.leased.order);
        if running {
            self.ended.push(tenancy);
        }
        text
    }

    /// A tenant's client of the gateway.
    pub fn client(&self, tenant: &str) -> Client {
        let now = std::time::UNIX_EPOCH.elapsed().must("time").as_secs();
        let aud = Audience {
            chain_id: CHAIN_ID.into(),
            orderbook: self.fixture.contracts.orderbook.clone(),
            provider: address("provider"),
        };
        let iss = address(tenant);
        let claims = Claims { iss, aud, iat: now - 10, exp: now + 600, access: Access::Full };
        let wallet = k256::ecdsa::SigningKey::from_slice(key(tenant).to_bytes().as_slice());
        let uri = format!("https://127.0.0.1:{}", self.gateway);
        let client = Client::new(&uri, &[self.pin]).must("client");
        client.with_token(issue(&wallet.must("wallet"), &claims))
    }

    /// The claims of a lease, with their identities.
    pub async fn claims(&self, tenancy: &Tenancy) -> BTreeMap<String, String> {
        let claims = self.cluster.namespaced::<PersistentVolumeClaim>(tenancy.leased.order);
        let list = claims.list(&ListParams::default()).await.must("claims");
        let pair = |claim: PersistentVolumeClaim| {
            Some((claim.metadata.name.clone()?, claim.metadata.uid.clone()?))
        };
        list.items.into_iter().filter_map(pair).collect()
    }
}

fn site(number: u32, version: u32) -> String {
    SITE.replace("shop.example.org", &format!("shop{number}.example.org"))
        .replace("nginx:1", &format!("nginx:{version}"))
}

/// How long a fault lasts.
pub fn some_time(rng: &mut StdRng) -> Duration {
    Duration::from_millis(rng.gen_range(100..1_500))
}
