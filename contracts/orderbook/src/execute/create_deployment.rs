//! A tenant creates a deployment.

use cosmwasm_std::{Binary, Response};
use souk_api::orderbook::{NewDeployment, events::DeploymentCreated};
use souk_contract_std::Paid;
use souk_core::{Amount, GroupId, GroupSeq, GroupSpec, OrderId, Rate, limits::check_groups};

use crate::{
    ContractError, Ctx,
    lifecycle::order::{self, NewOrder},
    neighbours::escrow,
    rules::{absence, delegate, funds::Funds, opening, reclaim},
    state::{
        counters,
        denoms::{self, Terms},
        deployments::{self, Deployment},
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
/// If the denom is not accepted, if the deposit is too small or does not carry the groups at their ceilings
/// for the least runway, or if groups, prices, auction or lists break a rule.
pub(super) fn create(
    ctx: &mut Ctx,
    deposit: Paid,
    new: NewDeployment,
) -> Result<Response, ContractError> {
    let terms = terms(ctx, &deposit)?;
    super::check_commitment(&new.commitment)?;
    check_groups(&new.groups)?;
    for group in &new.groups {
        check_group(ctx, group, &terms)?;
    }
    opening::check_auction(new.auction, &ctx.config.params)?;
    let reclamation = new.reclamation.map(|reclamation| reclamation.min_window);
    reclamation.map_or(Ok(()), reclaim::check_window)?;
    new.absence.map_or(Ok(()), absence::check)?;
    delegate::check_set(new.delegate.is_some(), new.delegate_limit)?;
    let groups = new.groups.len();
    check_deposit(deposit.amount, groups, &terms)?;
    let min_runway = escrow::learn_link(ctx)?.min_runway;
    let reserved = ceilings(&new.groups)?;
    let funds = Funds::new(deposit.amount, reserved, min_runway);
    funds.carry(Rate::ZERO, Rate::ZERO).map_err(ContractError::NotCarried)?;

    let id = counters::next_deployment(ctx.storage_mut())?;
    // The check of the groups bounds their number.
    let count = u32::try_from(groups).unwrap_or(u32::MAX);
    let mut deployment = Deployment {
        tenant: deposit.from.clone(),
        delegate: new.delegate.map(|delegate| ctx.address(&delegate)).transpose()?,
        delegate_limit: new.delegate_limit,
        commitment: Binary::from(new.commitment.as_slice()),
        denom: deposit.denom.clone(),
        auction: new.auction,
        allow: super::allowed(ctx, &new.allow)?,
        refuse: super::refused(ctx, &new.refuse)?,
        created_at: ctx.now(),
        groups: count,
        orders: 0,
        reserved: None,
        mark: None,
        anyone_starts: false,
        reclamation,
        absence: new.absence.map(Into::into),
        closed: false,
    };
    let mut response = Response::new().add_event(DeploymentCreated {
        deployment: id,
        tenant: deployment.tenant.to_string(),
        commitment: new.commitment.to_hex(),
        groups: count,
        denom: deposit.denom.clone(),
    });
    let first = counters::next_orders(ctx.storage_mut(), u64::from(count))?.0;
    for ((seq, order), spec) in (1..).zip(first..).zip(&new.groups) {
        let (group, order) = (GroupId { deployment: id, group: GroupSeq(seq) }, OrderId(order));
        groups::save_spec(ctx.storage_mut(), group, spec)?;
        groups::save(ctx.storage_mut(), group, &Group::opened(order))?;
        let new = NewOrder { id: order, group, spec, terms: &terms, excluded: Vec::new() };
        response = response.add_event(order::open(ctx, &mut deployment, new)?);
    }
    deployments::create(ctx.storage_mut(), id, &deployment)?;
    let open = escrow::open_account(ctx, id, &deployment.tenant, &deposit, reserved)?;
    Ok(response.add_messages(open))
}

fn terms(ctx: &Ctx, deposit: &Paid) -> Result<Terms, ContractError> {
    if let Some(terms) = denoms::get(ctx.storage(), &deposit.denom)? {
        terms.must_be_listed(&deposit.denom)?;
        return Ok(terms);
    }
    let accepted: Vec<String> = denoms::all(ctx.storage())?
        .into_iter()
        .filter(|(_, terms)| !terms.delisted)
        .map(|(denom, _)| denom)
        .collect();
    let (denom, accepted) = (deposit.denom.to_string(), accepted.join(", "));
    Err(ContractError::DenomNotAccepted { denom, accepted })
}

fn check_group(ctx: &Ctx, group: &GroupSpec, terms: &Terms) -> Result<(), ContractError> {
    opening::check_ceiling(group, terms.min_price, terms.max_price)?;
    for auditor in group.requirements.signed_by.auditors() {
        ctx.address(auditor)?;
    }
    Ok(())
}

/// What all groups may come to cost, which their orders reserve.
fn ceilings(groups: &[GroupSpec]) -> Result<Rate, ContractError> {
    let sum =
        groups.iter().try_fold(Rate::ZERO, |sum, group| sum.checked_add(group.ceiling.into()));
    Ok(sum?)
}

fn check_deposit(sent: Amount, groups: usize, terms: &Terms) -> Result<(), ContractError> {
    let count = u128::try_from(groups).unwrap_or(u128::MAX);
    let needed = Amount::new(terms.min_deposit.u128().saturating_mul(count))?;
    if sent < needed {
        return Err(ContractError::DepositTooSmall { sent, needed, groups });
    }
    Ok(())
}
