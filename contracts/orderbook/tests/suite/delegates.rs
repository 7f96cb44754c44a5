//! What a delegate may let its tenant pay.

use souk_api::{
    defaults::ORDER_LIFETIME,
    escrow,
    orderbook::{ExecuteMsg, GroupState, NewDeployment, events::DelegateSet},
};
use souk_core::{AccountId, DeploymentId, OrderId, Rate, time::HOUR};
use souk_orderbook::{ContractError, DelegateError};

use crate::market::{GroupAction::*, *};

fn rate(units: u128) -> Rate {
    Rate::new(units).unwrap()
}

/// Two groups of `ann`'s up to 1000 an hour each, with `desk` as the delegate and a bid of `pro` at 400 on each.
fn two_groups(limit: Option<u128>) -> (Market, DeploymentId, [OrderId; 2]) {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", 1_000), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    market.set_delegate("ann", id, "desk", limit).unwrap();
    let orders = [0, 1].map(|n| market.deployment(id).groups[n].order);
    for order in orders {
        market.place("pro", order, 400).unwrap();
    }
    (market, id, orders)
}

#[test]
fn a_delegate_without_a_limit_accepts_nothing() {
    let (mut market, id, [web, _]) = two_groups(None);
    assert_eq!(market.deployment(id).delegate_limit, None);
    let error = market.accept("desk", web, "pro", 400).unwrap_err();
    assert_eq!(error, DelegateError::WithoutLimit.into());
    market.accept("ann", web, "pro", 400).unwrap();
}

#[test]
fn a_delegate_accepts_as_long_as_all_leases_together_cost_no_more_than_its_limit() {
    for (limit, fine) in [(799, false), (800, true)] {
        let (mut market, id, [web, db]) = two_groups(Some(limit));
        market.accept("desk", web, "pro", 400).unwrap();
        let accepted = market.accept("desk", db, "pro", 400);
        assert_eq!(accepted.is_ok(), fine, "{limit}");
        if !fine {
            let error = DelegateError::AboveLimit { after: 800, limit: rate(limit) }.into();
            assert_eq!(accepted.unwrap_err(), error);
            market.accept("ann", db, "pro", 400).unwrap();
        }
        // What ends makes room again.
        market.group("desk", Pause, id, 1).unwrap();
        market.group("desk", Start, id, 1).unwrap();
        let next = market.deployment(id).groups[0].order;
        market.place("pro", next, 401).unwrap();
        assert!(market.accept("desk", next, "pro", 401).is_err());
    }
}

#[test]
fn a_limit_is_set_shown_and_taken_back_with_its_delegate() {
    let mut market = Market::new();
    let desk = market.who("desk").to_string();
    let new = deployment(&[group("web", 1_000)], tenant_choice());
    let limit = Some(rate(700));
    let alone = NewDeployment { delegate_limit: limit, ..new.clone() };
    let error = DelegateError::LimitWithoutDelegate(rate(700)).into();
    assert_eq!(market.create("ann", &alone, PLENTY).unwrap_err(), error);
    let both = NewDeployment { delegate: Some(desk.clone()), ..alone };
    let id = market.create("ann", &both, PLENTY).unwrap();
    assert_eq!(market.deployment(id).delegate_limit, limit);

    let response = market.set_delegate("ann", id, "desk", Some(5)).unwrap();
    let event = DelegateSet { deployment: id, delegate: Some(desk), limit: Some(rate(5)) };
    assert_eq!(market.events_of::<DelegateSet>(&response), [event]);
    assert!(market.set_delegate("desk", id, "desk", Some(9)).is_err(), "the tenant's alone");
    let set = |limit| ExecuteMsg::SetDelegate { deployment: id, delegate: None, limit };
    let ann = market.who("ann");
    assert_eq!(market.send(&ann, &set(limit)).unwrap_err(), error);
    market.send(&ann, &set(None)).unwrap();
    assert_eq!(market.deployment(id).delegate_limit, None);
    market.set_delegate("ann", id, "desk", None).unwrap();
    assert_eq!(market.deployment(id).delegate_limit, None, "none is left of the one before");
}

#[test]
fn a_delegate_cannot_let_the_deposit_flow_to_a_provider_of_its_own_at_the_ceiling() {
    let mut market = Market::new();
    market.provider("good");
    market.provider("thief");
    let new = NewDeployment {
        delegate: Some(market.who("desk").to_string()),
        delegate_limit: Some(rate(200)),
        ..deployment(&[group("web", 10_000_000)], tenant_choice())
    };
    let id = market.create("ann", &new, 100_000_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("good", order, 100).unwrap();
    market.accept("ann", order, "good", 100).unwrap();
    market.tenant_closes("desk", order).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("thief", order, 10_000_000).unwrap();
    let error = market.accept("desk", order, "thief", 10_000_000).unwrap_err();
    let limit = rate(200);
    assert_eq!(error, DelegateError::AboveLimit { after: 10_000_000, limit }.into());
    market.lower("thief", order, 200).unwrap();
    market.accept("desk", order, "thief", 200).unwrap();
    market.pass(10 * HOUR);
    let (escrow, anyone) = (market.escrow.clone(), market.who("anyone"));
    let take = escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: order.0 };
    market.call(&anyone, &escrow, &take, 0).unwrap();
    assert!(market.balance(&market.payee("thief")) <= 2_000, "as fast as the limit says");
}

/// An auction of `ann`'s up to 1000 an hour that `pro` won at 100, with `desk` as the delegate.
fn auctioned(limit: Option<u128>) -> (Market, DeploymentId, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    market.set_delegate("ann", id, "desk", limit).unwrap();
    market.place("pro", order, 100).unwrap();
    market.lapse(60).close_auction(order, 1).unwrap();
    (market, id, order)
}

#[test]
fn a_delegate_puts_a_group_out_in_a_binding_auction_only_within_its_limit() {
    for (limit, fine) in [(None, false), (Some(999), false), (Some(1_000), true)] {
        // By its close, which is never refused.
        let (mut market, id, order) = auctioned(limit);
        market.tenant_excludes("desk", order).unwrap();
        let state = market.deployment(id).groups[0].state;
        let expected = if fine { GroupState::Open } else { GroupState::Paused };
        assert_eq!(state, expected, "{limit:?}");
        // By a start.
        let (mut market, id, _) = auctioned(limit);
        market.group("desk", Pause, id, 1).unwrap();
        let started = market.group("desk", Start, id, 1);
        assert_eq!(started.is_ok(), fine, "{limit:?}");
        if let Err(error) = started {
            let bounds = matches!(
                error,
                ContractError::Delegate(
                    DelegateError::WithoutLimit | DelegateError::AboveLimit { .. }
                )
            );
            assert!(bounds, "{error}");
            market.group("ann", Start, id, 1).unwrap();
        }
    }
}

#[test]
fn open_orders_of_auctions_count_towards_the_limit_with_their_ceilings() {
    for (limit, fine) in [(1_899, false), (1_900, true)] {
        let mut market = Market::new();
        market.provider("pro");
        let groups = [group("web", 1_000), group("db", 900)];
        let id = market.create("ann", &deployment(&groups, lowest_price(60)), PLENTY).unwrap();
        market.set_delegate("ann", id, "desk", Some(limit)).unwrap();
        market.group("desk", Pause, id, 1).unwrap();
        assert_eq!(market.group("desk", Start, id, 1).is_ok(), fine, "{limit}");
    }
}

#[test]
fn an_order_that_is_over_costs_a_group_no_place_within_the_limit() {
    for (limit, fine) in [(999, false), (1_000, true)] {
        let mut market = Market::new();
        market.provider("pro");
        let groups = [group("web", 1_000), group("db", 900)];
        let id = market.create("ann", &deployment(&groups, lowest_price(60)), PLENTY).unwrap();
        market.set_delegate("ann", id, "desk", Some(limit)).unwrap();
        let web = market.deployment(id).groups[0].order;
        market.place("pro", web, 100).unwrap();
        market.lapse(60).close_auction(web, 1).unwrap();
        market.lapse(ORDER_LIFETIME + 1).tenant_excludes("desk", web).unwrap();
        let shown = market.deployment(id);
        let expected = if fine { GroupState::Open } else { GroupState::Paused };
        assert_eq!(shown.groups[0].state, expected, "{limit}");
        assert_eq!(shown.groups[1].state, GroupState::Paused, "its end is recorded, {limit}");
    }
}

#[test]
fn what_the_tenant_sends_and_what_others_end_is_bounded_by_no_limit() {
    let (mut market, id, order) = auctioned(Some(0));
    market.tenant_closes("ann", order).unwrap();
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Open);
    let (mut market, id, order) = auctioned(Some(0));
    market.provider_closes("pro", order, souk_core::CloseReason::Unstable).unwrap();
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Open);
    // A tenant that is its own delegate stays the tenant.
    let (mut market, id, [web, _]) = two_groups(None);
    market.set_delegate("ann", id, "ann", None).unwrap();
    market.accept("ann", web, "pro", 400).unwrap();
}
