//! The agent is killed at every step between a quote and its lease: nothing is promised twice, and what nobody has
//! comes free.

use reqwest::Method;
use serde_json::json;
use souk_gateway::{quote::QuotesRequest, route};
use souk_provider::{failpoint, store::Store};

use super::{Desk, create, key_is_known, lease_of, pass, request};
use crate::support::{Fixture, InProcess, Process, gpu_app, until};

fn both() -> souk_core::GroupSpec {
    gpu_app("train", "h100", 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_signing_it_holds_what_it_may_have_signed_until_that_lapses() {
    let fixture = Fixture::new().await;
    let desk = Desk::configure(&fixture, "");
    let agent = InProcess::start(&desk.config).await;
    key_is_known(&fixture, &agent.store).await;
    desk.signed("bob", both()).await;
    pass(&fixture, 61).await;
    agent.stop().await;
    let points = failpoint::ALL.iter().filter(|point| point.starts_with("quotes::"));
    for point in points {
        let mut doomed = Process::start(&desk.config, Some(point));
        let asked = json!(QuotesRequest { sign: true, ..request("ann", vec![both()]) });
        let ask = async || {
            let body = Some(asked.clone());
            let found = desk.try_ask(Method::POST, route::QUOTES, Some("ann"), body).await;
            assert!(!matches!(found, Some((200, _))), "answered at {point}: {found:?}");
            None::<()>
        };
        tokio::select! {
            () = doomed.killed(point) => {}
            () = until("never", ask) => {}
        }
        let agent = Process::start(&desk.config, None);
        let is_reserved = matches!(*point, "quotes::reserved" | "quotes::signed");
        assert_eq!(desk.offered(both()).await.is_err(), is_reserved, "{point}");
        pass(&fixture, 61).await;
        until(&format!("it is free after {point}"), async || desk.offered(both()).await.ok()).await;
        agent.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_comes_while_the_agent_is_gone_gets_what_its_quote_reserved() {
    for pruned in [false, true] {
        let fixture = Fixture::new().await;
        let desk = Desk::configure(&fixture, "");
        let agent = InProcess::start(&desk.config).await;
        key_is_known(&fixture, &agent.store).await;
        let quote = desk.signed("ann", both()).await;
        agent.stop().await;
        let made = create(&fixture, "ann", both(), quote).await.unwrap();
        let order = lease_of(&fixture, &made).order;
        pass(&fixture, 61).await;
        if pruned {
            // Its blocks are gone: the store is filled from queries.
            let height = fixture.chain.height().await.unwrap();
            fixture.chain.prune_below(height).await.unwrap();
        }
        let agent = InProcess::start(&desk.config).await;
        let placed =
            until("the lease reserves", async || agent.store.reservation(order).await.unwrap())
                .await;
        assert_eq!(placed.placements.len(), 1);
        assert!(desk.offered(gpu_app("one", "h100", 1)).await.is_err());
        agent.stop().await;
        // What the store has is the lease's.
        drop(Store::open(&desk.config.with_file_name("agent.db")).unwrap());
    }
}
