//! Orders, bids and leases as the books know them.

use souk_api::{
    defaults::ORDER_LIFETIME,
    escrow::ReserveChange,
    orderbook::{
        Absence, ExecuteMsg,
        events::{DeploymentCreated, OrderbookEvent},
    },
};
use souk_core::{CloseReason, Rate, time::HOUR};

use super::*;
use crate::expected::Stream;

/// What providers pay of what they earn, in hundredths of a per cent.
const TAKE: u16 = 200;

pub struct Order {
    pub deployment: u64,
    pub ceiling: u128,
    pub binds: bool,
    /// What holds when its provider is not seen.
    pub absence: Option<Absence>,
    /// Neither leased nor closed.
    pub open: bool,
    /// Its last second, unless its auction binds.
    pub until: u64,
    pub bids: BTreeMap<String, Bid>,
    pub lease: Option<Lease>,
}

/// A bid: the lowest leads, of equal ones the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bid {
    pub price: u128,
    pub place: u64,
}

#[derive(Clone, Debug)]
pub struct Lease {
    pub provider: String,
    pub price: u128,
    pub since: u64,
    /// In which block.
    pub since_block: u64,
    /// For what its provider takes it back.
    pub announced: Option<CloseReason>,
    /// When it ended, and from when on its slot is free.
    pub ended: Option<(u64, u64)>,
}

impl Order {
    /// Whether it has a lease or takes no bids any more, whether or not anyone recorded that.
    pub fn is_over(&self, now: u64) -> bool {
        !self.open || (!self.binds && now > self.until)
    }

    /// The bid that leads.
    pub fn leader(&self) -> Option<(&String, &Bid)> {
        self.bids.iter().min_by_key(|(_, bid)| **bid)
    }
}

fn rate(units: u128) -> Rate {
    Rate::new(units).unwrap()
}

impl Ledger {
    pub(super) fn of_orderbook(
        &mut self,
        market: &Market,
        from: &str,
        msg: &ExecuteMsg,
        paid: Option<(usize, u128)>,
        events: &[Event],
    ) {
        self.say_who_bids(msg);
        let address = market.orderbook.as_str();
        let read =
            |event: &Event| OrderbookEvent::from_chain(&event.ty, &event.attributes, address);
        let mut typed: Vec<OrderbookEvent> =
            events.iter().filter_map(read).map(Result::unwrap).collect();
        // A deployment begins before its orders, and ends after them.
        typed.sort_by_key(|event| match event {
            OrderbookEvent::DeploymentCreated(_) => 0,
            OrderbookEvent::DeploymentClosed(_) => 2,
            _ => 1,
        });
        let ends = |event: &OrderbookEvent| matches!(event, OrderbookEvent::DeploymentClosed(_));
        self.ends_deployment = typed.iter().any(ends);
        for event in typed {
            self.of_event(market, from, msg, paid, event);
        }
    }

    /// What a message says of bids by itself.
    fn say_who_bids(&mut self, msg: &ExecuteMsg) {
        self.places += 1;
        let place = self.places;
        match msg {
            ExecuteMsg::PlaceBid { order, provider, price, .. } => {
                let bid = Bid { price: price.u128(), place };
                let before = self.order(order.0).bids.insert(provider.clone(), bid);
                assert!(before.is_none(), "{provider} bids twice on {order}");
            }
            ExecuteMsg::LowerBid { order, provider, price } => {
                let bid = self.order(order.0).bids.get_mut(provider).unwrap();
                assert!(
                    price.u128() * 100 <= bid.price * 99,
                    "{price} is lower by 1 % than {bid:?}"
                );
                *bid = Bid { price: price.u128(), place };
            }
            ExecuteMsg::WithdrawBid { order, provider } => {
                let order = self.order(order.0);
                assert!(order.open && !order.binds, "a bid that binds is not taken back");
                order.bids.remove(provider).unwrap();
            }
            ExecuteMsg::ReleaseBids { provider, orders } => {
                let now = self.now;
                for id in orders {
                    let Some(order) = self.orders.get_mut(&id.0).filter(|one| one.is_over(now))
                    else {
                        continue;
                    };
                    let own = order.lease.as_ref().filter(|lease| lease.provider == *provider);
                    let free = own.is_none_or(|lease| lease.ended.is_some_and(|at| now >= at.1));
                    if free {
                        order.bids.remove(provider);
                    }
                }
            }
            _ => {}
        }
    }

    fn order(&mut self, id: u64) -> &mut Order {
        self.orders.get_mut(&id).unwrap_or_else(|| panic!("no order {id}"))
    }

    fn account(&mut self, deployment: u64) -> &mut Account {
        self.touched.insert(deployment);
        &mut self.accounts.get_mut(&deployment).unwrap().1
    }

    fn of_event(
        &mut self,
        market: &Market,
        from: &str,
        msg: &ExecuteMsg,
        paid: Option<(usize, u128)>,
        event: OrderbookEvent,
    ) {
        match event {
            OrderbookEvent::DeploymentCreated(DeploymentCreated { deployment, tenant, .. }) => {
                let (held, units) = paid.unwrap();
                assert_eq!(tenant, from, "whoever pays is the tenant");
                let who = self.person(&tenant);
                let new = Account::new(who, units, 0, self.now);
                self.accounts.insert(deployment.0, (held, new));
                self.moves(held, from, market.escrow.as_str(), units);
            }
            OrderbookEvent::OrderOpened(opened) => {
                let order = Order {
                    deployment: opened.deployment.0,
                    ceiling: opened.ceiling.u128(),
                    binds: opened.closes_at.is_some(),
                    absence: market.order_of(opened.order).absence,
                    open: true,
                    until: self.now + ORDER_LIFETIME,
                    bids: BTreeMap::new(),
                    lease: None,
                };
                let more = ReserveChange::More(opened.ceiling.into());
                self.account(opened.deployment.0).reserve(more);
                assert!(self.orders.insert(opened.order.0, order).is_none(), "numbers are new");
            }
            OrderbookEvent::OrderClosed(closed) => self.end_order(closed.order.0),
            OrderbookEvent::BidDisqualified(gone) => {
                let order = self.order(gone.order.0);
                let leader = order.leader().map(|(provider, _)| provider.clone());
                assert_eq!(leader.as_ref(), Some(&gone.provider), "from the lowest up");
                order.bids.remove(&gone.provider);
            }
            OrderbookEvent::LeaseCreated(created) => {
                let id = created.order.0;
                let (chosen, bid) = match msg {
                    ExecuteMsg::AcceptBid { provider, max_price, .. } => {
                        let order = self.order(id);
                        assert!(!order.binds, "nobody accepts in an auction");
                        assert!(order.bids[provider].price <= max_price.u128());
                        (provider.clone(), order.bids[provider])
                    }
                    _ => {
                        let order = self.order(id);
                        let (leader, bid) = order.leader().unwrap();
                        (leader.clone(), *bid)
                    }
                };
                let price = created.price.u128();
                assert_eq!((&created.provider, price), (&chosen, bid.price), "who wins {id}");
                let payee = self.payee(&chosen);
                let payee = self.person(&payee);
                let (now, height) = (self.now, self.height);
                let order = self.order(id);
                let (deployment, ceiling) = (order.deployment, order.ceiling);
                order.open = false;
                order.lease = Some(Lease {
                    provider: chosen,
                    price,
                    since: now,
                    since_block: height,
                    announced: None,
                    ended: None,
                });
                let hold = order.absence.map_or(0, |absence| absence.limit);
                let stream = Stream::new(payee, price, TAKE, hold);
                let less = ReserveChange::Less(rate(ceiling));
                let carried = self.account(deployment).open(id, stream, less, HOUR);
                assert!(carried.is_ok(), "{id} is not carried for the least runway");
            }
            OrderbookEvent::LeaseReclaiming(taken) => {
                let lease = self.order(taken.order.0).lease.as_mut().unwrap();
                assert!(lease.announced.replace(taken.reason).is_none(), "announced once");
            }
            OrderbookEvent::LeaseClosed(closed) => self.end_lease(from, msg, &closed),
            OrderbookEvent::DeploymentClosed(closed) => {
                let left = self.orders.values().filter(|one| one.deployment == closed.deployment.0);
                assert_eq!(left.filter(|order| order.open).count(), 0, "its orders end before");
                self.account(closed.deployment.0).close(&[]).unwrap();
            }
            _ => {}
        }
    }

    /// An order ends without a lease.
    fn end_order(&mut self, id: u64) {
        let order = self.order(id);
        assert!(std::mem::take(&mut order.open), "{id} ends once");
        let (deployment, ceiling) = (order.deployment, order.ceiling);
        self.account(deployment).reserve(ReserveChange::Less(rate(ceiling)));
    }

    /// Slots in use of each provider: its bids that were not taken back, released or disqualified.
    pub fn slots(&self, provider: &str) -> usize {
        self.orders.values().filter(|order| order.bids.contains_key(provider)).count()
    }
}
