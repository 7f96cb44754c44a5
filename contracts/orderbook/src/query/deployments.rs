//! Deployments with their groups.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{
    DeploymentResponse, DeploymentState, DeploymentsResponse, GroupResponse, MarkResponse,
    OrderState, Reclamation,
};
use souk_contract_std::Page;
use souk_core::{DeploymentId, GroupId, GroupSeq};

use super::texts;
use crate::{
    ContractError, View,
    neighbours::escrow,
    rules::deadline::Deadline,
    state::{
        deployments::{self, Deployment, Mark},
        groups, orders,
    },
};

/// One of them.
pub fn deployment(view: &View, id: DeploymentId) -> Result<DeploymentResponse, ContractError> {
    let deployment = deployments::get(view.storage, id)?;
    describe(view, id, deployment)
}

/// A page by number, of one tenant if one is given.
pub fn deployments(
    view: &View,
    tenant: Option<String>,
    start_after: Option<DeploymentId>,
    limit: Option<u32>,
) -> Result<DeploymentsResponse, ContractError> {
    let page = Page::new(start_after.map(|id| id.0), limit);
    let found = match tenant {
        None => deployments::page(view.storage, page)?,
        Some(tenant) => deployments::page_of(view.storage, &view.address(&tenant)?, page)?,
    };
    let found = found.into_iter().map(|(id, deployment)| describe(view, id, deployment));
    Ok(DeploymentsResponse { deployments: found.collect::<Result<_, _>>()? })
}

fn describe(
    view: &View,
    id: DeploymentId,
    deployment: Deployment,
) -> Result<DeploymentResponse, ContractError> {
    let groups: Result<_, _> =
        groups::of(&deployment).map(|seq| group(view, id, &deployment, seq)).collect();
    let (closed, absence) = (deployment.closed, deployment.absence().into());
    Ok(DeploymentResponse {
        id,
        tenant: deployment.tenant.into(),
        delegate: deployment.delegate.map(String::from),
        delegate_limit: deployment.delegate_limit,
        commitment: HexBinary::from(deployment.commitment.as_slice()),
        denom: deployment.denom,
        auction: deployment.auction,
        state: if closed { DeploymentState::Closed } else { DeploymentState::Active },
        account: escrow::link(view.config)?.account(id)?,
        created_at: deployment.created_at,
        marked_at: deployment.mark.map(|mark| mark.at),
        mark: deployment.mark.map(|mark| describe_mark(view, mark)),
        anyone_starts: deployment.anyone_starts,
        reclamation: deployment.reclamation.map(|min_window| Reclamation { min_window }),
        absence,
        allow: texts(deployment.allow),
        refuse: texts(deployment.refuse),
        groups: groups?,
    })
}

fn describe_mark(view: &View, mark: Mark) -> MarkResponse {
    let Deadline { time: endable_at, block: endable_at_block } = view.config.endable(mark);
    let Mark { depleted_since, at, .. } = mark;
    MarkResponse { depleted_since, at, endable_at, endable_at_block }
}

fn group(
    view: &View,
    deployment: DeploymentId,
    of: &Deployment,
    seq: GroupSeq,
) -> Result<GroupResponse, ContractError> {
    let (storage, now) = (view.storage, view.now());
    let id = GroupId { deployment, group: seq };
    let group = groups::get(storage, id)?;
    let order = orders::find(storage, group.order)?;
    let (rounds, starts) = group.lately(now);
    Ok(GroupResponse {
        seq,
        state: group.state(of),
        spec: groups::spec(storage, id)?,
        order: group.order,
        order_state: order.map_or(OrderState::Closed, |order| order.state(now)),
        excluded: texts(group.excluded()),
        rounds,
        starts,
    })
}
