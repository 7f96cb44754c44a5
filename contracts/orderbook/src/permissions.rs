//! Who may send what. The table is `ExecuteMsg::permission`; here each of its rows is held
//! against the sender, the contract-wide ones before the message is looked at, those about a
//! deployment or a provider while that is loaded, so that an action cannot have one without
//! the check.

use cosmwasm_std::{Addr, MessageInfo};
use souk_api::{Permission, orderbook::ExecuteMsg, published::ProviderRecord};
use souk_core::{Denom, DeploymentId, OrderId};

use crate::{
    ContractError,
    ctx::Ctx,
    eligibility::Bidder,
    providers,
    state::{
        denoms,
        deployments::{self, Deployment},
    },
    tender::Tender,
};

/// What can be told before anything is loaded: coins, pause, tenant, guardian, listed tokens.
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<Permission, ContractError> {
    let permission = msg.permission();
    if !matches!(msg, ExecuteMsg::CreateDeployment(_)) {
        no_coins(&ctx.info)?;
    }
    let guardian = || Ok(ctx.config.guardian.clone());
    let allowed = match permission.by_role(ctx.store(), ctx.sender(), guardian)? {
        Some(allowed) => allowed,
        None => match permission {
            Permission::Cw20 => {
                denoms::get(ctx.store(), &Denom::Cw20(ctx.sender().to_string()))?.is_some()
            }
            // Checked below, with the deployment or provider that it is about.
            Permission::Tenant
            | Permission::TenantOrDelegate
            | Permission::TenantOrOperator
            | Permission::Operator => true,
            // Roles of other contracts are nobody's here.
            _ => false,
        },
    };
    require(allowed, ctx, permission)?;
    if ctx.config.paused && msg.is_new_business() {
        return Err(ContractError::Paused {});
    }
    Ok(permission)
}

/// A deployment, for a sender who may act on it.
pub fn deployment(
    ctx: &Ctx,
    permission: Permission,
    id: DeploymentId,
) -> Result<Deployment, ContractError> {
    let deployment = deployments::get(ctx.store(), id)?;
    require(may_act_for(&deployment, ctx.sender(), permission), ctx, permission)?;
    Ok(deployment)
}

/// An order with its deployment, for a sender who may act on that.
pub fn tender(ctx: &Ctx, permission: Permission, id: OrderId) -> Result<Tender, ContractError> {
    let tender = Tender::load(ctx.store(), id)?;
    require(may_act_for(&tender.deployment, ctx.sender(), permission), ctx, permission)?;
    Ok(tender)
}

/// A registered provider, for its operator.
pub fn bidder(ctx: &Ctx, permission: Permission, provider: &str) -> Result<Bidder, ContractError> {
    let address = ctx.addr(provider)?;
    let record = providers::get(&ctx.view(), &address)?;
    let allowed = permission == Permission::Operator && record.operator == ctx.sender().as_str();
    require(allowed, ctx, permission)?;
    Ok(Bidder { address, record })
}

/// A provider that may have left the registry, for its operator, or for itself once it
/// left and has no operator any more.
pub fn provider(ctx: &Ctx, permission: Permission, provider: &str) -> Result<Addr, ContractError> {
    let address = ctx.addr(provider)?;
    let record = providers::find(&ctx.view(), &address)?;
    let acts = acts_for_provider(record.as_ref(), &address, ctx.sender());
    require(permission == Permission::Operator && acts, ctx, permission)?;
    Ok(address)
}

/// The two sides of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The deployment's tenant or delegate.
    Tenant,
    /// The provider's operator.
    Provider,
}

/// An order that has or had a lease, for either side of it.
pub fn lease(
    ctx: &Ctx,
    permission: Permission,
    id: OrderId,
) -> Result<(Tender, Side), ContractError> {
    let tender = Tender::load(ctx.store(), id)?;
    let lease = tender.order.lease().ok_or(ContractError::NoLease(id))?;
    let both = permission == Permission::TenantOrOperator;
    if both && may_act_for(&tender.deployment, ctx.sender(), Permission::TenantOrDelegate) {
        return Ok((tender, Side::Tenant));
    }
    let record = providers::find(&ctx.view(), &lease.provider)?;
    let acts = acts_for_provider(record.as_ref(), &lease.provider, ctx.sender());
    require(both && acts, ctx, permission)?;
    Ok((tender, Side::Provider))
}

fn may_act_for(deployment: &Deployment, sender: &Addr, permission: Permission) -> bool {
    let tenant = sender == deployment.tenant;
    match permission {
        Permission::Tenant => tenant,
        Permission::TenantOrDelegate => tenant || deployment.delegate.as_ref() == Some(sender),
        _ => false,
    }
}

fn acts_for_provider(record: Option<&ProviderRecord>, provider: &Addr, sender: &Addr) -> bool {
    match record {
        Some(record) => record.operator == sender.as_str(),
        None => sender == provider,
    }
}

/// Refuses coins, which the book could never give back.
pub fn no_coins(info: &MessageInfo) -> Result<(), ContractError> {
    if info.funds.is_empty() {
        return Ok(());
    }
    let coins: Vec<String> = info.funds.iter().map(ToString::to_string).collect();
    Err(ContractError::CoinsNotTaken(coins.join(", ")))
}

fn require(allowed: bool, ctx: &Ctx, needed: Permission) -> Result<(), ContractError> {
    if allowed {
        return Ok(());
    }
    Err(ContractError::NotPermitted { needed, sender: ctx.sender().clone() })
}
