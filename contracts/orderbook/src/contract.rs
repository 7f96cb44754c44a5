//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::{
    orderbook::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg},
    published::names,
};

use crate::{
    ContractError,
    ctx::Ctx,
    execute::{
        accept_bid::accept_bid,
        admin::{self, set_paused, update_config, update_ownership},
        close_auction::close_auction,
        close_deployment::close_deployment,
        close_lease::close_lease,
        create_deployment::create_deployment,
        end_deployment::end_deployment,
        expire_order::expire_order,
        lower_bid::lower_bid,
        place_bid::place_bid,
        prune::prune,
        receive::receive,
        release_bids::release_bids,
        set_delegate::set_delegate,
        update_deployment::update_deployment,
        withdraw_bid::withdraw_bid,
    },
    permissions, query,
};

/// The version that cw2 publishes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Sets the orderbook up.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    cw2::set_contract_version(deps.storage, names::ORDERBOOK, VERSION)?;
    admin::instantiate(deps, env, info, msg)
}

/// Does what a message says, if its sender may send it.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let ctx = &mut Ctx::load(deps, env, info)?;
    let may = permissions::check(ctx, &msg)?;
    match msg {
        ExecuteMsg::CreateDeployment(new) => create_deployment(ctx, new),
        ExecuteMsg::UpdateDeployment { deployment, commitment } => {
            let found = permissions::deployment(ctx, may, deployment)?;
            update_deployment(ctx, deployment, found, commitment)
        }
        ExecuteMsg::CloseDeployment { deployment } => {
            let found = permissions::deployment(ctx, may, deployment)?;
            close_deployment(ctx, deployment, found)
        }
        ExecuteMsg::SetDelegate { deployment, delegate } => {
            let found = permissions::deployment(ctx, may, deployment)?;
            set_delegate(ctx, deployment, found, delegate)
        }
        ExecuteMsg::AcceptBid { order, provider, max_price } => {
            let tender = permissions::tender(ctx, may, order)?;
            accept_bid(ctx, tender, &provider, max_price)
        }
        ExecuteMsg::PlaceBid { order, provider, price, offer } => {
            let bidder = permissions::bidder(ctx, may, &provider)?;
            place_bid(ctx, bidder, order, price, offer)
        }
        ExecuteMsg::LowerBid { order, provider, price } => {
            let bidder = permissions::bidder(ctx, may, &provider)?;
            lower_bid(ctx, &bidder.address, order, price)
        }
        ExecuteMsg::WithdrawBid { order, provider } => {
            let provider = permissions::provider(ctx, may, &provider)?;
            withdraw_bid(ctx, &provider, order)
        }
        ExecuteMsg::CloseLease { order, reason } => {
            let (tender, side) = permissions::lease(ctx, may, order)?;
            close_lease(ctx, tender, side, reason)
        }
        ExecuteMsg::CloseAuction { order, limit } => close_auction(ctx, order, limit),
        ExecuteMsg::ExpireOrder { order } => expire_order(ctx, order),
        ExecuteMsg::EndDeployment { deployment } => end_deployment(ctx, deployment),
        ExecuteMsg::ReleaseBids { provider, orders } => release_bids(ctx, &provider, &orders),
        ExecuteMsg::Prune { orders } => prune(ctx, &orders),
        ExecuteMsg::Receive(received) => receive(ctx, received),
        ExecuteMsg::UpdateConfig { guardian, denoms, params } => {
            update_config(ctx, guardian, denoms, params)
        }
        ExecuteMsg::Pause {} => set_paused(ctx, true),
        ExecuteMsg::Unpause {} => set_paused(ctx, false),
        ExecuteMsg::UpdateOwnership(action) => update_ownership(ctx, action),
    }
}

/// Answers a question.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let config = crate::state::config::load(deps.storage)?;
    let asked = query::Asked::new(deps, &env, &config);
    let answer = match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(&asked)?),
        QueryMsg::Deployment { deployment } => {
            to_json_binary(&query::deployments::one(&asked, deployment)?)
        }
        QueryMsg::Deployments { tenant, start_after, limit } => {
            to_json_binary(&query::deployments::page(&asked, tenant, start_after, limit)?)
        }
        QueryMsg::Order { order } => to_json_binary(&query::orders::one(&asked, order)?),
        QueryMsg::Orders { start_after, limit } => {
            to_json_binary(&query::orders::page(&asked, start_after, limit)?)
        }
        QueryMsg::Bid { order, provider } => {
            to_json_binary(&query::bids::one(&asked, order, &provider)?)
        }
        QueryMsg::Bids { order, start_after, limit } => {
            to_json_binary(&query::bids::page(&asked, order, start_after, limit)?)
        }
        QueryMsg::Lease { order } => to_json_binary(&query::leases::one(&asked, order)?),
        QueryMsg::Leases { provider, start_after, limit } => {
            to_json_binary(&query::leases::page(&asked, &provider, start_after, limit)?)
        }
        QueryMsg::Eligible { order, provider } => {
            to_json_binary(&query::providers::eligible(&asked, order, &provider)?)
        }
        QueryMsg::ProviderStats { provider } => {
            to_json_binary(&query::providers::stats(&asked, &provider)?)
        }
        QueryMsg::Ownership {} => to_json_binary(&cw_ownable::get_ownership(deps.storage)?),
    };
    Ok(answer?)
}

/// Moves to this code's version, from the same contract of an older one.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    cw2::ensure_from_older_version(deps.storage, names::ORDERBOOK, VERSION)?;
    admin::migrate(deps, env)
}
