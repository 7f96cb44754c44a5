//! What keeps all tenants from delivering their manifests is shown in health at once, and no lease is closed
//! for a manifest that could not come.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use serde_json::{Value, json};
use souk_api::orderbook::LeaseState;
use souk_core::CloseReason;
use souk_kubesim::spec::Denied;
use souk_provider::{config::Config, model::scope::MarketScope};

use crate::{
    manifests::Cluster,
    support::{Fixture, InProcess, Must, Options, agent::configure, app, until},
};

/// An agent's configuration with a health check; tenants have ten minutes for their manifests.
fn watched(fixture: &Fixture) -> (PathBuf, String) {
    let config = configure(fixture, "agent", "manifest_timeout = \"10m\"");
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = socket.local_addr().unwrap().to_string();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[metrics]\nlisten = \"{metrics}\"\n")).unwrap();
    (config, metrics)
}

/// What health says of dry runs; none if nothing.
async fn said(metrics: &str) -> Option<Option<String>> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("http://{metrics}/healthz")).send().await.ok()?;
    let health: Value = answer.json().await.ok()?;
    let errors = health["errors"].as_array()?;
    let found = errors.iter().find(|one| one["component"] == "dry_runs");
    Some(found.map(|one| one["message"].as_str().unwrap().to_owned()))
}

async fn says(metrics: &str, text: &str) {
    until(&format!("health with `{text}`"), async || {
        said(metrics).await??.contains(text).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_manifest_can_be_tried_health_says_why_and_no_lease_is_closed_for_it() {
    let fixture = Fixture::with(Options::with_long_blocks()).await;
    let (config, metrics) = watched(&fixture);
    let cluster = Cluster::of(&config).await;
    let scope = MarketScope::of(&Config::load(&config).must("configuration"));
    let name = scope.dry_run_namespace();
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let foreign: Namespace =
        serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
    namespaces.create(&PostParams::default(), &foreign).await.must("namespace");

    let agent = InProcess::start(&config).await;
    says(&metrics, &format!("namespace {name} exists and is not this provider's; delete it")).await;
    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept("ann", order, "provider").await;
    until("the lease", async || agent.store.lease(order).await.unwrap()).await;
    agent.settled().await;
    for _ in 0..3 {
        fixture.chain.advance(700).await.unwrap();
        fixture.chain.produce_blocks(1).await.unwrap();
        agent.settled().await;
        assert_eq!(fixture.proxy.count("close_lease", order), 0);
    }
    fixture.chain.advance(700).await.unwrap();
    let end = until("its end, after four times its time", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some((lease.state, lease.reason))
    })
    .await;
    assert_eq!(end, (LeaseState::Closed, Some(CloseReason::ManifestTimeout)));

    namespaces.delete(&name, &DeleteParams::background()).await.must("deletion");
    until("health is well again", async || said(&metrics).await?.is_none().then_some(())).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_on_ingresses_that_was_never_listed_is_such_a_reason() {
    let mut options = Options::with_long_blocks();
    for verb in ["list", "watch"] {
        let denied = Denied { verb: verb.into(), resource: "ingresses".into() };
        options.cluster.denied.push(denied);
    }
    let fixture = Fixture::with(options).await;
    let (config, metrics) = watched(&fixture);
    let agent = InProcess::start(&config).await;
    says(&metrics, "the cluster's Ingresses are not known: ").await;
    agent.stop().await;
}
