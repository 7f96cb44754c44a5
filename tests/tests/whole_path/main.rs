//! The whole path, from contracts on a chain to coins at stakers: the same test on the embedded
//! chain with simulated clusters, and on wasmd with a Kubernetes cluster whose nodes run the pods.
//! Agents are processes of their own; time is moved where it can be, and passes where it cannot.
//! Every figure that is checked comes from the bank and from block times.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod environment;
mod fixture;
mod ledger;
mod scenario;
mod supply;

use souk_localnet::scenario::Environment;
use souk_tests::wasmd::{Options, Wasmd};

#[tokio::test(flavor = "multi_thread")]
async fn the_market_does_its_work_on_the_embedded_parts() {
    scenario::run(Environment { chain: environment::embedded(), clusters: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_market_does_its_work_on_wasmd_and_kubernetes() {
    let Some(mut node) = Wasmd::start_or_not_run(Options::default().chain_id("souk-path")).await
    else {
        return;
    };
    let Some(chain) = environment::wasmd(&node).await else { return };
    let Some(cluster) = environment::kubernetes().await else { return };
    scenario::run(Environment { chain, clusters: Some(environment::shared(&cluster)) }).await;
    node.stop().await;
}
