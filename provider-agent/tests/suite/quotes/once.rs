//! Nothing is promised twice: not to two tenants, nor by a bid and a quote.

use souk_gateway::quote::{QuoteAnswer, QuotesRequest};
use souk_provider::store::quotes;

use super::{Desk, create, key_is_known, lease_of, pass, request};
use crate::support::{Fixture, InProcess, gpu_app, until};

const NO_ROOM: &str = "no room at present";

async fn started() -> (Fixture, Desk, InProcess) {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    (fixture, desk, agent)
}

/// There are two GPUs, and each of these takes both.
fn both() -> souk_core::GroupSpec {
    gpu_app("train", "h100", 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tenants_at_once_after_the_same_gpus_one_has_a_lease() {
    let (fixture, desk, agent) = started().await;
    let ask = async |who: &'static str| {
        let asked = QuotesRequest { sign: true, ..request(who, vec![both()]) };
        match desk.answers(Some(who), &asked).await.remove(0) {
            QuoteAnswer::Signed(quote) => Some(*quote),
            QuoteAnswer::Declined { .. } => None,
            other => panic!("{other:?}"),
        }
    };
    let (of_ann, of_bob) = tokio::join!(ask("ann"), ask("bob"));
    let use_it = async |who, quote| match quote {
        Some(quote) => create(&fixture, who, both(), quote).await.ok(),
        None => None,
    };
    let (ann, bob) = tokio::join!(use_it("ann", of_ann), use_it("bob", of_bob));
    let made: Vec<_> = ann.iter().chain(&bob).map(|made| lease_of(&fixture, made)).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let order = made[0].order;
    until("the lease reserves", async || agent.store.reservation(order).await.unwrap()).await;
    assert_eq!(desk.offered(both()).await, Err(NO_ROOM.to_owned()));
    // Nor later, when both quotes have lapsed.
    pass(&fixture, 700).await;
    agent.settled().await;
    assert_eq!(desk.offered(both()).await, Err(NO_ROOM.to_owned()));
    assert_eq!(desk.offered(gpu_app("one", "h100", 1)).await, Err(NO_ROOM.to_owned()));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_quote_holds_there_is_no_bid_on_what_it_holds_and_after_it_there_is() {
    let (fixture, desk, agent) = started().await;
    let quote = desk.signed("ann", both()).await;
    let order = fixture.order("bob", both()).await;
    agent.decision(order, "no node has room").await;
    assert_eq!(fixture.proxy.count("place_bid", order), 0);
    assert_eq!(desk.offered(both()).await, Err(NO_ROOM.to_owned()));
    pass(&fixture, 61).await;
    until("a bid", || fixture.own_bid(order)).await;
    let late = create(&fixture, "ann", both(), quote).await.unwrap_err();
    assert!(late.contains("until"), "{late}");
    // Nor is there a quote on what the bid holds.
    assert_eq!(desk.offered(both()).await, Err(NO_ROOM.to_owned()));
    let asked = QuotesRequest { sign: true, ..request("ann", vec![both()]) };
    let answer = desk.answers(Some("ann"), &asked).await.remove(0);
    assert_eq!(answer, QuoteAnswer::Declined { reason: NO_ROOM.to_owned() });
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_pressure_several_quotes_share_a_nonce_that_lasts_no_longer_for_it() {
    let (fixture, desk, agent) = started().await;
    let first = desk.signed("ann", both()).await;
    pass(&fixture, 20).await;
    until("the agent has read of it", async || {
        (agent.store.block_time().await.unwrap()? > first.issued_at + 20).then_some(())
    })
    .await;
    let second = desk.signed("bob", both()).await;
    assert_eq!((second.nonce, second.valid_until), (first.nonce, first.valid_until));
    assert!(second.issued_at > first.issued_at);
    let rows = agent.store.read(quotes::all).await.unwrap();
    assert_eq!((rows.len(), rows[0].quotes.len()), (1, 2));
    let made = create(&fixture, "bob", both(), second).await.unwrap();
    assert_eq!(lease_of(&fixture, &made).nonce, Some(first.nonce));
    let refused = create(&fixture, "ann", both(), first).await.unwrap_err();
    assert!(refused.contains("used"), "{refused}");
    agent.stop().await;
}
