//! A contract of slots that can be taken once, and of work whose gas others can raise: it gives
//! messages that pass their simulation and fail in the block.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};
use cw_storage_plus::{Item, Map};

const TAKEN: Map<u64, String> = Map::new("taken");
const WEIGHT: Item<u64> = Item::new("weight");

#[cw_serde]
pub enum Execute {
    Take { slot: u64 },
    Release { slot: u64 },
    SetWeight { records: u64 },
    Work {},
}

#[cw_serde]
pub enum Query {
    Owner { slot: u64 },
}

fn instantiate(deps: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    WEIGHT.save(deps.storage, &1)?;
    Ok(Response::new())
}

fn execute(deps: DepsMut, _: Env, info: MessageInfo, msg: Execute) -> StdResult<Response> {
    match msg {
        Execute::Take { slot } => {
            if let Some(owner) = TAKEN.may_load(deps.storage, slot)? {
                return Err(StdError::generic_err(format!("slot {slot} is {owner}'s")));
            }
            TAKEN.save(deps.storage, slot, &info.sender.to_string())?;
            Ok(Response::new().add_event(
                cosmwasm_std::Event::new("taken").add_attribute("slot", slot.to_string()),
            ))
        }
        Execute::Release { slot } => {
            TAKEN.remove(deps.storage, slot);
            Ok(Response::new())
        }
        Execute::SetWeight { records } => {
            WEIGHT.save(deps.storage, &records)?;
            Ok(Response::new())
        }
        Execute::Work {} => {
            for slot in 0..WEIGHT.load(deps.storage)? {
                TAKEN.save(deps.storage, 1_000_000 + slot, &"x".repeat(500))?;
            }
            Ok(Response::new())
        }
    }
}

fn query(deps: Deps, _: Env, msg: Query) -> StdResult<Binary> {
    let Query::Owner { slot } = msg;
    to_json_binary(&TAKEN.may_load(deps.storage, slot)?)
}

pub fn slots() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}
