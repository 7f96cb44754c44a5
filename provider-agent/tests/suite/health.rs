//! Health: each part of the agent fails in turn, and `/healthz` and `souk-provider status` say which and
//! why while it lasts.

use cosmwasm_std::HexBinary;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use souk_api::orderbook::ExecuteMsg;
use souk_core::{Attribute, OrderId};
use souk_devchain::proxy::{Effect, On, Proxy};
use souk_kubesim::{Outage, spec::Denied};
use souk_provider::{
    cluster::kube::{cache::Watched, objects::Kind},
    model::health::Part,
};
use souk_sdl::StorageParams;

use crate::{
    manifests::{self, Cluster, SITE, accepted, create_deployment, lease},
    presence::{any_registered, set_key},
    support::{
        ApiProxy, Fixture, InProcess, Options, agent::configure, app, fixture::address, free_port,
        until,
    },
};

const WEB: &str = r#"
version: "2.0"
services:
  web:
    image: web:1
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

struct Bench {
    fixture: Fixture,
    config: PathBuf,
    chain: Proxy,
    api: ApiProxy,
    cluster: Cluster,
    metrics: String,
    gateway: u16,
    /// Where the agent tries to reach its gateway; nobody listens there at first.
    outside: u16,
    failed: BTreeSet<&'static str>,
}

impl Bench {
    async fn new() -> Self {
        Self::of(Fixture::new().await).await
    }

    async fn of(fixture: Fixture) -> Self {
        let config = configure(&fixture, "agent", "");
        let cluster = Cluster::of(&config).await;
        let chain = Proxy::before(&fixture.chain.rpc_url()).await;
        let api = ApiProxy::before(&fixture).await;
        api.stand_before(&fixture, &config);
        let [gateway, outside, metrics] = [(); 3].map(|()| free_port());
        let text = std::fs::read_to_string(&config).unwrap();
        let text = text
            .replace(&fixture.proxy.url, chain.url())
            .replace("prefix = \"souk\"", "prefix = \"souk\"\naudit_interval = \"1s\"")
            .replace("127.0.0.1:0", &format!("127.0.0.1:{gateway}"))
            .replace("self_check = \"off\"", &format!("self_check = \"127.0.0.1:{outside}\""));
        let text = format!(
            "{text}\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\ndeletion_warning = \"1s\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let metrics = format!("http://127.0.0.1:{metrics}");
        let failed = BTreeSet::new();
        Self { fixture, config, chain, api, cluster, metrics, gateway, outside, failed }
    }

    async fn errors(&self) -> Option<Vec<(String, String)>> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("{}/healthz", self.metrics)).send().await.ok()?;
        let code = answer.status();
        let health: Value = answer.json().await.ok()?;
        assert_eq!(code == 200, health["healthy"] == true, "{health}");
        Some(errors(&health))
    }

    /// Waits until a part has an error that says `text`, and shows it wherever operators look.
    async fn fails(&mut self, part: Part, text: &str) {
        self.says(part, text).await;
        let output = status(&self.config).await;
        let shown = errors(&output["health"]["answered"]);
        assert!(shown.iter().any(|(name, _)| name == part.as_str()), "{part:?}: {output}");
    }

    async fn says(&mut self, part: Part, text: &str) {
        let name = part.as_str();
        until(&format!("an error of {name} with `{text}`"), async || {
            let errors = self.errors().await?;
            errors.iter().any(|(one, why)| one == name && why.contains(text)).then_some(())
        })
        .await;
        self.failed.insert(name);
    }

    async fn is_well(&self, part: Part) {
        until(&format!("{} is well", part.as_str()), async || {
            let errors = self.errors().await?;
            errors.iter().all(|(one, _)| one != part.as_str()).then_some(())
        })
        .await;
    }

    /// Questions to contracts that contain `text` get no answer from now on.
    fn ask_in_vain(&self, text: &'static str) {
        self.chain.always(On("abci_query", text), Effect::Error("out of memory"));
    }

    async fn gpus(&self, left: u32) {
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        let with = ListParams::default().labels("nvidia.com/gpu.present=true");
        let name = nodes.list(&with).await.unwrap().items[0].metadata.name.clone().unwrap();
        let status = json!({ "allocatable": { "nvidia.com/gpu": left.to_string() } });
        let patch = Patch::Merge(json!({ "status": status }));
        nodes.patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// A pod of a lease that has not failed.
    async fn live_pod(&self, order: OrderId) -> String {
        let pods = self.cluster.namespaced::<Pod>(order);
        until("a pod", async || {
            let all = pods.list(&ListParams::default()).await.ok()?.items;
            let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
            let live = all.into_iter().find(|pod| phase(pod).as_deref() == Some("Running"))?;
            live.metadata.name
        })
        .await
    }

    async fn evict(&self, order: OrderId) {
        let pod = self.live_pod(order).await;
        let status = json!({ "phase": "Failed", "reason": "Evicted",
            "message": "The node was low on resource: memory.", "conditions": null,
            "containerStatuses": null, "startTime": "2026-01-01T00:00:00Z" });
        let patch = Patch::Merge(json!({ "status": status }));
        let pods = self.cluster.namespaced::<Pod>(order);
        pods.patch_status(&pod, &PatchParams::default(), &patch).await.unwrap();
    }

    async fn finalizers(&self, order: OrderId, pod: &str, finalizers: Value) {
        let pods = self.cluster.namespaced::<Pod>(order);
        let patch = Patch::Merge(json!({ "metadata": { "finalizers": finalizers } }));
        pods.patch(pod, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Leads from where the agent looks to its gateway.
    fn open_the_way(&self) {
        let (outside, gateway) = (self.outside, self.gateway);
        tokio::spawn(async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", outside)).await.unwrap();
            while let Ok((mut one, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut other =
                        tokio::net::TcpStream::connect(("127.0.0.1", gateway)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
                });
            }
        });
    }
}

fn errors(health: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = health["errors"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| (text(&one["component"]), text(&one["message"]))).collect()
}

async fn status(config: &Path) -> Value {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_souk-provider"));
    let output = command.args(["--json", "--config", config.to_str().unwrap(), "status"]).output();
    let output = output.await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_that_fails_is_named_with_its_reason_until_it_works_again() {
    let mut bench = Bench::new().await;
    bench.api.refuse("GET resourceslices");
    let agent = InProcess::start(&bench.config).await;

    bench.fails(Part::Claims, "is forbidden").await;
    bench.fails(Part::Gateway, "tenants do not reach it").await;
    bench.api.go_on();
    bench.open_the_way();

    let follower = "node is not persisting finalize block responses";
    bench.chain.faults().set_without_results(true);
    bench.fails(Part::Follower, follower).await;
    bench.chain.faults().set_without_results(false);
    bench.is_well(Part::Follower).await;
    bench.is_well(Part::Claims).await;
    bench.is_well(Part::Gateway).await;
    until("health", async || bench.errors().await?.is_empty().then_some(())).await;

    let own = any_registered(&bench.fixture).await;
    set_key(&bench.fixture, HexBinary::from([9; 32])).await;
    bench.fails(Part::QuoteKey, "another agent of this operator may act").await;
    set_key(&bench.fixture, own).await;
    bench.is_well(Part::QuoteKey).await;

    bench.ask_in_vain("{\"order\":{\"order\":");
    let order = bench.fixture.order("bob", app("web")).await;
    bench.fails(Part::Details, &format!("{order}")).await;
    bench.chain.clear();
    bench.is_well(Part::Details).await;
    until("a bid", || bench.fixture.own_bid(order)).await;

    bench.ask_in_vain("{\"leases\":");
    bench.fails(Part::Audit, "out of memory").await;
    bench.chain.clear();
    bench.is_well(Part::Audit).await;

    bench.ask_in_vain("RawContractState");
    bench.fixture.order("bob", app("more")).await;
    bench.fails(Part::Bidding, "out of memory").await;
    bench.chain.clear();
    bench.is_well(Part::Bidding).await;

    bench.chain.always(On("broadcast_tx_sync", ""), Effect::Error("mempool is full: 5000 txs"));
    let leased = create_deployment(&bench.fixture, "ann", WEB).await;
    bench.fails(Part::Transactions, "mempool").await;
    bench.chain.clear();
    bench.is_well(Part::Transactions).await;
    until("a bid", || bench.fixture.own_bid(leased.order)).await;

    bench.ask_in_vain("{\"account\":");
    bench.fixture.accept("ann", leased.order, "provider").await;
    bench.fails(Part::Confirmations, "account").await;
    bench.chain.clear();
    bench.is_well(Part::Confirmations).await;

    bench.api.refuse("PATCH deployments");
    until("the deployment", async || agent.store.deployment(leased.deployment).await.unwrap())
        .await;
    accepted(&agent.store, &leased).await;
    bench.fails(Part::Leases, &format!("lease {}: ", leased.order)).await;
    bench.api.go_on();
    bench.is_well(Part::Leases).await;

    bench.fixture.sim.pause(Outage::Unavailable);
    bench.fails(Part::Watches, "pods cannot be watched").await;
    bench.fails(Part::Inventory, "").await;
    bench.fails(Part::DryRuns, "no manifest can be tried, so none is taken: ").await;
    bench.fixture.sim.resume();
    bench.is_well(Part::DryRuns).await;
    bench.is_well(Part::Watches).await;
    bench.is_well(Part::Inventory).await;

    bench.gpus(1).await;
    bench.fails(Part::Gpus, "1 of 2 nvidia.com/gpu failed").await;
    bench.gpus(2).await;
    bench.is_well(Part::Gpus).await;

    bench.api.refuse("DELETE /pods/");
    for _ in 0..4 {
        bench.evict(leased.order).await;
    }
    bench.fails(Part::FailedPods, "cannot be deleted").await;
    bench.api.go_on();
    bench.is_well(Part::FailedPods).await;
    let pods = bench.cluster.namespaced::<Pod>(leased.order);
    until("three failed pods are left for their reason", async || {
        let all = pods.list(&ListParams::default()).await.ok()?.items;
        (all.len() == 4).then_some(())
    })
    .await;

    // A quarter of a day.
    bench.chain.always(On("broadcast_tx_sync", ""), Effect::Error("mempool is full: 5000 txs"));
    bench.fixture.chain.advance(21_700).await.unwrap();
    bench.fails(Part::Heartbeats, "the chain did not see this provider").await;
    bench.chain.clear();
    bench.is_well(Part::Heartbeats).await;
    bench.is_well(Part::Transactions).await;

    bench.api.refuse("coordination.k8s.io");
    bench.fails(Part::Lock, "is forbidden").await;
    bench.api.go_on();
    bench.is_well(Part::Lock).await;

    let certificate = bench.config.with_file_name("gateway.crt");
    let text = std::fs::read_to_string(&certificate).unwrap();
    std::fs::write(&certificate, "nothing").unwrap();
    bench.fails(Part::Certificate, "the one before is still served").await;
    std::fs::write(&certificate, text).unwrap();
    bench.is_well(Part::Certificate).await;

    let pod = bench.live_pod(leased.order).await;
    bench.finalizers(leased.order, &pod, json!(["x.io/hold"])).await;
    bench.ask_in_vain("{\"streams\":");
    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    bench.fixture.orderbook("ann", &close).await;
    bench.fails(Part::Upkeep, "out of memory").await;
    bench.chain.clear();
    bench.is_well(Part::Upkeep).await;
    bench.fails(Part::Deletions, "(finalizer x.io/hold)").await;
    bench.finalizers(leased.order, &pod, Value::Null).await;
    bench.is_well(Part::Deletions).await;

    let store = rusqlite::Connection::open(bench.config.with_file_name("agent.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Another program would wait for the same lock.
    bench.says(Part::Store, "a write takes").await;
    store.execute_batch("ROLLBACK").unwrap();
    bench.is_well(Part::Store).await;

    // Without descriptors no request for health would come through: that is a test of its own.
    bench.failed.insert(Part::Listener.as_str());
    let all: BTreeSet<&str> = Part::ALL.iter().map(|part| part.as_str()).collect();
    assert_eq!(bench.failed, all, "each part was tried");
    until("health", async || bench.errors().await?.is_empty().then_some(())).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bidding_that_asks_the_chain_in_vain_says_so_until_it_is_answered() {
    let mut bench = Bench::new().await;
    bench.open_the_way();
    let agent = InProcess::start(&bench.config).await;
    let first = bench.fixture.order("bob", app("web")).await;
    until("a bid", || bench.fixture.own_bid(first)).await;
    bench.ask_in_vain("{\"attestations\":");
    let mut audited = app("audited");
    audited.requirements.attributes = vec![Attribute::new("tier", "gold")];
    audited.requirements.signed_by.any_of = vec![address("auditor")];
    let order = bench.fixture.order("ann", audited).await;
    bench.fails(Part::Bidding, &format!("order {order}: attestations: ")).await;
    // Rounds without questions, such as this one's, do not hide it.
    let other = bench.fixture.order("bob", app("more")).await;
    until("a bid", || bench.fixture.own_bid(other)).await;
    bench.fails(Part::Bidding, &format!("order {order}: attestations: ")).await;
    bench.chain.clear();
    bench.is_well(Part::Bidding).await;
    agent.decision(order, "none of the auditors").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kubernetes_refuses_of_one_lease_is_its_tenants_matter_and_the_agent_stays_healthy() {
    let bench = Bench::of(manifests::fixture().await).await;
    bench.open_the_way();
    let agent = InProcess::start(&bench.config).await;
    let mut leased = lease(&bench.fixture, &agent, "ann", SITE).await;
    // Two volumes at one path; by the gateway it would not come this far.
    let services = &mut leased.upload.manifest.0[0].services;
    let db = services.iter_mut().find(|service| service.name == "db").unwrap();
    let mounts = db.params.as_mut().unwrap().storage.as_mut().unwrap();
    let mount = mounts[0].mount.clone();
    mounts.push(StorageParams { name: "default".into(), mount, read_only: false });
    accepted(&agent.store, &leased).await;
    let named = format!("lease {}: Kubernetes refuses to apply statefulset/db", leased.order);
    let health = until("a warning", async || {
        let health = status(&bench.config).await["health"]["answered"].clone();
        let mut warnings = health["warnings"].as_array()?.iter();
        let named = warnings.any(|one| one["message"].as_str().unwrap().starts_with(&named));
        (named && health["healthy"] == true).then_some(health)
    })
    .await;
    assert_eq!(health["errors"], json!([]), "{health}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let metrics = http.get(format!("{}/metrics", bench.metrics)).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("souk_provider_leases_refused 1"), "{metrics}");
    assert!(metrics.contains("souk_provider_component_failing{component=\"leases\"} 0"));

    leased.upload = manifests::upload(SITE);
    accepted(&agent.store, &leased).await;
    until("nothing is refused any more", async || {
        let health = status(&bench.config).await["health"]["answered"].clone();
        health["warnings"].as_array()?.is_empty().then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_block_results_is_set_aside_and_named_while_another_is_followed() {
    let bench = Bench::new().await;
    bench.open_the_way();
    let blind = Proxy::before(&bench.fixture.chain.rpc_url()).await;
    blind.faults().set_without_results(true);
    let text = std::fs::read_to_string(&bench.config).unwrap();
    let both = format!("rpc = [\"{}\", \"{}\"]", blind.url(), bench.chain.url());
    let one = format!("rpc = [\"{}\"]", bench.chain.url());
    std::fs::write(&bench.config, text.replace(&one, &both)).unwrap();
    let agent = InProcess::start(&bench.config).await;
    let order = bench.fixture.order("ann", app("web")).await;
    until("a bid", || bench.fixture.own_bid(order)).await;
    let health = until("a warning", async || {
        let health = status(&bench.config).await["health"]["answered"].clone();
        (!health["warnings"].as_array()?.is_empty()).then_some(health)
    })
    .await;
    assert_eq!(health["healthy"], true, "{health}");
    let warning = health["warnings"][0]["message"].as_str().unwrap();
    assert!(warning.contains(blind.url()) && warning.contains("not persisting"), "{warning}");
    agent.stop().await;
    let output = status(&bench.config).await;
    let unknown = output["health"]["unknown"].as_str().unwrap();
    assert!(unknown.contains("is the agent running?"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kind_that_may_not_be_watched_stops_a_lease_and_each_is_named() {
    let kinds: Vec<String> = Watched::all()
        .filter(|watched| *watched != Watched::Kind(Kind::Namespace) && *watched != Watched::Pods)
        .map(Watched::resource)
        .collect();
    let mut options = Options::default();
    for resource in &kinds {
        for verb in ["list", "watch"] {
            let denied = Denied { verb: verb.into(), resource: resource.clone() };
            options.cluster.denied.push(denied);
        }
    }
    let bench = Bench::of(Fixture::with(options).await).await;
    let agent = InProcess::start(&bench.config).await;
    let leased = lease(&bench.fixture, &agent, "ann", WEB).await;
    accepted(&agent.store, &leased).await;
    let pod = bench.live_pod(leased.order).await;
    assert!(pod.starts_with("web-"), "{pod}");
    let errors = until("each is named", async || {
        let errors = bench.errors().await?;
        let watches = errors.iter().filter(|(part, _)| part == Part::Watches.as_str());
        (watches.count() == kinds.len()).then_some(errors)
    })
    .await;
    for resource in &kinds {
        let named = format!("{resource} cannot be watched: ");
        assert!(errors.iter().any(|(_, why)| why.starts_with(&named)), "{resource}: {errors:?}");
    }
    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    bench.fixture.orderbook("ann", &close).await;
    // Whether it has volumes cannot be seen, so that its namespace stays.
    let pods = bench.cluster.namespaced::<Pod>(leased.order);
    until("nothing runs", async || {
        pods.list(&ListParams::default()).await.ok()?.items.is_empty().then_some(())
    })
    .await;
    agent.stop().await;
}
