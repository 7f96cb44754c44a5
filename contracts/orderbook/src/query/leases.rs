//! Leases, by order or by provider.

use souk_api::{
    orderbook::{LeaseResponse, LeasesResponse},
    paging,
};
use souk_core::OrderId;

use super::Asked;
use crate::{ContractError, escrow, state::leases, tender::Tender};

/// One of them.
pub fn one(asked: &Asked, id: OrderId) -> Result<LeaseResponse, ContractError> {
    let storage = asked.view.storage;
    let Tender { order, deployment, .. } = Tender::load(storage, id)?;
    let lease = order.lease().ok_or(ContractError::NoLease(id))?;
    Ok(LeaseResponse {
        order: id,
        group: order.group,
        tenant: deployment.tenant.into(),
        provider: lease.provider.to_string(),
        price: lease.price,
        denom: deployment.denom,
        account: escrow::link(storage)?.account(order.group.deployment)?,
        state: lease.state(),
        created_at: lease.created_at,
        closed_at: lease.ended.map(|(at, _)| at),
        reason: lease.ended.map(|(_, reason)| reason),
    })
}

/// A page of a provider's, by number.
pub fn page(
    asked: &Asked,
    provider: &str,
    start_after: Option<OrderId>,
    limit: Option<u32>,
) -> Result<LeasesResponse, ContractError> {
    let provider = asked.addr(provider)?;
    let ids = leases::page(asked.view.storage, &provider, start_after, paging::limit(limit))?;
    let found = ids.into_iter().map(|id| one(asked, id));
    Ok(LeasesResponse { leases: found.collect::<Result<_, _>>()? })
}
