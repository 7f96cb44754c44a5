//! The contracts are deployed once, however often the command is run.

use std::fs;

use souk_client::{Contract, Record};

use crate::fixture::{DAO, Fixture, ME};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_chain_gets_all_contracts_and_a_record_that_commands_and_agents_read() {
    let fixture = Fixture::new().await;
    let report = fixture.deploy().await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    assert_eq!(report["remaining"]["transactions"].as_array().unwrap().len(), 0);
    assert_eq!(report["differences"].as_array().unwrap().len(), 0, "{report}");
    assert_eq!(fixture.counts(ME).await, (5, 5));

    let record = Record::read(&fixture.path("networks/test.deployment.json")).unwrap().unwrap();
    assert_eq!(record.chain_id, "souk-dev");
    for contract in Contract::ALL {
        let recorded = record.contracts.of(contract);
        let info = fixture.queries().contract_info(&recorded.address).await.unwrap();
        assert_eq!(info.code_id, recorded.code_id);
        assert_eq!(info.label, format!("souk {contract}"));
        let code = fixture.queries().code_info(info.code_id).await.unwrap();
        assert_eq!(hex::encode(code.checksum), recorded.checksum);
    }
    assert_eq!(fixture.network().contracts().unwrap(), &record.addresses());
    let shown = fixture.run(ME, &["fees", "show"]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    fixture.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_nothing_and_changes_no_file() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    let before = fs::read(fixture.path("networks/test.deployment.json")).unwrap();
    let again = fixture.deploy().await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
    assert_eq!(fixture.counts(ME).await, (5, 5));
    assert_eq!(fs::read(fixture.path("networks/test.deployment.json")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_record_is_found_again_from_the_chain() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    let path = fixture.path("networks/test.deployment.json");
    let before = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    // Also where the artifacts have changed since, and with them the addresses of new contracts.
    fixture.write_artifacts(souk_client::PerContract::make(|_| 1));
    let again = fixture.deploy().await;
    assert_eq!(again["executed"].as_array().unwrap().len(), 0);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fixture.counts(ME).await, (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_consent() {
    let fixture = Fixture::new().await;
    let asked = fixture.run(ME, &["admin", "deploy"]).await;
    assert_eq!(asked.code, 3, "{asked:?}");
    assert!(asked.stderr.contains("upload souk_escrow.wasm"), "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    let shown = fixture.admin(ME, &["deploy", "--dry-run"]).await;
    assert_eq!(shown["remaining"]["transactions"].as_array().unwrap().len(), 6, "{shown}");
    assert_eq!(fixture.counts(ME).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_decide_how_the_contracts_are_deployed() {
    let fixture = Fixture::new().await;
    let terms = "market = \"bazaar\"\nguardian = \"dao\"\nslashers = [\"dao\"]\n\
                 [escrow]\nmin_runway = \"2m\"\n[registry]\nunbonding_period = 60\n";
    fs::write(fixture.path("networks/test.terms.toml"), terms).unwrap();
    let report = fixture.deploy().await;
    assert_eq!(report["differences"].as_array().unwrap().len(), 0, "{report}");
    fixture.assert_right().await;
    let market = souk_client::market::Market::new(fixture.network()).unwrap();
    let escrow = market.escrow.config().await.unwrap();
    assert_eq!((escrow.min_runway, escrow.guardian), (120, fixture.wallet(DAO).address));
    let info = market.chain().contract_info(&market.contracts.escrow).await.unwrap();
    assert_eq!(info.label, "bazaar escrow");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_markets_of_one_administrator_share_their_code() {
    let fixture = Fixture::new().await;
    fixture.deploy().await;
    fs::copy(fixture.path("networks/test.toml"), fixture.path("networks/other.toml")).unwrap();
    fs::write(fixture.path("networks/other.terms.toml"), "market = \"bazaar\"\n").unwrap();
    let report = fixture.admin(ME, &["deploy", "--yes", "--network", "other"]).await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(fixture.counts(ME).await, (5, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_the_contracts_refuse_end_with_the_contracts_words() {
    let fixture = Fixture::new().await;
    fs::write(fixture.path("networks/test.terms.toml"), "[escrow]\nmin_runway = 0\n").unwrap();
    let refused = fixture.run(ME, &["admin", "deploy", "--yes"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("min_runway"), "{refused:?}");
    fs::write(fixture.path("networks/test.terms.toml"), "").unwrap();
    fixture.deploy().await;
    assert_eq!(fixture.counts(ME).await, (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_that_are_not_what_their_checksums_say_are_not_uploaded() {
    let fixture = Fixture::new().await;
    fs::write(fixture.path("artifacts/souk_escrow.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let refused = fixture.run(ME, &["admin", "deploy", "--yes"]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("souk_escrow.wasm"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_chain_that_started_again_does_not_mislead() {
    let (fixture, before) = (Fixture::new().await, Fixture::new().await);
    before.deploy().await;
    let record = before.path("networks/test.deployment.json");
    fs::copy(record, fixture.path("networks/test.deployment.json")).unwrap();
    // Another market, so that no address is the same.
    fs::write(fixture.path("networks/test.terms.toml"), "market = \"second\"\n").unwrap();
    let report = fixture.deploy().await;
    assert_eq!(report["executed"].as_array().unwrap().len(), 6, "{report}");
    fixture.assert_right().await;
}
