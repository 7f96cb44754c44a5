//! Where the key is elsewhere, the transactions are written to be signed there.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use souk_chain::{Any, tx};

use crate::fixture::{DAO, Fixture, ME};

/// The files of a folder in their order.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a signing tool makes of a file.
fn messages(path: &Path) -> Vec<Any> {
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(file["signatures"], serde_json::json!([]));
    assert!(
        file["auth_info"]["fee"]["gas_limit"].as_str().unwrap().parse::<u64>().unwrap() > 100_000
    );
    file["body"]["messages"].as_array().unwrap().iter().map(message).collect()
}

fn message(value: &Value) -> Any {
    let text = |name: &str| value[name].as_str().unwrap();
    let number = |name: &str| text(name).parse::<u64>().unwrap();
    match text("@type") {
        "/cosmwasm.wasm.v1.MsgStoreCode" => {
            tx::store_code(text("sender"), STANDARD.decode(text("wasm_byte_code")).unwrap())
        }
        "/cosmwasm.wasm.v1.MsgInstantiateContract2" => {
            let what = tx::Instantiate {
                code_id: number("code_id"),
                label: text("label").to_owned(),
                admin: Some(text("admin").to_owned()),
                funds: Vec::new(),
                salt: Some(STANDARD.decode(text("salt")).unwrap()),
            };
            tx::instantiate(text("sender"), &what, &value["msg"]).unwrap()
        }
        "/cosmwasm.wasm.v1.MsgExecuteContract" => {
            tx::execute(text("sender"), text("contract"), &value["msg"], &[]).unwrap()
        }
        "/cosmwasm.wasm.v1.MsgMigrateContract" => {
            tx::migrate(text("sender"), text("contract"), number("code_id"), &value["msg"]).unwrap()
        }
        other => panic!("{other} was not expected"),
    }
}

/// Signs and sends every file of a folder.
pub async fn sign_and_send(fixture: &Fixture, key: &str, folder: &str) -> Vec<String> {
    let names = files(&fixture.path(folder));
    for name in &names {
        let messages = messages(&fixture.path(folder).join(name));
        fixture.wallet(key).send(name, messages).await.unwrap();
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_key_here_deploys_and_migrates_by_files() {
    let fixture = Fixture::new().await;
    let generate = |folder: &'static str, command: &'static str| {
        ["admin", command, "--from", DAO, "--generate-only", folder]
    };
    // No key is chosen at all.
    let ended = fixture.run("", &generate("first", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(fixture.counts(DAO).await, (0, 0), "nothing is sent");
    let names = sign_and_send(&fixture, DAO, "first").await;
    assert_eq!(names.len(), 5);
    assert!(names.iter().all(|name| name.contains("upload")), "{names:?}");

    let ended = fixture.run("", &generate("second", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(sign_and_send(&fixture, DAO, "second").await, ["01-make.json"]);
    let ended = fixture.run("", &generate("third", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(files(&fixture.path("third")).len(), 0);
    assert_eq!(fixture.counts(DAO).await, (5, 5));
    fixture.assert_right().await;

    fixture.write_artifacts(souk_client::PerContract { escrow: 1, ..Default::default() });
    fixture.run("", &generate("code", "migrate")).await;
    assert_eq!(sign_and_send(&fixture, DAO, "code").await, ["01-upload-escrow.json"]);
    fixture.run("", &generate("move", "migrate")).await;
    assert_eq!(sign_and_send(&fixture, DAO, "move").await, ["01-migrate.json"]);
    fixture.run("", &generate("nothing", "migrate")).await;
    fixture.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_somebody_else_gets_its_link_as_a_file() {
    let fixture = Fixture::new().await;
    fs::write(fixture.path("networks/test.terms.toml"), "owner = \"dao\"\n").unwrap();
    let report = fixture.deploy().await;
    let dao = fixture.wallet(DAO).address;
    assert_eq!(report["remaining"]["transactions"][0]["sender"], dao, "{report}");
    assert_eq!(fixture.differences().await, ["provider-registry: orderbook"]);

    let output = fixture.run(ME, &["admin", "deploy", "--yes"]).await;
    assert!(output.stdout.contains("--generate-only"), "{output:?}");
    let args = ["admin", "deploy", "--from", DAO, "--generate-only", "unsigned"];
    let ended = fixture.run("", &args).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(sign_and_send(&fixture, DAO, "unsigned").await, ["01-link.json"]);
    fixture.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_key_is_not_here_cannot_send() {
    let fixture = Fixture::new().await;
    let refused = fixture.run(ME, &["admin", "deploy", "--yes", "--from", DAO]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("--generate-only"), "{refused:?}");
}
