//! Sub-messages of contracts: each in a sandbox of its own, with its reply, as wasmd's dispatcher does it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmwasm::wasm::v1 as proto;
use cosmwasm_std::{
    Attribute, BankMsg, Binary, Coin, CosmosMsg, Empty, Event as ContractEvent, MsgResponse, Reply,
    ReplyOn, Response, SubMsg, SubMsgResponse, SubMsgResult, WasmMsg,
};

use super::call::{call, instance, native_code};
use super::querier::ChainQuerier;
use super::response;
use crate::coins;
use crate::error::{AbciError, AbciResult, sdk, wasm};
use crate::event::Event;
use crate::gas::{self, GasMeter, OutOfGas};
use crate::msg::Msg;
use crate::state::{Ctx, bank};
use crate::unpack;

/// How deep calls may nest.
const MAX_CALL_DEPTH: u32 = 100;

/// Emits what a contract returned, runs its sub-messages, and returns its data.
pub fn handle(ctx: &Ctx, contract: &[u8], returned: Response<Empty>) -> AbciResult<Option<Binary>> {
    response::emit(ctx, contract, &returned.attributes, &returned.events)?;
    let mut ctx = ctx.clone();
    ctx.call_depth += 1;
    if ctx.call_depth > MAX_CALL_DEPTH {
        return Err(wasm::max_call_depth(""));
    }
    let mut data = returned.data;
    for sub in returned.messages {
        if let Some(replied) = run_submessage(&ctx, contract, sub)? {
            data = Some(replied);
        }
    }
    Ok(data)
}

/// Hands a sub-message's result to the contract that sent it.
fn reply(ctx: &Ctx, contract: &[u8], reply: Reply) -> AbciResult<Option<Binary>> {
    let code = instance(ctx, contract)?;
    let events_gas = match &reply.result {
        cosmwasm_std::SubMsgResult::Ok(ok) => {
            let types: u64 = ok.events.iter().map(|e| e.ty.len() as u64).sum();
            let attributes: Vec<_> = ok.events.iter().flat_map(|e| e.attributes.clone()).collect();
            types + response::event_gas(&attributes, &[])
        }
        cosmwasm_std::SubMsgResult::Err(_) => 0,
    };
    ctx.gas().consume(gas::ENTER_LOADED_CONTRACT + events_gas, "Loading CosmWasm module: reply");
    let native = native_code(ctx, &code.code_hash)?;
    let querier = ChainQuerier::new(ctx);
    let response =
        call(ctx, contract, &native, &querier, |code, deps, env| code.reply(deps, env, reply))
            .map_err(|err| err.into_abci(wasm::execute_failed))?;
    ctx.emit(Event::new("reply").with(response::CONTRACT_ATTRIBUTE, ctx.codec().encode(contract)));
    handle(ctx, contract, response).map_err(|err| err.wrap("dispatch"))
}

/// Runs one sub-message. Returns the data of its reply, if that set any.
fn run_submessage(ctx: &Ctx, contract: &[u8], sub: SubMsg) -> AbciResult<Option<Binary>> {
    let before = ctx.snapshot();
    let sandbox = ctx.with_own_events();
    let is_wasm = matches!(sub.msg, CosmosMsg::Wasm(_));
    let result = match sub.gas_limit.filter(|limit| *limit < ctx.gas().left()) {
        Some(limit) => run_limited(&sandbox, contract, sub.msg, limit),
        None => run(&sandbox, contract, sub.msg),
    };
    let result = match result {
        Ok(response) => {
            let mut events = sandbox.take_events();
            events.retain(|event| event.ty != "message");
            if is_wasm {
                // wasmd sorts these in place, so that they appear sorted in the transaction's events too.
                for event in &mut events {
                    event.attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
            }
            ctx.emit_all(events.iter().cloned());
            let shown = if is_wasm { events } else { Vec::new() };
            Ok((response, shown))
        }
        Err(err) => {
            ctx.restore(before);
            Err(err)
        }
    };
    let result = match (result, &sub.reply_on) {
        (Err(err), ReplyOn::Success | ReplyOn::Never) => return Err(err),
        (_, ReplyOn::Never) | (Ok(_), ReplyOn::Error) => return Ok(None),
        (Ok((response, events)), _) => SubMsgResult::Ok(sub_response(response, events)),
        (Err(err), _) => SubMsgResult::Err(err.for_contract()),
    };
    let reply = Reply { id: sub.id, payload: sub.payload, gas_used: 0, result };
    self::reply(ctx, contract, reply).map_err(|err| err.wrap("reply"))
}

#[allow(deprecated)]
fn sub_response(response: Option<Any>, events: Vec<Event>) -> SubMsgResponse {
    SubMsgResponse {
        events: events.into_iter().map(for_contract).collect(),
        data: response
            .as_ref()
            .map(|any| Binary::from(any.value.clone()))
            .filter(|data| !data.is_empty()),
        msg_responses: response
            .into_iter()
            .map(|any| MsgResponse { type_url: any.type_url, value: any.value.into() })
            .collect(),
    }
}

fn for_contract(event: Event) -> ContractEvent {
    let attributes = event.attributes.into_iter();
    ContractEvent::new(event.ty)
        .add_attributes(attributes.map(|(key, value)| Attribute { key, value }))
}

/// Runs a message with a gas limit of its own; using it up fails the message, not the transaction.
fn run_limited(ctx: &Ctx, contract: &[u8], msg: CosmosMsg, limit: u64) -> AbciResult<Option<Any>> {
    let limited = ctx.with_gas(GasMeter::limited(limit));
    let outcome = catch_unwind(AssertUnwindSafe(|| run(&limited, contract, msg)));
    match outcome {
        Ok(result) => {
            ctx.gas().consume(limited.gas().used(), "From limited Sub-Message");
            result
        }
        Err(panic) if panic.is::<OutOfGas>() => {
            ctx.gas().consume(limit, "Sub-Message OutOfGas panic");
            Err(sdk::out_of_gas("SubMsg hit gas limit"))
        }
        Err(panic) => resume_unwind(panic),
    }
}

/// Runs a contract's message as if it came in a transaction signed by the contract.
fn run(ctx: &Ctx, contract: &[u8], msg: CosmosMsg) -> AbciResult<Option<Any>> {
    if let CosmosMsg::Bank(BankMsg::Burn { amount }) = msg {
        return burn(ctx, contract, amount).map(|()| None);
    }
    let sender = ctx.codec().encode(contract);
    let Some(msg) = to_message(ctx, sender, msg)? else {
        return Ok(None);
    };
    msg.validate_basic(ctx.codec()).map_err(|err| err.wrap("failed basic validation"))?;
    let signers = msg.signers(ctx.codec())?;
    if signers.iter().any(|signer| signer != contract) {
        return Err(sdk::unauthorized("contract doesn't have permission"));
    }
    ctx.run_message(msg).map(Some)
}

fn burn(ctx: &Ctx, contract: &[u8], amount: Vec<Coin>) -> AbciResult<()> {
    let amount = to_send(amount)?;
    if amount.is_empty() {
        return Err(wasm::empty("amount"));
    }
    bank::burn(ctx, contract, &amount)
}

fn to_send(amount: Vec<Coin>) -> AbciResult<Vec<Coin>> {
    if let Some(coin) = amount.iter().find(|coin| !coins::is_denom(&coin.denom)) {
        let text = format!("invalid denom: {}", coin.denom);
        return Err(AbciError::unregistered(text));
    }
    Ok(coins::normalize(amount))
}

fn proto_coins(amount: Vec<Coin>) -> AbciResult<Vec<cosmrs::proto::cosmos::base::v1beta1::Coin>> {
    Ok(to_send(amount)?.iter().map(coins::to_proto).collect())
}

/// The chain's message for a contract's; none for a transfer of nothing.
fn to_message(ctx: &Ctx, sender: String, msg: CosmosMsg) -> AbciResult<Option<Msg>> {
    let msg = match msg {
        CosmosMsg::Bank(BankMsg::Send { amount, .. }) if amount.is_empty() => return Ok(None),
        CosmosMsg::Bank(BankMsg::Send { to_address, amount }) => {
            Msg::Send(MsgSend { from_address: sender, to_address, amount: proto_coins(amount)? })
        }
        CosmosMsg::Wasm(msg) => wasm_message(sender, msg)?,
        CosmosMsg::Any(any) => {
            let base = 10_000 + 10 * any.value.len() as u64 / 1024;
            ctx.gas().consume(base, "unpacking AnyMsg");
            unpack(any.type_url, any.value)?
        }
        #[allow(deprecated)]
        CosmosMsg::Stargate { type_url, value } => unpack(type_url, value)?,
        _ => return Err(wasm::unknown_msg("no handler found")),
    };
    Ok(Some(msg))
}

fn unpack(type_url: String, value: Binary) -> AbciResult<Msg> {
    let text = format!("Cannot unpack proto message with type URL: {type_url}");
    unpack::message(&Any { type_url, value: value.into() }).map_err(|_| wasm::invalid_msg(text))
}

fn wasm_message(sender: String, msg: WasmMsg) -> AbciResult<Msg> {
    Ok(match msg {
        WasmMsg::Execute { contract_addr, msg, funds } => Msg::Execute(proto::MsgExecuteContract {
            sender,
            contract: contract_addr,
            msg: msg.into(),
            funds: proto_coins(funds)?,
        }),
        WasmMsg::Instantiate { admin, code_id, msg, funds, label } => {
            Msg::Instantiate(proto::MsgInstantiateContract {
                sender,
                admin: admin.unwrap_or_default(),
                code_id,
                label,
                msg: msg.into(),
                funds: proto_coins(funds)?,
            })
        }
        WasmMsg::Instantiate2 { admin, code_id, label, msg, funds, salt } => {
            Msg::Instantiate2(proto::MsgInstantiateContract2 {
                sender,
                admin: admin.unwrap_or_default(),
                code_id,
                label,
                msg: msg.into(),
                funds: proto_coins(funds)?,
                salt: salt.into(),
                fix_msg: false,
            })
        }
        WasmMsg::Migrate { contract_addr, new_code_id, msg } => {
            Msg::Migrate(proto::MsgMigrateContract {
                sender,
                contract: contract_addr,
                code_id: new_code_id,
                msg: msg.into(),
            })
        }
        WasmMsg::UpdateAdmin { contract_addr, admin } => Msg::UpdateAdmin(proto::MsgUpdateAdmin {
            sender,
            contract: contract_addr,
            new_admin: admin,
        }),
        WasmMsg::ClearAdmin { contract_addr } => {
            Msg::ClearAdmin(proto::MsgClearAdmin { sender, contract: contract_addr })
        }
        _ => return Err(wasm::unknown_msg("unknown variant of Wasm")),
    })
}
