//! Who may ask for how much.

use reqwest::Method;
use serde_json::json;
use souk_core::{Price, limits::MAX_GROUPS};
use souk_gateway::{
    quote::{MAX_REQUEST, QuoteAnswer, QuotesRequest},
    route,
};

use super::{Desk, key_is_known, pass, request, set_another_key};
use crate::support::{Fixture, InProcess, app, gpu_app, until};

fn signed(tenant: &str) -> QuotesRequest {
    QuotesRequest { sign: true, ..request(tenant, vec![app("web")]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_signed_quotes_hold_for_a_wallet_a_tenant_and_a_network() {
    let fixture = Fixture::new().await;
    let more = "max_open_per_asker = 3\nmax_open_per_tenant = 2\nmax_open_per_network = 4";
    let desk = Desk::configure(&fixture, more);
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    for (who, tenant, status) in [
        ("ann", "ann", 200),
        ("ann", "ann", 200),
        // A tenant for itself; what another asks for in its name takes nothing from it.
        ("ann", "ann", 429),
        ("bob", "ann", 200),
        ("ann", "bob", 200),
        // A wallet, for whomever.
        ("ann", "rival", 429),
        // A network.
        ("bob", "owner", 429),
    ] {
        let (found, body) = desk.ask(Some(who), &signed(tenant)).await;
        assert_eq!(found, status, "{who} for {tenant}: {body}");
    }
    // Unsigned ones reserve nothing and are not counted.
    assert!(desk.offered(app("web")).await.is_ok());
    pass(&fixture, 61).await;
    until("they lapse", async || {
        (desk.ask(Some("bob"), &signed("owner")).await.0 == 200).then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_hold_a_share_of_what_is_free_and_bids_have_the_rest() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let one = || gpu_app("train", "h100", 1);
    let first = desk.signed("ann", one()).await;
    // Two of two would be more than half.
    let second = desk.signed("bob", one()).await;
    assert_eq!(second.nonce, first.nonce);
    let order = fixture.order("bob", one()).await;
    until("a bid on the other", || fixture.own_bid(order)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_market_would_refuse_and_who_is_not_known_gets_nothing() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    let mut empty = app("web");
    empty.units.clear();
    let many = (0..=MAX_GROUPS).map(|number| app(&format!("g{number}"))).collect();
    for (what, who, request, status, code) in [
        ("no token", None, signed("ann"), 401, "no_token"),
        ("no groups", None, request("ann", vec![]), 422, "not_acceptable"),
        ("too many", None, request("ann", many), 422, "not_acceptable"),
        ("no units", None, request("ann", vec![empty]), 422, "not_acceptable"),
        (
            "no address",
            None,
            QuotesRequest { tenant: "ann".into(), ..request("ann", vec![app("web")]) },
            422,
            "not_acceptable",
        ),
    ] {
        let (found, body) = desk.ask(who, &request).await;
        assert_eq!((found, body["code"].as_str()), (status, Some(code)), "{what}: {body}");
    }
    let long = json!({ "tenant": "x".repeat(MAX_REQUEST) });
    let (status, _) = desk.try_ask(Method::POST, route::QUOTES, None, Some(long)).await.unwrap();
    assert_eq!(status, 413);
    // A price is no secret of the tenant's ceiling.
    let mut dear = app("web");
    dear.ceiling = Price::new(900_000).unwrap();
    assert_eq!(desk.offered(dear).await, desk.offered(app("web")).await);
    let answers = desk.answers(Some("ann"), &signed("bob")).await;
    assert!(matches!(answers[0], QuoteAnswer::Signed(_)), "{answers:?}");
    // Nothing is signed while the registry has another key.
    set_another_key(&fixture).await;
    let body = Some(json!(signed("ann")));
    until("a refusal", async || {
        let found = desk.try_ask(Method::POST, route::QUOTES, Some("ann"), body.clone()).await?;
        (found.1["code"] == "signs_nothing").then_some(())
    })
    .await;
    agent.stop().await;
}
