//! How a group that rests is started again, whatever it rests for.

use souk_api::defaults;
use souk_api::defaults::{IDLE_GRACE, ORDER_LIFETIME};
use souk_api::orderbook::events::{DeploymentClosed, OrderClosed, OrderOpened};
use souk_api::orderbook::{
    DenomConfig, DeploymentState, ExecuteMsg, FIRST_MANIFEST_TIMEOUT, GroupState, MAX_ROUNDS,
    OrderResponse, OrderState, Params, QueryMsg,
};
use souk_core::CloseReason;
use souk_core::time::HOUR;
use souk_orderbook::ContractError;

use super::{first, leased, state};
use crate::market::{GroupAction::*, *};

#[test]
fn every_rest_can_be_started_again_by_the_tenant() {
    // No provider bids until the order's last second.
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    market.pass(ORDER_LIFETIME + 1).expire(order).unwrap();
    market.group("ann", Start, id, 1).unwrap();
    // Nor in an auction.
    let order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    market.lapse(60).close_auction(order, 1).unwrap();
    market.group("ann", Start, id, 1).unwrap();
    // All providers leave within a day.
    let mut order = market.order("bob", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let names: Vec<String> = (0..=MAX_ROUNDS).map(|number| format!("p{number}")).collect();
    for name in &names {
        market.provider(name);
        market.place(name, order, 900).unwrap();
        market.accept("bob", order, name, 900).unwrap();
        market.pass(HOUR).provider_closes(name, order, CloseReason::Unstable).unwrap();
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(state(&market, id), GroupState::Paused);
    market.group("bob", Start, id, 1).unwrap();
    let group = &market.deployment(id).groups[0];
    assert_eq!(group.excluded.len(), 11, "whom the tenant can let bid again");
    let order = group.order;
    market.provider("e");
    market.place("e", order, 900).unwrap();
    market.accept("bob", order, "e", 900).unwrap();
    market.provider_closes("e", order, CloseReason::Unstable).unwrap();
    assert_eq!(state(&market, id), GroupState::Open, "it may be reopened ten times again");
}

#[test]
fn an_order_that_nobody_bid_on_need_not_be_expired_by_anybody_before_its_group_starts_again() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        market.pass(ORDER_LIFETIME);
        let open = ContractError::GroupNotResting { group: first(id), state: GroupState::Open };
        assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), open, "its last second");
        let response = market.pass(1).group("ann", Start, id, 1).unwrap();
        assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
        let opened = market.events_of::<OrderOpened>(&response)[0].order;
        assert_eq!(market.deployment(id).groups[0].order, opened);
        market.prune(&[order]);
        let asked = market.query::<OrderResponse>(&QueryMsg::Order { order });
        assert!(asked.is_err(), "the old one is over for good");
        assert_eq!(market.account(id).reserved.u128(), 1_000);
    }
}

/// The market's owner changes what holds for the orders to come.
fn change(
    market: &mut Market,
    terms: impl FnOnce(&mut DenomConfig),
    params: impl FnOnce(&mut Params),
) {
    let (mut denom, mut times) = (defaults::denom_config(usouk()), defaults::orderbook_params());
    terms(&mut denom);
    params(&mut times);
    let (denoms, params) = (Some(vec![denom]), Some(times));
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms, params };
    market.send(&market.owner.clone(), &msg).unwrap();
}

#[test]
fn no_group_goes_out_again_that_could_not_be_created_at_the_terms_of_the_day() {
    let dearer = |denom: &mut DenomConfig| denom.min_price = price(1_001);
    let shorter = |params: &mut Params| (params.order_lifetime, params.max_auction) = (HOUR, 60);
    for auction in [tenant_choice(), lowest_price(60), lowest_price(HOUR)] {
        let mut market = Market::new();
        let id =
            market.create("ann", &deployment(&[group("web", 1_000)], auction), PLENTY).unwrap();
        market.group("ann", Pause, id, 1).unwrap();
        change(&mut market, dearer, |_| ());
        let error = market.group("ann", Start, id, 1).unwrap_err();
        assert!(matches!(error, ContractError::Ceiling { .. }), "{error}");
        change(&mut market, |_| (), shorter);
        let started = market.group("ann", Start, id, 1);
        if auction == lowest_price(HOUR) {
            let error = ContractError::AuctionLength { closes_after: HOUR, min: 30, max: 60 };
            assert_eq!(started.unwrap_err(), error);
            change(&mut market, |_| (), |_| ());
            market.group("ann", Start, id, 1).unwrap();
        }
    }
}

#[test]
fn after_a_lease_such_a_group_rests_and_the_close_is_not_refused() {
    let mut market = Market::new();
    market.provider("pro");
    for (auction, dearer) in [(lowest_price(HOUR), false), (tenant_choice(), true)] {
        let order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        market.place("pro", order, 900).unwrap();
        match dearer {
            true => drop(market.accept("ann", order, "pro", 900).unwrap()),
            false => drop(market.lapse(HOUR).close_auction(order, 1).unwrap()),
        }
        change(
            &mut market,
            |denom| denom.min_price = price(if dearer { 1_001 } else { 1 }),
            |params| (params.order_lifetime, params.max_auction) = (HOUR, 600),
        );
        let response = market.pass(600).tenant_closes("ann", order).unwrap();
        assert!(market.events_of::<OrderOpened>(&response).is_empty());
        assert_eq!(state(&market, id), GroupState::Paused);
        change(&mut market, |_| (), |_| ());
        market.group("ann", Start, id, 1).unwrap();
    }
}

#[test]
fn starting_a_group_keeps_its_deployment() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        market.group("ann", Pause, id, 1).unwrap();
        market.end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).marked_at, Some(market.now()));
        market.lapse(IDLE_GRACE);
        market.group("ann", Start, id, 1).unwrap();
        assert_eq!(market.deployment(id).marked_at, None);
        let error = market.end_deployment(id).unwrap_err();
        assert!(matches!(error, ContractError::InUse { .. }), "its order takes bids: {error}");
        market.group("ann", Pause, id, 1).unwrap();
        market.end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).state, DeploymentState::Active, "marked again");
        market.lapse(IDLE_GRACE).end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).state, DeploymentState::Closed);
        assert_eq!(market.account(id).reserved.u128(), 0);
    }
}

#[test]
fn a_group_is_started_without_its_last_provider_by_tenant_and_delegate() {
    for sender in ["ann", "desk"] {
        let (mut market, id, order) = leased();
        market.set_delegate("ann", id, "desk", None).unwrap();
        market.let_anyone_start("ann", id, true).unwrap();
        let closed = market.pass(FIRST_MANIFEST_TIMEOUT).provider_closes(
            "pro",
            order,
            CloseReason::ManifestTimeout,
        );
        closed.unwrap();
        assert_eq!(state(&market, id), GroupState::Paused);
        market.group(sender, StartWithoutLast, id, 1).unwrap();
        let next = market.deployment(id).groups[0].order;
        let pro = market.who("pro");
        assert_eq!(market.place("pro", next, 900).unwrap_err(), ContractError::Excluded(pro));
        // The latest order had no lease: there is nobody to exclude.
        market.group("ann", Pause, id, 1).unwrap();
        let error = market.group("ann", StartWithoutLast, id, 1).unwrap_err();
        assert_eq!(error, ContractError::NoLease(next));
    }
}

#[test]
fn a_group_starts_again_also_after_its_order_was_pruned() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let groups = [group("web", 1_000), group("db", 1_000)];
        let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.group("ann", Pause, id, 1).unwrap();
        market.prune(&[order]);
        assert!(market.query::<OrderResponse>(&QueryMsg::Order { order }).is_err());
        market.group("ann", Start, id, 1).unwrap();
        let next = market.deployment(id).groups[0].order;
        assert_eq!(market.order_of(next).state, OrderState::Open);
        assert_eq!(market.account(id).reserved.u128(), 2_000);
    }
}

#[test]
fn a_deployment_whose_groups_are_closed_or_rest_is_idle() {
    let mut market = Market::new();
    let groups = [group("web", 1_000), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    market.group("ann", Close, id, 1).unwrap();
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::InUse { .. }));
    market.group("ann", Pause, id, 2).unwrap();
    market.end_deployment(id).unwrap();
    let response = market.lapse(IDLE_GRACE).end_deployment(id).unwrap();
    let event = DeploymentClosed { deployment: id, reason: CloseReason::Unspecified };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);
    assert_eq!(market.account(id).balance, amount(PLENTY));
}
