//! A tenant ends a deployment.

use cosmwasm_std::Response;
use souk_core::{CloseReason, DeploymentId};

use crate::{ContractError, Ctx, lifecycle, neighbours::escrow, state::deployments::Deployment};

/// Ends everything of it. While the account is depleted the reason is lack of money.
///
/// # Errors
/// If it is closed already.
pub fn close_deployment(
    ctx: &mut Ctx,
    id: DeploymentId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    let depleted = escrow::is_depleted(&ctx.view(), id);
    let reason = if depleted { CloseReason::InsufficientFunds } else { CloseReason::Tenant };
    lifecycle::deployment::close(ctx, id, deployment, reason)
}
