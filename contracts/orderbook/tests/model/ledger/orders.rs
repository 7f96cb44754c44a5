//! Orders, bids and leases as the books know them.

use souk_api::{
    defaults::ORDER_LIFETIME,
    escrow::ReserveChange,
    orderbook::{
        Absence, ExecuteMsg, NewDeployment, Quote,
        events::{DeploymentCreated, LeaseCreated, OrderbookEvent},
    },
};
use souk_core::{CloseReason, OrderId, Rate, time::HOUR};

use super::{quotes::LONGEST, *};
use crate::expected::Stream;

/// What providers pay of what they earn, in hundredths of a per cent.
pub(super) const TAKE: u16 = 200;

/// A deployment: what was asked for, by whom.
pub struct Deal {
    pub tenant: String,
    /// Whether it pays coins or tokens.
    pub held: usize,
    pub new: NewDeployment,
    /// Who may act for the tenant, and how much that may cost.
    pub delegate: Option<(String, Option<u128>)>,
}

pub struct Order {
    pub deployment: u64,
    /// Its group, counted from 0.
    pub group: usize,
    pub ceiling: u128,
    pub binds: bool,
    /// Who alone may bid, and who may not.
    pub allow: Vec<String>,
    pub refuse: Vec<String>,
    pub excluded: Vec<String>,
    /// What holds when its provider is not seen.
    pub absence: Option<Absence>,
    /// Neither leased nor closed.
    pub open: bool,
    /// Its last second, unless its auction binds.
    pub until: u64,
    pub bids: BTreeMap<String, Bid>,
    pub lease: Option<Lease>,
    /// Whether it was deleted.
    pub pruned: bool,
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
    pub quote: Option<Quoted>,
}

/// What a lease has of the quote that it came of.
#[derive(Clone, Copy, Debug)]
pub struct Quoted {
    pub nonce: u64,
    /// Whether it uses a slot, as a winning bid does.
    pub holds_slot: bool,
}

impl Order {
    /// Whether it has a lease or takes no bids any more, whether or not anyone recorded that.
    pub fn is_over(&self, now: u64) -> bool {
        !self.open || (!self.binds && now > self.until)
    }

    /// Whether a provider's slot is used by its bid or its lease.
    pub fn holds_slot(&self, provider: &str) -> bool {
        let by_quote = |lease: &Lease| {
            lease.provider == provider && lease.quote.is_some_and(|quote| quote.holds_slot)
        };
        self.bids.contains_key(provider) || self.lease.as_ref().is_some_and(by_quote)
    }

    /// Lets go of it.
    pub(super) fn free_slot(&mut self, provider: &str) {
        self.bids.remove(provider);
        if let Some(lease) = self.lease.as_mut().filter(|lease| lease.provider == provider)
            && let Some(quote) = &mut lease.quote
        {
            quote.holds_slot = false;
        }
    }

    /// What a lease of it lets go of the account's reserve.
    pub(super) fn released(&self) -> ReserveChange {
        if self.open { ReserveChange::Less(rate(self.ceiling)) } else { ReserveChange::NONE }
    }

    /// Whether it can be deleted: it ended, nothing uses a slot by it any more, and no quote can be used any more that
    /// was signed before its own was used.
    fn can_be_pruned(&self, now: u64) -> bool {
        let over = |lease: &Lease| {
            let free = lease.ended.is_some_and(|(_, free_at)| now >= free_at);
            let quote = lease
                .quote
                .is_none_or(|quote| (!quote.holds_slot || free) && now > lease.since + LONGEST);
            lease.ended.is_some() && quote
        };
        !self.pruned && !self.open && self.bids.is_empty() && self.lease.as_ref().is_none_or(over)
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
        if let ExecuteMsg::Prune { orders } = msg {
            self.prune(orders, &typed);
        }
        let ends = |event: &OrderbookEvent| matches!(event, OrderbookEvent::DeploymentClosed(_));
        self.ends_deployment = typed.iter().any(ends);
        for event in typed {
            self.of_event(market, from, msg, paid, event);
        }
    }

    /// What a message says of bids by itself.
    fn say_who_bids(&mut self, msg: &ExecuteMsg) {
        match msg {
            ExecuteMsg::PlaceBid { order, provider, price, .. } => {
                self.bid_placed(*order, provider, price.u128());
            }
            ExecuteMsg::LowerBid { order, provider, price } => {
                self.bid_lowered(*order, provider, price.u128());
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
                        order.free_slot(provider);
                    }
                }
            }
            ExecuteMsg::SetDelegate { deployment, delegate, limit } => {
                let limit = limit.map(|limit| limit.u128());
                let deal = self.deals.get_mut(&deployment.0).unwrap();
                deal.delegate = delegate.clone().map(|delegate| (delegate, limit));
            }
            _ => {}
        }
    }

    fn bid_placed(&mut self, order: OrderId, provider: &str, price: u128) {
        self.places += 1;
        let bid = Bid { price, place: self.places };
        let before = self.order(order.0).bids.insert(provider.to_owned(), bid);
        assert!(before.is_none(), "{provider} bids twice on {order}");
    }

    fn bid_lowered(&mut self, order: OrderId, provider: &str, price: u128) {
        self.places += 1;
        let place = self.places;
        let bid = self.order(order.0).bids.get_mut(provider).unwrap();
        assert!(price * 100 <= bid.price * 99, "{price} is lower by 1 % than {bid:?}");
        *bid = Bid { price, place };
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
                let (ExecuteMsg::CreateDeployment(new)
                | ExecuteMsg::CreateWithQuotes { deployment: new, .. }) = msg
                else {
                    panic!("{msg:?} creates {deployment}");
                };
                let (tenant_of, new) = (tenant.clone(), new.clone());
                let limit = new.delegate_limit.map(|limit| limit.u128());
                let delegate = new.delegate.clone().map(|delegate| (delegate, limit));
                let deal = Deal { tenant: tenant_of, held, new, delegate };
                self.deals.insert(deployment.0, deal);
                let who = self.person(&tenant);
                let new = Account::new(who, units, 0, self.now);
                self.accounts.insert(deployment.0, (held, new));
                self.moves(held, from, market.escrow.as_str(), units);
            }
            OrderbookEvent::OrderOpened(opened) => {
                let shown = market.order_of(opened.order);
                let order = Order {
                    deployment: opened.deployment.0,
                    group: opened.group.0 as usize - 1,
                    ceiling: opened.ceiling.u128(),
                    binds: opened.closes_at.is_some(),
                    allow: shown.allow,
                    refuse: shown.refuse,
                    excluded: shown.excluded,
                    absence: shown.absence,
                    open: true,
                    until: self.now + ORDER_LIFETIME,
                    bids: BTreeMap::new(),
                    lease: None,
                    pruned: false,
                };
                let more = ReserveChange::More(opened.ceiling.into());
                self.account(opened.deployment.0).reserve(more);
                assert!(self.orders.insert(opened.order.0, order).is_none(), "numbers are new");
            }
            OrderbookEvent::OrderClosed(closed) => self.end_order(closed.order.0),
            OrderbookEvent::BidPlaced(placed) if matches!(msg, ExecuteMsg::PlaceBids { .. }) => {
                self.presence.see(&placed.provider, (self.now, self.height));
                self.bid_placed(placed.order, &placed.provider, placed.price.u128());
            }
            OrderbookEvent::BidLowered(lower) if matches!(msg, ExecuteMsg::PlaceBids { .. }) => {
                self.bid_lowered(lower.order, &lower.provider, lower.price.u128());
            }
            OrderbookEvent::BidDisqualified(gone) => {
                let order = self.order(gone.order.0);
                let leader = order.leader().map(|(provider, _)| provider.clone());
                assert_eq!(leader.as_ref(), Some(&gone.provider), "from the lowest up");
                order.bids.remove(&gone.provider);
            }
            OrderbookEvent::LeaseCreated(created) => {
                self.begin_lease(msg, &created);
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

    fn begin_lease(&mut self, msg: &ExecuteMsg, created: &LeaseCreated) {
        let id = created.order.0;
        let (chosen, price, quote) = match msg {
            ExecuteMsg::AcceptBid { provider, max_price, .. } => {
                let order = self.order(id);
                assert!(!order.binds, "nobody accepts in an auction");
                assert!(order.bids[provider].price <= max_price.u128());
                (provider.clone(), order.bids[provider].price, None)
            }
            ExecuteMsg::CreateWithQuotes { deployment, quotes } => {
                let group = created.group.0 as usize - 1;
                self.leased(created, deployment);
                (quotes[group].provider.clone(), quotes[group].price.u128(), Some(&quotes[group]))
            }
            ExecuteMsg::AcceptQuote { quote, .. } => {
                (quote.provider.clone(), quote.price.u128(), Some(quote))
            }
            _ => {
                let (leader, bid) = self.order(id).leader().unwrap();
                (leader.clone(), bid.price, None)
            }
        };
        let own = (&chosen, price, quote.map(|quote| quote.nonce));
        let shown = (&created.provider, created.price.u128(), created.nonce);
        assert_eq!(shown, own, "who wins {id}");
        if let Some(quote) = quote {
            self.use_quote(id, quote);
        }
        let payee = self.payee(&chosen);
        let payee = self.person(&payee);
        let (now, height) = (self.now, self.height);
        let order = self.order(id);
        let (deployment, less) = (order.deployment, order.released());
        order.open = false;
        // A bid of its own has become the lease.
        if quote.is_some() {
            order.bids.remove(&chosen);
        }
        let quoted = |quote: &Quote| Quoted { nonce: quote.nonce, holds_slot: true };
        order.lease = Some(Lease {
            provider: chosen,
            price,
            since: now,
            since_block: height,
            announced: None,
            ended: None,
            quote: quote.map(quoted),
        });
        let hold = order.absence.map_or(0, |absence| absence.limit);
        let stream = Stream::new(payee, price, TAKE, hold);
        let carried = self.account(deployment).open(id, stream, less, HOUR);
        assert!(carried.is_ok(), "{id} is not carried for the least runway");
    }

    /// An order that is a lease from its first second on, and never reserved anything.
    fn leased(&mut self, created: &LeaseCreated, new: &NewDeployment) {
        let group = created.group.0 as usize - 1;
        let order = Order {
            deployment: created.deployment.0,
            group,
            ceiling: new.groups[group].ceiling.u128(),
            binds: false,
            allow: new.allow.clone(),
            refuse: new.refuse.clone(),
            excluded: Vec::new(),
            absence: Some(new.absence.unwrap_or_default()),
            open: false,
            until: self.now,
            bids: BTreeMap::new(),
            lease: None,
            pruned: false,
        };
        assert!(self.orders.insert(created.order.0, order).is_none(), "numbers are new");
    }

    /// What can be deleted is, and nothing else.
    fn prune(&mut self, asked: &[OrderId], events: &[OrderbookEvent]) {
        let pruned = |event: &OrderbookEvent| match event {
            OrderbookEvent::OrderPruned(pruned) => Some(pruned.order),
            _ => None,
        };
        let pruned: BTreeSet<_> = events.iter().filter_map(pruned).collect();
        let now = self.now;
        let can =
            |id: &&OrderId| self.orders.get(&id.0).is_some_and(|order| order.can_be_pruned(now));
        let expected: BTreeSet<_> = asked.iter().filter(can).copied().collect();
        assert_eq!(pruned, expected, "what is pruned at {now}");
        for id in expected {
            let order = self.order(id.0);
            order.pruned = true;
            // Who deletes a lease lets go of its slot.
            if let Some(quote) = order.lease.as_mut().and_then(|lease| lease.quote.as_mut()) {
                quote.holds_slot = false;
            }
            self.quotes.forget(id.0);
        }
    }

    /// An order ends without a lease.
    fn end_order(&mut self, id: u64) {
        let order = self.order(id);
        assert!(std::mem::take(&mut order.open), "{id} ends once");
        let (deployment, ceiling) = (order.deployment, order.ceiling);
        self.account(deployment).reserve(ReserveChange::Less(rate(ceiling)));
    }

    /// Slots in use of each provider: its bids that were not taken back, released or disqualified, and leases
    /// by its quotes.
    pub fn slots(&self, provider: &str) -> usize {
        self.orders.values().filter(|order| order.holds_slot(provider)).count()
    }
}
