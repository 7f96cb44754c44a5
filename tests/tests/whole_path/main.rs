//! The whole path, from contracts on a chain to coins at stakers: the same test on the embedded
//! chain with simulated clusters, and on wasmd with a Kubernetes cluster whose nodes run the pods.
//! Agents are processes of their own; time is moved where it can be, and passes where it cannot.
//! Every figure that is checked comes from the bank and from block times.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod books;
mod ground;
mod stage;
mod story;

use souk_cli::demo::Setting;
use souk_tests::wasmd::{Options, Wasmd};

#[tokio::test(flavor = "multi_thread")]
async fn the_market_does_its_work_on_the_embedded_parts() {
    story::tell(Setting { venue: ground::embedded(), clusters: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_market_does_its_work_on_wasmd_and_kubernetes() {
    let Some(mut node) = Wasmd::start_or_not_run(Options::default().chain_id("souk-path")).await
    else {
        return;
    };
    let Some(venue) = ground::wasmd(&node).await else { return };
    let Some(cluster) = ground::kubernetes().await else { return };
    story::tell(Setting { venue, clusters: Some(ground::shared(&cluster)) }).await;
    node.stop().await;
}
