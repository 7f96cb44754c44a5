//! Who may send what. The table is `ExecuteMsg::permission`. Its rows about roles, coins and
//! pauses are held against the message before it is looked at ([`check`]); those about a
//! deployment or a provider while that is loaded, so that an action cannot have one without
//! the check.

use cosmwasm_std::Addr;
use souk_api::{Message, Permission, orderbook::ExecuteMsg, published::ProviderRecord};
use souk_contract_std::permission;
use souk_core::{CloseReason, Denom, DeploymentId, OrderId};

use crate::{
    ContractError, Ctx,
    eligibility::Bidder,
    lifecycle::order::LoadedOrder,
    neighbours::registry,
    rules::reason::Closer,
    state::{
        denoms,
        deployments::{self, Deployment},
        orders::Lease,
    },
};

/// What can be checked before anything is loaded: coins, pause, owner, guardian, listed tokens.
///
/// # Errors
/// Those of [`permission::check`].
pub fn check(ctx: &Ctx, msg: &ExecuteMsg) -> Result<Permission, ContractError> {
    permission::check(ctx, msg, |needed| match needed {
        Permission::Cw20 => {
            let token = Denom::Cw20(ctx.sender().to_string());
            Ok::<_, ContractError>(denoms::get(ctx.storage(), &token)?.is_some())
        }
        // Checked below, with the deployment or provider that it is about.
        Permission::Tenant
        | Permission::TenantOrDelegate
        | Permission::TenantOrAllowed
        | Permission::TenantOrOperator
        | Permission::Operator
        | Permission::ProviderOrOperator => Ok(true),
        // Permissions of other contracts are nobody's here.
        _ => Ok(false),
    })?;
    Ok(msg.permission())
}

/// A deployment, for a sender who may act on it.
///
/// # Errors
/// If it is not there, or if the sender may not.
pub fn deployment(
    ctx: &Ctx,
    needed: Permission,
    id: DeploymentId,
) -> Result<Deployment, ContractError> {
    let deployment = deployments::get(ctx.storage(), id)?;
    require(acts_for_tenant(&deployment, ctx.sender(), needed), ctx, needed)?;
    Ok(deployment)
}

/// Who starts a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// The deployment's tenant or delegate.
    Tenant,
    /// Somebody else, whom the tenant lets.
    Anyone,
}

/// A deployment, for a sender who may start groups of it.
///
/// # Errors
/// If it is not there, or if the sender may not.
pub fn starter(
    ctx: &Ctx,
    needed: Permission,
    id: DeploymentId,
) -> Result<(Deployment, Starter), ContractError> {
    let deployment = deployments::get(ctx.storage(), id)?;
    if acts_for_tenant(&deployment, ctx.sender(), Permission::TenantOrDelegate) {
        return Ok((deployment, Starter::Tenant));
    }
    let allowed = needed == Permission::TenantOrAllowed && deployment.anyone_starts;
    require(allowed, ctx, needed)?;
    Ok((deployment, Starter::Anyone))
}

/// An order with its deployment, for a sender who may act on that.
///
/// # Errors
/// If it is not there, or if the sender may not.
pub fn order(ctx: &Ctx, needed: Permission, id: OrderId) -> Result<LoadedOrder, ContractError> {
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    require(acts_for_tenant(&loaded.deployment, ctx.sender(), needed), ctx, needed)?;
    Ok(loaded)
}

/// A registered provider, for its operator.
///
/// # Errors
/// If it is not registered, or if the sender is not its operator.
pub fn bidder(ctx: &Ctx, needed: Permission, provider: &str) -> Result<Bidder, ContractError> {
    let address = ctx.address(provider)?;
    let record = registry::get(&ctx.view(), &address)?;
    let allowed = needed == Permission::Operator && record.operator == ctx.sender().as_str();
    require(allowed, ctx, needed)?;
    Ok(Bidder { address, record })
}

/// A provider that may have left the registry, for its operator, or for itself once it
/// left and has no operator any more.
///
/// # Errors
/// If the sender is neither.
pub fn provider(ctx: &Ctx, needed: Permission, provider: &str) -> Result<Addr, ContractError> {
    let address = ctx.address(provider)?;
    let record = registry::find(&ctx.view(), &address)?;
    let acts = acts_for_provider(record.as_ref(), &address, ctx.sender());
    require(needed == Permission::Operator && acts, ctx, needed)?;
    Ok(address)
}

/// A provider, for its own account or its operator.
///
/// # Errors
/// If the sender is neither.
pub fn either_key(ctx: &Ctx, needed: Permission, provider: &str) -> Result<Addr, ContractError> {
    let address = ctx.address(provider)?;
    if needed == Permission::ProviderOrOperator && address == ctx.sender() {
        return Ok(address);
    }
    let record = registry::find(&ctx.view(), &address)?;
    let acts = acts_for_provider(record.as_ref(), &address, ctx.sender());
    require(needed == Permission::ProviderOrOperator && acts, ctx, needed)?;
    Ok(address)
}

/// An order that has or had a lease, for either side of it. Who is on both sides (a tenant can name
/// its provider's operator as delegate) is on that side which gives such a `reason`.
///
/// # Errors
/// If it has no lease, or if the sender is on neither side.
pub fn lease(
    ctx: &Ctx,
    needed: Permission,
    id: OrderId,
    reason: Option<CloseReason>,
) -> Result<(LoadedOrder, Closer), ContractError> {
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    let lease = loaded.order.lease().ok_or(ContractError::NoLease(id))?;
    let both = needed == Permission::TenantOrOperator;
    let tenant =
        both && acts_for_tenant(&loaded.deployment, ctx.sender(), Permission::TenantOrDelegate);
    if tenant && !reason.is_some_and(CloseReason::is_providers) {
        return Ok((loaded, Closer::Tenant));
    }
    let provider = both && acts_for_lease(ctx, lease)?;
    require(tenant || provider, ctx, needed)?;
    let closer = if provider { Closer::Provider } else { Closer::Tenant };
    Ok((loaded, closer))
}

/// An order that has or had a lease, for its provider's side: the operator, or the provider itself once it left
/// the registry and has no operator any more.
///
/// # Errors
/// If it has no lease, or if the sender is neither.
pub fn providers_lease(
    ctx: &Ctx,
    needed: Permission,
    id: OrderId,
) -> Result<LoadedOrder, ContractError> {
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    let lease = loaded.order.lease().ok_or(ContractError::NoLease(id))?;
    let acts = acts_for_lease(ctx, lease)?;
    require(needed == Permission::Operator && acts, ctx, needed)?;
    Ok(loaded)
}

fn acts_for_tenant(deployment: &Deployment, sender: &Addr, needed: Permission) -> bool {
    match needed {
        Permission::Tenant => sender == deployment.tenant,
        Permission::TenantOrDelegate => deployment.is_for_tenant(sender),
        _ => false,
    }
}

/// Whether the sender acts for the provider that has or had the lease.
fn acts_for_lease(ctx: &Ctx, lease: &Lease) -> Result<bool, ContractError> {
    let record = registry::find(&ctx.view(), &lease.provider)?;
    Ok(acts_for_provider(record.as_ref(), &lease.provider, ctx.sender()))
}

fn acts_for_provider(record: Option<&ProviderRecord>, provider: &Addr, sender: &Addr) -> bool {
    match record {
        Some(record) => record.operator == sender.as_str(),
        None => sender == provider,
    }
}

fn require(allowed: bool, ctx: &Ctx, needed: Permission) -> Result<(), ContractError> {
    Ok(permission::require(allowed, ctx.sender(), needed)?)
}
