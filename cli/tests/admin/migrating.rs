//! Contracts migrate to other code: only those that changed, and all of it or nothing.

use souk_client::{PerContract, Record};

use crate::fixture::{DAO, Fixture, ME};

fn record(fixture: &Fixture) -> Record {
    Record::read(&fixture.path("networks/test.deployment.json")).unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_code_alone_is_uploaded_and_both_contracts_move_in_one_transaction() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    let before = record(&fixture);
    fixture.write_artifacts(PerContract { escrow: 1, orderbook: 1, ..PerContract::default() });
    // The record is right: it says what is on the chain.
    assert_eq!(fixture.differences().await, ["escrow: code", "orderbook: code"]);

    let deployed = fixture.deploy().await;
    assert_eq!(deployed["executed"].as_array().unwrap().len(), 0, "deploy changes no code");
    let report = fixture.admin(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(fixture.counts(ME).await, (7, 5));
    let after = record(&fixture);
    assert_eq!(after.addresses(), before.addresses());
    assert_eq!(after.contracts.registry, before.contracts.registry);
    assert_ne!(after.contracts.escrow.checksum, before.contracts.escrow.checksum);
    fixture.assert_right().await;

    let again = fixture.admin(ME, &["migrate", "--yes"]).await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_five_move_and_back_to_code_that_is_on_the_chain_already() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    fixture.write_artifacts(PerContract::make(|_| 1));
    let report = fixture.admin(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    fixture.write_artifacts(PerContract::default());
    let report = fixture.admin(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    fixture.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_deployed_it_says_what_to_do_first() {
    let fixture = Fixture::new().await;
    let refused = fixture.run(ME, &["admin", "migrate", "--yes"]).await;
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.stderr.contains("souk admin deploy"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_admin_uploads_and_learns_who_must_do_the_rest() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    fixture.write_artifacts(PerContract { escrow: 1, ..PerContract::default() });
    let report = fixture.admin(DAO, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    let remaining = report["remaining"]["transactions"].as_array().unwrap();
    assert_eq!(remaining[0]["sender"], fixture.wallet(ME).address, "{report}");
    let report = fixture.admin(ME, &["migrate", "--yes"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    fixture.assert_right().await;
}
