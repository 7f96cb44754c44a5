//! A tenant lets a group rest.

use cosmwasm_std::Response;
use souk_api::orderbook::GroupState;
use souk_core::GroupId;

use crate::{
    ContractError, Ctx, lifecycle,
    rules::reason::OrderEnd,
    state::{deployments::Deployment, groups},
};

/// Its order or lease ends; bids on the order are lost, those of a binding auction as well: that binds its
/// tenant to the lowest bid or to none.
///
/// # Errors
/// If the deployment is closed, or if the group is neither open nor rests for lack of funds.
pub fn pause_group(
    ctx: &mut Ctx,
    id: GroupId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id.deployment)?;
    let group = groups::get(ctx.storage(), id)?;
    let state = group.state(&deployment);
    match state {
        // What rests for lack of funds others may start, if its tenant lets them.
        GroupState::Open | GroupState::InsufficientFunds => {}
        GroupState::Paused | GroupState::Closed => {
            return Err(ContractError::NotPausable { group: id, state });
        }
    }
    lifecycle::group::stop(ctx, id, group, OrderEnd::GroupPaused)
}
