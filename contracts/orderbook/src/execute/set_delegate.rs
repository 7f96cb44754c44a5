//! A tenant names a key for everyday actions, or takes it back.

use cosmwasm_std::Response;
use souk_api::orderbook::events::DelegateSet;
use souk_core::DeploymentId;

use crate::{
    ContractError, Ctx,
    state::deployments::{self, Deployment},
};

/// The delegate acts on the deployment; the coins stay the tenant's.
///
/// # Errors
/// If the deployment is closed, or if the delegate is not an address.
pub fn set_delegate(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    delegate: Option<String>,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    deployment.delegate = delegate.map(|delegate| ctx.address(&delegate)).transpose()?;
    deployments::save(ctx.storage_mut(), id, &deployment)?;
    let delegate = deployment.delegate.map(String::from);
    Ok(Response::new().add_event(DelegateSet { deployment: id, delegate }))
}
