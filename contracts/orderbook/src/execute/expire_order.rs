//! Anyone records that an order's lifetime is over.

use cosmwasm_std::Response;
use souk_core::OrderId;

use crate::{
    ContractError, Ctx,
    lifecycle::{
        group::end_without_lease,
        order::{self, LoadedOrder},
    },
    rules::reason::OrderEnd,
};

/// Its group waits for its tenant, and what it had reserved is let go.
///
/// # Errors
/// Those of [`order::check_expired`].
pub fn expire_order(ctx: &mut Ctx, id: OrderId) -> Result<Response, ContractError> {
    let loaded = LoadedOrder::load(ctx.storage(), id)?;
    order::check_expired(ctx, id, &loaded.order)?;
    end_without_lease(ctx, loaded, OrderEnd::Expired, Response::new())
}
