//! A store that was lost, and a node that lies about the time.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use souk_devchain::proxy::{Effect, On, Proxy, change};
use souk_gateway::{quote::QuotesRequest, route};
use souk_provider::store::quotes;

use super::{Desk, create, key_is_known, lease_of, lose_store, pass, request};
use crate::support::{Fixture, InProcess, app, gpu_app, until};

fn both() -> souk_core::GroupSpec {
    gpu_app("train", "h100", 2)
}

/// Status and code of a refusal to sign, once it is this.
async fn refused(desk: &Desk, code: &str) {
    let asked = json!(QuotesRequest { sign: true, ..request("bob", vec![both()]) });
    until(&format!("a refusal with {code}"), async || {
        let body = Some(asked.clone());
        let (status, body) = desk.try_ask(Method::POST, route::QUOTES, Some("bob"), body).await?;
        assert_ne!(status, 200, "{body}");
        (status == 503 && body["code"] == code).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_store_was_lost_promises_nothing_while_its_quotes_may_be_out() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let quote = desk.signed("ann", both()).await;
    agent.stop().await;
    lose_store(&desk.config);
    let agent = InProcess::start(&desk.config).await;
    refused(&desk, "signs_nothing").await;
    assert!(desk.offered(both()).await.is_err());
    let order = fixture.order("bob", app("web")).await;
    agent.decision(order, "quotes that were signed before may still be used").await;
    // Ann's is one of those; its lease is taken up as any that the store does not know.
    let made = create(&fixture, "ann", both(), quote).await.unwrap();
    let leased = lease_of(&fixture, &made).order;
    until("the lease reserves", async || agent.store.reservation(leased).await.unwrap()).await;
    pass(&fixture, 590).await;
    refused(&desk, "signs_nothing").await;
    assert!(fixture.own_bid(order).await.is_none());
    pass(&fixture, 20).await;
    until("a bid", || fixture.own_bid(order)).await;
    let signed = desk.signed("bob", app("web")).await;
    assert!(signed.nonce > signed.issued_at);
    assert!(desk.offered(gpu_app("one", "h100", 1)).await.is_err());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_begins_with_another_key_makes_what_was_signed_void_and_bids_at_once() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let quote = desk.signed("ann", both()).await;
    agent.stop().await;
    lose_store(&desk.config);
    std::fs::remove_file(desk.config.with_file_name("quote.key")).unwrap();
    let agent = InProcess::start(&desk.config).await;
    let order = fixture.order("bob", both()).await;
    until("a bid", || fixture.own_bid(order)).await;
    let refused = create(&fixture, "ann", both(), quote).await.unwrap_err();
    assert!(refused.contains("sign"), "{refused}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_blocks_are_of_tomorrow_gets_no_quote_for_tomorrow() {
    let mut fixture = Fixture::new().await;
    let second = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.proxy.url).await;
    let honest = Proxy::before(&second.url()).await;
    let desk = Desk::configure(&fixture, "");
    let text = std::fs::read_to_string(&desk.config).unwrap();
    let endpoints = json!([liar.url(), honest.url()]);
    let text = text.replace(&format!("[\"{}\"]", fixture.proxy.url), &endpoints.to_string());
    std::fs::write(&desk.config, text).unwrap();
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let before = desk.signed("bob", app("web")).await;
    let tomorrow = |time: &mut Value| {
        let real = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
        let later = real + Duration::from_secs(86_400);
        *time = json!(humantime::format_rfc3339_nanos(later).to_string());
    };
    let status = move |result: &mut Value| tomorrow(&mut result["sync_info"]["latest_block_time"]);
    liar.always(On("status", ""), change(status));
    let block = move |result: &mut Value| tomorrow(&mut result["block"]["header"]["time"]);
    liar.always(On("block", ""), change(block));
    // All blocks come from the liar.
    for asked in ["block", "block_results"] {
        honest.always(On(asked, ""), Effect::Unreachable);
    }
    until("the store is of tomorrow", async || {
        (agent.store.block_time().await.unwrap()? > before.issued_at + 80_000).then_some(())
    })
    .await;
    refused(&desk, "chain").await;
    assert_eq!(agent.store.read(quotes::all).await.unwrap().len(), 0);
    agent.stop().await;
}
