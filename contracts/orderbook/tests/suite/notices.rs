//! What becomes of a notice that nobody used, and of the group of one that ends a lease.

use souk_api::{
    defaults::SLOWEST_BLOCK,
    escrow::ExecuteMsg,
    orderbook::{GroupState, LeaseState, OrderState, Reclamation, events::LeaseClosed},
};
use souk_core::{
    AccountId, CloseReason, DeploymentId, OrderId,
    time::{DAY, HOUR},
};
use souk_orderbook::{ContractError, ReclaimError};

use crate::market::*;

const REASON: CloseReason = CloseReason::Decommission;
/// The blocks of an hour.
const BLOCKS: u64 = HOUR * 1_000 / SLOWEST_BLOCK;

/// A deployment with `units`, whose groups have these ceilings and may be taken back with an hour's notice.
fn deployed(market: &mut Market, ceilings: &[u128], units: u128) -> (DeploymentId, Vec<OrderId>) {
    market.provider("pro");
    let groups: Vec<_> =
        ceilings.iter().enumerate().map(|(n, units)| group(&format!("g{n}"), *units)).collect();
    let mut new = deployment(&groups, tenant_choice());
    new.reclamation = Some(Reclamation { min_window: HOUR });
    let id = market.create("ann", &new, units).unwrap();
    (id, market.deployment(id).groups.iter().map(|group| group.order).collect())
}

fn lease(market: &mut Market, order: OrderId, price: u128) {
    market.place("pro", order, price).unwrap();
    market.accept("ann", order, "pro", price).unwrap();
}

#[test]
fn a_notice_that_nobody_used_within_a_day_is_void_and_the_only_one() {
    let mut market = Market::new();
    let (_, orders) = deployed(&mut market, &[1_000], PLENTY);
    let order = orders[0];
    lease(&mut market, order, 900);
    market.pass(HOUR).start_reclaim("pro", order, REASON).unwrap();
    market.blocks(BLOCKS, HOUR);
    let deadline = market.now();
    market.blocks(24 * BLOCKS, DAY - 1);
    let shown = market.lease_of(order);
    assert_eq!(shown.state, LeaseState::Reclaiming);
    assert!(!shown.reclaim.unwrap().lapsed, "its last second");

    market.pass(1);
    let shown = market.lease_of(order);
    assert_eq!(shown.state, LeaseState::Active, "it goes on as before");
    assert!(shown.reclaim.unwrap().lapsed);
    let lapsed: ContractError = ReclaimError::Lapsed { order, deadline }.into();
    assert_eq!(market.end_reclaim("stranger", order).unwrap_err(), lapsed);
    assert_eq!(market.start_reclaim("pro", order, REASON).unwrap_err(), lapsed);
    let response = market.provider_closes("pro", order, REASON).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert!(closed.breach && closed.notice.is_none(), "{closed:?}");
}

#[test]
fn a_notice_ends_the_lease_in_its_last_second() {
    let mut market = Market::new();
    let (_, orders) = deployed(&mut market, &[1_000], PLENTY);
    lease(&mut market, orders[0], 900);
    market.pass(HOUR).start_reclaim("pro", orders[0], REASON).unwrap();
    market.blocks(25 * BLOCKS, HOUR + DAY - 1).end_reclaim("stranger", orders[0]).unwrap();
}

#[test]
fn a_group_that_the_account_does_not_carry_rests_after_the_notice_and_counts_no_round() {
    let mut market = Market::new();
    // The other lease leaves less than the group's ceiling for an hour.
    let (id, orders) = deployed(&mut market, &[500_000, 400_000], 1_000_000);
    lease(&mut market, orders[0], 10);
    lease(&mut market, orders[1], 250_000);
    market.pass(HOUR).start_reclaim("pro", orders[0], REASON).unwrap();
    let response = market.blocks(BLOCKS, HOUR).end_reclaim("stranger", orders[0]).unwrap();
    assert!(!market.events_of::<LeaseClosed>(&response)[0].breach);
    let rests = &market.deployment(id).groups[0];
    assert_eq!((rests.state, rests.rounds), (GroupState::InsufficientFunds, 0));
    assert_eq!(rests.excluded, [market.who("pro").to_string()]);
    let account = market.account(id);
    assert_eq!((account.reserved.u128(), account.clock.rate.u128()), (0, 250_000));
}

#[test]
fn an_order_that_is_over_keeps_no_group_of_its_deployment_from_being_put_out_again() {
    type End = fn(&mut Market, OrderId);
    let ends: [End; 3] = [
        |market, order| drop(market.end_reclaim("stranger", order).unwrap()),
        |market, order| drop(market.tenant_closes("ann", order).unwrap()),
        |market, order| {
            drop(market.provider_closes("pro", order, CloseReason::Unstable).unwrap());
        },
    ];
    for end in ends {
        let mut market = Market::new();
        let (id, orders) = deployed(&mut market, &[500_000, 400_000], 1_000_000);
        lease(&mut market, orders[1], 1_000);
        // Nobody bids on the first, and nobody records its end. Its reserve is not covered beside a new order.
        market.pass(23 * HOUR).start_reclaim("pro", orders[1], REASON).unwrap();
        market.blocks(BLOCKS, HOUR).pass(HOUR);
        assert_eq!(market.account(id).reserved.u128(), 500_000);
        let above = amount(market.account(id).balance.u128() - 700_000);
        let take = ExecuteMsg::WithdrawDeposit { account: AccountId(id.0), amount: above };
        let (ann, escrow) = (market.who("ann"), market.escrow.clone());
        market.call(&ann, &escrow, &take, 0).unwrap();
        end(&mut market, orders[1]);
        let groups = market.deployment(id).groups;
        assert_eq!(groups[0].order_state, OrderState::Closed, "its end is recorded");
        assert_eq!(groups[1].state, GroupState::Open);
        assert_eq!(groups[1].order_state, OrderState::Open);
        assert_eq!(market.account(id).reserved.u128(), 400_000, "the new order's alone");
    }
}
