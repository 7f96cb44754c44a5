//! What contracts may ask the chain: balances, supply, and other contracts.

use cosmwasm_std::{
    Addr, AllBalanceResponse, BalanceResponse, BankQuery, Binary, Checksum, CodeInfoResponse, Coin,
    ContractInfoResponse, ContractResult, Empty, Querier, QuerierResult, QueryRequest, StdResult,
    SupplyResponse, SystemError, SystemResult, WasmQuery, from_json, to_json_binary,
};

use super::call::{call_query, enter, instance, native_code};
use super::records;
use crate::error::{AbciError, AbciResult, Disclosure, sdk, wasm};
use crate::msg::must_be_json;
use crate::state::{Ctx, bank};

/// How deep queries may nest.
const MAX_QUERY_DEPTH: u32 = 10;

/// Answers the queries of one contract call.
pub struct ChainQuerier {
    ctx: Ctx,
}

impl ChainQuerier {
    /// A querier over the state of `ctx`, writes of the running call included.
    pub fn new(ctx: &Ctx) -> Self {
        Self { ctx: ctx.clone() }
    }
}

enum QueryFailure {
    Abci(AbciError),
    Unsupported(&'static str),
}

impl From<AbciError> for QueryFailure {
    fn from(err: AbciError) -> Self {
        Self::Abci(err)
    }
}

impl Querier for ChainQuerier {
    fn raw_query(&self, request: &[u8]) -> QuerierResult {
        let parsed: QueryRequest<Empty> = match from_json(request) {
            Ok(parsed) => parsed,
            Err(err) => {
                return SystemResult::Err(SystemError::InvalidRequest {
                    error: err.to_string(),
                    request: request.into(),
                });
            }
        };
        let answer = match parsed {
            QueryRequest::Bank(query) => bank_query(&self.ctx, query),
            QueryRequest::Wasm(query) => wasm_query(&self.ctx, query),
            _ => Err(QueryFailure::Unsupported("unknown query")),
        };
        match answer {
            Ok(answer) => SystemResult::Ok(ContractResult::Ok(answer)),
            Err(QueryFailure::Unsupported(kind)) => {
                SystemResult::Err(SystemError::UnsupportedRequest { kind: kind.into() })
            }
            Err(QueryFailure::Abci(err)) => match err.disclosure {
                Disclosure::System(system) => SystemResult::Err(*system),
                _ => SystemResult::Ok(ContractResult::Err(err.for_contract())),
            },
        }
    }
}

fn address(ctx: &Ctx, text: &str) -> AbciResult<Vec<u8>> {
    ctx.codec().decode(text).ok_or_else(|| sdk::invalid_address(text))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Binary, QueryFailure> {
    let encoded: StdResult<Binary> = to_json_binary(value);
    encoded.map_err(|err| QueryFailure::Abci(sdk::invalid_request(err.to_string())))
}

fn bank_query(ctx: &Ctx, query: BankQuery) -> Result<Binary, QueryFailure> {
    match query {
        BankQuery::Balance { address: owner, denom } => {
            let owner = address(ctx, &owner)?;
            let coin: Coin = bank::balance(ctx, &owner, &denom);
            json(&BalanceResponse::new(coin))
        }
        #[allow(deprecated)]
        BankQuery::AllBalances { address: owner } => {
            let owner = address(ctx, &owner)?;
            json(&AllBalanceResponse::new(bank::all_balances(ctx, &owner)))
        }
        BankQuery::Supply { denom } => json(&SupplyResponse::new(bank::supply(ctx, &denom))),
        _ => Err(QueryFailure::Unsupported("unknown BankQuery variant")),
    }
}

fn wasm_query(ctx: &Ctx, query: WasmQuery) -> Result<Binary, QueryFailure> {
    match query {
        WasmQuery::Smart { contract_addr, msg } => {
            let contract = address(ctx, &contract_addr)?;
            must_be_json(&msg).map_err(|err| err.wrap("json msg"))?;
            Ok(query_smart(ctx, &contract, msg.into())?)
        }
        WasmQuery::Raw { contract_addr, key } => {
            let contract = address(ctx, &contract_addr)?;
            Ok(query_raw(ctx, &contract, &key).unwrap_or_default().into())
        }
        WasmQuery::ContractInfo { contract_addr } => {
            let contract = address(ctx, &contract_addr)?;
            let info = records::contract(ctx, &contract)
                .ok_or_else(|| wasm::no_such_contract(&contract_addr))?;
            let admin = (!info.admin.is_empty()).then(|| Addr::unchecked(info.admin));
            json(&ContractInfoResponse::new(
                info.code_id,
                Addr::unchecked(info.creator),
                admin,
                false,
                None,
            ))
        }
        WasmQuery::CodeInfo { code_id } => {
            if code_id == 0 {
                return Err(wasm::empty("code id").into());
            }
            let info = records::code(ctx, code_id).ok_or_else(|| wasm::no_such_code(code_id))?;
            let checksum: [u8; 32] =
                info.code_hash.as_slice().try_into().map_err(|_| wasm::invalid("checksum"))?;
            json(&CodeInfoResponse::new(
                code_id,
                Addr::unchecked(info.creator),
                Checksum::from(checksum),
            ))
        }
        _ => Err(QueryFailure::Unsupported("unknown WasmQuery variant")),
    }
}

/// Asks a contract.
pub fn query_smart(ctx: &Ctx, contract: &[u8], msg: Vec<u8>) -> AbciResult<Binary> {
    let mut ctx = ctx.with_own_events();
    ctx.query_depth += 1;
    if ctx.query_depth > MAX_QUERY_DEPTH {
        return Err(wasm::max_query_stack(""));
    }
    let code = instance(&ctx, contract)?;
    enter(&ctx, &code.code_hash, "Loading CosmWasm module: query");
    let native = native_code(&ctx, &code.code_hash)?;
    let querier = ChainQuerier::new(&ctx);
    call_query(&ctx, contract, &native, &querier, |code, deps, env| code.query(deps, env, msg))
        .map_err(|err| err.into_abci(wasm::query_failed))
}

/// One record of a contract's storage.
pub fn query_raw(ctx: &Ctx, contract: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut full = records::store_prefix(contract);
    full.extend_from_slice(key);
    ctx.get(&full)
}
