//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::registry::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use souk_contract_std::{admin, config};

use crate::{
    ContractError, Ctx, View,
    execute::{self, Change},
    orderbook, permission, query,
    state::Config,
};

/// Sets the registry up.
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
    permission::check(ctx, &msg)?;
    match msg {
        ExecuteMsg::Register { payee, operator, gateway, attributes, contact } => {
            execute::register(ctx, payee, &operator, gateway, attributes, contact)
        }
        ExecuteMsg::Update { payee, attributes, contact } => {
            execute::update(ctx, payee, attributes, contact)
        }
        ExecuteMsg::SetOperator { operator } => execute::set_operator(ctx, &operator),
        ExecuteMsg::SetGateway { gateway, .. } => execute::set_gateway(ctx, gateway),
        ExecuteMsg::SetFloors { floors, .. } => execute::set_floors(ctx, floors),
        ExecuteMsg::SetMaintenance { provider, on } => execute::set_maintenance(ctx, &provider, on),
        ExecuteMsg::SetQuoteKey { provider, key } => execute::set_quote_key(ctx, &provider, key),
        ExecuteMsg::Bond {} => execute::bond(ctx),
        ExecuteMsg::Unbond { amount } => execute::unbond(ctx, amount),
        ExecuteMsg::ClaimUnbonded {} => execute::claim_unbonded(ctx),
        ExecuteMsg::Deregister {} => execute::deregister(ctx),
        ExecuteMsg::NoticeSlash { provider, amount, reason } => {
            execute::notice_slash(ctx, &provider, amount, reason)
        }
        ExecuteMsg::Slash { provider, amount } => execute::slash(ctx, &provider, amount),
        ExecuteMsg::WithdrawNotice { provider } => execute::withdraw_notice(ctx, &provider),
        ExecuteMsg::UpdateConfig {
            guardian,
            orderbook,
            min_bond,
            slashers,
            slashing,
            slash_receiver,
            change_delay,
        } => {
            let change = Change {
                guardian,
                orderbook,
                min_bond,
                slashers,
                slashing,
                slash_receiver,
                change_delay,
            };
            execute::update_config(ctx, change)
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
        QueryMsg::Provider { provider } => to_json_binary(&query::provider(view, &provider)?),
        QueryMsg::Providers { start_after, limit } => {
            to_json_binary(&query::providers(view, start_after, limit)?)
        }
        QueryMsg::Ownership {} => to_json_binary(&admin::ownership(view.storage)?),
    }?)
}

/// Moves to this code's version, from the same contract of an older one.
///
/// # Errors
/// If the storage is another contract's or a newer version's, or if the orderbook is none.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    orderbook::probe(&deps.querier, &config::load(deps.storage)?)?;
    Ok(admin::migrate::<Config>(deps.storage)?)
}
