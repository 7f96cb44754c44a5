//! What a decision waits for is asked of the chain: all questions of a round at once, within a bound, and
//! each auditor once.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use souk_core::OrderId;

use super::{chain_cache::ChainCache, deps::Deps};
use crate::{
    market::ChainError,
    model::{
        Order,
        bidding::{BestBid, Questions},
    },
};

/// Questions at once.
const PARALLEL: usize = 8;

/// Asks for what these orders' decisions wait for. Returns the orders of which something could not be
/// asked, with the reason.
pub(super) async fn ask(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    asked: &[(Order, Questions)],
) -> BTreeMap<OrderId, ChainError> {
    let mut failed = BTreeMap::new();
    let needs_list = asked.iter().any(|(_, questions)| !questions.auditors.is_empty());
    if needs_list && !cache.attestations.is_listed() {
        if let Err(error) = cache.list_attestations(deps, height).await {
            // Nothing is decided without them; the lowest bids are asked for nevertheless.
            let named = asked.iter().filter(|(_, questions)| !questions.auditors.is_empty());
            let failure = |(order, _): &(Order, Questions)| {
                (order.id, ChainError::Undecided(format!("attestations: {error}")))
            };
            failed.extend(named.map(failure));
        }
    }
    if cache.attestations.is_listed() {
        ask_auditors(deps, cache, height, asked, &mut failed).await;
    }
    ask_lowest(deps, cache, asked, &mut failed).await;
    failed
}

async fn ask_auditors(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    asked: &[(Order, Questions)],
    failed: &mut BTreeMap<OrderId, ChainError>,
) {
    let all = asked.iter().flat_map(|(_, questions)| &questions.auditors);
    let unknown: BTreeSet<String> =
        all.filter(|auditor| !cache.attestations.is_known(auditor)).cloned().collect();
    let market = deps.market.at(height);
    let ask = move |auditor: String| {
        let market = market.clone();
        async move {
            let answer = market.attestation(&auditor).await;
            (auditor, answer)
        }
    };
    let answers = stream::iter(unknown).map(ask).buffer_unordered(PARALLEL);
    let answers: Vec<_> = answers.collect().await;
    for (auditor, answer) in answers {
        match answer {
            Ok(record) => cache.attestations.set(&auditor, record),
            Err(error) => {
                let named = asked.iter().filter(|(_, q)| q.auditors.contains(&auditor));
                for (order, _) in named {
                    failed.insert(order.id, error.clone().into());
                }
            }
        }
    }
}

async fn ask_lowest(
    deps: &Deps,
    cache: &mut ChainCache,
    asked: &[(Order, Questions)],
    failed: &mut BTreeMap<OrderId, ChainError>,
) {
    let orders = asked.iter().filter(|(_, questions)| questions.lowest_bid);
    let orders: Vec<OrderId> = orders.map(|(order, _)| order.id).collect();
    let orderbook = deps.market.orderbook.clone();
    let ask = move |order: OrderId| {
        let orderbook = orderbook.clone();
        async move { (order, orderbook.lowest_bid(order).await) }
    };
    let answers: Vec<_> = stream::iter(orders).map(ask).buffer_unordered(PARALLEL).collect().await;
    for (id, answer) in answers {
        let Some((order, _)) = asked.iter().find(|(order, _)| order.id == id) else { continue };
        match answer {
            Ok(lowest) => {
                let best = lowest.map(|bid| BestBid { provider: bid.provider, price: bid.price });
                cache.set_best(order, best);
            }
            Err(error) => drop(failed.insert(id, error.into())),
        }
    }
}
