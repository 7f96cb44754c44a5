//! What the players do.

mod absence;
mod attempt;
mod bonds;
mod clock;
mod edges;
mod ending;
mod groups;
mod owners;
mod quotes;
mod reclaiming;
mod several;
mod terms;

use std::collections::BTreeMap;

use cosmwasm_std::{Addr, HexBinary, coins, to_json_binary};
use cw_multi_test::AppResponse;
use cw20::Cw20ExecuteMsg;
use souk_api::{
    attestations,
    defaults::{DENOM, MANIFEST_TIMEOUT, MIN_DEPOSIT, MIN_RUNWAY},
    escrow,
    orderbook::{
        ConfigResponse, Cw20Hook, DenomConfig, DeploymentResponse, ExecuteMsg, GroupState,
        LeaseResponse, MAX_ORDERS, NewDeployment, OrderResponse, OrderState, OrdersResponse,
        QueryMsg, Reclamation,
    },
    paging::MAX_LIMIT,
    registry,
};
use souk_contract_std::{pause::LONGEST, testing::Life};
use souk_core::{
    AccountId, AuctionPolicy, CloseReason, DeploymentId, OrderId, SignedBy,
    time::{DAY, HOUR},
};

use crate::{
    ledger::{COIN, Fees, Ledger, STAKERS, TOKEN},
    market::{GroupAction::*, *},
    view::{Seen, View},
};

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

impl Step {
    /// Any step.
    pub fn any(life: &mut Life) -> Self {
        let bytes = life.any().to_be_bytes();
        let units = u16::from_be_bytes([bytes[4], bytes[5]]);
        Self { what: bytes[0], who: bytes[1], which: bytes[2], units }
    }
}

/// A market with players, and what it saw.
pub struct Play {
    pub market: Market,
    /// Who gets what.
    pub ledger: Ledger,
    /// What the contracts showed after the last step.
    pub view: View,
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
    /// How often a provider's agent changed the key with which it signs.
    keys: BTreeMap<&'static str, u32>,
    counts: BTreeMap<String, usize>,
}

type Done = Result<(), String>;

impl Play {
    /// Four providers with seven slots each.
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
        let fees = Fees::set_up(&mut market);
        let mut ledger = Ledger::begin(&market, fees);
        market.log = Some(Vec::new());
        for name in PROVIDERS {
            let provider = market.provider_with(name, 7, &[eu()]);
            market.attest("auditor", &provider, &[eu()], until);
            market.set_quote_key(name, Some(&quote_key(name)));
        }
        let log = market.log.replace(Vec::new()).unwrap();
        ledger.take(&market, log);
        let mut view = View::default();
        view.look(&market, true);
        let names = TENANTS.into_iter().chain(PROVIDERS);
        let names = names.map(|name| (market.who(name).into(), name)).collect();
        Self {
            names,
            market,
            ledger,
            view,
            notices: BTreeMap::new(),
            announced: BTreeMap::new(),
            stops: Vec::new(),
            stop: None,
            lists: BTreeMap::new(),
            opened: Vec::new(),
            passed: false,
            keys: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// How often what was seen.
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

    /// Does what the step says, if the contracts let it, and looks at what came of it: at all, now and then.
    pub fn act(&mut self, step: Step, everything: bool) -> Done {
        let began = self.market.now();
        self.opened.clear();
        let done = self.try_to(step);
        self.passed = self.market.now() > began;
        self.look(everything);
        done
    }

    /// Brings the books and what is seen up to now.
    pub fn look(&mut self, everything: bool) {
        let log = self.market.log.replace(Vec::new()).unwrap();
        self.ledger.take(&self.market, log);
        self.view.look(&self.market, everything);
        self.ledger.fees.touched |= everything;
    }

    fn try_to(&mut self, step: Step) -> Done {
        let Step { what, who, which, units } = step;
        let tenant = TENANTS[usize::from(who) % TENANTS.len()];
        let provider = PROVIDERS[usize::from(who) % PROVIDERS.len()];
        let what = what % 70;
        let Some(order) = self.pick_order(what, which, units) else {
            // A market that takes nothing does so until time passes.
            return self.create(tenant, which, units).or_else(|_| self.pass(units));
        };
        let (id, deployment) = (order.id, order.group.deployment);
        let price = order.spec.ceiling.u128() * (1 + u128::from(units) % 100) / 100;
        let tenant = self.name_of(&order.tenant);
        match what {
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
                self.attempt(|market| market.accept(tenant, id, winner, 1_000_000))
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
            18 | 19 => self.attempt(|market| market.close_auction(id, 1 + u32::from(units) % 3)),
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
            31 | 38 | 57 => self.start_reclaim(units),
            32 | 39 | 58 | 59 => self.end_reclaim(units),
            33 if units % 2 == 0 => self.outspend(provider),
            34 if units % 4 == 0 => self.spoil(),
            34 if units % 4 != 2 => self.attested_until(provider),
            36 if units % 4 == 0 => self.change_lists(tenant, deployment, who, units),
            37 if units % 4 == 0 => {
                let limit = [None, Some(price), Some(order.spec.ceiling.u128()), Some(1 << 100)];
                let limit = limit[usize::from(which) % limit.len()];
                self.attempt(|market| market.set_delegate(tenant, deployment, "desk", limit))
            }
            37 => self.by_delegate(&order, units),
            40 | 41 => self.bonds(provider, units),
            42 | 43 => self.share(who, units),
            44 => self.take_just_all(&order, units),
            45 => self.deplete(units),
            46 => self.end_on_time(units),
            47 => self.want_of_manifest(units),
            48 => self.close_on_time(units),
            49 => self.expire_on_time(units),
            50 => self.release_on_time(units),
            51 if units % 4 == 0 => self.hand_over(units),
            51 => {
                let commitment = HexBinary::from([who; 32]);
                let msg = ExecuteMsg::commit(deployment, commitment);
                self.attempt(|market| market.send(&market.who(tenant), &msg))
            }
            52 => self.pay_out(units),
            53 => self.within_the_limit(units),
            54 if units % 4 == 0 => self.guard_for_long(&order),
            55 if units % 4 == 3 => self.attempt(|market| market.close_absent(tenant, id)),
            55 => self.heartbeat(self.holder(id).unwrap_or(provider), units),
            56 if units % 2 == 0 => self.close_absent(units / 2),
            60 | 61 => self.create_with_quotes(tenant, which, units),
            62..=64 => self.accept_quote(provider, which, units),
            65 => self.quote_on_time(tenant, which, units),
            66 => self.use_again(tenant, which, units),
            67 => self.use_nonce_again(tenant, which, units),
            68 => self.place_bids(provider, which, units),
            69 => self.create_twisted(tenant, which, units),
            _ => self.pass(units),
        }
    }

    /// One of the latest orders, mostly one to which the step may apply, rather than one that is long over.
    fn pick_order(&mut self, what: u8, which: u8, units: u16) -> Option<OrderResponse> {
        let now = self.market.now();
        let apt = |seen: &&Seen| match what {
            2..=15 => {
                let ends = seen.order.closes_at.unwrap_or(seen.order.expires_at);
                let bids = seen.bids.len();
                let fine = if what < 10 { bids < 3 } else { bids > 0 };
                seen.order.state == OrderState::Open && fine && now < ends
            }
            18 | 19 => seen.order.state == OrderState::Open && seen.order.closes_at.is_some(),
            16 | 17 | 27 | 44 => seen.order.state == OrderState::Active,
            _ => seen.order.state != OrderState::Closed,
        };
        let all: Vec<&Seen> = self.view.orders.values().rev().collect();
        let apt: Vec<&Seen> = all.iter().copied().filter(apt).collect();
        if apt.is_empty() && what < 20 {
            return None;
        }
        let all = if apt.is_empty() || units % 8 == 7 { all } else { apt };
        let seen = all.get(usize::from(which) % all.len().clamp(1, 6))?;
        Some(seen.order.clone())
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
        let live = |seen: &&Seen| seen.order.state != OrderState::Closed;
        if self.view.orders.values().filter(live).count() > 6 {
            return self.prune();
        }
        let count = 1 + usize::from(which) % 3;
        let auction = if which & 8 == 0 {
            tenant_choice()
        } else {
            lowest_price(60 + u64::from(units % 300))
        };
        let mut new = self.new_deployment(count, which, auction);
        let deposit = MIN_DEPOSIT * count as u128 + u128::from(units) * 3;
        if units % 4 == 1 {
            // Just as much as the deposit carries, or just more.
            let others: u128 = new.groups[1..].iter().map(|group| group.ceiling.u128()).sum();
            let more = u128::from(units / 4 % 4 == 0);
            new.groups[0].ceiling = price(deposit - others + more);
        }
        if which & 32 != 0 {
            let token = self.ledger.fees.token.clone();
            return self.attempt(|market| {
                let msg = Cw20ExecuteMsg::Send {
                    contract: market.orderbook.to_string(),
                    amount: deposit.into(),
                    msg: to_json_binary(&Cw20Hook::CreateDeployment(new)).unwrap(),
                };
                market.call(&market.who(tenant), &token, &msg, 0)
            });
        }
        self.attempt(|market| {
            let msg = ExecuteMsg::CreateDeployment(new);
            market.pay(&market.who(tenant), &msg, &coins(deposit, DENOM))
        })
    }

    /// A deployment of that many groups, on one of several terms.
    fn new_deployment(&self, count: usize, which: u8, auction: AuctionPolicy) -> NewDeployment {
        let mut groups: Vec<_> =
            (0..count).map(|n| group(&format!("g{n}"), 100_000 * (1 + n as u128))).collect();
        if which & 4 != 0 {
            let all_of = vec![self.market.who("auditor").to_string()];
            groups[0].requirements.signed_by = SignedBy { all_of, any_of: vec![] };
        }
        let mut new = deployment(&groups, auction);
        new.absence = absence::terms(which);
        new.reclamation = (which & 16 != 0).then_some(Reclamation { min_window: HOUR });
        new
    }

    fn release(&mut self, provider: &'static str) -> Done {
        let orders: Vec<_> = self.view.orders.keys().copied().collect();
        self.attempt(|market| Ok::<_, String>(market.release(provider, &orders)))
    }

    fn prune(&mut self) -> Done {
        let orders: Vec<_> = self.view.orders.keys().copied().collect();
        self.attempt(|market| Ok::<_, String>(market.prune(&orders)))
    }

    /// In what the account is held, except now and then.
    fn deposit(&mut self, tenant: &'static str, deployment: DeploymentId, units: u16) -> Done {
        let from = if units % 2 == 0 { tenant } else { "friend" };
        let sum = 1 + u128::from(units) * 10;
        let (escrow, token) = (self.market.escrow.clone(), self.ledger.fees.token.clone());
        let account = AccountId(deployment.0);
        let in_tokens = self.ledger.accounts[&deployment.0].0 == TOKEN;
        self.attempt(|market| {
            let from = market.who(from);
            if in_tokens != (units % 16 == 5) {
                let msg = to_json_binary(&escrow::Cw20Hook::Deposit { account }).unwrap();
                let (contract, amount) = (escrow.to_string(), sum.into());
                return market.call(
                    &from,
                    &token,
                    &Cw20ExecuteMsg::Send { contract, amount, msg },
                    0,
                );
            }
            market.call(&from, &escrow, &escrow::ExecuteMsg::Deposit { account }, sum)
        })
    }

    fn take(&mut self, tenant: &str, deployment: DeploymentId, order: OrderId, units: u16) -> Done {
        let account = AccountId(deployment.0);
        let msg = match units % 3 {
            0 => escrow::ExecuteMsg::Withdraw { account, stream: order.0 },
            1 => {
                let held = if units % 2 == 0 { COIN } else { TOKEN };
                escrow::ExecuteMsg::SweepFees { denom: self.ledger.fees.denom(held) }
            }
            _ => escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(units.into()) },
        };
        let escrow = self.market.escrow.clone();
        self.attempt(|market| {
            let tenant = market.who(tenant);
            market.call(&tenant, &escrow, &msg, 0)
        })
    }
}
