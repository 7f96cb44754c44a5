//! What must hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use souk_api::{
    defaults::MIN_RUNWAY,
    escrow,
    orderbook::{
        BidState, DeploymentResponse, DeploymentState, DeploymentsResponse, GroupState,
        LeaseResponse, LeaseState, MAX_EXCLUDED, MAX_ROUNDS, MAX_STARTS, OrderResponse, OrderState,
        QueryMsg,
    },
};

use souk_core::{DeploymentId, OrderId};

use super::steps::{PROVIDERS, Play};
use crate::market::*;

/// Bank, escrow and orderbook agree with one another and with themselves.
pub fn check(play: &Play, when: &str) {
    bank(play, when);
    let orders = play.all_orders();
    let keys = Keys::of(play);
    bids(play, &orders, &keys, when);
    deployments(play, &orders, &keys, when);
}

fn bank(play: &Play, when: &str) {
    let market = &play.market;
    let held: u128 = play.everyone.iter().map(|who| market.balance(who)).sum();
    assert_eq!(held, market.minted, "coins are neither lost nor made; {when}");
    assert_eq!(market.balance(&market.orderbook), 0, "coins do not rest here; {when}");
    let totals: escrow::TotalsResponse = market
        .app
        .wrap()
        .query_wasm_smart(&market.escrow, &escrow::QueryMsg::Totals { denom: usouk() })
        .unwrap();
    let owed = totals.held.u128() + totals.fees.u128();
    assert_eq!(market.balance(&market.escrow), owed, "the escrow owes what it has; {when}");
}

/// Slots in use are bid records; the index lists each bid once, the lowest first.
fn bids(play: &Play, orders: &[OrderResponse], keys: &Keys, when: &str) {
    let market = &play.market;
    let mut used: BTreeMap<String, u32> = BTreeMap::new();
    let mut active: BTreeMap<String, u32> = BTreeMap::new();
    let (mut records, mut leases) = (0, 0);
    for order in orders {
        if order.state == OrderState::Open {
            let (allow, refuse) = &play.lists[&order.id];
            assert_eq!(
                (allow, refuse),
                (&order.allow, &order.refuse),
                "it keeps its lists; {when}"
            );
        }
        let bids = market.bids(order.id);
        records += bids.len();
        let places: Vec<_> = bids.iter().map(|bid| (bid.price, bid.position)).collect();
        assert!(places.is_sorted(), "{places:?}; {when}");
        let bidders: BTreeSet<_> = bids.iter().map(|bid| &bid.provider).collect();
        assert_eq!(bidders.len(), bids.len(), "one bid for each provider; {when}");
        let winners = bids.iter().filter(|bid| bid.state == BidState::Active).count();
        assert!(winners <= 1, "{when}");
        for bid in &bids {
            *used.entry(bid.provider.clone()).or_default() += 1;
            let open = order.state == OrderState::Open;
            assert_eq!(bid.state == BidState::Open, open, "{when}");
        }
        if let Ok(lease) = market.query::<LeaseResponse>(&QueryMsg::Lease { order: order.id }) {
            leases += 1;
            if lease.state == LeaseState::Reclaiming {
                // What was announced changes nothing of the pay.
                let stream = market.stream(order.group.deployment, order.id);
                assert!(stream.open && stream.rate == lease.price, "{when}");
                assert!(lease.reclaim.is_some_and(|reclaim| !reclaim.ended), "{when}");
            }
            if lease.state.runs() {
                *active.entry(lease.provider).or_default() += 1;
                assert_eq!(order.state, OrderState::Active, "{when}");
                assert_eq!(winners, 1, "a running lease keeps its slot; {when}");
            }
        }
    }
    for name in PROVIDERS {
        let stats = market.stats_of(name);
        let count = |of: &BTreeMap<String, u32>| of.get(&stats.provider).copied().unwrap_or(0);
        assert_eq!(stats.used, count(&used), "slots of {name}; {when}");
        assert_eq!(stats.active, count(&active), "leases of {name}; {when}");
        let breaches = play.breaches.get(&stats.provider).copied().unwrap_or(0);
        assert_eq!(stats.breaches, breaches, "breaches of {name}; {when}");
        let ended: u64 = stats.closed.iter().map(|(_, count)| count).sum();
        assert_eq!(stats.won, u64::from(stats.active) + ended, "history of {name}; {when}");
    }
    for (namespace, count) in [(b't', records), (b'x', records), (b'l', leases)] {
        assert_eq!(keys.under(namespace), count, "keys of `{}`; {when}", char::from(namespace));
    }
}

/// Each group has one order that counts; account and streams are those of the leases.
fn deployments(play: &Play, orders: &[OrderResponse], keys: &Keys, when: &str) {
    let market = &play.market;
    let all = every_deployment(market);
    assert_eq!(keys.under(b'w'), keys.under(b'd'), "the tenants' index; {when}");
    for deployment in all {
        let closed = deployment.state == DeploymentState::Closed;
        let account = market.account(deployment.id);
        assert_eq!(account.closed, closed, "{when}");
        let (mut rate, mut reserved, mut streams) = (0, 0, 0);
        let own = orders.iter().filter(|order| order.group.deployment == deployment.id);
        for order in own {
            let latest = deployment.groups.iter().any(|group| group.order == order.id);
            let recorded_open = order.state == OrderState::Open;
            if order.state == OrderState::Active {
                let lease = market.lease_of(order.id);
                rate += lease.price.u128();
                streams += 1;
                assert!(market.stream(deployment.id, order.id).open, "{when}");
            }
            // Past its end an order still counts, until that is recorded: then its group rests.
            let of_its_group = deployment.groups.iter().find(|one| one.order == order.id);
            let waits = of_its_group.is_some_and(|group| group.state == GroupState::Open)
                && order.state == OrderState::Closed
                && !had_lease(market, order.id);
            let says = if recorded_open || waits { order.spec.ceiling.u128() } else { 0 };
            assert_eq!(order.reserved.u128(), says, "reserve of order {}; {when}", order.id);
            reserved += order.reserved.u128();
            let rests = deployment
                .groups
                .iter()
                .any(|group| group.seq == order.group.group && group.state != GroupState::Open);
            assert!(latest || order.state == OrderState::Closed, "{when}");
            assert!(!rests || order.state == OrderState::Closed, "what rests has no order; {when}");
            assert!(!closed || order.state == OrderState::Closed, "{when}");
        }
        for group in &deployment.groups {
            let found = orders.iter().find(|order| order.id == group.order);
            if group.state == GroupState::Open {
                let order = found.unwrap_or_else(|| panic!("{group:?} has an order; {when}"));
                // What expired is closed, though nobody recorded it.
                let expired = market.now() > order.expires_at && order.closes_at.is_none();
                let lives = matches!(order.state, OrderState::Open | OrderState::Active);
                assert!(lives || expired, "an open group's order is open or leased; {when}");
            }
            assert!(group.excluded.len() <= MAX_EXCLUDED, "{when}");
            assert!(group.rounds <= MAX_ROUNDS.into(), "{when}");
            assert!(group.starts <= MAX_STARTS.into(), "{when}");
        }
        assert_eq!(account.streams, streams, "{when}");
        assert_eq!(account.clock.rate.u128(), rate, "rates of {}; {when}", deployment.id);
        assert_eq!(account.reserved.u128(), reserved, "reserve of {}; {when}", deployment.id);
    }
}

fn had_lease(market: &Market, order: OrderId) -> bool {
    market.query::<LeaseResponse>(&QueryMsg::Lease { order }).is_ok()
}

/// Which open accounts last for the least runway at all they pay and reserve.
pub fn covered(play: &Play) -> BTreeMap<DeploymentId, Cover> {
    let market = &play.market;
    let open = |one: &DeploymentResponse| one.state == DeploymentState::Active;
    let cover = |one: DeploymentResponse| {
        let account = market.account(one.id);
        let burden = account.clock.rate.u128() + account.reserved.u128();
        let left = account.clock.remaining >= burden * u128::from(MIN_RUNWAY);
        let spends = account.clock.rate.u128() > 0;
        (one.id, Cover { carried: left && account.clock.depleted_since.is_none(), spends })
    };
    every_deployment(market).into_iter().filter(open).map(cover).collect()
}

/// Whether an account carries what it pays and reserves, and whether anything runs that spends.
#[derive(Clone, Copy, Debug)]
pub struct Cover {
    pub carried: bool,
    pub spends: bool,
}

/// Nothing takes an account's cover but what its own leases spend as time passes; and what is opened is
/// covered then.
pub fn check_cover(
    before: &BTreeMap<DeploymentId, Cover>,
    after: &BTreeMap<DeploymentId, Cover>,
    passed: bool,
    opened: &[DeploymentId],
    when: &str,
) {
    for (id, cover) in after {
        let known = before.get(id);
        if known.is_some_and(|known| known.carried && !(passed && known.spends)) {
            assert!(cover.carried, "{id} lost its cover; {when}");
        }
        if opened.contains(id) {
            assert!(cover.carried, "{id} opened an order without cover; {when}");
        }
    }
}

fn every_deployment(market: &Market) -> Vec<DeploymentResponse> {
    let mut all: Vec<DeploymentResponse> = Vec::new();
    loop {
        let start_after = all.last().map(|deployment| deployment.id);
        let msg = QueryMsg::Deployments {
            tenant: None,
            start_after,
            limit: Some(souk_api::paging::MAX_LIMIT),
        };
        let page: DeploymentsResponse = market.query(&msg).unwrap();
        if page.deployments.is_empty() {
            return all;
        }
        all.extend(page.deployments);
    }
}

/// At the end the orderbook holds its configuration, counters and providers' stats alone, and
/// the escrow no coin.
pub fn check_nothing_is_left(play: &Play) {
    let keys = Keys::of(play);
    for namespace in [b'd', b'w', b'g', b's', b'o', b't', b'x', b'l'] {
        assert_eq!(keys.under(namespace), 0, "keys of `{}`", char::from(namespace));
    }
    let market = &play.market;
    assert_eq!(market.balance(&market.escrow), 0, "every coin is back");
}

/// The orderbook's raw keys.
struct Keys(Vec<Vec<u8>>);

impl Keys {
    fn of(play: &Play) -> Self {
        Self(play.market.storage().into_keys().collect())
    }

    fn under(&self, namespace: u8) -> usize {
        let prefix = [0, 1, namespace];
        self.0.iter().filter(|key| key.starts_with(&prefix)).count()
    }
}
