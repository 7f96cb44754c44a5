//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::attestations::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use souk_contract_std::{admin, config, permission};

use crate::{ContractError, Ctx, View, execute, query, state::Config};

/// Sets the contract up.
///
/// # Errors
/// If coins came, an address is not valid on this chain or a setting is out of its range.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    execute::instantiate(deps, env, info, msg)
}

/// Acts on a message, if its sender may send it.
///
/// # Errors
/// Whatever forbids the action; nothing is changed then.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let ctx = &mut Ctx::load(deps, env, info)?;
    permission::check(ctx, &msg, permission::nobody)?;
    match msg {
        ExecuteMsg::Attest { provider, attributes, expires_at, evidence } => {
            execute::attest(ctx, &provider, attributes, expires_at, evidence)
        }
        ExecuteMsg::Revoke { provider, keys } => execute::revoke(ctx, &provider, keys),
        ExecuteMsg::SetProfile { profile } => execute::set_profile(ctx, &profile),
        ExecuteMsg::UpdateConfig { guardian, max_lifetime } => {
            execute::update_config(ctx, guardian, max_lifetime)
        }
        ExecuteMsg::Pause {} => Ok(admin::pause(ctx)?),
        ExecuteMsg::Unpause {} => Ok(admin::unpause(ctx)?),
        ExecuteMsg::UpdateOwnership(action) => Ok(admin::update_ownership(ctx, action)?),
    }
}

/// Answers a question.
///
/// # Errors
/// If an address is not valid on this chain, or if what is asked for is not there.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let config = config::load(deps.storage)?;
    let view = &View::new(deps, &env, &config);
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(view)),
        QueryMsg::Attestation { auditor, provider } => {
            to_json_binary(&query::attestation(view, &auditor, &provider)?)
        }
        QueryMsg::Attestations { provider, start_after, limit } => {
            to_json_binary(&query::attestations(view, &provider, start_after, limit)?)
        }
        QueryMsg::Check { provider, auditors, keys, at } => {
            to_json_binary(&query::check(view, &provider, &auditors, keys.as_deref(), at)?)
        }
        QueryMsg::Auditor { auditor } => to_json_binary(&query::auditor(view, &auditor)?),
        QueryMsg::Ownership {} => to_json_binary(&admin::ownership(view.storage)?),
    }?)
}

/// Moves to this code's version, from the same contract of an older one.
///
/// # Errors
/// If the storage is another contract's or a newer version's.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    Ok(admin::migrate::<Config>(deps.storage)?)
}
