//! The market, everyone in it, and what must hold whatever they do.

use std::collections::BTreeSet;

use souk_api::orderbook::{
    DeploymentState, GroupState, LeaseResponse, MAX_ORDERS, OrderState, OrderbookEvent, QueryMsg,
};
use souk_core::{
    CloseReason, DeploymentId, GroupSeq, OrderId, Rate,
    time::{DAY, HOUR},
};
use souk_testing::{
    Deployment, Market, Outcome, Workload, cpu, events, group,
    refused::{ByAttestations, ByEscrow, ByFeeDistributor, ByOrderbook, ByRegistry, CommonError},
    souk, usouk,
};

use crate::step::Step;

const TENANTS: [&str; 2] = ["ann", "tom"];
const PROVIDERS: [&str; 3] = ["cheap", "dear", "third"];
const STAKERS: [&str; 2] = ["sue", "sam"];
const PAYERS: [&str; 4] = ["ann", "tom", "bob", "eve"];
const DELAY: u64 = DAY / 2;

pub struct Fixture {
    market: Market,
    deployments: Vec<(&'static str, Deployment)>,
    orders: Vec<OrderId>,
    /// Kinds of steps that went well at least once.
    pub succeeded: BTreeSet<&'static str>,
}

impl Fixture {
    pub fn new() -> Self {
        // Short delays, so that what unbonds is claimed within a fixture's time.
        let mut market = Market::with(|settings| {
            settings.registry.unbonding_period = DELAY;
            settings.fees.unstaking_period = DELAY;
            // An hour's notice is six blocks.
            settings.orderbook.params.slowest_block = 600_000;
        });
        for provider in PROVIDERS {
            market = market.provider(provider, cpu(64));
            market.bond(provider, 10_000_000).unwrap();
        }
        for payer in PAYERS {
            market = market.tenant(payer, souk(10_000));
        }
        for staker in STAKERS {
            market = market.tenant(staker, souk(100));
        }
        Self { market, deployments: Vec::new(), orders: Vec::new(), succeeded: BTreeSet::new() }
    }

    fn order(&self, index: usize) -> Option<OrderId> {
        // The younger half is where most happens.
        let len = self.orders.len();
        let at = len.checked_sub(1)?.checked_sub(index % len)?;
        self.orders.get(at).copied()
    }

    fn deployment(&self, index: usize) -> Option<(&'static str, DeploymentId)> {
        let (tenant, deployment) =
            self.deployments.get(index.checked_rem(self.deployments.len())?)?;
        Some((*tenant, deployment.id))
    }

    fn account(&self, order: OrderId) -> Option<souk_core::AccountId> {
        let (_, deployment) = self.deployments.iter().find(|(_, of)| of.orders.contains(&order))?;
        Some(deployment.account())
    }

    /// Does it. A refusal is fine if it is one of a contract's own.
    pub fn take(&mut self, step: &Step) {
        let Some(outcome) = self.try_to(step) else { return };
        match outcome {
            Ok(response) => {
                self.succeeded.insert(step.kind());
                self.note_reopened(&response);
            }
            Err(error) => assert!(is_typed(&error), "{step:?}: {error:#}"),
        }
    }

    fn note_reopened(&mut self, response: &cw_multi_test::AppResponse) {
        for event in events::orderbook(response, &self.market.contracts.orderbook) {
            let OrderbookEvent::OrderOpened(opened) = event else { continue };
            if self.orders.contains(&opened.order) {
                continue;
            }
            self.orders.push(opened.order);
            let of = self.deployments.iter_mut().find(|(_, of)| of.id == opened.deployment);
            of.unwrap().1.orders.push(opened.order);
        }
    }

    fn try_to(&mut self, step: &Step) -> Option<Outcome> {
        let provider = |index: &usize| PROVIDERS[index % PROVIDERS.len()];
        let staker = |index: &usize| STAKERS[index % STAKERS.len()];
        Some(match step {
            Step::Deploy { tenant, groups, ceiling, auction, deposit } => {
                let tenant = TENANTS[tenant % TENANTS.len()];
                return self.deploy(tenant, *groups, *ceiling, *auction, *deposit);
            }
            Step::Bid { provider: of, order, price } => {
                let order = self.order(*order)?;
                self.market.bid(provider(of), order, *price)
            }
            Step::Lower { provider: of, order, percent } => {
                let (name, order) = (provider(of), self.order(*order)?);
                let who = self.market.who(name).to_string();
                let bid = self.market.bids(order).into_iter().find(|bid| bid.provider == who)?;
                self.market.lower(name, order, (bid.price.u128() * percent / 100).max(1))
            }
            Step::WithdrawBid { provider: of, order } => {
                // One that can be taken back, if there is one.
                let free = |order: &OrderId| {
                    let shown = self.market.order(*order);
                    shown.state == OrderState::Open
                        && shown.closes_at.is_none()
                        && !self.market.bids(*order).is_empty()
                };
                let order = self.orders.iter().rev().copied().find(free).or(self.order(*order))?;
                let bids = self.market.bids(order);
                let bidder = bids.get(of % bids.len().max(1));
                let bidder = bidder.map(|bid| name_of(&self.market, &bid.provider));
                self.market.withdraw_bid(bidder.unwrap_or(provider(of)), order)
            }
            Step::Accept { order } => {
                let order = self.order(*order)?;
                let bid = self.market.bids(order).into_iter().next()?;
                let bidder = name_of(&self.market, &bid.provider);
                self.market.accept(self.tenant_of(order), order, bidder, bid.price.u128())
            }
            Step::SetLists { deployment, refused } => {
                let (tenant, id) = self.deployment(*deployment)?;
                let refused: Vec<&str> = refused.iter().map(provider).collect();
                self.market.set_lists(tenant, id, None, Some(&refused))
            }
            Step::SetDelegate { deployment, limit } => {
                let (tenant, id) = self.deployment(*deployment)?;
                let limit = limit.map(|units| Rate::new(units).unwrap());
                self.market.set_delegate(tenant, id, Some("eve"), limit)
            }
            Step::AcceptByDelegate { order } => {
                // The latest of a deployment that has a delegate, if there is one.
                let asked = self.order(*order)?;
                let may = |order: &&OrderId| {
                    let of = self.market.order(**order);
                    let limit = self.market.deployment(of.group.deployment).delegate_limit;
                    of.state == OrderState::Open
                        && of.closes_at.is_none()
                        && limit.is_some()
                        && !self.market.bids(**order).is_empty()
                };
                let order = self.orders.iter().rev().take(12).find(may).copied().unwrap_or(asked);
                let bid = self.market.bids(order).into_iter().next()?;
                let bidder = name_of(&self.market, &bid.provider);
                let id = self.market.order(order).group.deployment;
                let accepted = self.market.accept("eve", order, bidder, bid.price.u128());
                if accepted.is_ok() && self.tenant_of(order) != "eve" {
                    let account = self.market.account(souk_core::AccountId(id.0));
                    let limit = self.market.deployment(id).delegate_limit.unwrap();
                    assert!(account.clock.rate <= limit, "{account:?} within {limit}");
                }
                accepted
            }
            Step::CloseAuction { order } => self.market.close_auction(self.order(*order)?),
            Step::TopUp { who, deployment, units } => {
                let account = souk_core::AccountId(self.deployment(*deployment)?.1.0);
                self.market.top_up(PAYERS[who % PAYERS.len()], account, usouk(*units))
            }
            Step::Withdraw { order } => {
                let order = self.order(*order)?;
                self.market.withdraw(self.account(order)?, order)
            }
            Step::WithdrawDeposit { deployment, units } => {
                let (tenant, id) = self.deployment(*deployment)?;
                self.market.withdraw_deposit(tenant, souk_core::AccountId(id.0), *units)
            }
            Step::CloseLease { order, exclude } => {
                let order = self.order(*order)?;
                let tenant = self.tenant_of(order);
                match exclude {
                    true => self.market.close_lease_and_exclude(tenant, order),
                    false => self.market.close_lease(tenant, order),
                }
            }
            Step::SetExcluded { deployment, count } => {
                let (tenant, id) = self.deployment(*deployment)?;
                self.market.set_excluded(tenant, id, GroupSeq(1), PROVIDERS.split_at(*count))
            }
            Step::PauseGroup { deployment, group } => {
                let (tenant, id) = self.deployment(*deployment)?;
                self.market.pause_group(tenant, id, GroupSeq(*group))
            }
            Step::StartGroup { who, deployment, group } => {
                let (_, id) = self.deployment(*deployment)?;
                self.market.start_group(PAYERS[who % PAYERS.len()], id, GroupSeq(*group))
            }
            Step::CloseGroup { deployment, group } => {
                let (tenant, id) = self.deployment(*deployment)?;
                let shown = self.market.deployment(id);
                let at = usize::try_from(*group).unwrap().checked_sub(1)?;
                let open = shown.groups.get(at).is_some_and(|one| one.state != GroupState::Closed);
                let outcome = self.market.close_group(tenant, id, GroupSeq(*group));
                assert_eq!(outcome.is_ok(), open, "a group can always be closed: {outcome:?}");
                outcome
            }
            Step::SetAnyoneStarts { deployment, on } => {
                let (tenant, id) = self.deployment(*deployment)?;
                self.market.set_anyone_starts(tenant, id, *on)
            }
            Step::GiveUpLease { order, reason } => {
                let order = self.order(*order)?;
                let lease = self.lease(order)?;
                let provider = name_of(&self.market, &lease.provider);
                let mut reasons =
                    CloseReason::ALL.into_iter().filter(|reason| reason.is_providers());
                self.market.give_up_lease(provider, order, reasons.nth(*reason)?)
            }
            Step::StartReclaim { order } => {
                let lease = self.running(*order, |lease| lease.reclamation_window.is_some())?;
                let from = lease.created_at + lease.reclamation_window?;
                self.market.pass_blocks(1, from.saturating_sub(self.market.chain.now()));
                let provider = name_of(&self.market, &lease.provider);
                self.market.start_reclaim(provider, lease.order, CloseReason::Decommission)
            }
            Step::EndReclaim { order } => {
                let lease = self.running(*order, |lease| lease.reclaim.is_some())?;
                let reclaim = lease.reclaim?;
                let height = self.market.chain.app.block_info().height;
                let blocks = reclaim.deadline_block.saturating_sub(height).max(1);
                let seconds = reclaim.deadline.saturating_sub(self.market.chain.now());
                self.market.pass_blocks(blocks, seconds);
                self.market.end_reclaim(lease.order)
            }
            Step::Close { deployment } => {
                let (tenant, id) = self.deployment(*deployment)?;
                let active = self.market.deployment(id).state == DeploymentState::Active;
                let outcome = self.market.close(tenant, id);
                assert_eq!(outcome.is_ok(), active, "a tenant can always close: {outcome:?}");
                outcome
            }
            Step::Refund { deployment, deposit } => {
                let account = souk_core::AccountId(self.deployment(*deployment)?.1.0);
                self.market.claim_refund(account, *deposit)
            }
            Step::EndDeployment { deployment } => {
                self.market.end_deployment(self.deployment(*deployment)?.1)
            }
            Step::Expire { order } => self.market.expire(self.order(*order)?),
            Step::Release { provider: of } => self.release(provider(of)),
            Step::Bond { provider: of, units } => self.market.bond(provider(of), *units),
            Step::Unbond { provider: of, units } => self.market.unbond(provider(of), *units),
            Step::ClaimUnbonded { provider: of } => self.market.claim_unbonded(provider(of)),
            Step::Slash { provider: of, units } => self.market.slash(provider(of), *units, "eve"),
            Step::Stake { who, units } => self.market.stake(staker(who), usouk(*units)),
            Step::Unstake { who, units } => self.market.unstake(staker(who), *units),
            Step::ClaimRewards { who } => self.market.claim_rewards(staker(who)),
            Step::PassFees => {
                let split = self.market.sweep_fees().and_then(|_| self.market.distribute());
                split.and_then(|_| self.market.pay_pool())
            }
            Step::Pass { blocks, seconds } => {
                self.market.pass_blocks(*blocks, *seconds);
                self.succeeded.insert(step.kind());
                return None;
            }
        })
    }

    fn deploy(
        &mut self,
        tenant: &'static str,
        groups: usize,
        ceiling: u128,
        auction: Option<u64>,
        deposit: u128,
    ) -> Option<Outcome> {
        let named = |n: usize| group(&format!("g{n}")).ceiling(ceiling);
        let mut workload = (1..groups).fold(Workload::from(named(0)), |all, n| all.and(named(n)));
        if let Some(closes_after) = auction {
            workload = workload.lowest_price(closes_after);
        }
        if ceiling.is_multiple_of(2) {
            workload = workload.reclaimable(HOUR);
        }
        match self.market.deploy(tenant, workload, usouk(deposit)) {
            Ok(deployment) => {
                self.succeeded.insert("Deploy");
                self.orders.extend(&deployment.orders);
                self.deployments.push((tenant, deployment));
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    fn tenant_of(&self, order: OrderId) -> &'static str {
        self.deployments.iter().find(|(_, of)| of.orders.contains(&order)).unwrap().0
    }

    /// One of the leases that run and are such, the youngest first.
    fn running(&self, index: usize, is: fn(&LeaseResponse) -> bool) -> Option<LeaseResponse> {
        let leases = self.orders.iter().rev().filter_map(|order| self.lease(*order));
        let mut such: Vec<_> = leases.filter(|lease| lease.state.runs() && is(lease)).collect();
        let count = such.len().max(1);
        (!such.is_empty()).then(|| such.swap_remove(index % count))
    }

    fn lease(&self, order: OrderId) -> Option<LeaseResponse> {
        let orderbook = &self.market.contracts.orderbook;
        self.market.chain.try_ask(orderbook, &QueryMsg::Lease { order }).ok()
    }

    fn release(&mut self, provider: &str) -> Outcome {
        let mut last = None;
        for orders in self.orders.chunks(MAX_ORDERS) {
            last = Some(self.market.release(provider, orders)?);
        }
        last.map_or_else(|| self.market.release(provider, &[OrderId(1)]), Ok)
    }

    /// What must hold after every step, counted from bank balances.
    pub fn check(&self) {
        let market = &self.market;
        market.check_supply();
        let owed = market.escrow_totals();
        assert_eq!(market.balance("escrow"), owed.held.u128() + owed.fees.u128(), "escrow");
        assert_eq!(market.balance("orderbook"), 0, "coins never rest at the orderbook");
        let running = self.running_leases();
        let mut staked = 0;
        for name in PROVIDERS {
            let provider = market.provider_info(name);
            let unbonding = provider.unbonding.map_or(0, |unbonding| unbonding.amount.u128());
            staked += provider.bond.u128() + unbonding;
            let address = market.who(name);
            let own = running.iter().filter(|provider| *provider == address.as_str()).count();
            let stats = market.provider_stats(name);
            assert_eq!(usize::try_from(stats.active).unwrap(), own, "{name}'s leases");
            assert!(stats.used >= stats.active, "{name}: each lease has its slot");
        }
        assert_eq!(market.balance("registry"), staked, "bonds and what unbonds");
    }

    /// The provider of every lease that runs.
    fn running_leases(&self) -> Vec<String> {
        let leases = self.orders.iter().filter_map(|order| self.lease(*order));
        let running = leases.filter(|lease| lease.state.runs());
        running.map(|lease| lease.provider).collect()
    }

    /// Everything ends, and everyone takes what is theirs.
    pub fn close_everything(&mut self) {
        let market = &mut self.market;
        for (tenant, deployment) in &self.deployments {
            let account = deployment.account();
            if market.deployment(deployment.id).state == DeploymentState::Active {
                market.close(tenant, deployment.id).unwrap();
            }
            for lease in &deployment.orders {
                // Never a lease, or paid in full before: typed refusals.
                if let Err(error) = market.withdraw(account, *lease) {
                    assert!(matches!(error.downcast_ref(), Some(ByEscrow::NoStream { .. })));
                }
            }
            market.claim_refund(account, None).unwrap();
            for deposit in market.deposits(account).deposits {
                market.claim_refund(account, Some(deposit.deposit)).unwrap();
            }
        }
        market.sweep_fees().unwrap();
        market.pass_blocks(50, 2 * DAY);
        for provider in PROVIDERS {
            self.release(provider).unwrap();
            self.market.deregister(provider).unwrap();
        }
        let market = &mut self.market;
        for orders in self.orders.chunks(MAX_ORDERS) {
            market.prune(orders).unwrap();
        }
        market.distribute().unwrap();
        market.pay_pool().unwrap();
        for staker in STAKERS {
            let stake = market.staker_info(staker).stake.u128();
            if stake > 0 {
                market.unstake(staker, stake).unwrap();
            }
        }
        market.pass(DELAY);
        for provider in PROVIDERS {
            // All of it may have been slashed.
            let _ = market.claim_unbonded(provider);
        }
        for staker in STAKERS {
            market.claim_rewards(staker).unwrap();
            if market.staker_info(staker).unstaking.u128() > 0 {
                market.claim_unstaked(staker).unwrap();
            }
        }
    }

    /// Contracts hold nothing and the orderbook is empty.
    pub fn check_nothing_is_left(&self) {
        let market = &self.market;
        for contract in ["escrow", "registry", "orderbook", "attestations"] {
            assert_eq!(market.balance(contract), 0, "{contract}");
        }
        market.check_supply();
        for provider in PROVIDERS {
            let stats = market.provider_stats(provider);
            assert_eq!((stats.used, stats.active), (0, 0), "{provider}");
        }
        let found = |order: &&OrderId| {
            let msg = QueryMsg::Order { order: **order };
            let asked: Result<souk_api::orderbook::OrderResponse, _> =
                market.chain.try_ask(&market.contracts.orderbook, &msg);
            asked.is_ok()
        };
        let left: Vec<_> = self.orders.iter().filter(found).collect();
        assert!(left.is_empty(), "not pruned: {left:?}");
    }
}

fn name_of(market: &Market, address: &str) -> &'static str {
    PROVIDERS.into_iter().find(|name| market.who(name).as_str() == address).unwrap()
}

/// An error that one of the contracts gives on purpose.
fn is_typed(error: &anyhow::Error) -> bool {
    let own = error.is::<ByAttestations>()
        || error.is::<ByEscrow>()
        || error.is::<ByFeeDistributor>()
        || error.is::<ByOrderbook>()
        || error.is::<ByRegistry>();
    let chains_own = matches!(error.downcast_ref(), Some(ByOrderbook::Common(CommonError::Std(_))))
        || matches!(error.downcast_ref(), Some(ByEscrow::Common(CommonError::Std(_))))
        || matches!(error.downcast_ref(), Some(ByRegistry::Common(CommonError::Std(_))))
        || matches!(error.downcast_ref(), Some(ByFeeDistributor::Common(CommonError::Std(_))));
    own && !chains_own
}
