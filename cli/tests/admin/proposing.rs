//! A DAO of DAO DAO owns the market: what it has to do is written as proposals. They are read here as
//! its newest module does, which knows the messages of cosmwasm-std 1.5 and refuses what it does not know.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosmwasm_std_1::{CosmosMsg, Empty};
use serde::Deserialize;
use serde_json::Value;
use souk_chain::{Any, tx};
use souk_client::{Contract, PerContract};

use crate::fixture::{DAO, Ended, Fixture, ME};

/// A proposal's JSON is no longer, or the module refuses it.
const MOST_BYTES: usize = 30_000;

/// As dao-proposal-single 2.6.0 declares it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ExecuteMsg {
    Propose(SingleChoiceProposeMsg),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SingleChoiceProposeMsg {
    title: String,
    description: String,
    msgs: Vec<CosmosMsg<Empty>>,
}

/// Runs a command that writes proposals.
async fn generate(fixture: &Fixture, command: &str, folder: &str) -> Ended {
    let args = ["admin", command, "--from", DAO, "--generate-only", folder, "--proposal"];
    fixture.run("", &args).await
}

/// Uploads a contract's code, as any account can.
async fn upload(fixture: &Fixture, contract: Contract) {
    let wallet = fixture.wallet(ME);
    let code = fs::read(fixture.path("artifacts").join(contract.file())).unwrap();
    wallet.send("upload", vec![tx::store_code(&wallet.address, code)]).await.unwrap();
}

/// What the DAO sends when it executes a message of its proposal.
fn message(dao: &str, message: &Value) -> Any {
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let json = |value: &Value| serde_json::from_slice::<Value>(&bytes(value)).unwrap();
    let contract = |value: &Value| value["contract_addr"].as_str().unwrap().to_owned();
    if let Some(any) = message.get("stargate") {
        return Any {
            type_url: any["type_url"].as_str().unwrap().to_owned(),
            value: bytes(&any["value"]),
        };
    }
    let wasm = &message["wasm"];
    if let Some(execute) = wasm.get("execute") {
        assert_eq!(execute["funds"], serde_json::json!([]));
        return tx::execute(dao, &contract(execute), &json(&execute["msg"]), &[]).unwrap();
    }
    let migrate = &wasm["migrate"];
    let code_id = migrate["new_code_id"].as_u64().unwrap();
    tx::migrate(dao, &contract(migrate), code_id, &json(&migrate["msg"])).unwrap()
}

/// Executes every proposal of a folder, and returns how the files are called.
async fn execute(fixture: &Fixture, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture.path(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let dao = fixture.wallet(DAO);
    for name in &names {
        let file = fs::read(fixture.path(folder).join(name)).unwrap();
        assert!(file.len() < MOST_BYTES, "{name} has {} bytes", file.len());
        let ExecuteMsg::Propose(proposal) = serde_json::from_slice(&file).unwrap();
        assert!(!proposal.title.is_empty() && !proposal.description.is_empty());
        let msgs = serde_json::to_value(&proposal.msgs).unwrap();
        let messages = msgs.as_array().unwrap().iter().map(|one| message(&dao.address, one));
        dao.send(name, messages.collect()).await.unwrap();
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dao_deploys_and_migrates_by_proposals_that_its_module_takes() {
    let fixture = Fixture::new().await;
    let early = generate(&fixture, "deploy", "early").await;
    assert_eq!(early.code, 3, "{early:?}");
    assert!(early.stderr.contains("souk_escrow.wasm"), "{early:?}");
    for contract in Contract::ALL {
        upload(&fixture, contract).await;
    }
    let ended = generate(&fixture, "deploy", "make").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("to be proposed to"), "{ended:?}");
    assert_eq!(fixture.counts(DAO).await, (5, 0), "nothing is sent");
    assert_eq!(execute(&fixture, "make").await, ["01-make.json"]);
    let ended = generate(&fixture, "deploy", "nothing").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(fixture.counts(DAO).await, (5, 5));
    fixture.assert_right().await;

    fixture.write_artifacts(PerContract { escrow: 1, ..Default::default() });
    upload(&fixture, Contract::Escrow).await;
    let ended = generate(&fixture, "migrate", "move").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(execute(&fixture, "move").await, ["01-migrate.json"]);
    let ended = generate(&fixture, "migrate", "recorded").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    fixture.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_is_a_dao_gets_its_link_and_a_pause_as_proposals() {
    let fixture = Fixture::new().await;
    fs::write(fixture.path("networks/test.terms.toml"), "owner = \"dao\"\n").unwrap();
    fixture.deploy().await;
    let ended = generate(&fixture, "deploy", "link").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(execute(&fixture, "link").await, ["01-link.json"]);
    fixture.assert_right().await;

    let ended = generate(&fixture, "pause", "pause").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(execute(&fixture, "pause").await, ["pause.json"]);
    let paused = fixture.differences().await;
    assert_eq!(paused.iter().filter(|one| one.ends_with(": paused")).count(), 5, "{paused:?}");
}
