//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::{
    published::names,
    registry::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg},
};

use crate::{ContractError, execute, execute::Ctx, permission, query};

/// The version that cw2 publishes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Sets the registry up.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    cw2::set_contract_version(deps.storage, names::PROVIDER_REGISTRY, VERSION)?;
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
        ExecuteMsg::Register { payee, operator, gateway, attributes, contact } => {
            execute::register(ctx, payee, operator, gateway, attributes, contact)
        }
        ExecuteMsg::Update { payee, attributes, contact } => {
            execute::update(ctx, payee, attributes, contact)
        }
        ExecuteMsg::SetOperator { operator } => execute::set_operator(ctx, operator),
        ExecuteMsg::SetGateway { provider, gateway } => {
            execute::set_gateway(ctx, provider, gateway)
        }
        ExecuteMsg::SetMaintenance { provider, on } => execute::set_maintenance(ctx, provider, on),
        ExecuteMsg::Bond {} => execute::bond(ctx),
        ExecuteMsg::Unbond { amount } => execute::unbond(ctx, amount),
        ExecuteMsg::ClaimUnbonded {} => execute::claim_unbonded(ctx),
        ExecuteMsg::Deregister {} => execute::deregister(ctx),
        ExecuteMsg::Slash { provider, amount, recipient, reason } => {
            execute::slash(ctx, provider, amount, recipient, reason)
        }
        ExecuteMsg::UpdateConfig { guardian, orderbook, min_bond, slashers } => {
            execute::update_config(ctx, guardian, orderbook, min_bond, slashers)
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
        QueryMsg::Provider { provider } => to_json_binary(&query::provider(deps, &provider)?)?,
        QueryMsg::Providers { start_after, limit } => {
            to_json_binary(&query::providers(deps, start_after, limit)?)?
        }
        QueryMsg::Ownership {} => to_json_binary(&cw_ownable::get_ownership(deps.storage)?)?,
    })
}

/// Moves to this code's version, from the same contract of an older one.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    cw2::ensure_from_older_version(deps.storage, names::PROVIDER_REGISTRY, VERSION)?;
    execute::probe_orderbook(deps.as_ref())?;
    Ok(Response::new())
}
