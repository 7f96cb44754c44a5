//! A tenant ends a deployment.

use cosmwasm_std::Response;
use souk_core::DeploymentId;

use crate::{ContractError, Ctx, lifecycle, state::deployments::Deployment};

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
    let reason = lifecycle::lease::reason_of_tenant(ctx, id);
    lifecycle::deployment::close(ctx, id, deployment, reason)
}
