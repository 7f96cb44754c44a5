//! Offers until there are enough of them.

use std::time::Duration;

use souk_core::OrderId;

use super::{OfferSource, Offers, Pick, watch};
use crate::error::Error;

/// For how many seconds a first offer is waited for, unless its tenant says otherwise.
pub const WAIT: u64 = 60;
/// For how many seconds further ones are collected after it, unless its tenant says otherwise.
pub const COLLECT: u64 = 5;

/// Collects offers: for `timeout` until the first comes, then for `further` more; if one provider's is wanted, until
/// that comes. `seen` is called with every change.
///
/// # Errors
/// [`Error::NoOffer`] if none came in time; what the source says.
pub async fn collect(
    source: &impl OfferSource,
    order: OrderId,
    pick: Option<&Pick>,
    (timeout, further): (Duration, Duration),
    seen: impl FnMut(&Offers),
) -> Result<Offers, Error> {
    let mut first: Option<Duration> = None;
    let enough = |offers: &Offers, waited: Duration| match pick {
        Some(pick @ Pick::Provider(_)) => pick.of(&offers.offers).is_some(),
        _ if offers.offers.is_empty() => false,
        _ => waited >= *first.get_or_insert(waited) + further,
    };
    watch(source, order, timeout, enough, seen).await
}
