//! A tenant lets others start its groups.

use cosmwasm_std::Response;
use souk_api::orderbook::events::AnyoneStartsSet;
use souk_core::DeploymentId;

use crate::{
    ContractError, Ctx,
    state::deployments::{self, Deployment},
};

/// Those that rest for lack of funds, once there are some.
///
/// # Errors
/// If the deployment is closed.
pub fn set_anyone_starts(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    on: bool,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    deployment.anyone_starts = on;
    deployments::save(ctx.storage_mut(), id, &deployment)?;
    Ok(Response::new().add_event(AnyoneStartsSet { deployment: id, on }))
}
