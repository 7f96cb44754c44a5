//! A tenant creates a deployment, whose orders take bids.

use cosmwasm_std::Response;
use souk_api::orderbook::NewDeployment;
use souk_contract_std::Paid;
use souk_core::{GroupId, GroupSeq, GroupSpec, OrderId, Rate};

use super::creation;
use crate::{
    ContractError, Ctx,
    lifecycle::order::{self, NewOrder},
    neighbours::escrow,
    state::{
        counters, deployments,
        groups::{self, Group},
    },
};

/// With the coin sent.
///
/// # Errors
/// If it is not one coin, or those of `create`.
pub fn create_deployment(ctx: &mut Ctx, new: NewDeployment) -> Result<Response, ContractError> {
    let deposit = ctx.one_coin()?;
    create(ctx, deposit, new)
}

/// With a deposit that came by whatever way; whoever paid it is the tenant.
///
/// # Errors
/// Those of [`creation::check`], or if the deposit does not carry the groups at their ceilings for the least runway.
pub(super) fn create(
    ctx: &mut Ctx,
    deposit: Paid,
    new: NewDeployment,
) -> Result<Response, ContractError> {
    let terms = creation::check(ctx, &deposit, &new)?;
    let reserved = ceilings(&new.groups)?;
    creation::check_carried(ctx, deposit.amount, reserved)?;

    let id = counters::next_deployment(ctx.storage_mut())?;
    let mut deployment = creation::deployment(ctx, &deposit, &new)?;
    let mut response = Response::new().add_event(creation::created(id, &deployment));
    let first = counters::next_orders(ctx.storage_mut(), deployment.groups.into())?.0;
    for ((seq, order), spec) in (1..).zip(first..).zip(&new.groups) {
        let (group, order) = (GroupId { deployment: id, group: GroupSeq(seq) }, OrderId(order));
        groups::save_spec(ctx.storage_mut(), group, spec)?;
        groups::save(ctx.storage_mut(), group, &Group::opened(order))?;
        let new = NewOrder { id: order, group, spec, terms: &terms, excluded: Vec::new() };
        response = response.add_event(order::open(ctx, &mut deployment, new)?);
    }
    deployments::create(ctx.storage_mut(), id, &deployment)?;
    let open = escrow::open_account(ctx, id, &deployment.tenant, &deposit, reserved, &[])?;
    Ok(response.add_messages(open))
}

/// What all groups may come to cost, which their orders reserve.
fn ceilings(groups: &[GroupSpec]) -> Result<Rate, ContractError> {
    let sum =
        groups.iter().try_fold(Rate::ZERO, |sum, group| sum.checked_add(group.ceiling.into()));
    Ok(sum?)
}
