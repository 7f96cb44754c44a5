//! Unsigned quotes and public prices.

use reqwest::Method;
use souk_core::{Attribute, Price};
use souk_gateway::{Prices, quote::QuoteAnswer, route};
use souk_provider::store::Verdict;

use super::{Desk, request};
use crate::support::{Fixture, InProcess, app, gpu_app, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_quote_is_the_bid_on_the_same_group_or_the_reason_why_there_is_none() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    let mut far = app("far");
    far.requirements.attributes = vec![Attribute::new("region", "us-east")];
    let mut audited = app("audited");
    audited.requirements.signed_by.any_of = vec![crate::support::fixture::address("auditor")];
    let mut cheap = app("cheap");
    cheap.ceiling = Price::new(5).unwrap();
    let mut large = app("large");
    large.units[0].resources.cpu_milli = 64_000;
    let groups = vec![
        app("web"),
        gpu_app("train", "*", 1),
        far,
        audited,
        cheap,
        large,
        gpu_app("a", "a100", 1),
    ];
    let answers = desk.answers(None, &request("ann", groups.clone())).await;
    assert_eq!(answers.len(), groups.len());
    for (group, answer) in groups.into_iter().zip(answers) {
        let order = fixture.order("ann", group).await;
        let decision = until("a decision", async || {
            let row = agent.store.decision(order).await.unwrap()?;
            (row.verdict != Verdict::Wait).then_some(row)
        })
        .await;
        match answer {
            QuoteAnswer::Offered { price, offer, reclamation_window } => {
                let bid = until("a bid", || fixture.own_bid(order)).await;
                assert_eq!((bid.price, bid.offer), (price, offer));
                assert_eq!(reclamation_window, None);
            }
            QuoteAnswer::Declined { reason } => assert_eq!(reason, decision.tenant_reason),
            signed @ QuoteAnswer::Signed(_) => panic!("{signed:?}"),
        }
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_a_request_are_judged_beside_each_other_and_reserve_nothing() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    // There are two GPUs.
    let groups =
        || vec![gpu_app("one", "h100", 1), gpu_app("two", "h100", 1), gpu_app("three", "h100", 1)];
    for _ in 0..2 {
        let answers = desk.answers(None, &request("ann", groups())).await;
        let fine = answers.iter().map(|one| matches!(one, QuoteAnswer::Offered { .. }));
        assert_eq!(fine.collect::<Vec<_>>(), [true, true, false], "{answers:?}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_those_of_the_configuration_and_what_is_free_is_counted() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    let order = fixture.order("ann", gpu_app("train", "h100", 1)).await;
    until("a bid", || fixture.own_bid(order)).await;
    let prices = until("prices", async || {
        let (status, body) = desk.try_ask(Method::GET, route::PRICES, None, None).await?;
        let prices: Prices = (status == 200).then(|| serde_json::from_value(body).unwrap())?;
        (prices.takes_leases && prices.gpus.first()?.free == 1).then_some(prices)
    })
    .await;
    assert_eq!((prices.rates[0].cpu.as_str(), prices.rates[0].storage.as_str()), ("10000", "100"));
    assert_eq!(prices.rates[0].gpu_models[0].price, "200000");
    let gpu = &prices.gpus[0];
    assert_eq!((gpu.model.as_str(), gpu.memory, gpu.total), ("h100", Some(80 << 30), 2));
    agent.stop().await;
}
