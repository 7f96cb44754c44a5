//! Verify finds whatever somebody changed on the chain, and what files claim wrongly.

use std::fs;

use serde::Serialize;
use serde_json::json;
use souk_api::{attestations, escrow, orderbook, registry};
use souk_chain::{Any, tx};
use souk_client::{PerContract, Record};

use crate::fixture::{DAO, Fixture, ME};

async fn send(fixture: &Fixture, message: Any) {
    fixture.wallet(ME).send("changing the contracts", vec![message]).await.unwrap();
}

async fn execute(fixture: &Fixture, contract: &str, message: &impl Serialize) {
    send(fixture, fixture.wallet(ME).execute(contract, message, &[]).unwrap()).await;
}

/// Verify finds these and nothing else.
async fn same(fixture: &Fixture, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(fixture.differences().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_on_the_chain_is_found_one_after_the_other() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    let at = fixture.network().contracts().unwrap().clone();
    let dao = fixture.wallet(DAO).address;
    let mut expected: Vec<&str> = Vec::new();

    execute(&fixture, &at.escrow, &escrow::ExecuteMsg::Pause {}).await;
    expected.push("escrow: paused");
    same(&fixture, &expected).await;

    let more = escrow::ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: Some(dao.clone()),
        add_controller: Some(dao.clone()),
        add_cw20: None,
        delist: None,
        relist: None,
    };
    execute(&fixture, &at.escrow, &more).await;
    expected.push("escrow: controllers");
    expected.push("escrow: fee_collector");
    same(&fixture, &expected).await;

    let change = registry::ExecuteMsg::UpdateConfig {
        guardian: Some(dao.clone()),
        orderbook: None,
        min_bond: None,
        slashers: Some(vec![dao.clone()]),
        slashing: None,
        slash_receiver: Some(dao.clone()),
        change_delay: None,
    };
    execute(&fixture, &at.registry, &change).await;
    expected.push("provider-registry: guardian");
    expected.push("provider-registry: slash_receiver");
    expected.push("provider-registry: slashers");
    same(&fixture, &expected).await;

    let params = orderbook::Params { end_grace: 77, ..souk_api::defaults::orderbook_params() };
    let change =
        orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
    execute(&fixture, &at.orderbook, &change).await;
    expected.push("orderbook: params");
    same(&fixture, &expected).await;

    let change =
        attestations::ExecuteMsg::UpdateConfig { guardian: None, max_lifetime: Some(86_400) };
    execute(&fixture, &at.attestations, &change).await;
    expected.push("attestations: max_lifetime");
    let offer =
        json!({"update_ownership": {"transfer_ownership": {"new_owner": dao, "expiry": null}}});
    execute(&fixture, &at.fee_distributor, &offer).await;
    expected.push("fee-distributor: pending owner");
    send(&fixture, tx::update_admin(&fixture.wallet(ME).address, &at.registry, &dao)).await;
    expected.push("provider-registry: admin");
    same(&fixture, &expected).await;

    let accept = json!({"update_ownership": "accept_ownership"});
    let accept = fixture.wallet(DAO).execute(&at.fee_distributor, &accept, &[]).unwrap();
    fixture.wallet(DAO).send("accepting", vec![accept]).await.unwrap();
    expected.retain(|one| *one != "fee-distributor: pending owner");
    expected.push("fee-distributor: owner");
    same(&fixture, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_artifacts_terms_and_record_claim_is_compared_too() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    fixture.write_artifacts(PerContract { registry: 1, ..PerContract::default() });
    assert_eq!(fixture.differences().await, ["provider-registry: code"]);
    fixture.write_artifacts(PerContract::default());

    let terms = fixture.path("networks/test.terms.toml");
    fs::write(&terms, "[fees]\npool_bps = 3000\nburn_bps = 1000\n").unwrap();
    assert_eq!(fixture.differences().await, ["fee-distributor: split"]);
    fs::remove_file(&terms).unwrap();

    let path = fixture.path("networks/test.deployment.json");
    let record = Record::read(&path).unwrap().unwrap();
    let mut wrong = record.clone();
    wrong.contracts.escrow.code_id += 100;
    wrong.write(&path).unwrap();
    assert_eq!(fixture.differences().await, ["escrow: recorded code id"]);

    // An address that is another contract's: what it answers is not what it should.
    let mut wrong = record.clone();
    wrong.contracts.attestations.address = record.contracts.escrow.address.clone();
    wrong.write(&path).unwrap();
    let differences = fixture.differences().await;
    assert!(differences.iter().any(|one| one == "attestations: code"), "{differences:?}");
    assert!(differences.iter().any(|one| one == "orderbook: attestations"), "{differences:?}");

    // Where the record points at nothing, the contract is found by its maker and label.
    let mut wrong = record;
    wrong.contracts.escrow.address = fixture.wallet(DAO).address;
    wrong.write(&path).unwrap();
    assert_eq!(fixture.differences().await, ["escrow: recorded address"]);
}

/// What verify warns of on a network.
async fn warnings(fixture: &Fixture, network: &str) -> Vec<String> {
    let ended = fixture.run("", &["admin", "verify", "--json", "--network", network]).await;
    assert_eq!(ended.code, 0, "a warning is no failure: {ended:?}");
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let found = found["warnings"].as_array().unwrap().clone();
    found.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_with_all_roles_and_a_slow_block_that_is_not_the_chains_are_warned_of() {
    let fixture = Fixture::with_slow_blocks().await;
    let deployed = fixture.run(ME, &["admin", "deploy", "--yes"]).await;
    assert_eq!(deployed.code, 0, "{deployed:?}");
    let me = fixture.wallet(ME).address;
    let found = warnings(&fixture, "test").await;
    assert_eq!(found.len(), 2, "{found:?}");
    let roles = format!("{me} is owner, guardian and admin of attestations, provider-registry");
    assert!(found[0].starts_with(&roles), "{found:?}");
    assert!(found[1].contains("slowest_block is 9000 ms"), "{found:?}");
    let shown = fixture.run("", &["admin", "verify"]).await;
    assert!(shown.stdout.contains("\nwarning: the orderbook's slowest_block is 9000"), "{shown:?}");

    // The network's file says what fits, and the terms give the roles to two keys.
    let network = fs::read_to_string(fixture.path("networks/test.toml")).unwrap();
    for (name, slowest) in [("fits", 1_500), ("short", 900)] {
        let path = |ending: &str| fixture.path(&format!("networks/{name}.{ending}"));
        fs::write(path("toml"), format!("{network}slowest_block = {slowest}\n")).unwrap();
        let terms = format!("market = \"{name}\"\nguardian = \"dao\"\n");
        fs::write(path("terms.toml"), terms).unwrap();
        let deploy = ["admin", "deploy", "--yes", "--network", name];
        let deployed = fixture.run(ME, &deploy).await;
        assert_eq!(deployed.code, 0, "{deployed:?}");
        let warned = deployed.stderr.contains("warning: the orderbook's slowest_block is 900 ms");
        assert_eq!(warned, name == "short", "before it is made: {deployed:?}");
    }
    assert_eq!(warnings(&fixture, "fits").await, [""; 0]);
    let short = warnings(&fixture, "short").await;
    assert!(short[0].contains("a notice lasts longer than it says"), "{short:?}");
}
