//! CosmJS, which nobody here wrote, works against the embedded chain and against wasmd: the same
//! Node test for both.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, process::Command, sync::Mutex, time::Duration};

use cosmwasm_std::coins;
use souk_chain::{Coin, keys::Mnemonic};
use souk_devchain::{Devchain, marker};
use souk_localnet::chain::codes::with_codes;
use souk_tests::{
    tools,
    wasmd::{Options, Wasmd},
};

const WORDS: &str = "test test test test test test test test test test test junk";
/// The contract that is uploaded.
const CONTRACT: &str = "souk_fee_distributor";
const COINS: u128 = 1_000_000_000;

/// Where the test finds its chain.
struct Chain<'a> {
    rpc: String,
    prefix: &'a str,
    denom: &'a str,
    /// What stands for the contract's code.
    wasm: Vec<u8>,
}

/// Address of the words' first account.
fn first_address(prefix: &str) -> String {
    let words = Mnemonic::parse(WORDS).unwrap();
    words.key(0).unwrap().address(prefix).unwrap()
}

/// Whether node is here; else the test did not run.
fn node_is_here() -> bool {
    let version = |program: &str| anyhow::Ok(Command::new(program).arg("--version").output()?);
    let both = version("node").and_then(|_| version("npm"));
    tools::or_not_run(both.map_err(|error| error.context("node and npm are needed"))).is_some()
}

/// Installs the locked packages unless they are there already.
fn install(folder: &Path) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let wanted = std::fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.installed-lock");
    if std::fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return;
    }
    let npm = Command::new("npm").arg("ci").current_dir(folder).status();
    assert!(npm.unwrap().success(), "npm ci failed");
    std::fs::write(stamp, wanted).unwrap();
}

async fn works_on(chain: Chain<'_>) {
    let folder = tools::root().join("tests/cosmjs");
    install(&folder);
    let wasm = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wasm.path(), chain.wasm).unwrap();
    let mut node = Command::new("node");
    // CosmJS's websocket reconnects after it was disconnected, which would keep node alive.
    node.args(["--test", "--test-force-exit"])
        .current_dir(&folder)
        .env("SOUK_RPC", chain.rpc)
        .env("SOUK_PREFIX", chain.prefix)
        .env("SOUK_DENOM", chain.denom)
        .env("SOUK_MNEMONIC", WORDS)
        .env("SOUK_WASM", wasm.path());
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cosmjs_connects_queries_signs_and_executes_on_the_embedded_chain() {
    if !node_is_here() {
        return;
    }
    let (prefix, denom) = ("souk", "usouk");
    let builder = Devchain::builder()
        .chain_id("souk-cosmjs")
        .account(first_address(prefix), coins(COINS, denom))
        .block_time(Duration::from_millis(200));
    let chain = with_codes(builder).start().await.unwrap();
    let (rpc, wasm) = (chain.rpc_url(), marker(&CONTRACT.replace('_', "-")));
    works_on(Chain { rpc, prefix, denom, wasm }).await;
    chain.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cosmjs_connects_queries_signs_and_executes_on_wasmd() {
    let (prefix, denom) = (souk_tests::wasmd::PREFIX, souk_tests::wasmd::DENOM);
    let Some(wasm) = tools::or_not_run(tools::wasm(CONTRACT)) else { return };
    if !node_is_here() {
        return;
    }
    let options = Options::default()
        .chain_id("souk-cosmjs")
        .account(&first_address(prefix), vec![Coin::new(COINS, denom)]);
    let Some(mut node) = Wasmd::start_or_not_run(options).await else { return };
    works_on(Chain { rpc: node.rpc_url(), prefix, denom, wasm }).await;
    node.stop().await;
}
