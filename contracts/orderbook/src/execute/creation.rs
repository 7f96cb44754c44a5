//! What both ways to create a deployment have in common.

use cosmwasm_std::{Binary, HexBinary};
use souk_api::orderbook::{NewDeployment, events::DeploymentCreated};
use souk_contract_std::Paid;
use souk_core::{Amount, DeploymentId, GroupSpec, Rate, limits::check_groups};

use crate::{
    ContractError, Ctx,
    neighbours::escrow,
    rules::{absence, delegate, funds::Funds, opening, reclaim},
    state::{
        denoms::{self, Terms},
        deployments::Deployment,
    },
};

/// Checks what a tenant asks for, and the deposit against the least one. Returns the terms of its denom.
///
/// # Errors
/// If the denom is not accepted, if the deposit is too small, or if groups, prices, auction, terms or delegate break
/// a rule.
pub fn check(ctx: &Ctx, deposit: &Paid, new: &NewDeployment) -> Result<Terms, ContractError> {
    let terms = terms(ctx, deposit)?;
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
    check_deposit(deposit.amount, new.groups.len(), &terms)?;
    Ok(terms)
}

/// Checks that the deposit carries this rate for the least runway.
///
/// # Errors
/// If it does not, or if the escrow does not know this contract.
pub fn check_carried(ctx: &mut Ctx, deposit: Amount, rate: Rate) -> Result<(), ContractError> {
    let min_runway = escrow::learn_link(ctx)?.min_runway;
    let funds = Funds::new(deposit, rate, min_runway);
    funds.carry(Rate::ZERO, Rate::ZERO).map_err(ContractError::NotCarried)
}

/// The deployment of what was checked, without orders.
///
/// # Errors
/// If an address is not valid, or if a list is too long.
pub fn deployment(
    ctx: &Ctx,
    deposit: &Paid,
    new: &NewDeployment,
) -> Result<Deployment, ContractError> {
    Ok(Deployment {
        tenant: deposit.from.clone(),
        delegate: new.delegate.as_deref().map(|delegate| ctx.address(delegate)).transpose()?,
        delegate_limit: new.delegate_limit,
        commitment: Binary::from(new.commitment.as_slice()),
        denom: deposit.denom.clone(),
        auction: new.auction,
        allow: super::allowed(ctx, &new.allow)?,
        refuse: super::refused(ctx, &new.refuse)?,
        created_at: ctx.now(),
        // The check of the groups bounds their number.
        groups: u32::try_from(new.groups.len()).unwrap_or(u32::MAX),
        orders: 0,
        reserved: None,
        mark: None,
        anyone_starts: false,
        reclamation: new.reclamation.map(|reclamation| reclamation.min_window),
        absence: new.absence.map(Into::into),
        closed: false,
    })
}

/// Says that it was created.
pub fn created(id: DeploymentId, deployment: &Deployment) -> DeploymentCreated {
    DeploymentCreated {
        deployment: id,
        tenant: deployment.tenant.to_string(),
        commitment: HexBinary::from(deployment.commitment.as_slice()).to_hex(),
        groups: deployment.groups,
        denom: deployment.denom.clone(),
    }
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

fn check_deposit(sent: Amount, groups: usize, terms: &Terms) -> Result<(), ContractError> {
    let count = u128::try_from(groups).unwrap_or(u128::MAX);
    let needed = Amount::new(terms.min_deposit.u128().saturating_mul(count))?;
    if sent < needed {
        return Err(ContractError::DepositTooSmall { sent, needed, groups });
    }
    Ok(())
}
