//! One market with its agent, its tenants and all that can be disturbed of it.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::ListParams;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rustls::pki_types::ServerName;
use serde_json::json;
use souk_api::orderbook::ExecuteMsg;
use souk_client::gateway::Client;
use souk_devchain::proxy::Proxy;
use souk_gateway::{Access, Audience, Claims, Pin, pin::tls_config, token::issue};
use souk_provider::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    flood::{from_elsewhere, pin_of},
    manifests::{self, Cluster, Leased, SITE, commitment_of, create_deployment, upload},
    support::{
        ApiProxy, Fixture, Must, Process,
        agent::{ERRORS, configure},
        fixture::{CHAIN_ID, address, key},
        free_port,
        nonsense::request,
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
        let config = configure(
            &fixture,
            "agent",
            "max_open_bids_per_tenant = 100\nmax_slots_percent_per_tenant = 100",
        );
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

    /// The memory of the agent, in MiB.
    pub fn memory(&self) -> u64 {
        self.agent.as_ref().map_or(0, Process::memory)
    }

    /// Panics of the agent, as it wrote them.
    pub fn panics(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.config.with_file_name(ERRORS)).must("its errors");
        text.lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
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
        let update =
            ExecuteMsg::commit(tenancy.leased.deployment, commitment_of(&tenancy.leased.upload));
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

    /// Requests to the gateway that make no sense, one after the other, from one address.
    pub fn nonsense_requests(&self, visitor: usize, seed: u64) -> impl Future<Output = ()> + use<> {
        let to: SocketAddr = ([127, 0, 0, 1], self.gateway).into();
        let tls = tokio_rustls::TlsConnector::from(Arc::new(tls_config(&[self.pin]).must("TLS")));
        let (token, body) = (self.token("ann"), json!(upload(SITE)));
        let mut rng = StdRng::seed_from_u64(seed);
        async move {
            loop {
                let name = ServerName::try_from("localhost").must("a name");
                let asked = async {
                    let stream = from_elsewhere(visitor, to).await?;
                    let mut stream = tls.connect(name, stream).await?;
                    stream.write_all(&request(&token, &body, &mut rng)).await?;
                    let mut answer = [0; 4_096];
                    while stream.read(&mut answer).await? > 0 {}
                    Ok::<_, std::io::Error>(())
                };
                // Whether and what it answers is the gateway's choice.
                let _ = tokio::time::timeout(Duration::from_millis(200), asked).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// A tenant's client of the gateway.
    pub fn client(&self, tenant: &str) -> Client {
        let uri = format!("https://127.0.0.1:{}", self.gateway);
        Client::new(&uri, &[self.pin]).must("client").with_token(self.token(tenant))
    }

    fn token(&self, tenant: &str) -> String {
        let now = std::time::UNIX_EPOCH.elapsed().must("time").as_secs();
        let aud = Audience {
            chain_id: CHAIN_ID.into(),
            orderbook: self.fixture.contracts.orderbook.clone(),
            provider: address("provider"),
        };
        let iss = address(tenant);
        let claims = Claims { iss, aud, iat: now - 10, exp: now + 600, access: Access::Full };
        let wallet = k256::ecdsa::SigningKey::from_slice(key(tenant).to_bytes().as_slice());
        issue(&wallet.must("wallet"), &claims)
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
