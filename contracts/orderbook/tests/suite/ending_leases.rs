//! How leases end, and what becomes of their groups.

use souk_api::{
    defaults::MANIFEST_TIMEOUT,
    orderbook::{
        ExecuteMsg, GroupState, LeaseState, LeasesResponse, MAX_ROUNDS, OrderState, QueryMsg,
        events::{GroupChanged, LeaseClosed, OrderOpened},
    },
};
use souk_core::{AccountId, CloseReason, GroupSeq, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

#[test]
fn after_a_providers_close_the_group_is_put_out_without_it() {
    let mut market = Market::new();
    for name in ["bad", "good"] {
        market.provider(name);
    }
    let order = market.lease("ann", "bad", 900);
    let id = market.order_of(order).group.deployment;
    let response = market.pass(HOUR).provider_closes("bad", order, CloseReason::Unstable).unwrap();
    let bad = market.who("bad");
    let event = LeaseClosed {
        order,
        deployment: id,
        group: GroupSeq(1),
        provider: bad.to_string(),
        reason: CloseReason::Unstable,
        breach: true,
        excluded: Some(true),
        notice: None,
        paid_until: None,
    };
    assert_eq!(market.events_of::<LeaseClosed>(&response), [event]);
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    let group = &market.deployment(id).groups[0];
    assert_eq!((group.state, group.order), (GroupState::Open, next));
    assert_eq!(group.excluded, [bad.to_string()]);
    assert_eq!(market.order_of(order).state, OrderState::Closed);

    let error = ContractError::Excluded(bad);
    assert_eq!(market.place("bad", next, 900).unwrap_err(), error);
    market.place("good", next, 900).unwrap();
    market.accept("ann", next, "good", 900).unwrap();
}

#[test]
fn an_operator_that_a_tenant_names_as_its_delegate_closes_as_the_provider_all_the_same() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    let id = market.order_of(order).group.deployment;
    let operator = market.operator("pro");
    market.set_delegate("ann", id, "pro-operator", None).unwrap();
    let response = market.provider_closes("pro", order, CloseReason::Unstable).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.reason, closed.breach), (CloseReason::Unstable, true));

    // Without a reason it is the delegate's close.
    let order = market.lease("bob", "pro", 900);
    let id = market.order_of(order).group.deployment;
    market.set_delegate("bob", id, "pro-operator", None).unwrap();
    let msg = ExecuteMsg::CloseLease { order, reason: None, exclude: true };
    let response = market.send(&operator, &msg).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.reason, closed.excluded), (CloseReason::Tenant, Some(true)));
    // A delegate that is no operator gives no provider's reason.
    let order = market.lease("cyd", "pro", 900);
    let msg = ExecuteMsg::CloseLease { order, reason: Some(CloseReason::Unstable), exclude: false };
    let error = ContractError::ReasonNotAllowed(CloseReason::Unstable);
    assert_eq!(market.send(&market.who("cyd"), &msg).unwrap_err(), error);
}

#[test]
fn a_close_by_either_side_pays_for_the_time_that_was_served() {
    for by_tenant in [false, true] {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.lease("ann", "pro", 900);
        let id = market.order_of(order).group.deployment;
        market.pass(2 * HOUR);
        if by_tenant {
            market.tenant_closes("ann", order).unwrap();
        } else {
            market.provider_closes("pro", order, CloseReason::Unspecified).unwrap();
        }
        market.pass(HOUR);
        let stream = market.stream(id, order);
        assert_eq!((stream.open, stream.earned), (false, amount(1_800)));
        let lease = market.lease_of(order);
        assert_eq!((lease.state, lease.closed_at), (LeaseState::Closed, Some(market.now() - HOUR)));
    }
}

#[test]
fn ten_breaches_in_a_day_and_the_group_waits_for_its_tenant() {
    let mut market = Market::new();
    let names: Vec<String> = (0..=MAX_ROUNDS).map(|number| format!("p{number}")).collect();
    let mut order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    for (round, name) in names.iter().enumerate() {
        market.provider(name);
        market.place(name, order, 900).unwrap();
        market.accept("ann", order, name, 900).unwrap();
        let response =
            market.pass(HOUR).provider_closes(name, order, CloseReason::Unstable).unwrap();
        let opened = market.events_of::<OrderOpened>(&response);
        let paused = market.events_of::<GroupChanged>(&response);
        if round < 10 {
            order = opened[0].order;
            assert_eq!(market.order_of(order).excluded.len(), round + 1);
        } else {
            assert!(opened.is_empty());
            assert_eq!(paused[0].state, GroupState::Paused);
        }
    }
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Paused);
}

#[test]
fn a_tenants_close_puts_the_group_out_again_and_excludes_nobody() {
    let mut market = Market::new();
    market.provider("pro");
    let mut order = market.lease("ann", "pro", 900);
    for _ in 0..5 {
        let response = market.tenant_closes("ann", order).unwrap();
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        assert_eq!((closed.reason, closed.breach), (CloseReason::Tenant, false));
        order = market.events_of::<OrderOpened>(&response)[0].order;
        market.place("pro", order, 900).unwrap();
        market.accept("ann", order, "pro", 900).unwrap();
    }
    let stats = market.stats_of("pro");
    assert_eq!((stats.won, stats.active, stats.breaches), (6, 1, 0));
    assert_eq!(stats.closed[0], (CloseReason::Tenant, 5));
}

#[test]
fn each_side_gives_its_own_reasons() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    for reason in [CloseReason::Tenant, CloseReason::InsufficientFunds] {
        let error = market.provider_closes("pro", order, reason).unwrap_err();
        assert_eq!(error, ContractError::ReasonNotAllowed(reason));
    }
    for reason in CloseReason::ALL.into_iter().skip(1) {
        let msg = souk_api::orderbook::ExecuteMsg::CloseLease {
            order,
            reason: Some(reason),
            exclude: false,
        };
        let error = market.send(&market.who("ann"), &msg).unwrap_err();
        assert_eq!(error, ContractError::ReasonNotAllowed(reason));
    }
    let without =
        souk_api::orderbook::ExecuteMsg::CloseLease { order, reason: None, exclude: false };
    market.send(&market.operator("pro"), &without).unwrap();
    assert_eq!(market.lease_of(order).reason, Some(CloseReason::Unspecified));
}

#[test]
fn a_provider_is_counted_by_the_reasons_that_it_gave() {
    let mut market = Market::new();
    market.provider("pro");
    let given = [
        CloseReason::Unstable,
        CloseReason::Decommission,
        CloseReason::ManifestTimeout,
        CloseReason::Unstable,
    ];
    for reason in given {
        let order = market.lease("ann", "pro", 900);
        market.pass(MANIFEST_TIMEOUT).provider_closes("pro", order, reason).unwrap();
    }
    let stats = market.stats_of("pro");
    let counts: Vec<u64> = stats.closed.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [0, 2, 1, 0, 1, 0]);
    assert_eq!((stats.won, stats.active, stats.breaches), (4, 0, 3));
}

/// A lease that has used up a deposit of half a SOUK, a second ago.
fn depleted() -> (Market, souk_core::OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let new = deployment(&[group("web", 500_000)], tenant_choice());
    let id = market.create("ann", &new, 500_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 500_000).unwrap();
    market.accept("ann", order, "pro", 500_000).unwrap();
    market.pass(HOUR + 1);
    (market, order)
}

#[test]
fn a_close_while_the_account_is_depleted_is_for_lack_of_money_whoever_sends_it() {
    for by_tenant in [false, true] {
        let (mut market, order) = depleted();
        let id = market.order_of(order).group.deployment;
        let response = if by_tenant {
            market.tenant_closes("ann", order).unwrap()
        } else {
            market.provider_closes("pro", order, CloseReason::Unstable).unwrap()
        };
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        let reason = CloseReason::InsufficientFunds;
        assert_eq!((closed.reason, closed.breach), (reason, false));
        assert!(market.events_of::<OrderOpened>(&response).is_empty(), "no money, no order");
        assert_eq!(market.deployment(id).groups[0].state, GroupState::InsufficientFunds);
        assert_eq!(market.lease_of(order).state, LeaseState::InsufficientFunds);
        assert_eq!(market.stats_of("pro").breaches, 0, "nobody is to blame");
    }
}

#[test]
fn up_to_its_last_funded_second_a_lease_is_not_depleted() {
    for (wait, reason) in
        [(HOUR - 1, CloseReason::Unstable), (HOUR, CloseReason::InsufficientFunds)]
    {
        let mut market = Market::new();
        market.provider("pro");
        let new = deployment(&[group("web", 500_000)], tenant_choice());
        let id = market.create("ann", &new, 500_000).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, 500_000).unwrap();
        market.accept("ann", order, "pro", 500_000).unwrap();
        market.pass(wait).provider_closes("pro", order, CloseReason::Unstable).unwrap();
        assert_eq!(market.lease_of(order).reason, Some(reason), "after {wait} s");
    }
}

#[test]
fn after_a_top_up_a_close_is_an_ordinary_one_again() {
    let (mut market, order) = depleted();
    let id = market.order_of(order).group.deployment;
    market.deposit("friend", id, 500_000);
    market.provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(market.lease_of(order).reason, Some(CloseReason::Unstable));
    assert_eq!(market.stats_of("pro").breaches, 1);
}

#[test]
fn a_lease_ends_once() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.tenant_closes("ann", order).unwrap();
    let error = ContractError::LeaseNotActive { order, state: LeaseState::Closed };
    assert_eq!(market.tenant_closes("ann", order).unwrap_err(), error);
    let again = market.provider_closes("pro", order, CloseReason::Unstable).unwrap_err();
    assert_eq!(again, error);
}

#[test]
fn an_order_without_a_lease_has_none_to_close() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let error = market.tenant_closes("ann", order).unwrap_err();
    assert_eq!(error, ContractError::NoLease(order));
}

#[test]
fn a_reopened_auction_reserves_its_ceiling_again() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    market.place("pro", order, 900).unwrap();
    market.lapse(200).close_auction(order, 1).unwrap();
    assert_eq!(market.account(id).reserved.u128(), 0);
    let response = market.provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(market.account(id).reserved.u128(), 1_000);
    let opened = &market.events_of::<OrderOpened>(&response)[0];
    assert_eq!(opened.closes_at, Some(market.now() + 60));
}

#[test]
fn a_provider_that_left_the_registry_can_still_end_its_leases_itself() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.deregister(&pro);
    let reason = CloseReason::Decommission;
    assert!(market.provider_closes("pro", order, reason).is_err(), "it has no operator any more");
    let msg =
        souk_api::orderbook::ExecuteMsg::CloseLease { order, reason: Some(reason), exclude: false };
    market.send(&pro, &msg).unwrap();
    assert_eq!(market.lease_of(order).reason, Some(reason));
}

#[test]
fn a_providers_leases_are_listed_in_pages_with_those_that_ended() {
    let mut market = Market::new();
    market.provider("pro");
    let orders: Vec<_> = (0..5).map(|_| market.lease("ann", "pro", 900)).collect();
    market.tenant_closes("ann", orders[1]).unwrap();
    let page = |after, limit| {
        let provider = market.who("pro").to_string();
        let msg = QueryMsg::Leases { provider, start_after: after, limit: Some(limit) };
        market.query::<LeasesResponse>(&msg).unwrap().leases
    };
    let first = page(None, 3);
    assert_eq!(first.iter().map(|lease| lease.order).collect::<Vec<_>>(), orders[..3]);
    assert_eq!(first[1].state, LeaseState::Closed);
    let rest = page(Some(orders[2]), 100);
    assert_eq!(rest.iter().map(|lease| lease.order).collect::<Vec<_>>(), orders[3..]);
}

#[test]
fn a_record_of_the_account_that_cannot_be_read_keeps_nobody_from_closing() {
    let close = |market: &mut Market, way: usize, order, id| match way {
        0 => market.close("ann", id),
        1 => market.tenant_closes("ann", order),
        2 => market.provider_closes("pro", order, CloseReason::Unstable),
        3 => market.group("ann", GroupAction::Pause, id, 1),
        _ => market.group("ann", GroupAction::Close, id, 1),
    };
    for way in 0..5 {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.lease("ann", "pro", 900);
        let id = market.order_of(order).group.deployment;
        let key = souk_api::published::account_key(AccountId(id.0));
        let escrow = market.escrow.clone();
        let readable = {
            let mut storage = market.app.contract_storage_mut(&escrow);
            let readable = storage.get(&key).unwrap();
            let text = String::from_utf8(readable.clone()).unwrap();
            storage.set(&key, text.replacen("\"v\":1", "\"v\":2", 1).as_bytes());
            readable
        };
        // The orderbook does its part; the escrow of that version does its own.
        let refused = close(&mut market, way, order, id).map(drop);
        let by_the_orderbook = matches!(refused, Err(ContractError::Published(_)));
        assert!(!by_the_orderbook, "{way}: {refused:?}");
        market.app.contract_storage_mut(&escrow).set(&key, &readable);
        if refused.is_err() {
            close(&mut market, way, order, id).unwrap();
        }
        assert_eq!(market.lease_of(order).state, LeaseState::Closed, "{way}");
    }
}
