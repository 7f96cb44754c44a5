//! A contract that does what a test asks for: write, fail, crash, pay, call itself, catch.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Attribute, BankMsg, Binary, Coin, Deps, DepsMut, Empty, Env, Event, MessageInfo, Order, Reply,
    ReplyOn, Response, StdError, StdResult, SubMsg, SubMsgResult, WasmMsg, to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};

#[cw_serde]
pub enum TesterMsg {
    /// Writes a record.
    Write { key: String, value: String },
    /// Returns an error.
    Fail {},
    /// Panics.
    Crash {},
    /// Writes records until something stops it.
    WriteForever {},
    /// Sends coins.
    Pay { to: String, amount: Vec<Coin> },
    /// Burns coins.
    Burn { amount: Vec<Coin> },
    /// Emits an attribute and an event with attributes in this order.
    Emit { attributes: Vec<(String, String)> },
    /// Does something in a sub-message to itself and then writes `after`.
    Call { what: Box<TesterMsg>, catch: bool, gas_limit: Option<u64> },
    /// Calls another address in a sub-message and catches what comes of it.
    CallOther { contract: String },
    /// Several things, each in a sub-message without reply.
    All { what: Vec<TesterMsg> },
}

#[cw_serde]
pub enum TesterQuery {
    /// A record.
    Read { key: String },
    /// How many records there are.
    Count {},
    /// Asks itself, so deep.
    Deep { depth: u32 },
    /// Panics.
    Crash {},
    /// The same question to another contract.
    Other { contract: String },
}

fn instantiate(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}

fn own(env: &Env, what: &TesterMsg) -> StdResult<WasmMsg> {
    Ok(WasmMsg::Execute {
        contract_addr: env.contract.address.to_string(),
        msg: to_json_binary(what)?,
        funds: vec![],
    })
}

fn execute(deps: DepsMut, env: Env, _: MessageInfo, what: TesterMsg) -> StdResult<Response> {
    match what {
        TesterMsg::Write { key, value } => deps.storage.set(key.as_bytes(), value.as_bytes()),
        TesterMsg::Fail {} => return Err(StdError::generic_err("fail as requested")),
        TesterMsg::Crash {} => panic!("crash as requested"),
        TesterMsg::WriteForever {} => {
            for n in 0u64.. {
                deps.storage.set(&n.to_be_bytes(), b"more");
            }
        }
        TesterMsg::Pay { to, amount } => {
            let to_address = to;
            return Ok(Response::new().add_message(BankMsg::Send { to_address, amount }));
        }
        TesterMsg::Burn { amount } => {
            return Ok(Response::new().add_message(BankMsg::Burn { amount }));
        }
        TesterMsg::Emit { attributes } => {
            // Not by the helpers, which refuse in debug builds what the chain must refuse.
            let mut response = Response::new();
            let mut event = Event::new("emitted");
            for (key, value) in attributes {
                event.attributes.push(Attribute { key, value });
            }
            response.attributes.clone_from(&event.attributes);
            response.events.push(event);
            return Ok(response);
        }
        TesterMsg::Call { what, catch, gas_limit } => {
            let mut sub = SubMsg::reply_on_error(own(&env, &what)?, 1);
            sub.reply_on = if catch { ReplyOn::Always } else { ReplyOn::Never };
            sub.gas_limit = gas_limit;
            deps.storage.set(b"before", b"yes");
            return Ok(Response::new().add_submessage(sub));
        }
        TesterMsg::CallOther { contract } => {
            let msg = WasmMsg::Execute {
                contract_addr: contract,
                msg: to_json_binary(&Empty {})?,
                funds: vec![],
            };
            return Ok(Response::new().add_submessage(SubMsg::reply_always(msg, 1)));
        }
        TesterMsg::All { what } => {
            let messages: StdResult<Vec<_>> = what.iter().map(|one| own(&env, one)).collect();
            return Ok(Response::new().add_messages(messages?));
        }
    }
    Ok(Response::new())
}

fn reply(deps: DepsMut, _: Env, reply: Reply) -> StdResult<Response> {
    let seen = match reply.result {
        SubMsgResult::Ok(_) => "ok".to_owned(),
        SubMsgResult::Err(text) => text,
    };
    deps.storage.set(b"reply", seen.as_bytes());
    Ok(Response::new().set_data(b"replied"))
}

fn query(deps: Deps, env: Env, ask: TesterQuery) -> StdResult<Binary> {
    match ask {
        TesterQuery::Read { key } => {
            let value = deps.storage.get(key.as_bytes());
            to_json_binary(&value.map(|v| String::from_utf8_lossy(&v).into_owned()))
        }
        TesterQuery::Count {} => {
            let count = deps.storage.range(None, None, Order::Descending).count();
            to_json_binary(&count)
        }
        TesterQuery::Deep { depth: 0 } => to_json_binary("bottom"),
        TesterQuery::Deep { depth } => {
            let depth = depth - 1;
            let answer: String = deps
                .querier
                .query_wasm_smart(env.contract.address, &TesterQuery::Deep { depth })?;
            to_json_binary(&answer)
        }
        TesterQuery::Crash {} => panic!("crash as requested"),
        TesterQuery::Other { contract } => {
            let answer: u64 = deps.querier.query_wasm_smart(contract, &TesterQuery::Count {})?;
            to_json_binary(&answer)
        }
    }
}

pub fn tester() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new_with_empty(execute, instantiate, query).with_reply_empty(reply))
}
