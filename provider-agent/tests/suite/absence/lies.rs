//! What one endpoint makes up: it keeps no heartbeat from the chain.

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{cosmwasm::wasm::v1::QuerySmartContractStateResponse, traits::Message};
use serde_json::{Value, json};
use souk_api::orderbook::events::ProviderSeen;
use souk_devchain::proxy::{Effect, On, Proxy, change};

use super::{LIMIT, fixture, leased, now, pass, seen_after, watched};
use crate::{
    lies::{health, make_up},
    support::{InProcess, fixture::address, until},
};

/// Says of every order and lease that its provider may be away for 30 days.
fn lengthen_limits(liar: &Proxy) {
    fn lengthen(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(key, value)| match key.as_str() {
                    "absence" if value.is_object() => value["limit"] = json!(2_592_000),
                    _ => lengthen(value),
                })
            }
            Value::Array(all) => all.iter_mut().for_each(lengthen),
            _ => {}
        }
    }
    let lie = || {
        change(|result: &mut Value| {
            let Some(text) = result["response"]["value"].as_str() else { return };
            let Ok(bytes) = BASE64_STANDARD.decode(text) else { return };
            let Ok(found) = QuerySmartContractStateResponse::decode(bytes.as_slice()) else {
                return;
            };
            let Ok(mut answer) = serde_json::from_slice::<Value>(&found.data) else { return };
            lengthen(&mut answer);
            let answer = QuerySmartContractStateResponse { data: answer.to_string().into_bytes() };
            result["response"]["value"] = json!(BASE64_STANDARD.encode(answer.encode_to_vec()));
        })
    };
    for asked in ["order", "leases"] {
        liar.always(On("abci_query", asked), lie());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_one_endpoint_lengthens_keeps_no_heartbeat_back() {
    let mut fixture = fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    lengthen_limits(&liar);
    let (config, metrics) = watched(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    let order = leased(&fixture, &agent).await;
    until("the shorter limit", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.absence_limit == Some(LIMIT)).then_some(())
    })
    .await;
    until("the difference in health", async || {
        health(&metrics).await?.contains("the shorter counts").then_some(())
    })
    .await;
    fixture.chain.advance(4_400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn being_seen_by_the_events_of_one_endpoint_alone_keeps_no_heartbeat_back() {
    let mut fixture = fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, metrics) = watched(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    make_up(&liar, &fixture, ProviderSeen { provider: address("provider"), at: 1 });
    let from = now(&fixture).await;
    for _ in 0..4 {
        pass(&fixture, &agent, 1_500).await;
    }
    seen_after(&fixture, from + 4_320).await;
    until("the difference in health", async || {
        health(&metrics).await?.contains("the earlier counts").then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_drops_what_it_takes_keeps_no_heartbeat_from_the_chain() {
    let mut fixture = fixture().await;
    let honest = fixture.chain.another_endpoint().await.unwrap();
    let liar = Proxy::before(&fixture.chain.rpc_url()).await;
    let (config, _) = watched(&fixture, &[liar.url(), &honest.url()]);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    let dropped = json!({"code": 0, "data": "", "log": "", "codespace": "", "hash": ""});
    liar.always(On("broadcast_tx_sync", ""), Effect::Result(dropped));
    fixture.chain.advance(4_400).await.unwrap();
    let due = now(&fixture).await;
    seen_after(&fixture, due).await;
    agent.stop().await;
}
