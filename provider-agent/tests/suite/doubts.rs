//! While the endpoints do not agree about the chain, nothing is sent that ends a lease.

use serde_json::{Value, json};
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_devchain::proxy::{On, Proxy, change};

use crate::{
    lies::make_up_its_end,
    manifests::{Leased, upload},
    support::{Fixture, InProcess, Options, agent::configure, app, until},
};

async fn health(metrics: &str) -> Option<String> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("http://{metrics}/healthz")).send().await.ok()?.text().await.ok()
}

async fn leased(fixture: &Fixture, agent: &InProcess, tenant: &str) -> Leased {
    let (deployment, orders) =
        fixture.deploy(tenant, vec![app("web")], souk_core::AuctionPolicy::TenantChoice {}).await;
    let order = orders[0];
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept(tenant, order, "provider").await;
    until("the lease", async || agent.store.lease(order).await.unwrap()?.clock).await;
    agent.settled().await;
    Leased { deployment, order, upload: upload(crate::manifests::SITE) }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_endpoints_differ_no_lease_is_closed_and_afterwards_it_is() {
    let mut fixture = Fixture::with(Options::with_long_blocks()).await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = socket.local_addr().unwrap().to_string();
    drop(socket);
    let text = std::fs::read_to_string(&config).unwrap();
    let endpoints = json!([liar.url(), honest.url()]);
    let text = text.replace(
        &format!("rpc = [\"{}\"]", fixture.proxy.url),
        &format!("rpc = {endpoints}\naudit_interval = \"1s\""),
    );
    std::fs::write(&config, format!("{text}\n[metrics]\nlisten = \"{metrics}\"\n")).unwrap();
    let agent = InProcess::start(&config).await;
    let (lied_about, waiting) =
        (leased(&fixture, &agent, "ann").await, leased(&fixture, &agent, "bob").await);

    // One endpoint says, in events and state, that ann's lease is over.
    make_up_its_end(&liar, &fixture, &lied_about);
    let absent = change(|result: &mut Value| {
        result["response"] = json!({"code": 0, "value": "eyJsZWFzZXMiOltdfQ==", "height": "1"});
    });
    liar.always(On("abci_query", "leases"), absent);
    until("the doubt in health", async || {
        health(&metrics).await?.contains("is not decided").then_some(())
    })
    .await;
    fixture.chain.advance(3_000).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    agent.settled().await;
    let active = async |order: OrderId| {
        let lease = agent.store.lease(order).await.unwrap();
        lease.is_some_and(|lease| lease.state == LeaseState::Active)
    };
    let keys = agent
        .store
        .read(|sql| {
            Ok::<_, souk_provider::store::StoreError>(souk_chain::Outbox::list(
                sql,
                "close_lease/",
            )?)
        })
        .await
        .unwrap();
    let sent: Vec<_> =
        keys.iter().filter(|one| !format!("{:?}", one.state).contains("Failed")).collect();
    assert!(sent.is_empty(), "{sent:?}");
    assert!(active(lied_about.order).await && active(waiting.order).await);

    liar.clear();
    until("both are closed for want of a manifest", async || {
        let any = active(lied_about.order).await || active(waiting.order).await;
        (!any).then_some(())
    })
    .await;
    agent.stop().await;
}
