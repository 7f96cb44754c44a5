//! CosmJS, which nobody here wrote, works against the chain unchanged.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bip32::{DerivationPath, XPrv};
use cosmwasm_std::coins;
use sha2::{Digest, Sha256};
use souk_devchain::address::{self, AddressCodec};
use souk_devchain::{Devchain, marker};

const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Address of the mnemonic's first account.
fn first_address(prefix: &str) -> String {
    let seed = bip39::Mnemonic::parse(MNEMONIC).unwrap().to_seed("");
    let path: DerivationPath = "m/44'/118'/0'/0/0".parse().unwrap();
    let key = XPrv::derive_from_path(seed, &path).unwrap();
    let public = key.public_key().to_bytes();
    AddressCodec::new(prefix).unwrap().encode(&address::of_public_key(&public))
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

/// Installs the locked packages unless they are there already.
fn install(folder: &Path) {
    let lock = std::fs::read(folder.join("package-lock.json")).unwrap();
    let wanted = hex::encode(Sha256::digest(lock));
    let stamp = folder.join("node_modules/.installed-lock");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return;
    }
    let npm = Command::new("npm").arg("ci").current_dir(folder).status();
    assert!(npm.unwrap().success(), "npm ci failed");
    std::fs::write(stamp, wanted).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cosmjs_connects_queries_signs_and_executes() {
    if !has("node") || !has("npm") {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "node and npm are needed");
        eprintln!("NOT RUN: node and npm are not installed");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cosmjs");
    install(&folder);
    let chain = Devchain::builder()
        .chain_id("souk-cosmjs")
        .account(first_address("souk"), coins(1_000_000_000, "usouk"))
        .uploadable("cw20-base", support::cw20)
        .block_time(Duration::from_millis(200))
        .start()
        .await
        .unwrap();
    let wasm = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wasm.path(), marker("cw20-base")).unwrap();

    let mut node = Command::new("node");
    // CosmJS's websocket reconnects after it was disconnected, which would keep node alive.
    node.args(["--test", "--test-force-exit"])
        .current_dir(&folder)
        .env("SOUK_RPC", chain.rpc_url())
        .env("SOUK_PREFIX", "souk")
        .env("SOUK_DENOM", "usouk")
        .env("SOUK_MNEMONIC", MNEMONIC)
        .env("SOUK_WASM", wasm.path());
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    chain.stop().await;
}
