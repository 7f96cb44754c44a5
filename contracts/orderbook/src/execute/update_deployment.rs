//! A tenant changes what the manifest must hash to.

use cosmwasm_std::{Binary, HexBinary, Response};
use souk_api::orderbook::events::DeploymentUpdated;
use souk_core::DeploymentId;

use crate::{
    ContractError, Ctx,
    state::deployments::{self, Deployment},
};

/// Groups, prices and counts stay as they are.
///
/// # Errors
/// If the deployment is closed, or if the commitment is not a new SHA-256.
pub fn update_deployment(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    commitment: HexBinary,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    super::check_commitment(&commitment)?;
    let changed = Binary::from(commitment.as_slice());
    if changed == deployment.commitment {
        return Err(ContractError::SameCommitment {});
    }
    deployment.commitment = changed;
    deployments::save(ctx.storage_mut(), id, &deployment)?;
    let event = DeploymentUpdated { deployment: id, commitment: commitment.to_hex() };
    Ok(Response::new().add_event(event))
}
