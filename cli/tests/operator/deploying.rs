//! A suite is put on a chain once, however often the command is run.

use std::fs;

use souk_cli::{operator::record::Record, suite::Contract};

use crate::stage::{DAO, ME, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_chain_gets_the_whole_suite_and_a_record_that_commands_and_agents_read() {
    let stage = Stage::new().await;
    let report = stage.deploy().await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    assert_eq!(report["remaining"]["transactions"].as_array().unwrap().len(), 0);
    assert_eq!(report["differences"].as_array().unwrap().len(), 0, "{report}");
    assert_eq!(stage.counts(ME).await, (5, 5));

    let record = Record::read(&stage.path("networks/test.deployment.json")).unwrap().unwrap();
    assert_eq!(record.chain_id, "souk-dev");
    for contract in Contract::ALL {
        let recorded = record.contracts.of(contract);
        let info = stage.queries().contract_info(&recorded.address).await.unwrap();
        assert_eq!(info.code_id, recorded.code_id);
        assert_eq!(info.label, format!("souk {contract}"));
        let code = stage.queries().code_info(info.code_id).await.unwrap();
        assert_eq!(hex::encode(code.checksum), recorded.checksum);
    }
    assert_eq!(stage.network().contracts().unwrap(), &record.addresses());
    let shown = stage.run(ME, &["fees", "show"]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    stage.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_nothing_and_changes_no_file() {
    let stage = Stage::new().await;
    stage.deploy().await;
    let before = fs::read(stage.path("networks/test.deployment.json")).unwrap();
    let again = stage.deploy().await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
    assert_eq!(stage.counts(ME).await, (5, 5));
    assert_eq!(fs::read(stage.path("networks/test.deployment.json")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_record_is_found_again_from_the_chain() {
    let stage = Stage::new().await;
    stage.deploy().await;
    let path = stage.path("networks/test.deployment.json");
    let before = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    // Also where the artifacts have changed since, and with them the addresses of a new suite.
    stage.write_artifacts(souk_cli::suite::Each::make(|_| 1));
    let again = stage.deploy().await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(stage.counts(ME).await, (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_consent() {
    let stage = Stage::new().await;
    let asked = stage.run(ME, &["operator", "deploy"]).await;
    assert_eq!(asked.code, 3, "{asked:?}");
    assert!(asked.stderr.contains("upload souk_escrow.wasm"), "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    let shown = stage.operator(ME, &["deploy", "--dry-run"]).await;
    assert_eq!(shown["remaining"]["transactions"].as_array().unwrap().len(), 6, "{shown}");
    assert_eq!(stage.counts(ME).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_decide_what_the_suite_is_set_up_with() {
    let stage = Stage::new().await;
    let terms = "market = \"bazaar\"\nguardian = \"dao\"\nslashers = [\"dao\"]\n\
                 [escrow]\nmin_runway = \"2m\"\n[registry]\nunbonding_period = 60\n";
    fs::write(stage.path("networks/test.terms.toml"), terms).unwrap();
    let report = stage.deploy().await;
    assert_eq!(report["differences"].as_array().unwrap().len(), 0, "{report}");
    stage.assert_right().await;
    let market = souk_cli::market::Market::new(stage.network()).unwrap();
    let escrow: souk_api::escrow::ConfigResponse = market
        .chain()
        .smart(&market.contracts.escrow, &souk_api::escrow::QueryMsg::Config {})
        .await
        .unwrap();
    assert_eq!((escrow.min_runway, escrow.guardian), (120, stage.wallet(DAO).address));
    let info = market.chain().contract_info(&market.contracts.escrow).await.unwrap();
    assert_eq!(info.label, "bazaar escrow");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_markets_of_one_operator_share_their_code() {
    let stage = Stage::new().await;
    stage.deploy().await;
    fs::copy(stage.path("networks/test.toml"), stage.path("networks/other.toml")).unwrap();
    fs::write(stage.path("networks/other.terms.toml"), "market = \"bazaar\"\n").unwrap();
    let report = stage.operator(ME, &["deploy", "--yes", "--network", "other"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(stage.counts(ME).await, (5, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_the_contracts_refuse_are_told_in_the_contracts_words() {
    let stage = Stage::new().await;
    fs::write(stage.path("networks/test.terms.toml"), "[escrow]\nmin_runway = 0\n").unwrap();
    let refused = stage.run(ME, &["operator", "deploy", "--yes"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("min_runway"), "{refused:?}");
    fs::write(stage.path("networks/test.terms.toml"), "").unwrap();
    stage.deploy().await;
    assert_eq!(stage.counts(ME).await, (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_that_are_not_what_their_checksums_say_are_not_uploaded() {
    let stage = Stage::new().await;
    fs::write(stage.path("artifacts/souk_escrow.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let refused = stage.run(ME, &["operator", "deploy", "--yes"]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("souk_escrow.wasm"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_chain_that_began_anew_does_not_mislead() {
    let (stage, before) = (Stage::new().await, Stage::new().await);
    before.deploy().await;
    let record = before.path("networks/test.deployment.json");
    fs::copy(record, stage.path("networks/test.deployment.json")).unwrap();
    // Another market, so that no address is the same.
    fs::write(stage.path("networks/test.terms.toml"), "market = \"anew\"\n").unwrap();
    let report = stage.deploy().await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    stage.assert_right().await;
}
