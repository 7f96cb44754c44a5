//! A suite moves to other code: what changed alone, and all of it or nothing.

use souk_cli::{operator::record::Record, suite::Each};

use crate::stage::{DAO, ME, Stage};

fn record(stage: &Stage) -> Record {
    Record::read(&stage.path("networks/test.deployment.json")).unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_code_alone_is_uploaded_and_both_contracts_move_in_one_transaction() {
    let stage = Stage::new().await;
    stage.deploy().await;
    let before = record(&stage);
    stage.write_artifacts(Each { escrow: 1, orderbook: 1, ..Each::default() });
    // The record is right: it says what is on the chain.
    assert_eq!(stage.differences().await, ["escrow: code", "orderbook: code"]);

    let deployed = stage.deploy().await;
    assert_eq!(deployed["executed"].as_array().unwrap().len(), 0, "deploy changes no code");
    let report = stage.operator(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(stage.counts(ME).await, (7, 5));
    let after = record(&stage);
    assert_eq!(after.addresses(), before.addresses());
    assert_eq!(after.contracts.registry, before.contracts.registry);
    assert_ne!(after.contracts.escrow.checksum, before.contracts.escrow.checksum);
    stage.assert_right().await;

    let again = stage.operator(ME, &["migrate", "--yes"]).await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_five_move_and_back_to_code_that_is_on_the_chain_already() {
    let stage = Stage::new().await;
    stage.deploy().await;
    stage.write_artifacts(Each::make(|_| 1));
    let report = stage.operator(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    stage.write_artifacts(Each::default());
    let report = stage.operator(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    stage.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_deployed_it_says_what_to_do_first() {
    let stage = Stage::new().await;
    let refused = stage.run(ME, &["operator", "migrate", "--yes"]).await;
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.stderr.contains("souk operator deploy"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_admin_uploads_and_learns_who_must_do_the_rest() {
    let stage = Stage::new().await;
    stage.deploy().await;
    stage.write_artifacts(Each { escrow: 1, ..Each::default() });
    let report = stage.operator(DAO, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    let remaining = report["remaining"]["transactions"].as_array().unwrap();
    assert_eq!(remaining[0]["sender"], stage.wallet(ME).address, "{report}");
    let report = stage.operator(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    stage.assert_right().await;
}
