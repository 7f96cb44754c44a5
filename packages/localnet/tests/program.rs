//! How the program ends when it cannot go on: at once, with one sentence and an exit code.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use souk_chain::{SecretKey, keys::write_plain_key_file};

fn demo(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk-localnet"));
    command.env_clear().env("SOUK_HOME", home).arg("demo").args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_file_that_is_not_there_ends_the_demo_before_anything_starts_and_is_said_once() {
    let home = tempfile::tempdir().unwrap();
    let output = demo(home.path(), &["/nonexistent.yaml"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let expected = "error: /nonexistent.yaml: No such file or directory (os error 2)\n";
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_file_with_mistakes_ends_the_demo_before_anything_starts() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("app.yaml");
    fs::write(&file, "version: \"2.0\"\nservice: {}\n").unwrap();
    let output = demo(home.path(), &["--json", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let report: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!(report["exit"], 3);
    assert!(report["error"].as_str().unwrap().contains("did you mean `services`?"), "{report}");
}

#[test]
fn a_chain_that_cannot_be_reached_has_the_exit_code_that_souk_has_for_it() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("funds.key");
    write_plain_key_file(&key, &SecretKey::generate()).unwrap();
    let network = home.path().join("gone.toml");
    let address = "souk1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a";
    let contracts = ["orderbook", "escrow", "registry", "attestations", "fee_distributor"];
    let contracts = contracts.map(|name| format!("{name} = \"{address}\"\n")).concat();
    let text = "name = \"gone\"\nchain_id = \"gone-1\"\nrpc = [\"http://127.0.0.1:9\"]\n\
                prefix = \"souk\"\ndenom = \"usouk\"\ngas_price = \"0.025usouk\"\n[contracts]\n";
    fs::write(&network, format!("{text}{contracts}")).unwrap();
    let (network, key) = (network.to_str().unwrap(), key.to_str().unwrap());
    let output = demo(home.path(), &["--network", network, "--funds", key]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(stderr(&output).contains("127.0.0.1:9"), "{output:?}");
}
