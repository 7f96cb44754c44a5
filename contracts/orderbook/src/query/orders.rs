//! Orders with what they ask for.

use souk_api::{
    orderbook::{OrderResponse, OrdersResponse},
    paging,
};
use souk_core::OrderId;

use super::{Asked, texts};
use crate::{
    ContractError,
    state::{deployments, orders},
    tender::Tender,
};

/// One of them.
pub fn one(asked: &Asked, id: OrderId) -> Result<OrderResponse, ContractError> {
    response(asked, Tender::load(asked.view.storage, id)?)
}

/// A page by number.
pub fn page(
    asked: &Asked,
    start_after: Option<OrderId>,
    limit: Option<u32>,
) -> Result<OrdersResponse, ContractError> {
    let storage = asked.view.storage;
    let found = orders::page(storage, start_after, paging::limit(limit))?.into_iter();
    let found = found.map(|(id, order)| {
        let deployment = deployments::get(storage, order.group.deployment)?;
        response(asked, Tender { id, order, deployment })
    });
    Ok(OrdersResponse { orders: found.collect::<Result<_, _>>()? })
}

fn response(asked: &Asked, tender: Tender) -> Result<OrderResponse, ContractError> {
    let spec = tender.spec(asked.view.storage)?;
    let Tender { id, order, deployment } = tender;
    let closing = order.auction.map(|auction| auction.closing(asked.view.config));
    Ok(OrderResponse {
        id,
        group: order.group,
        tenant: deployment.tenant.into(),
        spec,
        denom: deployment.denom,
        take_bps: order.take_bps,
        auction: deployment.auction,
        state: order.state(asked.view.now),
        created_at: order.created_at,
        expires_at: order.expires_at,
        closes_at: closing.map(|closing| closing.time()),
        allow: texts(deployment.allow),
        refuse: texts(deployment.refuse),
        excluded: texts(order.excluded),
    })
}
