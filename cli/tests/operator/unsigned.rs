//! Where the key is elsewhere, the transactions are written to be signed there.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use souk_chain::{Any, tx};

use crate::stage::{DAO, ME, Stage};

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
async fn sign_and_send(stage: &Stage, key: &str, folder: &str) -> Vec<String> {
    let names = files(&stage.path(folder));
    for name in &names {
        let messages = messages(&stage.path(folder).join(name));
        stage.wallet(key).send(name, messages).await.unwrap();
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_key_here_deploys_and_migrates_by_files() {
    let stage = Stage::new().await;
    let generate = |folder: &'static str, command: &'static str| {
        ["operator", command, "--from", DAO, "--generate-only", folder]
    };
    // No key is chosen at all.
    let ended = stage.run("", &generate("first", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(stage.counts(DAO).await, (0, 0), "nothing is sent");
    let names = sign_and_send(&stage, DAO, "first").await;
    assert_eq!(names.len(), 5);
    assert!(names.iter().all(|name| name.contains("upload")), "{names:?}");

    let ended = stage.run("", &generate("second", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(sign_and_send(&stage, DAO, "second").await, ["01-make.json"]);
    let ended = stage.run("", &generate("third", "deploy")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(files(&stage.path("third")).len(), 0);
    assert_eq!(stage.counts(DAO).await, (5, 5));
    stage.assert_right().await;

    stage.write_artifacts(souk_cli::suite::Each { escrow: 1, ..Default::default() });
    stage.run("", &generate("code", "migrate")).await;
    assert_eq!(sign_and_send(&stage, DAO, "code").await, ["01-upload-escrow.json"]);
    stage.run("", &generate("move", "migrate")).await;
    assert_eq!(sign_and_send(&stage, DAO, "move").await, ["01-migrate.json"]);
    stage.run("", &generate("nothing", "migrate")).await;
    stage.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_somebody_else_gets_its_link_as_a_file() {
    let stage = Stage::new().await;
    fs::write(stage.path("networks/test.terms.toml"), "owner = \"dao\"\n").unwrap();
    let report = stage.deploy().await;
    let dao = stage.wallet(DAO).address;
    assert_eq!(report["remaining"]["transactions"][0]["sender"], dao, "{report}");
    assert_eq!(stage.differences().await, ["provider-registry: orderbook"]);

    let told = stage.run(ME, &["operator", "deploy", "--yes"]).await;
    assert!(told.stdout.contains("--generate-only"), "{told:?}");
    let args = ["operator", "deploy", "--from", DAO, "--generate-only", "unsigned"];
    let ended = stage.run("", &args).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(sign_and_send(&stage, DAO, "unsigned").await, ["01-link.json"]);
    stage.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_key_is_not_here_cannot_send() {
    let stage = Stage::new().await;
    let refused = stage.run(ME, &["operator", "deploy", "--yes", "--from", DAO]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("--generate-only"), "{refused:?}");
}
