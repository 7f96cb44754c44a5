//! A tenant ends a deployment.

use cosmwasm_std::Response;
use souk_core::{CloseReason, DeploymentId};

use crate::{ContractError, closing, ctx::Ctx, escrow, state::deployments::Deployment};

/// Ends everything of it. While the account is depleted the reason is lack of money.
pub fn close_deployment(
    ctx: &mut Ctx,
    id: DeploymentId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id));
    }
    let depleted = escrow::account(&ctx.view(), id)?.clock.is_depleted(ctx.now());
    let reason = if depleted { CloseReason::InsufficientFunds } else { CloseReason::Tenant };
    closing::close(ctx, id, deployment, reason)
}
