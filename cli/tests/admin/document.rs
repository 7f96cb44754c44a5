//! Every command of docs/deployment.md does what the document says.

use std::fs;

use souk_client::Record;

use crate::fixture::{Fixture, ME};

const DOCUMENT: &str = include_str!("../../../docs/deployment.md");

/// The document's code lines, without comments.
fn lines() -> Vec<String> {
    let code = DOCUMENT.lines().filter_map(|line| line.strip_prefix("    "));
    let plain =
        code.map(|line| line.split("   #").next().unwrap_or_default().trim_end().to_owned());
    plain.collect()
}

/// The terms that the document keeps in a file.
fn terms() -> String {
    let from = lines().into_iter().skip_while(|line| !line.starts_with("# networks/"));
    let until = from.take_while(|line| !line.starts_with("souk "));
    until.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_commands_deploy_verify_and_migrate_the_contracts() {
    let fixture = Fixture::new().await;
    // The document's network, on the test's chain.
    let network = fs::read_to_string(fixture.path("networks/test.toml")).unwrap();
    fs::write(fixture.path("networks/local.toml"), network).unwrap();
    fs::write(fixture.path("networks/local.terms.toml"), terms().replace("ucosm", "usouk"))
        .unwrap();
    let mut ran = 0;
    for line in lines().iter().filter(|line| line.starts_with("souk ")) {
        let args: Vec<&str> = line.split_whitespace().skip(1).collect();
        if args.first() == Some(&"keys") {
            // The fixture's account has coins; the document's key takes its place elsewhere.
            let args = [&args[..], &["--home", "elsewhere"]].concat();
            let ended = fixture.run("", &args).await;
            assert_eq!(ended.code, 0, "{line}: {ended:?}");
        } else {
            if args.starts_with(&["admin", "migrate"]) && ran_deploy(&fixture) {
                fixture.write_artifacts(souk_client::PerContract::make(|_| 1));
            }
            let ended = fixture.run(ME, &[&["--network", "local"], &args[..]].concat()).await;
            assert_eq!(ended.code, 0, "{line}: {ended:?}");
        }
        ran += 1;
    }
    assert_eq!(ran, 10, "the document has as many commands as this test knows");
    let record = Record::read(&fixture.path("networks/local.deployment.json")).unwrap().unwrap();
    let escrow = fixture.queries().code_info(record.contracts.escrow.code_id).await.unwrap();
    assert_eq!(hex::encode(escrow.checksum), record.contracts.escrow.checksum);
    assert_eq!(record.contracts.escrow.code_id, 9, "moved to the second upload");
}

fn ran_deploy(fixture: &Fixture) -> bool {
    fixture.path("networks/local.deployment.json").is_file()
}

#[test]
fn what_else_the_document_runs_is_there() {
    let scripts: Vec<String> =
        lines().into_iter().filter(|line| line.starts_with("scripts/")).collect();
    assert_eq!(scripts, ["scripts/build-wasm --check"]);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let script = fs::read_to_string(format!("{root}/scripts/build-wasm")).unwrap();
    for option in ["--check", "--reproduce"] {
        assert!(script.contains(&format!("#   scripts/build-wasm {option}")), "{option}");
    }
    for network in ["local", "osmo-test-5", "xion-testnet-2"] {
        let path = format!("{root}/networks/{network}.toml");
        let network = souk_client::network::Network::read(path.as_ref()).unwrap();
        assert!(DOCUMENT.contains(&format!("{}.toml", network.name)), "{}", network.name);
    }
}
