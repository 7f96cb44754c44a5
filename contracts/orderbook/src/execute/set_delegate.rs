//! A tenant names a key for everyday actions, or takes it back.

use cosmwasm_std::Response;
use souk_api::orderbook::events::DelegateSet;
use souk_core::{DeploymentId, Rate};

use crate::{
    ContractError, Ctx,
    rules::delegate::check_set,
    state::deployments::{self, Deployment},
};

/// The delegate acts on the deployment; the coins stay the tenant's, and `limit` says how fast what the
/// delegate sends may spend them.
///
/// # Errors
/// If the deployment is closed, if the delegate is not an address, or if there is a limit and no delegate.
pub fn set_delegate(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    delegate: Option<String>,
    limit: Option<Rate>,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    check_set(delegate.is_some(), limit)?;
    deployment.delegate = delegate.map(|delegate| ctx.address(&delegate)).transpose()?;
    deployment.delegate_limit = limit;
    deployments::save(ctx.storage_mut(), id, &deployment)?;
    let delegate = deployment.delegate.map(String::from);
    Ok(Response::new().add_event(DelegateSet { deployment: id, delegate, limit }))
}
