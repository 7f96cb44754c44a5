//! For how long the provider of a lease was not seen, from what is stored.

use souk_api::published::ProviderStats;
use souk_contract_std::Config as _;

use crate::{
    View,
    rules::absence::Unseen,
    state::orders::{Lease, Order},
};

/// For how long the provider of a lease that runs was not seen. None of an order that is older than the rule, and
/// none while the market is paused: nobody becomes absent then. Who was absent when the pause began still is.
pub fn unseen(view: &View, order: &Order, lease: &Lease, stats: &ProviderStats) -> Option<Unseen> {
    let terms = order.absence?;
    let (now, slowest_block) = (view.now(), view.config.params.slowest_block);
    let began = (lease.created_at, lease.created_block);
    let unseen = Unseen::since(terms.into(), slowest_block, [stats.seen, began]);
    let pause = view.config.last_pause(now);
    if unseen.was_absent_before(pause) {
        return Some(unseen);
    }
    let goes_on = view.config.is_paused(now);
    (!goes_on).then(|| unseen.and_since((pause.until, pause.until_block)))
}
