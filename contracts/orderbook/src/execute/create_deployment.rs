//! A tenant puts a deployment on the book.

use std::collections::BTreeSet;

use cosmwasm_std::{Addr, Binary, Response};
use souk_api::orderbook::{NewDeployment, Params, events::DeploymentCreated};
use souk_core::{
    Amount, AuctionPolicy, GroupId, GroupSeq, GroupSpec, OrderId, Rate, limits::check_groups,
};

use crate::{
    ContractError,
    ctx::Ctx,
    escrow::{self, FirstDeposit},
    state::{
        counters,
        denoms::{self, Terms},
        deployments::{self, Deployment},
        groups::{self, Group},
    },
    tender::{NewOrder, open_order},
};

/// Providers that a tenant names in one list at most.
pub const MAX_NAMED: usize = 16;

/// With the coin sent.
pub fn create_deployment(ctx: &mut Ctx, new: NewDeployment) -> Result<Response, ContractError> {
    let deposit = escrow::one_coin(ctx)?;
    let tenant = ctx.sender().clone();
    create(ctx, tenant, deposit, new)
}

/// With a deposit that came by whatever way.
pub fn create(
    ctx: &mut Ctx,
    tenant: Addr,
    deposit: FirstDeposit,
    new: NewDeployment,
) -> Result<Response, ContractError> {
    let terms = terms(ctx, &deposit)?;
    super::check_commitment(&new.commitment)?;
    check_groups(&new.groups)?;
    for group in &new.groups {
        check_group(ctx, group, &terms)?;
    }
    check_auction(new.auction, &ctx.config.params)?;
    check_deposit(deposit.amount, new.groups.len(), &terms)?;

    escrow::learn_link(ctx)?;
    let id = counters::next_deployment(ctx.store_mut())?;
    let count = new.groups.len();
    let count = u32::try_from(count).map_err(|_| ContractError::TooMany {
        what: "groups",
        count,
        max: souk_core::limits::MAX_GROUPS,
    })?;
    let mut deployment = Deployment {
        tenant,
        delegate: new.delegate.map(|delegate| ctx.addr(&delegate)).transpose()?,
        commitment: Binary::from(new.commitment.as_slice()),
        denom: deposit.denom.clone(),
        auction: new.auction,
        allow: named(ctx, "allow", &new.allow)?,
        refuse: named(ctx, "refuse", &new.refuse)?,
        created_at: ctx.now(),
        groups: count,
        orders: 0,
        reserved: Rate::ZERO,
        mark: None,
        closed: false,
    };
    let mut response = Response::new().add_event(DeploymentCreated {
        deployment: id,
        tenant: deployment.tenant.to_string(),
        commitment: new.commitment.to_hex(),
        groups: count,
        denom: deposit.denom.clone(),
    });
    let first = counters::next_orders(ctx.store_mut(), u64::from(count))?.0;
    for ((seq, order), spec) in (1..).zip(first..).zip(&new.groups) {
        let (group, order) = (GroupId { deployment: id, group: GroupSeq(seq) }, OrderId(order));
        groups::save_spec(ctx.store_mut(), group, spec)?;
        groups::save(ctx.store_mut(), group, &Group::opened(order))?;
        let new = NewOrder { id: order, group, spec, terms: &terms, excluded: Vec::new() };
        response = response.add_event(open_order(ctx, &mut deployment, new)?);
    }
    deployments::create(ctx.store_mut(), id, &deployment)?;
    let open = escrow::open_account(ctx, id, &deployment.tenant, deposit, deployment.reserved)?;
    Ok(response.add_messages(open))
}

fn terms(ctx: &Ctx, deposit: &FirstDeposit) -> Result<Terms, ContractError> {
    if let Some(terms) = denoms::get(ctx.store(), &deposit.denom)? {
        return Ok(terms);
    }
    let accepted: Vec<String> =
        denoms::all(ctx.store())?.into_iter().map(|(denom, _)| denom).collect();
    let (denom, accepted) = (deposit.denom.to_string(), accepted.join(", "));
    Err(ContractError::DenomNotAccepted { denom, accepted })
}

fn check_group(ctx: &Ctx, group: &GroupSpec, terms: &Terms) -> Result<(), ContractError> {
    let Terms { min_price: min, max_price: max, .. } = *terms;
    if !(min..=max).contains(&group.ceiling) {
        let (group, ceiling) = (group.name.clone(), group.ceiling);
        return Err(ContractError::Ceiling { group, ceiling, min, max });
    }
    for auditor in group.requirements.signed_by.auditors() {
        ctx.addr(auditor)?;
    }
    Ok(())
}

fn check_auction(auction: AuctionPolicy, params: &Params) -> Result<(), ContractError> {
    let AuctionPolicy::LowestPrice { closes_after } = auction else { return Ok(()) };
    let (min, max) = (params.min_auction, params.max_auction);
    if (min..=max).contains(&closes_after) {
        return Ok(());
    }
    Err(ContractError::AuctionLength { closes_after, min, max })
}

fn check_deposit(sent: Amount, groups: usize, terms: &Terms) -> Result<(), ContractError> {
    let count = u128::try_from(groups).unwrap_or(u128::MAX);
    let needed = Amount::new(terms.min_deposit.u128().saturating_mul(count))?;
    if sent < needed {
        return Err(ContractError::DepositTooSmall { sent, needed, groups });
    }
    Ok(())
}

fn named(ctx: &Ctx, what: &'static str, list: &[String]) -> Result<Vec<Addr>, ContractError> {
    let (count, max) = (list.len(), MAX_NAMED);
    if count > max {
        return Err(ContractError::TooMany { what, count, max });
    }
    let distinct: BTreeSet<&String> = list.iter().collect();
    distinct.into_iter().map(|address| ctx.addr(address)).collect()
}
