//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::{
    attestations::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg},
    published::names,
};

use crate::{ContractError, execute, execute::Ctx, permission, query};

/// The version that cw2 publishes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Sets the contract up.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    cw2::set_contract_version(deps.storage, names::ATTESTATIONS, VERSION)?;
    execute::instantiate(Ctx::new(deps, env, info), msg)
}

/// Acts on a message.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    permission::check(deps.as_ref(), &info, &msg)?;
    let ctx = Ctx::new(deps, env, info);
    match msg {
        ExecuteMsg::Attest { provider, attributes, expires_at, evidence } => {
            execute::attest(ctx, provider, attributes, expires_at, evidence)
        }
        ExecuteMsg::Revoke { provider, keys } => execute::revoke(ctx, provider, keys),
        ExecuteMsg::SetProfile { profile } => execute::set_profile(ctx, profile),
        ExecuteMsg::UpdateConfig { guardian, max_lifetime } => {
            execute::update_config(ctx, guardian, max_lifetime)
        }
        ExecuteMsg::Pause {} => execute::set_paused(ctx, true),
        ExecuteMsg::Unpause {} => execute::set_paused(ctx, false),
        ExecuteMsg::UpdateOwnership(action) => execute::update_ownership(ctx, action),
    }
}

/// Answers a question.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, _env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(deps)?)?,
        QueryMsg::Attestation { auditor, provider } => {
            to_json_binary(&query::attestation(deps, &auditor, &provider)?)?
        }
        QueryMsg::Attestations { provider, start_after, limit } => {
            to_json_binary(&query::attestations(deps, &provider, start_after, limit)?)?
        }
        QueryMsg::Auditor { auditor } => to_json_binary(&query::auditor(deps, &auditor)?)?,
        QueryMsg::Ownership {} => to_json_binary(&cw_ownable::get_ownership(deps.storage)?)?,
    })
}

/// Moves to this code's version, from the same contract of an older one.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    cw2::ensure_from_older_version(deps.storage, names::ATTESTATIONS, VERSION)?;
    Ok(Response::new())
}
