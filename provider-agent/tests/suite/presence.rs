//! The provider's word that it is there: who hears it, and when it is not given.

use std::path::Path;

use cosmwasm_std::HexBinary;
use souk_api::{
    orderbook::{ExecuteMsg, Statement},
    registry,
};
use souk_client::market::Registry;
use souk_core::presence::Market;
use souk_devchain::proxy::Proxy;
use souk_gateway::{Presence, body::ErrorBody, route};

use crate::{
    absence::{clocks::stand_still, fixture, leased, now, seen_at, watched},
    lies::health,
    support::{
        Fixture, InProcess,
        fixture::{CHAIN_ID, address},
        free_port, until,
    },
};

/// Lets the agent's gateway listen at a free port, and returns where.
pub fn listening(config: &Path) -> String {
    let port = free_port();
    let text = std::fs::read_to_string(config).unwrap();
    let listen = "listen = \"127.0.0.1:0\"";
    assert!(text.contains(listen));
    let text = text.replacen(listen, &format!("listen = \"127.0.0.1:{port}\""), 1);
    std::fs::write(config, text).unwrap();
    format!("https://127.0.0.1:{port}")
}

async fn answer(gateway: &str) -> Option<(u16, String)> {
    let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    let http = http.build().unwrap();
    let answer = http.get(format!("{gateway}{}", route::PRESENCE)).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// What a gateway says, if it does.
pub async fn said(gateway: &str) -> Option<Presence> {
    let (status, text) = answer(gateway).await?;
    (status == 200).then(|| serde_json::from_str(&text).unwrap())
}

/// The code with which it does not say it, if it does not.
pub async fn refused(gateway: &str) -> Option<String> {
    let (status, text) = answer(gateway).await?;
    let body = (status == 503).then(|| serde_json::from_str::<ErrorBody>(&text).unwrap());
    body.map(|body| body.code)
}

/// The key in the provider's record.
async fn registered(fixture: &Fixture) -> Option<HexBinary> {
    let registry = Registry::new(fixture.queries(), &fixture.contracts.provider_registry);
    registry.provider(&address("provider")).await.unwrap().quote_key
}

/// The key in the provider's record, once there is one.
pub async fn any_registered(fixture: &Fixture) -> HexBinary {
    until("a key in the record", || registered(fixture)).await
}

/// How often the agent sent its key.
fn sent(fixture: &Fixture) -> usize {
    let messages = fixture.proxy.messages();
    messages.iter().filter(|message| message.get("set_quote_key").is_some()).count()
}

/// Sets a key, as another agent of the operator does.
pub async fn set_key(fixture: &Fixture, key: HexBinary) {
    let msg = registry::ExecuteMsg::SetQuoteKey { provider: address("provider"), key: Some(key) };
    fixture.execute("operator", &fixture.contracts.provider_registry, &msg, 0).await;
}

async fn set_another(fixture: &Fixture) -> HexBinary {
    let key = HexBinary::from([9; 32]);
    set_key(fixture, key.clone()).await;
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_says_is_passed_on_by_a_stranger_and_counts() {
    let fixture = fixture().await;
    let (config, _) = watched(&fixture, &[&fixture.proxy.url]);
    let gateway = listening(&config);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    let key = any_registered(&fixture).await;
    let before = seen_at(&fixture).await;
    let word =
        until("its word", async || said(&gateway).await.filter(|word| word.issued_at > before))
            .await;
    let orderbook = fixture.contracts.orderbook.clone();
    let market = Market { chain_id: CHAIN_ID, orderbook: &orderbook };
    assert!(word.is_signed_by(key.as_slice(), market));
    assert!(word.issued_at <= now(&fixture).await);
    let statement = |issued_at| {
        let signature = HexBinary::from_hex(&word.signature).unwrap();
        let statement = Some(Statement { issued_at, signature });
        ExecuteMsg::Heartbeat { provider: word.provider.clone(), statement }
    };
    let forged = fixture.try_execute("bob", &orderbook, &statement(word.issued_at - 1), 0).await;
    assert!(forged.is_err(), "of another second");
    fixture.execute("bob", &orderbook, &statement(word.issued_at), 0).await;
    assert_eq!(seen_at(&fixture).await, word.issued_at);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_stays_through_restarts_and_a_record_with_another_is_mended() {
    let fixture = fixture().await;
    let (config, _) = watched(&fixture, &[&fixture.proxy.url]);
    let gateway = listening(&config);
    let agent = InProcess::start(&config).await;
    let key = any_registered(&fixture).await;
    agent.stop().await;
    let agent = InProcess::start(&config).await;
    let orderbook = fixture.contracts.orderbook.clone();
    let market = Market { chain_id: CHAIN_ID, orderbook: &orderbook };
    let word = until("its word", || said(&gateway)).await;
    assert!(word.is_signed_by(key.as_slice(), market));
    agent.settled().await;
    assert_eq!(sent(&fixture), 1);
    agent.stop().await;

    set_another(&fixture).await;
    let agent = InProcess::start(&config).await;
    until("its own key", async || (registered(&fixture).await? == key).then_some(())).await;
    agent.settled().await;
    assert_eq!(sent(&fixture), 2);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_key_another_replaces_says_so_sends_nothing_and_says_no_more_that_it_is_there()
 {
    let fixture = fixture().await;
    let (config, metrics) = watched(&fixture, &[&fixture.proxy.url]);
    let gateway = listening(&config);
    let agent = InProcess::start(&config).await;
    any_registered(&fixture).await;
    until("its word", || said(&gateway)).await;
    let other = set_another(&fixture).await;
    until("the other key in health", async || {
        let text = health(&metrics).await?;
        (text.contains("quote_key") && text.contains(&other.to_hex())).then_some(())
    })
    .await;
    assert_eq!(refused(&gateway).await, Some("superseded".to_owned()));
    agent.settled().await;
    assert_eq!((sent(&fixture), registered(&fixture).await), (1, Some(other)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_has_not_caught_up_for_an_hour_does_not_say_that_it_is_there() {
    let fixture = fixture().await;
    let endpoint = Proxy::before(&fixture.proxy.url).await;
    let (config, _) = watched(&fixture, &[endpoint.url()]);
    let gateway = listening(&config);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    until("its word", || said(&gateway)).await;
    stand_still(&endpoint).await;
    let stands = agent.store.block_time().await.unwrap().unwrap();
    // What it says is of its store's block, whatever time it is.
    fixture.chain.advance(1_800).await.unwrap();
    fixture.chain.produce_blocks(3).await.unwrap();
    assert_eq!(said(&gateway).await.map(|word| word.issued_at), Some(stands));
    fixture.chain.advance(1_800).await.unwrap();
    until("no word", async || (refused(&gateway).await? == "behind").then_some(())).await;
    endpoint.clear();
    // While it catches up it may say so of a block on the way.
    until("its word of now", async || {
        said(&gateway).await.filter(|word| word.issued_at >= stands + 3_600)
    })
    .await;
    agent.stop().await;
}
