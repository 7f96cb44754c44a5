//! Verify finds whatever somebody changed on the chain, and what files claim wrongly.

use std::fs;

use serde::Serialize;
use serde_json::json;
use souk_api::{attestations, escrow, orderbook, registry};
use souk_chain::{Any, tx};
use souk_cli::{operator::record::Record, suite::Each};

use crate::stage::{DAO, ME, Stage};

async fn send(stage: &Stage, message: Any) {
    stage.wallet(ME).send("changing the suite", vec![message]).await.unwrap();
}

async fn execute(stage: &Stage, contract: &str, message: &impl Serialize) {
    send(stage, stage.wallet(ME).execute(contract, message, &[]).unwrap()).await;
}

/// Verify finds these and nothing else.
async fn same(stage: &Stage, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(stage.differences().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_on_the_chain_is_found_one_after_the_other() {
    let stage = Stage::new().await;
    stage.deploy().await;
    let at = stage.network().contracts().unwrap().clone();
    let dao = stage.wallet(DAO).address;
    let mut expected: Vec<&str> = Vec::new();

    execute(&stage, &at.escrow, &escrow::ExecuteMsg::Pause {}).await;
    expected.push("escrow: paused");
    same(&stage, &expected).await;

    let more = escrow::ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: Some(dao.clone()),
        add_controller: Some(dao.clone()),
        add_cw20: None,
    };
    execute(&stage, &at.escrow, &more).await;
    expected.push("escrow: controllers");
    expected.push("escrow: fee_collector");
    same(&stage, &expected).await;

    let change = registry::ExecuteMsg::UpdateConfig {
        guardian: Some(dao.clone()),
        orderbook: None,
        min_bond: None,
        slashers: Some(vec![dao.clone()]),
    };
    execute(&stage, &at.registry, &change).await;
    expected.push("provider-registry: guardian");
    expected.push("provider-registry: slashers");
    same(&stage, &expected).await;

    let params = orderbook::Params { end_grace: 77, ..souk_api::defaults::orderbook_params() };
    let change =
        orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
    execute(&stage, &at.orderbook, &change).await;
    expected.push("orderbook: params");
    same(&stage, &expected).await;

    let change =
        attestations::ExecuteMsg::UpdateConfig { guardian: None, max_lifetime: Some(86_400) };
    execute(&stage, &at.attestations, &change).await;
    expected.push("attestations: max_lifetime");
    let offer =
        json!({"update_ownership": {"transfer_ownership": {"new_owner": dao, "expiry": null}}});
    execute(&stage, &at.fee_distributor, &offer).await;
    expected.push("fee-distributor: pending owner");
    send(&stage, tx::update_admin(&stage.wallet(ME).address, &at.registry, &dao)).await;
    expected.push("provider-registry: admin");
    same(&stage, &expected).await;

    let accept = json!({"update_ownership": "accept_ownership"});
    let accept = stage.wallet(DAO).execute(&at.fee_distributor, &accept, &[]).unwrap();
    stage.wallet(DAO).send("accepting", vec![accept]).await.unwrap();
    expected.retain(|one| *one != "fee-distributor: pending owner");
    expected.push("fee-distributor: owner");
    same(&stage, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_artifacts_terms_and_record_claim_is_compared_too() {
    let stage = Stage::new().await;
    stage.deploy().await;
    stage.write_artifacts(Each { registry: 1, ..Each::default() });
    assert_eq!(stage.differences().await, ["provider-registry: code"]);
    stage.write_artifacts(Each::default());

    let terms = stage.path("networks/test.terms.toml");
    fs::write(&terms, "[fees]\npool_bps = 3000\nburn_bps = 1000\n").unwrap();
    assert_eq!(stage.differences().await, ["fee-distributor: split"]);
    fs::remove_file(&terms).unwrap();

    let path = stage.path("networks/test.deployment.json");
    let record = Record::read(&path).unwrap().unwrap();
    let mut wrong = record.clone();
    wrong.contracts.escrow.code_id += 100;
    wrong.write(&path).unwrap();
    assert_eq!(stage.differences().await, ["escrow: recorded code id"]);

    // An address that is another contract's: what it answers is not what it should.
    let mut wrong = record.clone();
    wrong.contracts.attestations.address = record.contracts.escrow.address.clone();
    wrong.write(&path).unwrap();
    let differences = stage.differences().await;
    assert!(differences.iter().any(|one| one == "attestations: code"), "{differences:?}");
    assert!(differences.iter().any(|one| one == "orderbook: attestations"), "{differences:?}");

    // Where the record points at nothing, the contract is found by its maker and label.
    let mut wrong = record;
    wrong.contracts.escrow.address = stage.wallet(DAO).address;
    wrong.write(&path).unwrap();
    assert_eq!(stage.differences().await, ["escrow: recorded address"]);
}
