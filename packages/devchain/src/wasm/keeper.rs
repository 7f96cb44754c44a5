//! Entry points of the wasm module, in wasmd's order of steps, with its errors and events.

use cosmrs::proto::cosmwasm::wasm::v1::{
    AbsoluteTxPosition, AccessConfig, AccessType, CodeInfo, ContractCodeHistoryEntry,
    ContractCodeHistoryOperationType as Operation, ContractInfo,
};
use cosmwasm_std::{Addr, Binary, Coin, Empty, MessageInfo, Response};
use sha2::{Digest, Sha256};

use super::call::{call, enter, instance, native_code};
use super::querier::ChainQuerier;
use super::response::CONTRACT_ATTRIBUTE;
use super::{dispatch, records};
use crate::error::{AbciResult, sdk, wasm};
use crate::event::Event;
use crate::state::{Ctx, auth, bank};
use crate::{address, codes, gas};

/// How the address of a new contract is found.
pub enum NewAddress {
    /// By code and number of the contract.
    Classic,
    /// By creator, checksum and salt; `msg` only when the creator asked to fix it.
    Predictable {
        /// 1 to 64 bytes.
        salt: Vec<u8>,
        /// The message, or nothing.
        msg: Vec<u8>,
    },
}

/// What it takes to make a contract.
pub struct NewContract<'a> {
    /// Code to run.
    pub code_id: u64,
    /// Who makes it.
    pub creator: &'a [u8],
    /// Who may migrate it, as text.
    pub admin: String,
    /// Its name.
    pub label: String,
    /// Instantiate message, JSON.
    pub msg: Vec<u8>,
    /// Coins for it.
    pub funds: Vec<Coin>,
    /// How its address is found.
    pub address: NewAddress,
}

fn addr(ctx: &Ctx, bytes: &[u8]) -> Addr {
    Addr::unchecked(ctx.codec().encode(bytes))
}

fn position(ctx: &Ctx) -> AbsoluteTxPosition {
    AbsoluteTxPosition {
        block_height: ctx.block().height,
        tx_index: u64::from(ctx.tx_index.unwrap_or(0)),
    }
}

/// Coins sent with a message to a contract; wasmd drops the bank's `message` event here.
fn transfer(ctx: &Ctx, from: &[u8], to: &[u8], funds: &[Coin]) -> AbciResult<()> {
    if funds.is_empty() {
        return Ok(());
    }
    if bank::is_blocked(to) {
        return Err(sdk::unauthorized(format!(
            "{} is not allowed to receive funds",
            ctx.codec().encode(to)
        )));
    }
    let own = ctx.with_own_events();
    bank::send(&own, from, to, funds)?;
    ctx.emit_all(own.take_events().into_iter().filter(|e| e.ty != "message"));
    Ok(())
}

/// Uploads code. Returns its id and checksum.
pub fn store_code(
    ctx: &Ctx,
    creator: &[u8],
    bytes: &[u8],
    access: Option<AccessConfig>,
) -> AbciResult<(u64, Vec<u8>)> {
    let wasm_bytes = codes::unpack(bytes)?;
    ctx.gas()
        .consume(gas::CODE_BYTE.saturating_mul(wasm_bytes.len() as u64), "Compiling wasm bytecode");
    let native = ctx.codes().recognize(&wasm_bytes).ok_or_else(|| {
        wasm::create_failed(
            "this chain runs native code and does not know which one the upload stands for: \
             upload a marker, or start the chain with the checksum",
        )
    })?;
    let checksum = Sha256::digest(&wasm_bytes).to_vec();
    let info = CodeInfo {
        code_hash: checksum.clone(),
        creator: ctx.codec().encode(creator),
        instantiate_config: Some(access.unwrap_or(AccessConfig {
            permission: AccessType::Everybody.into(),
            addresses: Vec::new(),
        })),
    };
    let code_id = records::add_code(ctx, &info, &wasm_bytes, &native);
    ctx.emit(
        Event::new("store_code")
            .with("code_checksum", hex::encode(&checksum))
            .with("code_id", code_id.to_string()),
    );
    Ok((code_id, checksum))
}

fn may_instantiate(ctx: &Ctx, info: &CodeInfo, who: &[u8]) -> bool {
    let Some(access) = &info.instantiate_config else {
        return true;
    };
    match access.permission() {
        AccessType::Everybody => true,
        AccessType::AnyOfAddresses => access.addresses.contains(&ctx.codec().encode(who)),
        _ => false,
    }
}

/// Makes a contract. Returns its address and data.
pub fn instantiate(ctx: &Ctx, new: NewContract<'_>) -> AbciResult<(Vec<u8>, Option<Binary>)> {
    let code = records::code(ctx, new.code_id).ok_or_else(|| wasm::no_such_code(new.code_id))?;
    enter(ctx, &code.code_hash, "Loading CosmWasm module: instantiate");
    if !may_instantiate(ctx, &code, new.creator) {
        return Err(sdk::unauthorized("can not instantiate"));
    }
    let contract = match &new.address {
        NewAddress::Classic => address::of_contract(new.code_id, records::next_instance(ctx)),
        NewAddress::Predictable { salt, msg } => {
            address::of_predictable_contract(&code.code_hash, new.creator, salt, msg)
        }
    };
    if records::has_contract(ctx, &contract) {
        return Err(wasm::duplicate(
            "contract address already exists, try a different combination of creator, checksum and salt",
        ));
    }
    match auth::load(ctx, &contract) {
        Some(account) if account.sequence != 0 || account.pub_key.is_some() => {
            return Err(wasm::account_exists("address is claimed by external account"));
        }
        Some(_) => {}
        None => {
            auth::create(ctx, &contract);
        }
    }
    transfer(ctx, new.creator, &contract, &new.funds)?;

    let native = native_code(ctx, &code.code_hash)?;
    let info = MessageInfo { sender: addr(ctx, new.creator), funds: new.funds };
    let msg = new.msg.clone();
    let querier = ChainQuerier::new(ctx);
    let response = call(ctx, &contract, &native, &querier, |code, deps, env| {
        code.instantiate(deps, env, info, msg)
    })
    .map_err(|err| err.into_abci(wasm::instantiate_failed))?;

    let created = position(ctx);
    let record = ContractInfo {
        code_id: new.code_id,
        creator: ctx.codec().encode(new.creator),
        admin: new.admin,
        label: new.label,
        created: Some(created.clone()),
        ibc_port_id: String::new(),
        extension: None,
    };
    let entry = ContractCodeHistoryEntry {
        operation: Operation::Init.into(),
        code_id: new.code_id,
        updated: Some(created.clone()),
        msg: new.msg,
    };
    records::append_history(ctx, &contract, &entry);
    records::index_creator(ctx, new.creator, &created, &contract);
    records::save_contract(ctx, &contract, &record);
    ctx.emit(
        Event::new("instantiate")
            .with(CONTRACT_ATTRIBUTE, ctx.codec().encode(&contract))
            .with("code_id", new.code_id.to_string()),
    );
    let data = dispatch::handle(ctx, &contract, response).map_err(|err| err.wrap("dispatch"))?;
    Ok((contract, data))
}

/// Executes a contract. Returns its data.
pub fn execute(
    ctx: &Ctx,
    contract: &[u8],
    caller: &[u8],
    msg: Vec<u8>,
    funds: Vec<Coin>,
) -> AbciResult<Option<Binary>> {
    let code = instance(ctx, contract)?;
    enter(ctx, &code.code_hash, "Loading CosmWasm module: execute");
    transfer(ctx, caller, contract, &funds)?;
    let native = native_code(ctx, &code.code_hash)?;
    let info = MessageInfo { sender: addr(ctx, caller), funds };
    let querier = ChainQuerier::new(ctx);
    let response = call(ctx, contract, &native, &querier, |code, deps, env| {
        code.execute(deps, env, info, msg)
    })
    .map_err(|err| err.into_abci(wasm::execute_failed))?;
    finish(ctx, contract, "execute", response)
}

fn finish(
    ctx: &Ctx,
    contract: &[u8],
    event: &str,
    response: Response<Empty>,
) -> AbciResult<Option<Binary>> {
    ctx.emit(Event::new(event).with(CONTRACT_ATTRIBUTE, ctx.codec().encode(contract)));
    dispatch::handle(ctx, contract, response)
}

/// Gives a contract other code.
pub fn migrate(
    ctx: &Ctx,
    contract: &[u8],
    caller: &[u8],
    code_id: u64,
    msg: Vec<u8>,
) -> AbciResult<Option<Binary>> {
    let mut info =
        records::contract(ctx, contract).ok_or_else(|| sdk::invalid_request("unknown contract"))?;
    if info.admin != ctx.codec().encode(caller) {
        return Err(sdk::unauthorized("can not migrate"));
    }
    let code = records::code(ctx, code_id).ok_or_else(|| sdk::invalid_request("unknown code"))?;
    if !may_instantiate(ctx, &code, caller) {
        return Err(sdk::unauthorized("to use new code"));
    }
    enter(ctx, &code.code_hash, "Loading CosmWasm module: migrate");
    let native = native_code(ctx, &code.code_hash)?;
    let payload = msg.clone();
    let querier = ChainQuerier::new(ctx);
    let response =
        call(ctx, contract, &native, &querier, |code, deps, env| code.migrate(deps, env, payload))
            .map_err(|err| err.into_abci(wasm::migrate_failed))?;
    info.code_id = code_id;
    let entry = ContractCodeHistoryEntry {
        operation: Operation::Migrate.into(),
        code_id,
        updated: Some(position(ctx)),
        msg,
    };
    records::append_history(ctx, contract, &entry);
    records::save_contract(ctx, contract, &info);
    ctx.emit(
        Event::new("migrate")
            .with("code_id", code_id.to_string())
            .with(CONTRACT_ATTRIBUTE, ctx.codec().encode(contract)),
    );
    dispatch::handle(ctx, contract, response).map_err(|err| err.wrap("dispatch"))
}

/// Sets who may migrate a contract; an empty text is nobody.
pub fn set_admin(ctx: &Ctx, contract: &[u8], caller: &[u8], admin: String) -> AbciResult<()> {
    let mut info =
        records::contract(ctx, contract).ok_or_else(|| sdk::invalid_request("unknown contract"))?;
    if info.admin != ctx.codec().encode(caller) {
        return Err(sdk::unauthorized("can not modify contract"));
    }
    info.admin.clone_from(&admin);
    records::save_contract(ctx, contract, &info);
    ctx.emit(
        Event::new("update_contract_admin")
            .with(CONTRACT_ATTRIBUTE, ctx.codec().encode(contract))
            .with("new_admin_address", admin),
    );
    Ok(())
}
