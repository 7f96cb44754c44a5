//! Leases, by order or by provider.

use cosmwasm_std::StdResult;
use souk_api::orderbook::{AbsenceResponse, LeaseResponse, LeaseState, LeasesResponse};
use souk_contract_std::Page;
use souk_core::OrderId;

use crate::{
    ContractError, View,
    lifecycle::{absence, order::LoadedOrder},
    neighbours::escrow,
    state::{
        leases,
        orders::{Lease, Order},
        provider_stats,
    },
};

/// One of them.
pub fn lease(view: &View, id: OrderId) -> Result<LeaseResponse, ContractError> {
    let storage = view.storage;
    let LoadedOrder { order, deployment, .. } = LoadedOrder::load(storage, id)?;
    let lease = order.lease().ok_or(ContractError::NoLease(id))?;
    let runs = lease.ended.is_none();
    let (now, height) = (view.now(), view.height());
    let reclaim = lease.notice.map(|notice| notice.describe(runs, view.config, now, height));
    let unseen = runs.then(|| unseen(view, &order, lease)).transpose()?.flatten();
    let state = match (lease.state(), &reclaim) {
        (LeaseState::Reclaiming, Some(reclaim)) if reclaim.lapsed => LeaseState::Active,
        (state, _) => state,
    };
    Ok(LeaseResponse {
        order: id,
        group: order.group,
        tenant: deployment.tenant.into(),
        provider: lease.provider.to_string(),
        price: lease.price,
        denom: deployment.denom,
        account: escrow::link(view.config)?.account(order.group.deployment)?,
        state,
        created_at: lease.created_at,
        manifest_timeout: order.manifest_timeout,
        closed_at: lease.ended.map(|(at, _)| at),
        reason: lease.ended.map(|(_, reason)| reason),
        reclamation_window: lease.window,
        reclaim,
        absence: order.absence.map(Into::into),
        unseen,
        paid_until: lease.paid_until,
        nonce: lease.quote.as_ref().map(|quote| quote.nonce),
        offer: lease.quote.as_ref().map(|quote| quote.offer.clone()).unwrap_or_default(),
    })
}

fn unseen(view: &View, order: &Order, lease: &Lease) -> StdResult<Option<AbsenceResponse>> {
    let stats = provider_stats::get(view.storage, &lease.provider)?;
    let unseen = absence::unseen(view, order, lease, &stats);
    Ok(unseen.map(|unseen| unseen.describe(view.now(), view.height())))
}

/// A page of a provider's, by number.
pub fn leases(
    view: &View,
    provider: &str,
    start_after: Option<OrderId>,
    limit: Option<u32>,
) -> Result<LeasesResponse, ContractError> {
    let provider = view.address(provider)?;
    let page = Page::new(start_after.map(|id| id.0), limit);
    let ids = leases::page(view.storage, &provider, page)?;
    let found = ids.into_iter().map(|id| lease(view, id));
    Ok(LeasesResponse { leases: found.collect::<Result<_, _>>()? })
}
