//! What one RPC endpoint makes up or leaves out: nothing that can't be undone follows from it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{cosmwasm::wasm::v1::QuerySmartContractStateResponse, traits::Message};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::ListParams;
use serde_json::{Value, json};
use souk_api::{
    escrow,
    orderbook::{ExecuteMsg, LeaseState, events::LeaseClosed},
};
use souk_client::events;
use souk_core::{CloseReason, GroupSeq, OrderId};
use souk_devchain::{
    EndpointMode,
    proxy::{On, Proxy, change},
};
use souk_provider::store::{StoreError, Tx, leases};

use crate::{
    manifests::{self, Cluster, Leased, SITE, accepted, lease},
    support::{Fixture, InProcess, agent::configure, fixture::address, until},
    volumes::kept,
};

/// An agent's configuration with these endpoints, which compares its leases every second and shows
/// its health at the port.
pub fn with_endpoints(fixture: &Fixture, endpoints: &[&str]) -> (PathBuf, String) {
    let path = configure(fixture, "agent", "");
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = socket.local_addr().unwrap().to_string();
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace(
        &format!("rpc = [\"{}\"]", fixture.proxy.url),
        &format!("rpc = {}\naudit_interval = \"1s\"", json!(endpoints)),
    );
    std::fs::write(&path, format!("{text}\n[metrics]\nlisten = \"{metrics}\"\n")).unwrap();
    (path, metrics)
}

pub async fn health(metrics: &str) -> Option<String> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("http://{metrics}/healthz")).send().await.ok()?.text().await.ok()
}

/// Adds the end of a lease to the results of every block.
pub fn make_up_its_end(proxy: &Proxy, fixture: &Fixture, leased: &Leased) {
    let end = LeaseClosed {
        order: leased.order,
        deployment: leased.deployment,
        group: GroupSeq(1),
        provider: address("provider"),
        reason: CloseReason::Tenant,
        breach: false,
        excluded: None,
        notice: None,
        paid_until: None,
    };
    make_up(proxy, fixture, end);
}

/// Adds an event of the orderbook to the results of every block.
pub fn make_up(proxy: &Proxy, fixture: &Fixture, event: impl Into<cosmwasm_std::Event>) {
    let end = events::published(event, &fixture.contracts.orderbook);
    let attributes = end.attributes.iter();
    let attributes: Vec<Value> = attributes
        .map(|pair| json!({"key": pair.key, "value": pair.value, "index": true}))
        .collect();
    let event = json!({"type": end.ty, "attributes": attributes});
    let lie = change(move |result: &mut Value| {
        let events = &mut result["finalize_block_events"];
        match events.as_array_mut() {
            Some(events) => events.push(event.clone()),
            None => *events = json!([event]),
        }
    });
    proxy.always(On("block_results", ""), lie);
}

/// Leaves out what transactions did.
pub fn leave_out_events(proxy: &Proxy) {
    let without = change(|result: &mut Value| {
        for tx in result["txs_results"].as_array_mut().into_iter().flatten() {
            tx["events"] = json!([]);
        }
    });
    proxy.always(On("block_results", ""), without);
}

async fn volumes(cluster: &Cluster, leased: &Leased) -> usize {
    let claims = cluster.namespaced::<PersistentVolumeClaim>(leased.order);
    claims.list(&ListParams::default()).await.unwrap().items.len()
}

async fn is_active(agent: &InProcess, leased: &Leased) -> bool {
    let lease = agent.store.lease(leased.order).await.unwrap();
    lease.is_some_and(|lease| lease.state == LeaseState::Active)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_one_endpoint_makes_up_deletes_nothing_and_is_shown() {
    let mut fixture = manifests::fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, metrics) = with_endpoints(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    let cluster = Cluster::of(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    let kept = volumes(&cluster, &leased).await;
    assert!(kept > 0);

    make_up_its_end(&liar, &fixture, &leased);
    until("the lie in health", async || {
        let text = health(&metrics).await?;
        text.contains("all endpoints say that it runs").then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(is_active(&agent, &leased).await);
    assert_eq!(volumes(&cluster, &leased).await, kept);
    cluster.has_replicas("it still runs", leased.order, 1).await;

    // The same lie in both, event and state: the endpoints differ, and again nothing follows.
    let absent = change(|result: &mut Value| {
        result["response"] = json!({"code": 0, "value": "eyJsZWFzZXMiOltdfQ==", "height": "1"});
    });
    liar.always(On("abci_query", "leases"), absent);
    until("the difference in health", async || {
        health(&metrics).await?.contains("is not decided").then_some(())
    })
    .await;
    assert!(is_active(&agent, &leased).await);

    // The lie over, the tenant's real close ends it.
    liar.clear();
    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("the real end", async || (!is_active(&agent, &leased).await).then_some(())).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_waits_until_a_second_endpoint_can_be_asked() {
    let mut fixture = manifests::fixture().await;
    let second = fixture.chain.another_endpoint().await.unwrap();
    let (config, metrics) = with_endpoints(&fixture, &[&fixture.proxy.url, &second.url()]);
    let agent = InProcess::start(&config).await;
    let cluster = Cluster::of(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    second.faults().set_mode(EndpointMode::Refuse);

    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("the reason in health", async || {
        health(&metrics).await?.contains("another must agree").then_some(())
    })
    .await;
    assert!(is_active(&agent, &leased).await);
    // New orders do not wait for it.
    let order = fixture.order("bob", crate::support::app("web")).await;
    until("a bid meanwhile", || fixture.own_bid(order)).await;

    second.faults().set_mode(EndpointMode::Serve);
    until("its end", async || (!is_active(&agent, &leased).await).then_some(())).await;
    until("nothing but its volumes is left", async || {
        kept(&agent.store, leased.order).await?;
        let pods = cluster.namespaced::<Pod>(leased.order);
        pods.list(&ListParams::default()).await.ok()?.items.is_empty().then_some(())
    })
    .await;
    assert!(volumes(&cluster, &leased).await > 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_an_endpoint_leaves_out_is_found_by_comparing_with_the_chain() {
    let mut fixture = manifests::fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, metrics) = with_endpoints(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;

    leave_out_events(&liar);
    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("its end", async || (!is_active(&agent, &leased).await).then_some(())).await;
    // The store has the end a moment before health has the difference.
    until("the difference in health", async || {
        health(&metrics).await?.contains("runs by the store and not by the chain").then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_versions_that_an_endpoint_leaves_out_are_found_by_comparing_with_the_chain() {
    let mut fixture = manifests::fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, metrics) = with_endpoints(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;

    leave_out_events(&liar);
    let order = fixture.order("bob", crate::support::app("web")).await;
    let newer = manifests::upload(&SITE.replace("nginx:1", "nginx:2"));
    let commitment = manifests::commitment_of(&newer);
    let deployment = leased.deployment;
    let update = ExecuteMsg::commit(deployment, commitment.clone());
    fixture.orderbook("ann", &update).await;
    until("a bid", || fixture.own_bid(order)).await;
    until("the version", async || {
        let known = agent.store.deployment(deployment).await.unwrap()?;
        (known.commitment == commitment).then_some(())
    })
    .await;
    until("both in health", async || {
        let text = health(&metrics).await?;
        (text.contains("was left out") && text.contains("has another version")).then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_one_endpoint_makes_up_are_neither_stored_nor_the_agents_end() {
    let mut fixture = manifests::fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, _) = with_endpoints(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    let real = fixture.order("bob", crate::support::app("web")).await;
    until("a bid", || fixture.own_bid(real)).await;

    // Its list ends with orders that are not there, one of a number that no store can hold.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let made_up = change(move |result: &mut Value| {
        let Some(text) = result["response"]["value"].as_str() else { return };
        let Ok(bytes) = BASE64_STANDARD.decode(text) else { return };
        let Ok(found) = QuerySmartContractStateResponse::decode(bytes.as_slice()) else { return };
        let Ok(mut answer) = serde_json::from_slice::<Value>(&found.data) else { return };
        let Some(orders) = answer["orders"].as_array_mut() else { return };
        let Some(last) = orders.last().cloned() else { return };
        for id in [json!(900), json!(u64::MAX)] {
            let mut order = last.clone();
            order["id"] = id;
            order["state"] = json!("open");
            orders.push(order);
        }
        let answer = QuerySmartContractStateResponse { data: answer.to_string().into_bytes() };
        result["response"]["value"] = json!(BASE64_STANDARD.encode(answer.encode_to_vec()));
        count.fetch_add(1, Ordering::SeqCst);
    });
    liar.always(On("abci_query", "orders"), made_up);
    // A new order, so that there is a page to list.
    let next = fixture.order("bob", crate::support::app("next")).await;
    until("a bid", || fixture.own_bid(next)).await;
    until("the list was asked for", async || (asked.load(Ordering::SeqCst) > 0).then_some(()))
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(agent.store.order(OrderId(900)).await.unwrap().is_none());
    let after = fixture.order("bob", crate::support::app("after")).await;
    until("the agent bids on", || fixture.own_bid(after)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_and_a_clock_that_only_the_chain_has_right_are_mended() {
    let mut fixture = manifests::fixture().await;
    let second = fixture.chain.another_endpoint().await.unwrap();
    let (config, _) = with_endpoints(&fixture, &[&fixture.proxy.url, &second.url()]);
    let agent = InProcess::start(&config).await;
    let running = lease(&fixture, &agent, "ann", SITE).await;
    let paid = lease(&fixture, &agent, "bob", SITE).await;
    let order = running.order;
    let depletion = async |of: &Leased| agent.store.lease(of.order).await.unwrap()?.depletion();
    let right = depletion(&paid).await;
    let wrong = move |tx: &Tx<'_>| {
        leases::close(tx, order, LeaseState::Closed, CloseReason::Tenant, 1)?;
        tx.execute("UPDATE accounts SET depletion = 4000000000", [])?;
        Ok::<_, StoreError>(())
    };
    agent.store.write(wrong).await.unwrap();
    until("the lease runs", async || is_active(&agent, &running).await.then_some(())).await;
    until("the clock", async || (depletion(&paid).await == right).then_some(())).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn between_honest_endpoints_and_the_store_there_is_no_difference_at_any_time() {
    let mut fixture = manifests::fixture().await;
    let second = fixture.chain.another_endpoint().await.unwrap();
    let (config, metrics) = with_endpoints(&fixture, &[&fixture.proxy.url, &second.url()]);
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let other = lease(&fixture, &agent, "bob", SITE).await;
    let account = agent.store.lease(leased.order).await.unwrap().unwrap().account;
    let deposit = escrow::ExecuteMsg::Deposit { account };
    fixture.execute("bob", &fixture.contracts.escrow, &deposit, 50_000).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
    fixture.orderbook("ann", &close).await;
    until("its end", async || (!is_active(&agent, &leased).await).then_some(())).await;
    // The other one is depleted, which the chain settles only when it is asked to.
    let depletion = agent.store.lease(other.order).await.unwrap().unwrap().depletion().unwrap();
    let now = fixture.chain.time_ns().await.unwrap() / 1_000_000_000;
    fixture.chain.advance(depletion - now + 3).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = http.get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await;
    let text = text.unwrap();
    for counter in ["audit_differences_total 0", "contradicted_events_total 0", "undecided 0"] {
        assert!(text.contains(&format!("souk_provider_{counter}\n")), "{counter}: {text}");
    }
    agent.stop().await;
}
