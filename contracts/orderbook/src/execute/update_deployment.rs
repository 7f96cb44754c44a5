//! A tenant changes what the manifest must hash to, or who may bid on the orders to come.

use cosmwasm_std::{Addr, Binary, HexBinary, Response};
use souk_api::orderbook::events::{DeploymentUpdated, ListsSet};
use souk_core::{DeploymentId, GroupId};

use crate::{
    ContractError, Ctx,
    state::{
        deployments::{self, Deployment},
        groups,
        orders::{self, Lists, OrderStatus},
    },
};

/// What to change; what is not given stays.
pub struct Update {
    /// The commitment.
    pub commitment: Option<HexBinary>,
    /// The providers that alone may bid.
    pub allow: Option<Vec<String>>,
    /// The providers that may not.
    pub refuse: Option<Vec<String>>,
}

/// Groups, prices and counts stay as they are. Open orders keep their lists: who bid, and who looked at an
/// order in vain, can rely on them.
///
/// # Errors
/// If the deployment is closed, if nothing is given, if the commitment is not a new SHA-256, or if a list is
/// too long or names what is not an address.
pub fn update_deployment(
    ctx: &mut Ctx,
    id: DeploymentId,
    mut deployment: Deployment,
    update: Update,
) -> Result<Response, ContractError> {
    deployment.must_be_active(id)?;
    let Update { commitment, allow, refuse } = update;
    let changes_lists = allow.is_some() || refuse.is_some();
    if commitment.is_none() && !changes_lists {
        return Err(ContractError::NothingToUpdate(id));
    }
    let mut response = Response::new();
    if let Some(commitment) = commitment {
        super::check_commitment(&commitment)?;
        let changed = Binary::from(commitment.as_slice());
        if changed == deployment.commitment {
            return Err(ContractError::SameCommitment);
        }
        deployment.commitment = changed;
        let event = DeploymentUpdated { deployment: id, commitment: commitment.to_hex() };
        response = response.add_event(event);
    }
    if changes_lists {
        keep_lists(ctx, id, &deployment)?;
        if let Some(allow) = allow {
            deployment.allow = super::allowed(ctx, &allow)?;
        }
        if let Some(refuse) = refuse {
            deployment.refuse = super::refused(ctx, &refuse)?;
        }
        let (allow, refuse) = (joined(&deployment.allow), joined(&deployment.refuse));
        response = response.add_event(ListsSet { deployment: id, allow, refuse });
    }
    deployments::save(ctx.storage_mut(), id, &deployment)?;
    Ok(response)
}

/// Writes the lists of today into the orders that are open. Only a change of the lists pays for that; there are
/// 20 groups at most.
fn keep_lists(
    ctx: &mut Ctx,
    id: DeploymentId,
    deployment: &Deployment,
) -> Result<(), ContractError> {
    for group in groups::of(deployment) {
        let number = groups::get(ctx.storage(), GroupId { deployment: id, group })?.order;
        // A pruned order is a closed one.
        let Some(mut order) = orders::find(ctx.storage(), number)? else { continue };
        if order.status == OrderStatus::Open && order.lists.is_none() {
            let (allow, refuse) = (deployment.allow.clone(), deployment.refuse.clone());
            order.lists = Some(Lists { allow, refuse });
            orders::save(ctx.storage_mut(), number, &order)?;
        }
    }
    Ok(())
}

fn joined(addresses: &[Addr]) -> Option<String> {
    let texts: Vec<&str> = addresses.iter().map(Addr::as_str).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}
