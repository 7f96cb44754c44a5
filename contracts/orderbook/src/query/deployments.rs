//! Deployments with their groups.

use cosmwasm_std::HexBinary;
use souk_api::{
    orderbook::{
        DeploymentResponse, DeploymentState, DeploymentsResponse, GroupResponse, OrderState,
    },
    paging,
};
use souk_core::{DeploymentId, GroupId, GroupSeq};

use super::{Asked, texts};
use crate::{
    ContractError, escrow,
    state::{
        deployments::{self, Deployment},
        groups, orders,
    },
};

/// One of them.
pub fn one(asked: &Asked, id: DeploymentId) -> Result<DeploymentResponse, ContractError> {
    let deployment = deployments::get(asked.view.storage, id)?;
    response(asked, id, deployment)
}

/// A page, of one tenant if one is given.
pub fn page(
    asked: &Asked,
    tenant: Option<String>,
    start_after: Option<DeploymentId>,
    limit: Option<u32>,
) -> Result<DeploymentsResponse, ContractError> {
    let (storage, limit) = (asked.view.storage, paging::limit(limit));
    let found = match tenant {
        None => deployments::page(storage, start_after, limit)?,
        Some(tenant) => deployments::page_of(storage, &asked.addr(&tenant)?, start_after, limit)?,
    };
    let found = found.into_iter().map(|(id, deployment)| response(asked, id, deployment));
    Ok(DeploymentsResponse { deployments: found.collect::<Result<_, _>>()? })
}

fn response(
    asked: &Asked,
    id: DeploymentId,
    deployment: Deployment,
) -> Result<DeploymentResponse, ContractError> {
    let groups: Result<_, _> =
        groups::of(&deployment).map(|seq| group(asked, id, &deployment, seq)).collect();
    let closed = deployment.closed;
    Ok(DeploymentResponse {
        id,
        tenant: deployment.tenant.into(),
        delegate: deployment.delegate.map(String::from),
        commitment: HexBinary::from(deployment.commitment.as_slice()),
        denom: deployment.denom,
        auction: deployment.auction,
        state: if closed { DeploymentState::Closed } else { DeploymentState::Active },
        account: escrow::link(asked.view.storage)?.account(id)?,
        created_at: deployment.created_at,
        marked_at: deployment.mark.map(|mark| mark.at),
        groups: groups?,
    })
}

fn group(
    asked: &Asked,
    deployment: DeploymentId,
    of: &Deployment,
    seq: GroupSeq,
) -> Result<GroupResponse, ContractError> {
    let (storage, now) = (asked.view.storage, asked.view.now);
    let id = GroupId { deployment, group: seq };
    let group = groups::get(storage, id)?;
    let order = orders::find(storage, group.order)?;
    Ok(GroupResponse {
        seq,
        state: group.state(of),
        spec: groups::spec(storage, id)?,
        order: group.order,
        order_state: order.map_or(OrderState::Closed, |order| order.state(now)),
        excluded: texts(group.excluded),
    })
}
