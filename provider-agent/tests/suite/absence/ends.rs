//! A lease that was closed since its provider was absent.

use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use souk_api::orderbook::{Absence, ExecuteMsg, LeaseState};
use souk_client::market::Escrow;
use souk_core::{
    CloseReason,
    slot::{Ended, held_until},
};
use souk_provider::store::bids;

use super::{LIMIT, MORE, fixture, leased, watched};
use crate::{
    manifests::{Cluster, SITE, accepted, lease_until},
    support::{Fixture, InProcess, agent::configure, fixture::address, until},
    volumes::kept,
};

/// As many blocks as the shortest limit has on this chain.
const BLOCKS: u32 = 36;

/// The tenant closes a lease of a provider that is gone.
async fn close_absent(fixture: &Fixture, order: souk_core::OrderId) {
    fixture.chain.advance(LIMIT + 100).await.unwrap();
    fixture.chain.produce_blocks(BLOCKS.into()).await.unwrap();
    fixture.orderbook("ann", &ExecuteMsg::CloseAbsent { order }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_an_absent_agent_ends_like_any_other_and_its_slot_is_free_when_the_chain_frees_it()
 {
    let fixture = fixture().await;
    let (config, metrics) = watched(&fixture, &[&fixture.proxy.url]);
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let absence = Some(Absence { limit: LIMIT, ..Absence::default() });
    let leased = lease_until(&fixture, &agent, "ann", SITE, absence).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;
    agent.stop().await;
    close_absent(&fixture, order).await;

    let agent = InProcess::start(&config).await;
    let ended = until("its end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(lease)
    })
    .await;
    assert_eq!((ended.state, ended.reason), (LeaseState::Closed, Some(CloseReason::Unspecified)));
    let (began, end, paid) =
        (ended.created_at, ended.closed_at.unwrap(), ended.paid_until.unwrap());
    assert!(end - paid > LIMIT / 2, "paid until {paid}, closed at {end}");
    until("nothing but its volumes is left", async || {
        kept(&agent.store, order).await?;
        let pods = cluster.namespaced::<Pod>(order);
        pods.list(&ListParams::default()).await.ok()?.items.is_empty().then_some(())
    })
    .await;
    let reason = CloseReason::Unspecified;
    let free = held_until(began, Ended { at: end, reason, without_breach: true }, 86_400);
    assert!(free < end + 86_400, "sooner than after a breach");
    let over = |now| agent.store.read(move |sql| bids::over(sql, now, 86_400));
    assert_eq!(over(free - 1).await.unwrap().len(), 0);
    assert_eq!(over(free).await.unwrap().len(), 1);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = http.get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await;
    assert!(text.unwrap().contains("souk_provider_absences_total 1\n"));

    // The chain frees the slot then.
    fixture.chain.advance(free - now(&fixture).await + 10).await.unwrap();
    until("the slot is free", async || fixture.own_bid(order).await.is_none().then_some(())).await;
    agent.stop().await;
}

async fn now(fixture: &Fixture) -> u64 {
    super::now(fixture).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_is_not_withdrawn_in_vain_and_is_paid_after_the_end() {
    let fixture = fixture().await;
    let more = format!("{MORE}\nwithdraw_every = \"1h\"");
    let agent = InProcess::start(&configure(&fixture, "agent", &more)).await;
    let order = leased(&fixture, &agent).await;
    let account = agent.store.lease(order).await.unwrap().unwrap().account;
    let balance = async || fixture.queries().balance(&address("provider"), "usouk").await.unwrap();
    let before = balance().await;
    let withdrawals = || {
        let messages = fixture.proxy.messages();
        messages.iter().filter(|message| message.get("withdraw").is_some()).count()
    };
    // The first six hours are held back.
    for _ in 0..3 {
        super::pass(&fixture, &agent, 7_000).await;
    }
    assert_eq!(withdrawals(), 0);
    super::pass(&fixture, &agent, 4_500).await;
    until("an hour is paid", async || (balance().await > before).then_some(())).await;
    let first = balance().await - before;
    // An hour and a bit at 11100 an hour less two per cent.
    assert!((10_800..15_000).contains(&first), "{first}");

    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
    until("all is paid", async || {
        let escrow = Escrow::new(fixture.queries(), &fixture.contracts.escrow);
        escrow.streams(account).await.ok()?.is_empty().then_some(())
    })
    .await;
    let rest = balance().await - before - first;
    assert!(rest > 5 * 10_800, "{rest}");
    until("the agent knows", async || {
        agent.store.lease(order).await.unwrap()?.is_paid().then_some(())
    })
    .await;
    agent.stop().await;
}
