//! What money the start of a group takes, and who may start one that had none.

use souk_api::defaults::MIN_DEPOSIT;
use souk_api::escrow;
use souk_api::orderbook::events::AnyoneStartsSet;
use souk_api::orderbook::{GroupState, OrderState};
use souk_contract_std::CommonError;
use souk_core::time::{DAY, HOUR};
use souk_core::{AccountId, CloseReason, OrderId};
use souk_orderbook::{ContractError, error::Shortfall};

use super::{first, out_of_funds, state};
use crate::market::{GroupAction::*, *};

#[test]
fn a_start_needs_the_least_deposit_in_the_account() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let new = deployment(&[group("web", 1_000)], auction);
        let id = market.create("ann", &new, MIN_DEPOSIT).unwrap();
        market.group("ann", Pause, id, 1).unwrap();
        let (ann, escrow) = (market.who("ann"), market.escrow.clone());
        let take = |units| {
            let (account, amount) = (AccountId(id.0), amount(units));
            escrow::ExecuteMsg::WithdrawDeposit { account, amount }
        };
        market.call(&ann, &escrow, &take(1), 0).unwrap();
        let error = |has| {
            let needed = amount(MIN_DEPOSIT);
            ContractError::LeastDepositMissing { group: first(id), has, needed }
        };
        let started = market.group("ann", Start, id, 1);
        assert_eq!(started.unwrap_err(), error(MIN_DEPOSIT - 1));
        market.call(&ann, &escrow, &take(MIN_DEPOSIT - 1_001), 0).unwrap();
        assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error(1_000), "it is carried");
        market.deposit("ann", id, MIN_DEPOSIT - 1_001);
        market.deposit("friend", id, 1);
        market.group("ann", Start, id, 1).unwrap();
    }
}

#[test]
fn a_topped_up_deployment_goes_on_when_its_group_is_started() {
    let mut market = Market::new();
    market.provider("pro");
    market.provider("other");
    let groups = [group("web", 400_000), group("db", 1)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), 1_000_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 400_000).unwrap();
    market.accept("ann", order, "pro", 400_000).unwrap();
    market.pass(3 * HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(state(&market, id), GroupState::InsufficientFunds);
    market.deposit("ann", id, PLENTY);
    market.group("ann", Start, id, 1).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("other", order, 400_000).unwrap();
    market.accept("ann", order, "other", 400_000).unwrap();
}

#[test]
fn a_moment_of_low_runway_lets_a_group_rest_and_no_longer_ends_it() {
    let mut market = Market::new();
    market.provider("pro");
    let new = deployment(&[group("web", 400_000)], lowest_price(300));
    let id = market.create("ann", &new, MIN_DEPOSIT).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 400_000).unwrap();
    market.lapse(300).close_auction(order, 1).unwrap();
    // The provider leaves; the tenant has a quarter of an hour left and is about to top up.
    market.pass(HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(state(&market, id), GroupState::InsufficientFunds);
    let error = market.group("ann", Start, id, 1).unwrap_err();
    assert!(matches!(error, ContractError::NotCarried(_)), "{error}");

    // Nobody takes the deployment away in the hours until the tenant has topped up.
    market.end_deployment(id).unwrap();
    market.lapse(20 * DAY);
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::NotEndable { .. }));
    market.deposit("ann", id, 10_000_000);
    market.group("ann", Start, id, 1).unwrap();
    assert_eq!(state(&market, id), GroupState::Open);
}

#[test]
fn whichever_of_two_auctions_is_closed_first_the_group_that_rests_is_started_again() {
    for first in [0, 1] {
        let mut market = Market::new();
        market.provider("pro");
        let groups = [group("a", 800_000), group("b", 800_000), group("c", 600_000)];
        let id = market.create("ann", &deployment(&groups, lowest_price(300)), 2_200_000).unwrap();
        let orders: Vec<OrderId> = market.deployment(id).groups.iter().map(|g| g.order).collect();
        for (order, price) in orders.iter().zip([300_000, 300_000, 600_000]) {
            market.place("pro", *order, price).unwrap();
        }
        // The lease of the third spends what carried the ceilings of both.
        market.lapse(300).close_auction(orders[2], 1).unwrap();
        market.pass(HOUR).close_auction(orders[first], 1).unwrap();
        market.close_auction(orders[1 - first], 1).unwrap();
        let rests = market.deployment(id).groups[first].clone();
        assert_eq!(rests.state, GroupState::InsufficientFunds);
        assert_eq!(market.deployment(id).groups[1 - first].order_state, OrderState::Active);
        market.deposit("ann", id, 10_000_000);
        market.group("ann", Start, id, rests.seq.0).unwrap();
        let states: Vec<_> = market.deployment(id).groups.iter().map(|g| g.state).collect();
        assert_eq!(states, [GroupState::Open; 3]);
    }
}

#[test]
fn anyone_starts_what_rests_for_lack_of_funds_once_there_are_some_if_the_tenant_lets_it() {
    let (mut market, id) = out_of_funds();
    market.deposit("friend", id, MIN_DEPOSIT - 1);
    let error = market.group("friend", Start, id, 1).unwrap_err();
    let needed = souk_api::Permission::TenantOrAllowed;
    let refused = CommonError::NotPermitted { needed, sender: market.who("friend") };
    assert_eq!(error, refused.into());

    let response = market.let_anyone_start("ann", id, true).unwrap();
    let event = AnyoneStartsSet { deployment: id, on: true };
    assert_eq!(market.events_of::<AnyoneStartsSet>(&response), [event]);
    assert!(market.deployment(id).anyone_starts);
    let error = market.group("friend", Start, id, 1).unwrap_err();
    let (has, needed, burden) = (MIN_DEPOSIT - 1, MIN_DEPOSIT, MIN_DEPOSIT);
    let short = Shortfall { has, needed, burden, runway: HOUR };
    assert_eq!(error, ContractError::NotCarried(short), "a unit is missing");
    market.deposit("friend", id, 1);
    market.group("friend", Start, id, 1).unwrap();
    assert_eq!(state(&market, id), GroupState::Open);

    // What the tenant paused is the tenant's to start.
    market.group("ann", Pause, id, 1).unwrap();
    let error = ContractError::TenantsToStart(first(id));
    assert_eq!(market.group("friend", Start, id, 1).unwrap_err(), error);
    market.let_anyone_start("ann", id, false).unwrap();
    assert!(!market.deployment(id).anyone_starts);
}

#[test]
fn nothing_is_started_while_other_leases_of_the_account_are_not_paid() {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", MIN_DEPOSIT), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), 2 * MIN_DEPOSIT).unwrap();
    market.group("ann", Pause, id, 2).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, MIN_DEPOSIT).unwrap();
    market.accept("ann", order, "pro", MIN_DEPOSIT).unwrap();
    market.pass(2 * HOUR);
    let error = market.group("ann", Start, id, 2).unwrap_err();
    assert_eq!(error, ContractError::StillDepleted(id));
}

#[test]
fn others_that_start_a_group_exclude_nobody() {
    let (mut market, id) = out_of_funds();
    market.let_anyone_start("ann", id, true).unwrap();
    market.deposit("friend", id, PLENTY);
    let error = market.group("friend", StartWithoutLast, id, 1).unwrap_err();
    assert_eq!(error, ContractError::TenantsToExclude(first(id)));
    market.group("friend", Start, id, 1).unwrap();
}
