//! For how long the provider of a lease was not seen, from what is stored.

use souk_api::published::ProviderStats;
use souk_contract_std::Config as _;

use crate::{
    View,
    rules::absence::Unseen,
    state::orders::{Lease, Order},
};

/// For how long the provider of a lease that runs was not seen. None of an order that is older than the rule,
/// and none while the market is paused: nobody is absent then.
pub fn unseen(view: &View, order: &Order, lease: &Lease, stats: &ProviderStats) -> Option<Unseen> {
    let terms = order.absence?;
    let now = view.now();
    if view.config.is_paused(now) {
        return None;
    }
    let pause = view.config.last_pause(now);
    let moments =
        [stats.seen, (lease.created_at, lease.created_block), (pause.until, pause.until_block)];
    Some(Unseen::since(terms.into(), view.config.params.slowest_block, moments))
}
