//! What the contracts show, read again where something changed.

use std::collections::{BTreeMap, BTreeSet};

use souk_api::orderbook::{
    BidResponse, BidsResponse, DeploymentResponse, LeaseResponse, OrderResponse, OrderState,
    ProviderStatsResponse, QueryMsg,
};
use souk_core::{DeploymentId, OrderId};

use crate::{market::*, steps::PROVIDERS};

/// An order with its bids and its lease.
pub struct Seen {
    pub order: OrderResponse,
    pub bids: Vec<BidResponse>,
    pub lease: Option<LeaseResponse>,
}

#[derive(Default)]
pub struct View {
    pub orders: BTreeMap<OrderId, Seen>,
    pub deployments: BTreeMap<DeploymentId, DeploymentResponse>,
    pub stats: BTreeMap<&'static str, ProviderStatsResponse>,
    /// What was read again the last time.
    pub changed: BTreeSet<DeploymentId>,
    raw: BTreeMap<Vec<u8>, Vec<u8>>,
    seen_at: u64,
}

impl View {
    /// Reads all again of which a record changed, or which time changes; or everything.
    pub fn look(&mut self, market: &Market, everything: bool) {
        let raw = market.storage();
        self.changed.clear();
        if everything {
            *self = Self::default();
        }
        let mut changed: Vec<&Vec<u8>> = Vec::new();
        let gone = self.raw.keys().filter(|key| !raw.contains_key(*key));
        changed.extend(gone);
        let new = raw.iter().filter(|(key, value)| self.raw.get(*key) != Some(value));
        changed.extend(new.map(|(key, _)| key));
        let (mut orders, mut deployments, mut stats) = (BTreeSet::new(), BTreeSet::new(), false);
        for key in changed {
            let Some([namespace, rest @ ..]) = key.strip_prefix(&[0, 1]) else { continue };
            match namespace {
                b'o' => orders.extend(number(rest)),
                b't' | b'x' => orders.extend(rest.strip_prefix(&[0, 8]).and_then(number)),
                b'l' => orders.extend(rest.last_chunk::<8>().and_then(|last| number(last))),
                b'd' => deployments.extend(number(rest)),
                b'g' | b's' => deployments.extend(rest.strip_prefix(&[0, 8]).and_then(number)),
                b'w' => deployments.extend(rest.last_chunk::<8>().and_then(|last| number(last))),
                b'b' => stats = true,
                _ => {}
            }
        }
        // An order whose time is over shows as closed, and a notice lapses.
        let (now, seen_at) = (market.now(), self.seen_at);
        let timed = self.orders.values().filter(|seen| {
            let expires = seen.order.expires_at;
            let ends = seen.order.state == OrderState::Open && (seen_at..now).contains(&expires);
            let noticed = seen.lease.as_ref().is_some_and(|lease| lease.reclaim.is_some());
            ends || (noticed && now > seen_at)
        });
        orders.extend(timed.map(|seen| seen.order.id.0));
        for id in orders {
            self.look_at_order(market, OrderId(id));
        }
        self.changed.extend(deployments.into_iter().map(DeploymentId));
        for id in self.changed.clone() {
            let _ = match market.query(&QueryMsg::Deployment { deployment: id }) {
                Ok(shown) => self.deployments.insert(id, shown),
                Err(_) => self.deployments.remove(&id),
            };
        }
        if stats || self.stats.is_empty() {
            self.stats = PROVIDERS.map(|name| (name, market.stats_of(name))).into();
        }
        (self.raw, self.seen_at) = (raw, now);
    }

    fn look_at_order(&mut self, market: &Market, id: OrderId) {
        let before = self.orders.remove(&id);
        self.changed.extend(before.map(|seen| seen.order.group.deployment));
        let Ok(order) = market.query::<OrderResponse>(&QueryMsg::Order { order: id }) else {
            return;
        };
        self.changed.insert(order.group.deployment);
        // As they are listed; by price where the order says nothing.
        let limit = Some(souk_api::paging::MAX_LIMIT);
        let msg = QueryMsg::Bids { order: id, start_after: None, after: None, limit };
        let mut bids = market.query::<BidsResponse>(&msg).unwrap().bids;
        if order.closes_at.is_none() {
            bids.sort_by_key(|bid| (bid.price, bid.position));
        }
        let lease = market.query(&QueryMsg::Lease { order: id }).ok();
        self.orders.insert(id, Seen { order, bids, lease });
    }

    /// How many raw keys a namespace has.
    pub fn under(&self, namespace: u8) -> usize {
        let prefix = [0, 1, namespace];
        self.raw.keys().filter(|key| key.starts_with(&prefix)).count()
    }

    /// Orders of a deployment.
    pub fn orders_of(&self, id: DeploymentId) -> impl Iterator<Item = &Seen> {
        self.orders.values().filter(move |seen| seen.order.group.deployment == id)
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk::<8>().map(|first| u64::from_be_bytes(*first))
}
