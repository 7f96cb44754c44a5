//! What a chain says to the compiled contracts when they are uploaded: the checks of its virtual
//! machine, with the capabilities of the oldest chains that the market wants to run on.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use cosmwasm_vm::{
    Size, WasmLimits,
    internals::{LogOutput, Logger, check_wasm, compile_module},
};
use sha2::{Digest, Sha256};
use souk_cli::admin::artifacts::Artifacts;
use souk_client::Contract;
use souk_tests::tools;

/// What every chain has that this code is for: up to CosmWasm 2.0, and nothing of one chain alone.
/// Not `staking` and `stargate`: nothing of them is used, and some chains have neither.
const CAPABILITIES: [&str; 6] =
    ["iterator", "cosmwasm_1_1", "cosmwasm_1_2", "cosmwasm_1_3", "cosmwasm_1_4", "cosmwasm_2_0"];

/// The limit of uploads, as chains have it.
const MAX_BYTES: usize = 800 * 1024;

/// The contracts, or nothing where they were not built; with CI they must have been.
fn contracts() -> Vec<(Contract, Vec<u8>)> {
    let Some(folder) = tools::or_not_run(tools::artifacts()) else { return Vec::new() };
    let artifacts = Artifacts::open(&folder).unwrap();
    Contract::ALL.into_iter().map(|one| (one, artifacts.wasm(one).unwrap())).collect()
}

fn check(wasm: &[u8], capabilities: &[&str]) -> Result<(), String> {
    let capabilities: HashSet<String> = capabilities.iter().map(|&name| name.to_owned()).collect();
    let logs = Logger::On { prefix: "", output: LogOutput::StdErr };
    check_wasm(wasm, &capabilities, &WasmLimits::default(), logs).map_err(|error| error.to_string())
}

#[test]
fn a_chain_of_cosmwasm_2_0_takes_every_contract() {
    for (contract, wasm) in contracts() {
        check(&wasm, &CAPABILITIES).unwrap_or_else(|error| panic!("{contract}: {error}"));
        compile_module(&wasm, Some(Size::mebi(512)))
            .unwrap_or_else(|error| panic!("{contract}: {error}"));
    }
}

#[test]
fn every_contract_is_below_the_upload_limit() {
    for (contract, wasm) in contracts() {
        println!("{contract:18} {:7} bytes  {}", wasm.len(), hex::encode(Sha256::digest(&wasm)));
        assert!(wasm.len() <= MAX_BYTES, "{contract} has {} bytes", wasm.len());
    }
}

/// The check can fail: without 2.0 the same code is refused, and bytes that are no wasm are.
#[test]
fn a_chain_without_cosmwasm_2_0_learns_what_it_lacks() {
    let older: Vec<&str> =
        CAPABILITIES.into_iter().filter(|name| *name != "cosmwasm_2_0").collect();
    for (contract, wasm) in contracts() {
        let error = check(&wasm, &older).unwrap_err();
        assert!(error.contains("cosmwasm_2_0"), "{contract}: {error}");
    }
    assert!(check(b"\0asm", &CAPABILITIES).is_err());
}
