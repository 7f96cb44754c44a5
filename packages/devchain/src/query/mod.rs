//! ABCI queries: protobuf requests by path, answered from the state of a height.

mod auth;
mod authz;
mod bank;
mod failure;
mod node;
mod paging;
mod request;
mod tx;
mod wasm;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::failure::Failure;
use self::request::Query;
use crate::chain::Chain;
use crate::error::{AbciError, sdk};
use crate::gas::OutOfGas;

/// An answer as `abci_query` carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 0 for success.
    pub code: u32,
    /// Empty for success.
    pub codespace: &'static str,
    /// Empty for success.
    pub log: String,
    /// Encoded response.
    pub value: Vec<u8>,
    /// Height whose state answered.
    pub height: i64,
}

/// Answers a query. `latest` is the height that counts as the head; `height` 0 asks for it.
pub fn answer(chain: &Chain, latest: u64, path: &str, data: &[u8], height: i64) -> Answer {
    match run(chain, latest, path, data, height) {
        Ok((value, height)) => Answer {
            code: 0,
            codespace: "",
            log: String::new(),
            value,
            height: i64::try_from(height).unwrap_or(i64::MAX),
        },
        Err(err) => Answer {
            code: err.code,
            codespace: err.codespace,
            log: err.log,
            value: Vec::new(),
            height,
        },
    }
}

fn run(
    chain: &Chain,
    latest: u64,
    path: &str,
    data: &[u8],
    height: i64,
) -> Result<(Vec<u8>, u64), AbciError> {
    let height = match u64::try_from(height) {
        Ok(0) => latest,
        Ok(height) => height,
        Err(_) => {
            return Err(sdk::invalid_request(
                "cannot query with height < 0; please provide a valid height",
            ));
        }
    };
    let handler = handler(path)?;
    if height > latest {
        return Err(sdk::invalid_height(
            "cannot query with height in the future; please provide a valid height",
        ));
    }
    let state = chain.history().state(height).ok_or_else(|| {
        sdk::not_found(format!(
            "failed to load state at height {height}; version does not exist (latest height: {latest})"
        ))
    })?;
    let query = Query { chain, state, height, head: latest, data };
    match catch_unwind(AssertUnwindSafe(|| handler(&query))) {
        Ok(Ok(value)) => Ok((value, height)),
        Ok(Err(failure)) => Err(failure.into_abci()),
        Err(panic) => match panic.downcast_ref::<OutOfGas>() {
            Some(out) => {
                let text = format!("out of gas in location: {}", out.doing);
                Err(Failure::Abci(sdk::out_of_gas(text)).into_abci())
            }
            None => Err(Failure::Abci(sdk::panic("")).into_abci()),
        },
    }
}

type Handler = fn(&Query<'_>) -> Result<Vec<u8>, Failure>;

fn handler(path: &str) -> Result<Handler, AbciError> {
    Ok(match path {
        "/cosmos.auth.v1beta1.Query/Account" => auth::account,
        "/cosmos.auth.v1beta1.Query/AccountInfo" => auth::account_info,
        "/cosmos.auth.v1beta1.Query/Accounts" => auth::accounts,
        "/cosmos.authz.v1beta1.Query/Grants" => authz::grants,
        "/cosmos.bank.v1beta1.Query/Balance" => bank::balance,
        "/cosmos.bank.v1beta1.Query/AllBalances" => bank::all_balances,
        "/cosmos.bank.v1beta1.Query/SpendableBalances" => bank::spendable_balances,
        "/cosmos.bank.v1beta1.Query/TotalSupply" => bank::total_supply,
        "/cosmos.bank.v1beta1.Query/SupplyOf" => bank::supply_of,
        "/cosmos.bank.v1beta1.Query/DenomOwners" => bank::denom_owners,
        "/cosmwasm.wasm.v1.Query/SmartContractState" => wasm::smart,
        "/cosmwasm.wasm.v1.Query/RawContractState" => wasm::raw,
        "/cosmwasm.wasm.v1.Query/AllContractState" => wasm::all_state,
        "/cosmwasm.wasm.v1.Query/ContractInfo" => wasm::contract_info,
        "/cosmwasm.wasm.v1.Query/ContractHistory" => wasm::history,
        "/cosmwasm.wasm.v1.Query/ContractsByCode" => wasm::by_code,
        "/cosmwasm.wasm.v1.Query/ContractsByCreator" => wasm::by_creator,
        "/cosmwasm.wasm.v1.Query/Code" => wasm::code,
        "/cosmwasm.wasm.v1.Query/CodeInfo" => wasm::code_info,
        "/cosmwasm.wasm.v1.Query/Codes" => wasm::codes,
        "/cosmwasm.wasm.v1.Query/PinnedCodes" => wasm::pinned,
        "/cosmos.tx.v1beta1.Service/Simulate" => tx::simulate,
        "/cosmos.tx.v1beta1.Service/GetTx" => tx::get,
        "/cosmos.base.tendermint.v1beta1.Service/GetNodeInfo" => node::info,
        "/cosmos.base.tendermint.v1beta1.Service/GetLatestBlock" => node::latest_block,
        "/cosmos.base.tendermint.v1beta1.Service/GetSyncing" => node::syncing,
        "/cosmos.base.node.v1beta1.Service/Config" => node::config,
        "" => return Err(sdk::unknown_request("no query path provided")),
        _ if path == "store" || path.starts_with("/store") => {
            let name = path.split('/').nth(2).unwrap_or_default();
            let text = format!("no such store: {name}");
            return Err(AbciError::registered("store", 4, "unknown request", text));
        }
        _ => return Err(sdk::unknown_request("unknown query path")),
    })
}
