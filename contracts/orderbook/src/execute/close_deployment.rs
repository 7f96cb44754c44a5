//! A tenant ends a deployment.

use cosmwasm_std::Response;
use souk_core::{CloseReason, DeploymentId};

use crate::{ContractError, closing, ctx::Ctx, escrow, state::deployments::Deployment};

/// Ends everything of it. While the account is dry the reason is lack of money.
pub fn close_deployment(
    ctx: &mut Ctx,
    id: DeploymentId,
    deployment: Deployment,
) -> Result<Response, ContractError> {
    if deployment.closed {
        return Err(ContractError::DeploymentClosed(id));
    }
    let dry = escrow::account(&ctx.view(), id)?.clock.is_dry(ctx.now());
    let reason = if dry { CloseReason::InsufficientFunds } else { CloseReason::Owner };
    closing::close(ctx, id, deployment, reason)
}
