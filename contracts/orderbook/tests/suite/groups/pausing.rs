//! How a group is paused, kept paused and closed.

use souk_api::defaults::MIN_DEPOSIT;
use souk_api::orderbook::events::{
    DeploymentClosed, GroupChanged, LeaseClosed, OrderClosed, OrderOpened,
};
use souk_api::orderbook::{DeploymentState, GroupState, OrderState};
use souk_contract_std::CommonError;
use souk_core::time::{DAY, HOUR};
use souk_core::{CloseReason, GroupId, GroupSeq};
use souk_orderbook::ContractError;

use super::{first, leased, out_of_funds, state};
use crate::market::{GroupAction::*, *};

#[test]
fn a_paused_group_ends_its_lease_and_goes_out_again_when_it_is_started() {
    let (mut market, id, order) = leased();
    let response = market.pass(HOUR).group("ann", Pause, id, 1).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.order, closed.reason, closed.breach), (order, CloseReason::Tenant, false));
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    assert!(!market.stream(id, order).open);
    market.pass(DAY);
    assert_eq!(market.stream(id, order).earned, amount(900), "nothing is paid while it rests");
    let states: Vec<_> = market.deployment(id).groups.iter().map(|group| group.state).collect();
    assert_eq!(states, [GroupState::Paused, GroupState::Open], "the other group goes on");

    let response = market.group("ann", Start, id, 1).unwrap();
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Open);
    let order = market.events_of::<OrderOpened>(&response)[0].order;
    assert_eq!(
        (market.deployment(id).groups[0].order, state(&market, id)),
        (order, GroupState::Open)
    );
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
}

#[test]
fn a_paused_group_ends_its_order_and_lets_its_bids_and_reserve_go() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        if auction == tenant_choice() {
            market.place("pro", order, 900).unwrap();
        }
        let response = market.group("ann", Pause, id, 1).unwrap();
        assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "group_paused");
        assert_eq!(market.order_of(order).state, OrderState::Closed);
        assert_eq!(market.account(id).reserved.u128(), 0);
        market.release("pro", &[order]);
        assert_eq!(market.stats_of("pro").used, 0);
        market.group("ann", Start, id, 1).unwrap();
        assert_eq!(market.account(id).reserved.u128(), 1_000);
    }
}

#[test]
fn a_binding_auction_with_bids_is_left_by_a_pause_also_while_nobody_can_close_it() {
    for stopped in [false, true] {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.order("ann", lowest_price(60));
        let id = market.order_of(order).group.deployment;
        market.place("pro", order, 900).unwrap();
        market.pause(stopped);
        let response = market.group("ann", Pause, id, 1).unwrap();
        assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "group_paused");
        assert_eq!(market.account(id).reserved.u128(), 0);
        market.release("pro", &[order]);
        assert_eq!(market.stats_of("pro").used, 0, "its bid holds no slot");
        market.lapse(60).pause(false);
        assert!(market.close_auction(order, 1).is_err(), "and no lease comes of it");
    }
}

#[test]
fn what_does_not_rest_is_not_started_and_what_rests_is_not_paused() {
    let (mut market, id, _) = leased();
    let error = |state| ContractError::GroupNotResting { group: first(id), state };
    assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error(GroupState::Open));
    market.group("ann", Pause, id, 1).unwrap();
    let again = ContractError::NotPausable { group: first(id), state: GroupState::Paused };
    assert_eq!(market.group("ann", Pause, id, 1).unwrap_err(), again);
    market.group("ann", Close, id, 1).unwrap();
    assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error(GroupState::Closed));
    let closed = ContractError::GroupClosed(first(id));
    assert_eq!(market.group("ann", Close, id, 1).unwrap_err(), closed);
    let absent = GroupId { group: GroupSeq(3), ..first(id) };
    for action in [Pause, Start, Close] {
        let error = market.group("ann", action, id, 3).unwrap_err();
        assert_eq!(error, ContractError::GroupNotFound(absent), "{action:?}");
    }
    market.close("ann", id).unwrap();
    for action in [Pause, Start, Close] {
        let error = market.group("ann", action, id, 2).unwrap_err();
        assert_eq!(error, ContractError::DeploymentClosed(id), "{action:?}");
    }
}

#[test]
fn a_group_is_closed_by_itself_and_the_deployment_with_its_last() {
    let (mut market, id, order) = leased();
    let response = market.pass(HOUR).group("ann", Close, id, 1).unwrap();
    assert_eq!(market.events_of::<LeaseClosed>(&response)[0].order, order);
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Closed);
    assert_eq!(market.deployment(id).state, DeploymentState::Active);
    assert!(!market.account(id).closed);
    let response = market.group("ann", Close, id, 2).unwrap();
    let event = DeploymentClosed { deployment: id, reason: CloseReason::Tenant };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);
    assert_eq!(market.account(id).balance, amount(PLENTY - 900));
    assert!(market.account(id).closed);
}

#[test]
fn a_group_that_rests_for_lack_of_funds_can_be_kept_from_others() {
    let (mut market, id) = out_of_funds();
    market.let_anyone_start("ann", id, true).unwrap();
    let response = market.group("ann", Pause, id, 1).unwrap();
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    market.deposit("friend", id, PLENTY);
    let error = market.group("friend", Start, id, 1).unwrap_err();
    assert_eq!(error, ContractError::TenantsToStart(first(id)));
    market.group("ann", Start, id, 1).unwrap();
}

#[test]
fn a_delegate_pauses_and_starts_but_does_not_let_others() {
    let (mut market, id, _) = leased();
    market.set_delegate("ann", id, "desk", None).unwrap();
    market.group("desk", Pause, id, 1).unwrap();
    market.group("desk", Start, id, 1).unwrap();
    assert!(market.let_anyone_start("desk", id, true).is_err());
}

#[test]
fn a_markets_pause_stops_the_start_of_groups_and_nothing_else_of_them() {
    let (mut market, id, _) = leased();
    market.pause(true);
    market.group("ann", Pause, id, 1).unwrap();
    let error = market.group("ann", Start, id, 1).unwrap_err();
    assert_eq!(error, CommonError::Paused.into());
    market.group("ann", Close, id, 1).unwrap();
    market.pause(false);
}

#[test]
fn a_bid_on_a_paused_groups_order_is_not_accepted_any_more() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    market.place("pro", order, 900).unwrap();
    let bid = market.bid("pro", order).id;
    market.group("ann", Pause, id, 1).unwrap();
    let over = ContractError::OrderNotOpen { order, state: OrderState::Closed };
    assert_eq!(market.accept_bid("ann", order, "pro", bid, 900).unwrap_err(), over);
    market.group("ann", Start, id, 1).unwrap();
    assert_eq!(market.accept_bid("ann", order, "pro", bid, 900).unwrap_err(), over);
    let next = market.deployment(id).groups[0].order;
    let none = market.accept_bid("ann", next, "pro", bid, 900).unwrap_err();
    assert_eq!(none, ContractError::BidNotFound { order: next, provider: market.who("pro") });
}

#[test]
fn a_depleted_groups_lease_ends_for_lack_of_funds_and_the_group_as_its_tenant_says() {
    for (action, then) in [(Pause, GroupState::Paused), (Close, GroupState::Closed)] {
        let mut market = Market::new();
        market.provider("pro");
        let groups = [group("web", MIN_DEPOSIT), group("db", 1_000)];
        let new = deployment(&groups, tenant_choice());
        let id = market.create("ann", &new, 2 * MIN_DEPOSIT).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, MIN_DEPOSIT).unwrap();
        market.accept("ann", order, "pro", MIN_DEPOSIT).unwrap();
        market.let_anyone_start("ann", id, true).unwrap();
        let response = market.pass(2 * HOUR).group("ann", action, id, 1).unwrap();
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        assert_eq!((closed.reason, closed.breach), (CloseReason::InsufficientFunds, false));
        assert_eq!(state(&market, id), then);
        assert_eq!(market.stats_of("pro").used, 0, "it holds no slot");
        // It does not rest for lack of funds, so money lets nobody else start it.
        market.deposit("friend", id, PLENTY);
        assert!(market.group("friend", Start, id, 1).is_err());
        assert_eq!(market.group("ann", Start, id, 1).is_ok(), then == GroupState::Paused);
    }
}
