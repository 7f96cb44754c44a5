//! Which leases a provider has or had: an index of order numbers.

use cosmwasm_std::{Addr, Empty, StdResult, Storage};
use cw_storage_plus::Map;
use souk_contract_std::Page;
use souk_core::OrderId;

const BY_PROVIDER: Map<(&Addr, u64), Empty> = Map::new("l");

/// Adds a lease.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn add(storage: &mut dyn Storage, provider: &Addr, order: OrderId) -> StdResult<()> {
    BY_PROVIDER.save(storage, (provider, order.0), &Empty {})
}

/// Removes a lease.
pub fn remove(storage: &mut dyn Storage, provider: &Addr, order: OrderId) {
    BY_PROVIDER.remove(storage, (provider, order.0));
}

/// A provider's leases by number.
///
/// # Errors
/// If a key of the index cannot be read.
pub fn page(storage: &dyn Storage, provider: &Addr, page: Page<u64>) -> StdResult<Vec<OrderId>> {
    let ids = page.keys_within(BY_PROVIDER.prefix(provider), storage)?;
    Ok(ids.into_iter().map(OrderId).collect())
}
