//! Providers that are not seen any more: when they count as absent, and what they and their tenants get.

mod ends;
mod passing_on;
mod seen;

use souk_api::{
    defaults::SLOWEST_BLOCK,
    escrow,
    orderbook::{
        Absence, ExecuteMsg, GroupState, LeaseState, NewDeployment,
        events::{LeaseClosed, OrderOpened, ProviderSeen},
    },
};
use souk_contract_std::{CommonError, pause};
use souk_core::{
    AccountId, CloseReason, DeploymentId, GroupSeq, OrderId,
    absence::{DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT},
    time::{DAY, HOUR},
};
use souk_orderbook::{AbsenceError, ContractError};

use crate::{
    market::{GroupAction::*, *},
    reserving::rewrite,
};

const SIX_HOURS: Absence = Absence { limit: 6 * HOUR, anyone_closes: false, reopens: false };
/// The blocks of six hours.
const BLOCKS: u64 = 6 * HOUR * 1_000 / SLOWEST_BLOCK;
/// What the lease costs an hour.
const PRICE: u128 = 900;

fn asking(absence: Absence) -> NewDeployment {
    NewDeployment { absence: Some(absence), ..deployment(&[group("web", 1_000)], tenant_choice()) }
}

/// A lease of `pro` with these terms, an hour old, and its deployment.
fn leased(market: &mut Market, absence: Absence) -> (OrderId, DeploymentId) {
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let id = market.create("ann", &asking(absence), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, PRICE).unwrap();
    market.accept("ann", order, "pro", PRICE).unwrap();
    market.lapse(HOUR).heartbeat("pro").unwrap();
    (order, id)
}

/// The same, whose provider has not been seen for the six hours since.
fn absent(market: &mut Market, absence: Absence) -> (OrderId, DeploymentId) {
    let leased = leased(market, absence);
    market.blocks(BLOCKS, 6 * HOUR);
    leased
}

fn withdraw(market: &mut Market, id: DeploymentId, order: OrderId) {
    let (anyone, escrow) = (market.who("anyone"), market.escrow.clone());
    let msg = escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: order.0 };
    market.call(&anyone, &escrow, &msg, 0).unwrap();
}

fn absent_from(market: &Market, order: OrderId) -> (u64, u64) {
    let unseen = market.lease_of(order).unseen.unwrap();
    (unseen.from, unseen.from_block)
}

#[test]
fn a_limit_that_is_too_short_or_too_long_is_refused_and_a_day_holds_without_one() {
    let mut market = Market::new();
    for limit in [0, MIN_LIMIT - 1, MAX_LIMIT + 1, u64::MAX] {
        let new = asking(Absence { limit, ..SIX_HOURS });
        let refused = AbsenceError::LimitRange { seconds: limit, min: MIN_LIMIT, max: MAX_LIMIT };
        assert_eq!(market.create("ann", &new, PLENTY).unwrap_err(), refused.into());
    }
    for limit in [MIN_LIMIT, MAX_LIMIT] {
        let absence = Absence { limit, anyone_closes: true, reopens: true };
        let id = market.create("ann", &asking(absence), PLENTY).unwrap();
        let shown = market.deployment(id);
        assert_eq!(shown.absence, absence);
        assert_eq!(market.order_of(shown.groups[0].order).absence, Some(absence));
    }
    let order = market.order("ann", tenant_choice());
    let usual = Absence { limit: DEFAULT_LIMIT, anyone_closes: false, reopens: false };
    assert_eq!(market.order_of(order).absence, Some(usual));
}

#[test]
fn a_provider_that_is_gone_is_paid_a_quarter_of_the_limit_and_its_tenant_has_the_rest_back() {
    let mut market = Market::new();
    let (order, id) = absent(&mut market, SIX_HOURS);
    let seen_at = market.stats_of("pro").seen_at;
    assert_eq!(market.stream(id, order).earned, amount(7 * PRICE), "seven hours so far");
    let unseen = market.lease_of(order).unseen.unwrap();
    assert_eq!((unseen.since, unseen.from, unseen.absent), (seen_at, seen_at + 6 * HOUR, true));

    let response = market.close_absent("ann", order).unwrap();
    let paid_until = Some(seen_at + 6 * HOUR / 4);
    let event = LeaseClosed {
        order,
        deployment: id,
        group: GroupSeq(1),
        provider: market.who("pro").to_string(),
        reason: CloseReason::Unspecified,
        breach: false,
        excluded: Some(true),
        notice: None,
        paid_until,
    };
    assert_eq!(market.events_of::<LeaseClosed>(&response), [event]);
    // The hour before, and an hour and a half.
    let stream = market.stream(id, order);
    assert_eq!((stream.open, stream.earned), (false, amount(PRICE * 5 / 2)));
    let left = market.account(id).balance;
    assert_eq!(left, amount(PLENTY - PRICE * 5 / 2));

    let lease = market.lease_of(order);
    assert_eq!((lease.state, lease.paid_until), (LeaseState::Closed, paid_until));
    assert_eq!((lease.unseen, lease.absence), (None, Some(SIX_HOURS)));
    let shown = market.deployment(id).groups[0].clone();
    assert_eq!(shown.state, GroupState::Paused, "it rests until its tenant starts it");
    assert_eq!(shown.excluded, [market.who("pro").to_string()]);
    let stats = market.stats_of("pro");
    assert_eq!((stats.active, stats.breaches, stats.absences), (0, 0, 1));
    assert!(stats.closed.contains(&(CloseReason::Unspecified, 1)));

    let (again, end) = (market.close_absent("ann", order), LeaseState::Closed);
    assert_eq!(again.unwrap_err(), ContractError::LeaseNotActive { order, state: end });
    let response = market.group("ann", Start, id, 1).unwrap();
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    assert_eq!(market.order_of(next).absence, Some(SIX_HOURS), "the terms stay");
    let refused = ContractError::Excluded(market.who("pro"));
    assert_eq!(market.place("pro", next, PRICE).unwrap_err(), refused);
}

#[test]
fn its_slot_is_held_as_after_a_tenants_end_and_not_as_after_a_breach() {
    let mut market = Market::new();
    let (order, _) = absent(&mut market, SIX_HOURS);
    market.close_absent("ann", order).unwrap();
    // It ran for seven hours.
    market.pass(7 * HOUR - 1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 1, "for as long again as the lease ran");
    market.pass(1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn while_a_lease_runs_nobody_draws_the_pay_of_the_last_hours_and_with_its_end_all_is_paid() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    let paid = |market: &Market| market.balance(&market.payee("pro"));
    let before = paid(&market);
    withdraw(&mut market, id, order);
    assert_eq!(paid(&market), before, "an hour is within the six that are held");
    market.lapse(6 * HOUR).heartbeat("pro").unwrap();
    let stream = market.stream(id, order);
    assert_eq!((stream.hold, stream.earned), (6 * HOUR, amount(7 * PRICE)));
    assert_eq!(
        (stream.owed, stream.held),
        (amount(PRICE * 98 / 100), amount(PRICE * 6 * 98 / 100))
    );
    withdraw(&mut market, id, order);
    assert_eq!(paid(&market) - before, PRICE * 98 / 100, "the first hour, less the fee");
    market.tenant_closes("ann", order).unwrap();
    withdraw(&mut market, id, order);
    assert_eq!(paid(&market) - before, PRICE * 7 * 98 / 100, "who was there has it all");
}

#[test]
fn what_was_paid_out_stays_paid() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    // For two days nobody closes, and somebody draws what is not held.
    market.lapse(2 * DAY);
    withdraw(&mut market, id, order);
    let drawn = market.stream(id, order).paid;
    assert_eq!(drawn, amount(PRICE * 43 * 98 / 100));
    market.close_absent("ann", order).unwrap();
    let stream = market.stream(id, order);
    assert_eq!((stream.earned, stream.owed), (amount(PRICE * 43), amount(0)));
    assert_eq!(market.account(id).balance, amount(PLENTY - PRICE * 43));
}

#[test]
fn neither_a_chain_that_stood_still_nor_one_with_fast_blocks_makes_anybody_absent() {
    for (blocks, seconds) in [(BLOCKS - 1, 6 * HOUR), (1, 30 * DAY), (100 * BLOCKS, 6 * HOUR - 1)] {
        let mut market = Market::new();
        let (order, _) = leased(&mut market, SIX_HOURS);
        let (from, from_block) = absent_from(&market, order);
        market.blocks(blocks, seconds);
        let (now, height) = (market.now(), market.app.block_info().height);
        let refused = AbsenceError::NotAbsent { order, from, from_block, now, height };
        let done = market.close_absent("ann", order);
        assert_eq!(done.unwrap_err(), refused.into(), "{blocks} blocks, {seconds} s");
        assert!(!market.lease_of(order).unseen.unwrap().absent);
        // Nor does it cost anything to be closed then.
        let response = market.tenant_closes("ann", order).unwrap();
        assert_eq!(market.events_of::<LeaseClosed>(&response)[0].paid_until, None);
    }
}

#[test]
fn strangers_wait_twice_as_long_unless_the_tenant_lets_anyone_close() {
    let mut market = Market::new();
    let (order, _) = absent(&mut market, SIX_HOURS);
    let early = market.close_absent("stranger", order).unwrap_err();
    assert!(early.to_string().contains("absent for this sender from"), "{early}");
    market.blocks(BLOCKS, 6 * HOUR - 1);
    assert!(market.close_absent("stranger", order).is_err());
    market.pass(1).close_absent("stranger", order).unwrap();

    let mut market = Market::new();
    let (order, _) = absent(&mut market, Absence { anyone_closes: true, ..SIX_HOURS });
    market.close_absent("stranger", order).unwrap();
}

#[test]
fn a_delegate_closes_as_soon_as_its_tenant() {
    let mut market = Market::new();
    let (order, id) = absent(&mut market, SIX_HOURS);
    market.set_delegate("ann", id, "desk", None).unwrap();
    market.close_absent("desk", order).unwrap();
}

#[test]
fn a_lease_that_is_older_than_the_rule_pays_as_before_and_is_closed_by_its_tenant() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    let orderbook = market.orderbook.clone();
    let key = [&[0, 1, b'o'][..], &order.0.to_be_bytes()].concat();
    rewrite(&mut market, &orderbook, &key, |text| {
        let old = text.replacen(r#","h":{"l":21600}"#, "", 1);
        assert_ne!(old, text);
        old
    });
    market.lapse(30 * DAY);
    let lease = market.lease_of(order);
    assert_eq!((lease.absence, lease.unseen), (None, None));
    let refused = AbsenceError::NoLimit(order);
    assert_eq!(market.close_absent("ann", order).unwrap_err(), refused.into());
    market.tenant_closes("ann", order).unwrap();
    assert_eq!(market.stream(id, order).earned, amount(PRICE * (30 * 24 + 1)));
}
