//! What a lease that ended holds in the store.

use souk_core::OrderId;

use crate::store::{StoreError, Tx, hostnames, manifests, reservations};

/// Releases a lease's manifest, host names and reservation; not what was applied, nor its volumes.
///
/// # Errors
///
/// If the store fails.
pub fn release_held(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    manifests::forget(tx, order)?;
    hostnames::release(tx, order)?;
    reservations::release(tx, order)
}
