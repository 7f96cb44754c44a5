//! Orders with what they ask for.

use souk_api::orderbook::{OrderResponse, OrdersResponse, Reclamation};
use souk_contract_std::Page;
use souk_core::OrderId;

use super::texts;
use crate::{
    ContractError, View,
    lifecycle::order::{self, LoadedOrder},
    state::{deployments, orders},
};

/// One of them.
pub fn order(view: &View, id: OrderId) -> Result<OrderResponse, ContractError> {
    describe(view, LoadedOrder::load(view.storage, id)?)
}

/// A page by number.
pub fn orders(
    view: &View,
    start_after: Option<OrderId>,
    limit: Option<u32>,
) -> Result<OrdersResponse, ContractError> {
    let storage = view.storage;
    let page = Page::new(start_after.map(|id| id.0), limit);
    let found = orders::page(storage, page)?.into_iter();
    let found = found.map(|(id, order)| {
        let deployment = deployments::get(storage, order.group.deployment)?;
        describe(view, LoadedOrder { id, order, deployment })
    });
    Ok(OrdersResponse { orders: found.collect::<Result<_, _>>()? })
}

fn describe(view: &View, loaded: LoadedOrder) -> Result<OrderResponse, ContractError> {
    let spec = loaded.spec(view.storage)?;
    let reserved = order::reserved(view.storage, &loaded.order)?;
    let (allow, refuse) = (texts(loaded.allow().to_vec()), texts(loaded.refuse().to_vec()));
    let LoadedOrder { id, order, deployment } = loaded;
    let closing = order.auction.map(|auction| auction.closing(view.config, view.now()).deadline());
    Ok(OrderResponse {
        id,
        group: order.group,
        tenant: deployment.tenant.into(),
        spec,
        denom: deployment.denom,
        take_bps: order.take_bps,
        auction: deployment.auction,
        state: order.state(view.now()),
        created_at: order.created_at,
        expires_at: order.expires_at,
        closes_at: closing.map(|closing| closing.time),
        closes_at_block: closing.map(|closing| closing.block),
        manifest_timeout: order.manifest_timeout,
        reclamation: deployment.reclamation.map(|min_window| Reclamation { min_window }),
        absence: order.absence.map(Into::into),
        reserved,
        allow,
        refuse,
        excluded: texts(order.excluded),
    })
}
