//! What the players do.

use std::collections::{BTreeMap, BTreeSet};

use cosmwasm_std::Addr;
use cw_multi_test::AppResponse;
use proptest::prelude::*;
use souk_api::{
    attestations,
    defaults::{MANIFEST_TIMEOUT, MIN_DEPOSIT, MIN_RUNWAY},
    escrow,
    orderbook::{
        ConfigResponse, DenomConfig, DeploymentResponse, ExecuteMsg, GroupState, LeaseResponse,
        MAX_ORDERS, OrderResponse, OrderState, OrdersResponse, QueryMsg, Reclamation,
        events::{BidPlaced, GroupChanged, LeaseClosed, LeaseReclaiming, OrderOpened},
    },
    paging::MAX_LIMIT,
    registry,
};
use souk_contract_std::pause::LONGEST;
use souk_core::{
    AccountId, CloseReason, DeploymentId, OrderId, SignedBy,
    time::{DAY, HOUR},
};

use crate::market::{GroupAction::*, *};

pub const TENANTS: [&str; 3] = ["ann", "bob", "cyd"];
pub const PROVIDERS: [&str; 4] = ["p0", "p1", "p2", "p3"];

/// One random step: what is done, by whom, to which thing, with how much.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub what: u8,
    pub who: u8,
    pub which: u8,
    pub units: u16,
}

/// Any step.
pub fn any_step() -> impl Strategy<Value = Step> {
    let parts = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u16>());
    parts.prop_map(|(what, who, which, units)| Step { what, who, which, units })
}

/// A market with players, and what it saw.
pub struct Play {
    pub market: Market,
    /// Every lease that ever was: its stream may owe something.
    pub streams: BTreeSet<(DeploymentId, OrderId)>,
    pub accounts: BTreeSet<DeploymentId>,
    pub orders: BTreeSet<OrderId>,
    /// Everyone who may hold coins.
    pub everyone: Vec<Addr>,
    /// Breaches of each provider, by the events.
    pub breaches: BTreeMap<String, u64>,
    /// Until when, in time and in blocks, leases run whose providers announced to take them back.
    notices: BTreeMap<OrderId, (u64, u64)>,
    /// When they announced it.
    announced: BTreeMap<OrderId, u64>,
    /// When the market was stopped, and until when.
    stops: Vec<(u64, u64)>,
    /// Since when it is, and when that ends by itself.
    stop: Option<(u64, Option<u64>)>,
    /// The lists with which each order was opened.
    pub lists: BTreeMap<OrderId, (Vec<String>, Vec<String>)>,
    /// Deployments of which the last step opened an order.
    pub opened: Vec<DeploymentId>,
    /// Whether the last step let time pass.
    pub passed: bool,
    names: BTreeMap<String, &'static str>,
    counts: BTreeMap<String, usize>,
}

type Done = Result<(), String>;

impl Play {
    /// Four providers with three slots each.
    pub fn begin() -> Self {
        // An hour is six blocks.
        let mut market = Market::with(|set_up| set_up.params.slowest_block = 600_000);
        let (owner, registry) = (market.owner.clone(), market.registry.clone());
        let msg = registry::ExecuteMsg::UpdateConfig {
            guardian: None,
            orderbook: None,
            min_bond: Some(amount(SLOT)),
            slashers: None,
            slashing: None,
            slash_receiver: None,
            change_delay: None,
        };
        market.call(&owner, &registry, &msg, 0).unwrap();
        let until = market.now() + 300 * DAY;
        for name in PROVIDERS {
            let provider = market.provider_with(name, 5, &[eu()]);
            market.attest("auditor", &provider, &[eu()], until);
        }
        let names = TENANTS.into_iter().chain(PROVIDERS);
        let names = names.map(|name| (market.who(name).into(), name)).collect();
        Self {
            everyone: everyone(&market),
            names,
            market,
            streams: BTreeSet::new(),
            accounts: BTreeSet::new(),
            orders: BTreeSet::new(),
            breaches: BTreeMap::new(),
            notices: BTreeMap::new(),
            announced: BTreeMap::new(),
            stops: Vec::new(),
            stop: None,
            lists: BTreeMap::new(),
            opened: Vec::new(),
            passed: false,
            counts: BTreeMap::new(),
        }
    }

    /// How often an event was seen.
    pub fn seen(&self, kind: &str) -> usize {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    pub fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    /// Every order.
    pub fn all_orders(&self) -> Vec<OrderResponse> {
        let mut all: Vec<OrderResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|order| order.id);
            let msg = QueryMsg::Orders { start_after, limit: Some(MAX_LIMIT) };
            let page: OrdersResponse = self.market.query(&msg).unwrap();
            if page.orders.is_empty() {
                return all;
            }
            all.extend(page.orders);
        }
    }

    /// Does what the step says, if the contracts let it.
    pub fn act(&mut self, step: Step) -> Done {
        let began = self.market.now();
        self.opened.clear();
        let done = self.try_to(step);
        self.passed = self.market.now() > began;
        done
    }

    fn try_to(&mut self, step: Step) -> Done {
        let Step { what, who, which, units } = step;
        let tenant = TENANTS[usize::from(who) % TENANTS.len()];
        let provider = PROVIDERS[usize::from(who) % PROVIDERS.len()];
        let Some(order) = self.pick_order(which) else {
            // A market that takes nothing does so until time passes.
            return self.create(tenant, which, units).or_else(|_| self.pass(units));
        };
        let (id, deployment) = (order.id, order.group.deployment);
        let price = order.spec.ceiling.u128() * (1 + u128::from(units) % 100) / 100;
        let tenant = self.name_of(&order.tenant);
        match what % 40 {
            0 | 1 => self.create(tenant, which, units),
            2..=9 => self.attempt(|market| market.place(provider, id, price)),
            10 | 11 => {
                let (name, price) = self.bidder(id, who).unwrap_or((provider, price));
                let lower = price - price * u128::from(units % 20) / 100;
                self.attempt(|market| market.lower(name, id, lower.max(1)))
            }
            12 => {
                let name = self.bidder(id, who).map_or(provider, |(name, _)| name);
                self.attempt(|market| market.withdraw(name, id))
            }
            13..=15 => {
                let lowest = self.market.bids(id).first().map(|bid| bid.provider.clone());
                let winner = lowest.map_or(provider, |address| self.name_of(&address));
                self.attempt(|market| market.accept(tenant, id, winner, 1_000_000))?;
                self.streams.insert((deployment, id));
                Ok(())
            }
            16 if units % 4 == 0 => self.attempt(|market| market.tenant_closes(tenant, id)),
            // As soon as it may.
            16 if units % 4 == 2 => {
                self.market.blocks(60, MANIFEST_TIMEOUT);
                let name = self.holder(id).unwrap_or(provider);
                let reason = CloseReason::ManifestTimeout;
                self.attempt(|market| market.provider_closes(name, id, reason))
            }
            16 => self.attempt(|market| market.tenant_excludes(tenant, id)),
            17 if units % 8 == 0 => {
                let (add, remove) = PROVIDERS.split_at(usize::from(who) % 3);
                self.attempt(|market| market.set_excluded(tenant, deployment, add, remove))
            }
            17 => {
                let reason = CloseReason::ALL[1 + usize::from(units) % 4];
                let name = self.holder(id).unwrap_or(provider);
                self.attempt(|market| market.provider_closes(name, id, reason))
            }
            18 | 19 => {
                self.attempt(|market| market.close_auction(id, 1 + u32::from(units) % 3))?;
                if self.market.order_of(id).state == OrderState::Active {
                    self.streams.insert((deployment, id));
                }
                Ok(())
            }
            20 => self.attempt(|market| market.expire(id)),
            21 | 22 => self.attempt(|market| market.end_deployment(deployment)),
            23 => PROVIDERS.iter().try_for_each(|provider| self.release(provider)),
            24 => self.prune(),
            25 => self.attempt(|market| market.close(tenant, deployment)),
            26 => self.deposit(tenant, deployment, units),
            27 => self.take(tenant, deployment, id, units),
            28 => self.harm(provider, units),
            29 if units % 16 == 4 => self.delist(),
            29 if units % 4 == 0 => self.pause(units),
            29 if units % 4 > 1 => self.attempt(|market| market.place(provider, id, price)),
            29 => {
                let (action, seq) = (Pause, order.group.group.0);
                self.attempt(|market| market.group(tenant, action, deployment, seq))
            }
            30 if units % 4 == 0 => {
                self.attempt(|market| market.let_anyone_start(tenant, deployment, which % 2 == 0))
            }
            30 if units % 4 == 1 => {
                let seq = order.group.group.0;
                self.attempt(|market| market.group(tenant, Close, deployment, seq))
            }
            30 if units % 4 == 2 => self.start(tenant, which),
            30 => self.top_up_and_start(which),
            31 | 38 => self.start_reclaim(units),
            32 | 39 => self.end_reclaim(units),
            33 if units % 2 == 0 => self.outspend(provider),
            34 if units % 4 == 0 => self.spoil(),
            36 if units % 4 == 0 => self.change_lists(tenant, deployment, who, units),
            37 if units % 4 == 0 => {
                let limit = [None, Some(price), Some(order.spec.ceiling.u128()), Some(1 << 100)];
                let limit = limit[usize::from(which) % limit.len()];
                self.attempt(|market| market.set_delegate(tenant, deployment, "desk", limit))
            }
            37 => self.by_delegate(&order, units),
            _ => self.pass(units),
        }
    }

    /// The tenant changes who may bid on the orders to come; now and then nobody is left out.
    fn change_lists(
        &mut self,
        tenant: &str,
        deployment: DeploymentId,
        who: u8,
        units: u16,
    ) -> Done {
        let one = usize::from(who) % PROVIDERS.len();
        let (allow, refuse) = match units / 4 % 4 {
            0 => (Some(&PROVIDERS[..]), None),
            1 => (Some(&PROVIDERS[one..]), Some(&[][..])),
            2 => (None, Some(&PROVIDERS[one..=one])),
            _ => (Some(&[][..]), Some(&[][..])),
        };
        self.attempt(|market| market.set_lists(tenant, deployment, allow, refuse))
    }

    /// What a delegate sends leaves the deployment within its limit: by what its leases cost, and in auctions with
    /// what they may come to cost.
    fn by_delegate(&mut self, order: &OrderResponse, units: u16) -> Done {
        // One that has a delegate, and to which the message may apply.
        let state = if units % 4 == 2 { OrderState::Active } else { OrderState::Open };
        let has_delegate =
            |one: &OrderResponse| self.market.deployment(one.group.deployment).delegate.is_some();
        let mut all = self.all_orders().into_iter().rev();
        let found = all.find(|one| one.state == state && has_delegate(one));
        let order = &found.unwrap_or_else(|| order.clone());
        let (id, deployment, seq) = (order.id, order.group.deployment, order.group.group.0);
        match units % 4 {
            1 => {
                let lowest = self.market.bids(id).first().map(|bid| bid.provider.clone());
                let winner = lowest.map_or(PROVIDERS[0], |address| self.name_of(&address));
                self.attempt(|market| market.accept("desk", id, winner, 1_000_000))?;
                self.streams.insert((deployment, id));
                self.count("accept by a delegate");
            }
            2 => {
                self.attempt(|market| market.tenant_closes("desk", id))?;
                self.count("close by a delegate");
            }
            _ => {
                // So that there is something to start.
                let _ = self.attempt(|market| market.group("desk", Pause, deployment, seq));
                self.opened.clear();
                self.attempt(|market| market.group("desk", Start, deployment, seq))?;
                self.count("start by a delegate");
            }
        }
        let binds = order.closes_at.is_some();
        if units % 4 == 1 || (binds && self.opened.contains(&deployment)) {
            let account = self.market.account(deployment);
            let rate = account.clock.rate.u128();
            let costs = if binds { rate + account.reserved.u128() } else { rate };
            let limit = self.market.deployment(deployment).delegate_limit;
            assert!(limit.is_some_and(|limit| costs <= limit.u128()), "{costs} within {limit:?}");
        }
        Ok(())
    }

    /// One of the leases that may be taken back is, as soon as that is possible and not a second before.
    fn start_reclaim(&mut self, units: u16) -> Done {
        let running = self.all_orders().into_iter().filter(|one| one.state == OrderState::Active);
        let leases = running.map(|order| self.market.lease_of(order.id));
        let open = |lease: &LeaseResponse| lease.reclaim.is_none();
        let all: Vec<_> = leases.filter(|lease| lease.reclamation_window.is_some()).collect();
        let Some(lease) = all.iter().find(|lease| open(lease)).or(all.first()) else {
            return Err("no lease may be taken back".to_owned());
        };
        let (id, name) = (lease.order, self.name_of(&lease.provider));
        let reason = CloseReason::ALL[1 + usize::from(units) % 3];
        let from = lease.created_at + lease.reclamation_window.unwrap_or_default();
        let wait = from.saturating_sub(self.market.now());
        if wait > 0 {
            self.market.blocks(1, wait - 1);
            let early = self.attempt(|market| market.start_reclaim(name, id, reason));
            assert!(early.is_err(), "{id} is younger than its notice");
            self.market.blocks(1, 1);
        }
        self.attempt(|market| market.start_reclaim(name, id, reason))
    }

    /// The notice of one of the leases that run: nothing ends by it a second or a block before its end.
    fn end_reclaim(&mut self, units: u16) -> Done {
        let found = |order: &OrderId| {
            let lease = self.market.query::<LeaseResponse>(&QueryMsg::Lease { order: *order });
            lease.ok().filter(|lease| lease.state.runs()).map(|lease| (*order, lease))
        };
        let running: Vec<_> = self.notices.keys().filter_map(found).collect();
        let Some((id, _)) = running.get(usize::from(units) % running.len().max(1)) else {
            return Err("nothing is being reclaimed".to_owned());
        };
        if units % 2 == 0 && self.stop.is_none() {
            self.market.pause(true);
            self.stop = Some((self.market.now(), None));
            self.market.blocks(600, HOUR);
            self.unpause();
            let _ = self.attempt(|market| market.end_reclaim("anyone", *id));
        }
        let reclaim = self.market.lease_of(*id).reclaim.unwrap();
        let block = self.market.app.block_info().height;
        let seconds = reclaim.deadline.saturating_sub(self.market.now());
        let blocks = reclaim.deadline_block.saturating_sub(block);
        if units % 4 == 0 && seconds > 0 {
            self.market.blocks(blocks, seconds - 1);
        } else if units % 4 == 1 && blocks > 0 {
            self.market.blocks(blocks - 1, seconds);
        }
        let early = self.attempt(|market| market.end_reclaim("anyone", *id));
        if early.is_err() {
            self.market.blocks(1, 1);
        }
        self.attempt(|market| market.end_reclaim("anyone", *id))
    }

    fn attempt<E: std::fmt::Display>(
        &mut self,
        send: impl FnOnce(&mut Market) -> Result<AppResponse, E>,
    ) -> Done {
        let response = match send(&mut self.market).map_err(|error| error.to_string()) {
            Ok(response) => response,
            Err(error) => {
                for (part, kind) in [
                    ("does not carry", "refused: not carried"),
                    ("takes no bids while", "refused: no cover"),
                    ("has lapsed since", "refused: notice lapsed"),
                ] {
                    if error.contains(part) {
                        self.count(kind);
                    }
                }
                return Err(error);
            }
        };
        for event in &response.events {
            if let Some(kind) = event.ty.strip_prefix("wasm-souk_orderbook_") {
                self.count(kind);
            }
        }
        let market = &self.market;
        let closed = market.events_of::<LeaseClosed>(&response);
        let changed = market.events_of::<GroupChanged>(&response);
        for OrderOpened { order, deployment, group, .. } in
            market.events_of::<OrderOpened>(&response)
        {
            let of = market.deployment(deployment);
            let group = of.groups.iter().find(|one| one.seq == group).unwrap();
            let shown = market.order_of(order);
            assert_eq!(shown.excluded, group.excluded, "as it is put out");
            assert_eq!((&shown.allow, &shown.refuse), (&of.allow, &of.refuse), "likewise");
            self.lists.insert(order, (of.allow, of.refuse));
            self.opened.push(deployment);
        }
        for BidPlaced { order, provider, .. } in market.events_of::<BidPlaced>(&response) {
            let (allow, refuse) = &self.lists[&order];
            assert!(allow.is_empty() || allow.contains(&provider), "{provider} on {order}");
            assert!(!refuse.contains(&provider), "{provider} on {order}");
        }
        let reclaiming = market.events_of::<LeaseReclaiming>(&response);
        let (now, height) = (market.now(), market.app.block_info().height);
        let rests = |state| changed.iter().any(|change| change.state == state);
        let uncovered = rests(GroupState::InsufficientFunds)
            && closed.iter().any(|lease| lease.reason != CloseReason::InsufficientFunds);
        if uncovered {
            self.count("group rests without cover");
        }
        for LeaseReclaiming { order, deadline, deadline_block, started_at, .. } in reclaiming {
            self.announced.insert(order, started_at);
            let before = self.notices.insert(order, (deadline, deadline_block));
            assert!(before.is_none(), "{order} is announced once");
            assert!(deadline >= now + HOUR && deadline_block >= height + 6, "{order}");
        }
        for LeaseClosed { order, provider, reason, breach, notice, .. } in closed {
            self.count(&format!("lease closed for {reason}"));
            if breach {
                self.count("breach");
                *self.breaches.entry(provider).or_default() += 1;
            }
            if notice == Some(true) {
                self.count("end by notice");
                let (deadline, deadline_block) = self.notices[&order];
                assert!(now >= deadline && height >= deadline_block, "{order} ends too early");
                // Stopped when it was over already, that costs it nothing more.
                let stopped = self.stopped_within(self.announced[&order], deadline);
                let until = deadline + stopped;
                let stopped = self.stopped_within(self.announced[&order], until);
                assert!(now >= deadline + stopped, "{order}: the market was stopped {stopped} s");
                if stopped > 0 {
                    self.count("end by a notice with a pause in it");
                }
                assert!(!breach, "{order}");
            }
        }
        for GroupChanged { state, .. } in changed {
            self.count(&format!("group {state}"));
        }
        Ok(())
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    /// One of the latest orders, rather than one of those that are long over.
    fn pick_order(&mut self, which: u8) -> Option<OrderResponse> {
        let all = self.all_orders();
        self.orders.extend(all.iter().map(|order| order.id));
        let back = usize::from(which) % all.len().clamp(1, 6);
        all.into_iter().rev().nth(back)
    }

    fn name_of(&self, address: &str) -> &'static str {
        self.names[address]
    }

    /// One of an order's bidders, and its price.
    fn bidder(&self, order: OrderId, who: u8) -> Option<(&'static str, u128)> {
        let bids = self.market.bids(order);
        let bid = bids.get(usize::from(who) % bids.len().max(1))?;
        Some((self.name_of(&bid.provider), bid.price.u128()))
    }

    fn holder(&self, order: OrderId) -> Option<&'static str> {
        let lease: Result<souk_api::orderbook::LeaseResponse, _> =
            self.market.query(&QueryMsg::Lease { order });
        lease.ok().map(|lease| self.name_of(&lease.provider))
    }

    /// A deployment more, as long as there are few: the fewer orders, the more happens
    /// to each.
    fn create(&mut self, tenant: &'static str, which: u8, units: u16) -> Done {
        if self.all_orders().len() > 8 {
            return self.prune();
        }
        let count = 1 + usize::from(which) % 3;
        let mut groups: Vec<_> =
            (0..count).map(|n| group(&format!("g{n}"), 100_000 * (1 + n as u128))).collect();
        if units % 4 == 1 {
            // Just as much as the deposit carries, or just more.
            let others: u128 = groups[1..].iter().map(|group| group.ceiling.u128()).sum();
            let deposit = MIN_DEPOSIT * count as u128 + u128::from(units) * 3;
            groups[0].ceiling = price(deposit - others + u128::from(units / 4 % 4 == 0));
        }
        if which & 4 != 0 {
            let all_of = vec![self.market.who("auditor").to_string()];
            groups[0].requirements.signed_by = SignedBy { all_of, any_of: vec![] };
        }
        let auction = if which & 8 == 0 {
            tenant_choice()
        } else {
            lowest_price(60 + u64::from(units % 300))
        };
        let mut new = deployment(&groups, auction);
        new.reclamation = (which & 16 != 0).then_some(Reclamation { min_window: HOUR });
        let deposit = MIN_DEPOSIT * count as u128 + u128::from(units) * 3;
        let mut made = None;
        self.attempt(|market| {
            let tenant = market.who(tenant);
            let msg = souk_api::orderbook::ExecuteMsg::CreateDeployment(new);
            let funds = cosmwasm_std::coins(deposit, souk_api::defaults::DENOM);
            let response = market.pay(&tenant, &msg, &funds);
            made = response.as_ref().ok().map(|response| {
                let created: Vec<souk_api::orderbook::events::DeploymentCreated> =
                    market.events_of(response);
                created[0].deployment
            });
            response
        })?;
        self.accounts.extend(made);
        Ok(())
    }

    /// Time passes until the leases of a deployment have just spent what covers another order of it; then a
    /// provider bids on that.
    fn outspend(&mut self, provider: &'static str) -> Done {
        for order in self.all_orders() {
            let account = self.market.account(order.group.deployment);
            let (rate, reserved) = (account.clock.rate.u128(), account.reserved.u128());
            if order.state != OrderState::Open || rate == 0 {
                continue;
            }
            let kept = (rate + reserved) * u128::from(MIN_RUNWAY);
            let spare = account.clock.remaining.saturating_sub(kept) / rate;
            let Some(wait) = u64::try_from(spare).ok().filter(|wait| *wait < DAY) else { continue };
            self.unpause();
            self.market.blocks(2, wait + 1);
            let price = order.spec.ceiling.u128();
            return self.attempt(|market| market.place(provider, order.id, price));
        }
        Err("no order's account spends".to_owned())
    }

    /// The leading bidder of an auction is slashed before it closes.
    fn spoil(&mut self) -> Done {
        for order in self.all_orders().into_iter().filter(|one| one.state == OrderState::Open) {
            let leader = self.market.bids(order.id).first().map(|bid| bid.provider.clone());
            let (Some(closes_at), Some(leader)) = (order.closes_at, leader) else { continue };
            self.market.slash(&Addr::unchecked(leader), 1);
            self.unpause();
            let wait = closes_at.saturating_sub(self.market.now());
            self.market.blocks(60, wait + 1);
            self.attempt(|market| market.close_auction(order.id, 3))?;
            if self.market.order_of(order.id).state == OrderState::Active {
                self.streams.insert((order.group.deployment, order.id));
            }
            return Ok(());
        }
        Err("no auction has a bid".to_owned())
    }

    /// A group that rests is started, if there is one.
    fn start(&mut self, name: &str, which: u8) -> Done {
        let resting = self.resting();
        let Some((deployment, seq)) = resting.get(usize::from(which) % resting.len().max(1)) else {
            return Err("no group rests".to_owned());
        };
        let (id, seq) = (deployment.id, *seq);
        let name = if name == "friend" { name } else { self.name_of(&deployment.tenant) };
        self.attempt(|market| market.group(name, Start, id, seq))?;
        self.count(if name == "friend" { "start by a friend" } else { "start by the tenant" });
        Ok(())
    }

    /// A friend tops a deployment up whose group rests for lack of funds, and starts that.
    fn top_up_and_start(&mut self, which: u8) -> Done {
        let resting = self.resting();
        let short = resting.iter().find(|(deployment, seq)| {
            let mut groups = deployment.groups.iter();
            groups.any(|one| one.seq.0 == *seq && one.state == GroupState::InsufficientFunds)
        });
        let Some((deployment, seq)) = short else { return self.start("friend", which) };
        let (id, seq, tenant) = (deployment.id, *seq, self.name_of(&deployment.tenant));
        self.attempt(|market| market.let_anyone_start(tenant, id, true))?;
        self.market.deposit("friend", id, 2 * MIN_DEPOSIT);
        self.attempt(|market| market.group("friend", Start, id, seq))?;
        self.count("start by a friend");
        Ok(())
    }

    fn resting(&self) -> Vec<(DeploymentResponse, u32)> {
        // Of the latest: most of the others are over.
        let asked = self.accounts.iter().rev().take(12).filter_map(|id| {
            self.market.query::<DeploymentResponse>(&QueryMsg::Deployment { deployment: *id }).ok()
        });
        let groups = asked.flat_map(|deployment| {
            let rests = |state| matches!(state, GroupState::Paused | GroupState::InsufficientFunds);
            let resting = deployment.groups.iter().filter(|group| rests(group.state));
            let seqs: Vec<u32> = resting.map(|group| group.seq.0).collect();
            seqs.into_iter().map(move |seq| (deployment.clone(), seq)).collect::<Vec<_>>()
        });
        groups.collect()
    }

    fn release(&mut self, provider: &'static str) -> Done {
        let orders: Vec<_> = self.all_orders().iter().map(|order| order.id).collect();
        self.attempt(|market| Ok::<_, String>(market.release(provider, &orders)))
    }

    fn prune(&mut self) -> Done {
        let orders: Vec<_> = self.all_orders().iter().map(|order| order.id).collect();
        self.attempt(|market| Ok::<_, String>(market.prune(&orders)))
    }

    fn deposit(&mut self, tenant: &'static str, deployment: DeploymentId, units: u16) -> Done {
        let from = if units % 2 == 0 { tenant } else { "friend" };
        let units = 1 + u128::from(units) * 10;
        let escrow = self.market.escrow.clone();
        let account = AccountId(deployment.0);
        self.attempt(|market| {
            let from = market.who(from);
            market.call(&from, &escrow, &escrow::ExecuteMsg::Deposit { account }, units)
        })
    }

    fn take(&mut self, tenant: &str, deployment: DeploymentId, order: OrderId, units: u16) -> Done {
        let account = AccountId(deployment.0);
        let msg = match units % 3 {
            0 => escrow::ExecuteMsg::Withdraw { account, stream: order.0 },
            1 => escrow::ExecuteMsg::SweepFees { denom: usouk() },
            _ => escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(units.into()) },
        };
        let escrow = self.market.escrow.clone();
        self.attempt(|market| {
            let tenant = market.who(tenant);
            market.call(&tenant, &escrow, &msg, 0)
        })
    }

    fn harm(&mut self, provider: &str, units: u16) -> Done {
        let address = self.market.who(provider);
        match units % 3 {
            0 => self.market.slash(&address, 1),
            1 => {
                let (auditor, attestations) =
                    (self.market.who("auditor"), self.market.attestations.clone());
                let msg = attestations::ExecuteMsg::Revoke { provider: address.into(), keys: None };
                self.market.call(&auditor, &attestations, &msg, 0)?;
            }
            _ => {
                let until = self.market.now() + 10 * DAY;
                self.market.attest("auditor", &address, &[eu()], until);
            }
        }
        Ok(())
    }

    /// The denom is delisted, or listed again.
    fn delist(&mut self) -> Done {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        let delisted = config.denoms[0].delisted.is_none();
        self.list(delisted);
        self.count(if delisted { "denom delisted" } else { "denom listed again" });
        Ok(())
    }

    fn list(&mut self, delisted: bool) {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        let denoms =
            Some(vec![DenomConfig { delisted: Some(delisted), ..config.denoms[0].clone() }]);
        let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None };
        self.market.send(&self.market.owner.clone(), &msg).unwrap();
    }

    /// Stops new business until time passes: the owner, or the guardian, whose pause the owner ends
    /// one time in two.
    fn pause(&mut self, units: u16) -> Done {
        let began = match self.stop {
            Some((began, ends)) if ends.is_none_or(|ends| self.market.now() < ends) => Some(began),
            _ => None,
        };
        let now = self.market.now();
        if units % 8 == 0 {
            self.end_stop();
            self.market.pause(true);
            self.stop = Some((now, None));
            return Ok(());
        }
        let guardian = self.market.guardian.clone();
        let paused = self.market.send(&guardian, &ExecuteMsg::Pause {});
        paused.map_err(|error| error.to_string())?;
        if began.is_none() {
            self.end_stop();
            self.stop = Some((now, Some(now + LONGEST)));
        }
        self.count("pause by the guardian");
        Ok(())
    }

    /// Lets new business go on.
    fn unpause(&mut self) {
        self.end_stop();
        self.market.pause(false);
    }

    fn end_stop(&mut self) {
        let now = self.market.now();
        if let Some((from, ends)) = self.stop.take() {
            self.stops.push((from, ends.map_or(now, |ends| ends.min(now))));
        }
    }

    /// For how many seconds of these the market was stopped.
    fn stopped_within(&self, from: u64, until: u64) -> u64 {
        let now = self.market.now();
        let last = self.stop.map(|(began, ends)| (began, ends.map_or(now, |ends| ends.min(now))));
        let stops = self.stops.iter().copied().chain(last);
        stops.map(|(began, ended)| ended.min(until).saturating_sub(began.max(from))).sum()
    }

    fn pass(&mut self, units: u16) -> Done {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        if config.pause_ends.is_none() || units % 8 != 1 {
            self.unpause();
        } else {
            self.count("time in a guardian's pause");
        }
        // A market in which nothing can be opened is soon empty.
        if config.denoms[0].delisted.is_some() && units % 2 == 0 {
            self.list(false);
        }
        let seconds = match units % 8 {
            0 => 1,
            1 | 2 => 30 + u64::from(units % 40),
            3 | 4 => 600,
            5 | 6 => 4_000,
            _ => DAY + 1,
        };
        self.market.blocks(1 + u64::from(units % 16), seconds);
        Ok(())
    }

    /// Everything is closed, released, pruned, paid out and claimed.
    pub fn wind_up(&mut self) {
        self.unpause();
        for order in self.all_orders() {
            self.orders.insert(order.id);
            // Closing a deployment twice is refused, which is fine here.
            let _ = self.market.close(self.name_of(&order.tenant), order.group.deployment);
        }
        let leftover: Vec<_> = self.accounts.iter().copied().collect();
        for id in leftover {
            let shown: Result<souk_api::orderbook::DeploymentResponse, _> =
                self.market.query(&QueryMsg::Deployment { deployment: id });
            if let Ok(shown) = shown {
                let _ = self.market.close(self.name_of(&shown.tenant), id);
            }
        }
        self.orders.extend(self.all_orders().iter().map(|order| order.id));
        self.market.pass(2 * DAY);
        let orders: Vec<_> = self.orders.iter().copied().collect();
        for chunk in orders.chunks(MAX_ORDERS) {
            for provider in PROVIDERS {
                self.market.release(provider, chunk);
            }
            self.market.prune(chunk);
        }
        self.claim();
    }

    fn claim(&mut self) {
        let (anyone, escrow) = (self.market.who("anyone"), self.market.escrow.clone());
        let mut call = |msg: escrow::ExecuteMsg| {
            // A stream that was paid in full, or never was, has nothing more to give.
            let _ = self.market.call(&anyone, &escrow, &msg, 0);
        };
        for (id, order) in &self.streams {
            call(escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: order.0 });
        }
        for id in &self.accounts {
            let account = AccountId(id.0);
            call(escrow::ExecuteMsg::ClaimRefund { account, deposit: None });
            for deposit in 1..40 {
                call(escrow::ExecuteMsg::ClaimRefund { account, deposit: Some(deposit) });
            }
        }
        call(escrow::ExecuteMsg::SweepFees { denom: usouk() });
    }
}

/// Everyone who may hold coins.
fn everyone(market: &Market) -> Vec<Addr> {
    let mut all: Vec<Addr> = Vec::new();
    for name in TENANTS.into_iter().chain(PROVIDERS).chain(["friend", "anyone", "auditor"]) {
        all.extend([market.who(name), market.operator(name), market.payee(name)]);
    }
    all.extend([market.owner.clone(), market.guardian.clone(), market.slasher.clone()]);
    all.extend([market.collector.clone(), market.escrow.clone(), market.registry.clone()]);
    all.extend([market.attestations.clone(), market.orderbook.clone()]);
    all
}
