//! Which leases a provider has or had: an index of order numbers.

use cosmwasm_std::{Addr, Empty, Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};
use souk_core::OrderId;

const BY_PROVIDER: Map<(&Addr, u64), Empty> = Map::new("l");

/// Adds a lease.
pub fn add(storage: &mut dyn Storage, provider: &Addr, order: OrderId) -> StdResult<()> {
    BY_PROVIDER.save(storage, (provider, order.0), &Empty {})
}

/// Removes a lease.
pub fn remove(storage: &mut dyn Storage, provider: &Addr, order: OrderId) {
    BY_PROVIDER.remove(storage, (provider, order.0));
}

/// A page by number.
pub fn page(
    storage: &dyn Storage,
    provider: &Addr,
    start_after: Option<OrderId>,
    limit: usize,
) -> StdResult<Vec<OrderId>> {
    let start = start_after.map(|id| Bound::exclusive(id.0));
    let index = BY_PROVIDER.prefix(provider);
    let keys = index.keys(storage, start, None, Order::Ascending).take(limit);
    keys.map(|id| id.map(OrderId)).collect()
}
