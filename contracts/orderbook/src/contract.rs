//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::orderbook::{ExecuteMsg, InstantiateMsg, MigrateMsg, NewBid, QueryMsg};
use souk_contract_std::{admin, config};
use souk_core::GroupId;

use crate::{
    ContractError, Ctx, View,
    execute::{self, Update},
    permission, query,
};

/// Sets the orderbook up.
///
/// # Errors
/// If coins came, an address is not valid on this chain or another contract's, or if a setting is
/// out of its range.
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
    let needed = permission::check(ctx, &msg)?;
    match msg {
        ExecuteMsg::CreateDeployment(new) => execute::create_deployment(ctx, new),
        ExecuteMsg::CreateWithQuotes { deployment, quotes } => {
            execute::create_with_quotes(ctx, deployment, quotes)
        }
        ExecuteMsg::UpdateDeployment { deployment, commitment, allow, refuse } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            let update = Update { commitment, allow, refuse };
            execute::update_deployment(ctx, deployment, found, update)
        }
        ExecuteMsg::CloseDeployment { deployment } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::close_deployment(ctx, deployment, found)
        }
        ExecuteMsg::SetDelegate { deployment, delegate, limit } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::set_delegate(ctx, deployment, found, delegate, limit)
        }
        ExecuteMsg::AcceptBid { order, provider, bid, max_price } => {
            let loaded = permission::order(ctx, needed, order)?;
            execute::accept_bid(ctx, loaded, &provider, bid, max_price)
        }
        ExecuteMsg::AcceptQuote { order, quote } => {
            let loaded = permission::order(ctx, needed, order)?;
            execute::accept_quote(ctx, loaded, quote)
        }
        ExecuteMsg::PlaceBid { order, provider, price, offer, reclamation_window } => {
            let bidder = permission::bidder(ctx, needed, &provider)?;
            execute::place_bid(ctx, &bidder, NewBid { order, price, offer, reclamation_window })
        }
        ExecuteMsg::PlaceBids { provider, bids } => {
            let bidder = permission::bidder(ctx, needed, &provider)?;
            execute::place_bids(ctx, &bidder, bids)
        }
        ExecuteMsg::LowerBid { order, provider, price } => {
            let bidder = permission::bidder(ctx, needed, &provider)?;
            execute::lower_bid(ctx, &bidder, order, price)
        }
        ExecuteMsg::WithdrawBid { order, provider } => {
            let provider = permission::provider(ctx, needed, &provider)?;
            execute::withdraw_bid(ctx, &provider, order)
        }
        ExecuteMsg::CloseLease { order, reason, exclude } => {
            let (loaded, closer) = permission::lease(ctx, needed, order, reason)?;
            execute::close_lease(ctx, loaded, closer, reason, exclude)
        }
        ExecuteMsg::StartReclaim { order, reason } => {
            let loaded = permission::providers_lease(ctx, needed, order)?;
            execute::start_reclaim(ctx, loaded, reason)
        }
        ExecuteMsg::EndReclaim { order } => execute::end_reclaim(ctx, order),
        ExecuteMsg::CloseAbsent { order } => execute::close_absent(ctx, order),
        ExecuteMsg::Heartbeat { provider, statement: Some(said) } => {
            execute::pass_on(ctx, &provider, &said)
        }
        ExecuteMsg::Heartbeat { provider, statement: None } => {
            let provider = permission::either_key(ctx, needed, &provider)?;
            execute::heartbeat(ctx, &provider)
        }
        ExecuteMsg::PauseGroup { deployment, group } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::pause_group(ctx, GroupId { deployment, group }, found)
        }
        ExecuteMsg::StartGroup { deployment, group, without_last } => {
            let (found, starter) = permission::starter(ctx, needed, deployment)?;
            execute::start_group(ctx, GroupId { deployment, group }, found, starter, without_last)
        }
        ExecuteMsg::CloseGroup { deployment, group } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::close_group(ctx, GroupId { deployment, group }, found)
        }
        ExecuteMsg::SetAnyoneStarts { deployment, on } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::set_anyone_starts(ctx, deployment, found, on)
        }
        ExecuteMsg::SetExcluded { deployment, group, add, remove } => {
            let found = permission::deployment(ctx, needed, deployment)?;
            execute::set_excluded(ctx, GroupId { deployment, group }, &found, &add, &remove)
        }
        ExecuteMsg::CloseAuction { order, limit } => execute::close_auction(ctx, order, limit),
        ExecuteMsg::ExpireOrder { order } => execute::expire_order(ctx, order),
        ExecuteMsg::EndDeployment { deployment } => execute::end_deployment(ctx, deployment),
        ExecuteMsg::ReleaseBids { provider, orders } => {
            execute::release_bids(ctx, &provider, &orders)
        }
        ExecuteMsg::Prune { orders } => execute::prune(ctx, &orders),
        ExecuteMsg::Receive(received) => execute::receive(ctx, &received),
        ExecuteMsg::UpdateConfig { guardian, denoms, params } => {
            execute::update_config(ctx, guardian, denoms, params)
        }
        ExecuteMsg::Pause {} => Ok(admin::pause(ctx)?),
        ExecuteMsg::Unpause {} => Ok(admin::unpause(ctx)?),
        ExecuteMsg::UpdateOwnership(action) => Ok(admin::update_ownership(ctx, action)?),
    }
}

/// Answers a question.
///
/// # Errors
/// If what is asked for is not there.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let config = config::load(deps.storage)?;
    let view = &View::new(deps, &env, &config);
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(view)?),
        QueryMsg::Deployment { deployment } => {
            to_json_binary(&query::deployment(view, deployment)?)
        }
        QueryMsg::Deployments { tenant, start_after, limit } => {
            to_json_binary(&query::deployments(view, tenant, start_after, limit)?)
        }
        QueryMsg::Order { order } => to_json_binary(&query::order(view, order)?),
        QueryMsg::Orders { start_after, limit } => {
            to_json_binary(&query::orders(view, start_after, limit)?)
        }
        QueryMsg::Bid { order, provider } => to_json_binary(&query::bid(view, order, &provider)?),
        QueryMsg::Bids { order, start_after, after, limit } => {
            to_json_binary(&query::bids(view, order, start_after, after, limit)?)
        }
        QueryMsg::Lease { order } => to_json_binary(&query::lease(view, order)?),
        QueryMsg::Leases { provider, start_after, limit } => {
            to_json_binary(&query::leases(view, &provider, start_after, limit)?)
        }
        QueryMsg::Eligible { order, provider } => {
            to_json_binary(&query::eligible(view, order, &provider)?)
        }
        QueryMsg::ProviderStats { provider } => {
            to_json_binary(&query::provider_stats(view, &provider)?)
        }
        QueryMsg::Ownership {} => to_json_binary(&admin::ownership(view.storage)?),
    }?)
}

/// Moves to this code's version, from the same contract of an older one.
///
/// # Errors
/// If the storage is another contract's or a newer version's, or if a neighbour is none.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    execute::migrate(deps, &env)
}
