//! How deployments end: by their tenant, by lack of money, and by being forgotten.

use cosmwasm_std::{CosmosMsg, WasmMsg, to_json_binary};
use souk_api::{
    defaults::{END_GRACE, IDLE_GRACE, ORDER_LIFETIME, SLOT_HOLD, SLOWEST_BLOCK},
    escrow,
    orderbook::{
        DeploymentResponse, DeploymentState, ExecuteMsg, GroupState, MarkResponse, OrderResponse,
        OrderState,
        events::{
            DeploymentClosed, DeploymentMarked, GroupChanged, LeaseClosed, OrderClosed, OrderPruned,
        },
    },
};
use souk_contract_std::CommonError;
use souk_core::{AccountId, CloseReason, DeploymentId, OrderId, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

/// The blocks of the grace of one that is depleted.
const GRACE_BLOCKS: u64 = END_GRACE * 1_000 / SLOWEST_BLOCK;

#[test]
fn a_close_ends_orders_leases_and_account_together() {
    let mut market = Market::new();
    for name in ["a", "b"] {
        market.provider(name);
    }
    let groups = [group("web", 1_000), group("db", 1_000), group("job", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    let orders: Vec<OrderId> = market.deployment(id).groups.iter().map(|g| g.order).collect();
    for (order, name) in [(orders[0], "a"), (orders[1], "b")] {
        market.place(name, order, 600).unwrap();
        market.accept("ann", order, name, 600).unwrap();
    }
    market.place("a", orders[2], 600).unwrap();
    market.pass(HOUR);
    let response = market.close("ann", id).unwrap();
    let leases = market.events_of::<LeaseClosed>(&response);
    assert!(leases.iter().all(|lease| lease.reason == CloseReason::Tenant && !lease.breach));
    assert_eq!(leases.iter().map(|l| l.order).collect::<Vec<_>>(), orders[..2]);
    let closed = market.events_of::<OrderClosed>(&response);
    assert_eq!((closed.len(), closed[0].order), (1, orders[2]));
    let event = DeploymentClosed { deployment: id, reason: CloseReason::Tenant };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);

    let shown = market.deployment(id);
    assert_eq!(shown.state, DeploymentState::Closed);
    for group in shown.groups {
        assert_eq!((group.state, group.order_state), (GroupState::Closed, OrderState::Closed));
    }
    assert!(market.account(id).closed);
    assert_eq!(market.account(id).balance, amount(PLENTY - 1_200));
    assert_eq!(market.close("ann", id).unwrap_err(), ContractError::DeploymentClosed(id));
}

#[test]
fn a_tenant_closes_and_is_refunded_in_one_transaction() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    let (ann, id) = (market.who("ann"), market.order_of(order).group.deployment);
    market.pass(HOUR);
    let msg = |to: &cosmwasm_std::Addr, msg| {
        CosmosMsg::from(WasmMsg::Execute { contract_addr: to.to_string(), msg, funds: Vec::new() })
    };
    let close = to_json_binary(&ExecuteMsg::CloseDeployment { deployment: id }).unwrap();
    let account = AccountId(id.0);
    let claim = escrow::ExecuteMsg::ClaimRefund { account, deposit: None };
    let (orderbook, escrow) = (market.orderbook.clone(), market.escrow.clone());
    let msgs = vec![msg(&orderbook, close), msg(&escrow, to_json_binary(&claim).unwrap())];
    market.app.execute_multi(ann.clone(), msgs).unwrap();
    assert_eq!(market.balance(&ann), PLENTY - 900);
}

#[test]
fn twenty_leases_end_with_one_message_to_the_escrow() {
    let mut market = Market::new();
    market.provider_with("pro", 30, &[eu()]);
    let groups: Vec<_> = (0..20).map(|n| group(&format!("g{n}"), 100)).collect();
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    for group in market.deployment(id).groups {
        market.place("pro", group.order, 100).unwrap();
        market.accept("ann", group.order, "pro", 100).unwrap();
    }
    market.pass(HOUR);
    let response = market.close("ann", id).unwrap();
    let calls = response.events.iter().filter(|event| event.ty == "execute").count();
    assert_eq!(calls, 2, "the orderbook and the escrow");
    assert_eq!(market.account(id).balance, amount(PLENTY - 2_000));
    let stats = market.stats_of("pro");
    assert_eq!((stats.active, stats.won, stats.used), (0, 20, 20));
}

/// A lease of `pro`'s at a price that uses up the deposit in exactly an hour, now over.
fn depleted() -> (Market, DeploymentId, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let new = deployment(&[group("web", 500_000)], tenant_choice());
    let id = market.create("ann", &new, 500_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 500_000).unwrap();
    market.accept("ann", order, "pro", 500_000).unwrap();
    market.pass(HOUR);
    (market, id, order)
}

#[test]
fn a_depleted_deployment_is_marked_and_ended_after_the_grace() {
    let (mut market, id, order) = depleted();
    let response = market.pass(10).end_deployment(id).unwrap();
    let now = market.now();
    let event =
        DeploymentMarked { deployment: id, depleted_since: now - 10, endable_at: now + END_GRACE };
    assert_eq!(market.events_of::<DeploymentMarked>(&response), [event]);
    let shown = market.deployment(id);
    assert_eq!(shown.marked_at, Some(now));
    let mark = MarkResponse {
        depleted_since: Some(now - 10),
        at: now,
        endable_at: now + END_GRACE,
        endable_at_block: market.app.block_info().height + GRACE_BLOCKS,
    };
    assert_eq!(shown.mark, Some(mark));
    market.lapse(END_GRACE - 1);
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::NotEndable { .. }));
    let response = market.pass(1).end_deployment(id).unwrap();
    let event = DeploymentClosed { deployment: id, reason: CloseReason::InsufficientFunds };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);
    let lease = market.lease_of(order);
    assert_eq!(lease.reason, Some(CloseReason::InsufficientFunds));
    assert!(market.account(id).closed);
}

#[test]
fn a_halted_chain_does_not_take_the_grace_away() {
    let (mut market, id, _) = depleted();
    market.end_deployment(id).unwrap();
    market.pass(100 * END_GRACE);
    let error = market.end_deployment(id).unwrap_err();
    assert!(matches!(error, ContractError::NotEndable { .. }), "one block is too few: {error}");
    let error = market.blocks(GRACE_BLOCKS - 2, 1).end_deployment(id).unwrap_err();
    assert!(matches!(error, ContractError::NotEndable { .. }), "one is missing: {error}");
    market.blocks(1, 1).end_deployment(id).unwrap();
}

#[test]
fn a_halted_chain_takes_no_idle_tenants_month_away() {
    let mut market = Market::new();
    let id = market.create("ann", &deployment(&[group("web", 9)], tenant_choice()), PLENTY);
    let id = id.unwrap();
    market.group("ann", GroupAction::Pause, id, 1).unwrap();
    market.end_deployment(id).unwrap();
    let height = market.app.block_info().height;
    let blocks = (IDLE_GRACE * 1_000).div_ceil(SLOWEST_BLOCK);
    assert_eq!(market.deployment(id).mark.unwrap().endable_at_block, height + blocks);
    let error = market.blocks(blocks - 1, 2 * IDLE_GRACE).end_deployment(id).unwrap_err();
    assert!(matches!(error, ContractError::NotEndable { .. }), "{error}");
    market.blocks(1, 1).end_deployment(id).unwrap();
}

#[test]
fn a_top_up_voids_the_mark() {
    let (mut market, id, _) = depleted();
    market.end_deployment(id).unwrap();
    market.deposit("friend", id, 500_000);
    let error = market.lapse(END_GRACE - 1).end_deployment(id).unwrap_err();
    let depletion = Some(market.now() + 1);
    assert_eq!(error, ContractError::InUse { deployment: id, depletion });
    // Depleted again: the old mark, though old enough, does not count.
    let response = market.pass(1).end_deployment(id).unwrap();
    assert_eq!(market.events_of::<DeploymentMarked>(&response)[0].depleted_since, market.now());
    assert_eq!(market.deployment(id).state, DeploymentState::Active);
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::NotEndable { .. }));
    market.lapse(END_GRACE).end_deployment(id).unwrap();
}

#[test]
fn a_top_up_too_small_to_start_the_clock_leaves_the_mark() {
    let (mut market, id, _) = depleted();
    market.end_deployment(id).unwrap();
    market.deposit("friend", id, 499_999);
    market.lapse(END_GRACE).end_deployment(id).unwrap();
    assert_eq!(market.deployment(id).state, DeploymentState::Closed);
}

#[test]
fn a_deployment_with_an_open_order_or_a_paid_lease_is_in_use() {
    let mut market = Market::new();
    market.provider("pro");
    let open = market.create("ann", &deployment(&[group("web", 9)], tenant_choice()), PLENTY);
    let open = open.unwrap();
    let error = ContractError::InUse { deployment: open, depletion: None };
    assert_eq!(market.end_deployment(open).unwrap_err(), error);
    let order = market.lease("ann", "pro", 900);
    let id = market.order_of(order).group.deployment;
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::InUse { .. }));
    market.close("ann", id).unwrap();
    assert_eq!(market.end_deployment(id).unwrap_err(), ContractError::DeploymentClosed(id));
}

#[test]
fn a_deployment_whose_groups_all_rest_is_ended_so_that_others_get_their_deposits_back() {
    let mut market = Market::new();
    let groups = [group("a", 900), group("b", 900)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    market.deposit("friend", id, 500_000);
    let orders: Vec<_> = market.deployment(id).groups.iter().map(|group| group.order).collect();
    market.pass(ORDER_LIFETIME).group("ann", GroupAction::Pause, id, 1).unwrap();
    let error = ContractError::InUse { deployment: id, depletion: None };
    assert_eq!(market.end_deployment(id).unwrap_err(), error, "the other order takes bids");
    market.pass(1).expire(orders[1]).unwrap();
    let response = market.end_deployment(id).unwrap();
    let now = market.now();
    let event =
        DeploymentMarked { deployment: id, depleted_since: now, endable_at: now + IDLE_GRACE };
    assert_eq!(market.events_of::<DeploymentMarked>(&response), [event]);
    market.lapse(IDLE_GRACE - 1);
    assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::NotEndable { .. }));
    let response = market.pass(1).end_deployment(id).unwrap();
    let event = DeploymentClosed { deployment: id, reason: CloseReason::Unspecified };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);
    assert!(market.account(id).closed, "whoever deposited claims it back");
}

#[test]
fn a_depleted_lease_that_its_provider_ends_leaves_nothing_that_cannot_be_ended() {
    let (mut market, id, order) = depleted();
    market.end_deployment(id).unwrap();
    market.provider_closes("pro", order, CloseReason::Unspecified).unwrap();
    // Nothing is paid any more: another reason, so another mark.
    market.lapse(END_GRACE).end_deployment(id).unwrap();
    assert_eq!(market.deployment(id).state, DeploymentState::Active);
    market.lapse(IDLE_GRACE).end_deployment(id).unwrap();
    assert_eq!(market.deployment(id).state, DeploymentState::Closed);
}

#[test]
fn a_tenants_close_while_depleted_is_for_lack_of_money() {
    let (mut market, id, order) = depleted();
    let response = market.close("ann", id).unwrap();
    let reason = CloseReason::InsufficientFunds;
    assert_eq!(market.events_of::<DeploymentClosed>(&response)[0].reason, reason);
    assert_eq!(market.lease_of(order).reason, Some(reason));
}

#[test]
fn an_order_expires_after_its_last_second_and_its_group_pauses() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let expires_at = market.order_of(order).expires_at;
    market.pass(expires_at - market.now());
    let error = ContractError::OrderNotExpired { order, expires_at, now: expires_at };
    assert_eq!(market.expire(order).unwrap_err(), error);
    assert_eq!(market.order_of(order).state, OrderState::Open);
    market.pass(1);
    assert_eq!(market.order_of(order).state, OrderState::Closed, "time considered");
    let response = market.expire(order).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Paused);
    let again = ContractError::OrderNotOpen { order, state: OrderState::Closed };
    assert_eq!(market.expire(order).unwrap_err(), again);
}

#[test]
fn an_order_with_bid_records_is_not_pruned() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 900).unwrap();
    let id = market.order_of(order).group.deployment;
    let response = market.prune(&[order, order, OrderId(99)]);
    assert!(market.events_of::<OrderPruned>(&response).is_empty(), "it is open");
    market.close("ann", id).unwrap();
    let response = market.prune(&[order]);
    assert!(market.events_of::<OrderPruned>(&response).is_empty(), "it has a bid");
    market.release("pro", &[order]);
    let response = market.prune(&[order, order]);
    assert_eq!(market.events_of::<OrderPruned>(&response), [OrderPruned { order }]);
    assert!(market.query::<OrderResponse>(&order_query(order)).is_err());
}

fn order_query(order: OrderId) -> souk_api::orderbook::QueryMsg {
    souk_api::orderbook::QueryMsg::Order { order }
}

#[test]
fn an_expired_order_is_pruned_only_once_its_end_is_recorded() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    market.pass(30 * SLOT_HOLD).prune(&[order]);
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Open);
    market.expire(order).unwrap();
    market.prune(&[order]);
    let group = &market.deployment(id).groups[0];
    assert_eq!((group.state, group.order_state), (GroupState::Paused, OrderState::Closed));
    market.close("ann", id).unwrap();
    let gone = souk_api::orderbook::QueryMsg::Deployment { deployment: id };
    assert!(market.query::<DeploymentResponse>(&gone).is_err(), "no order was left");
}

#[test]
fn what_is_over_and_pruned_leaves_the_orderbook_as_it_was() {
    let mut market = Market::new();
    for name in ["a", "b", "c"] {
        market.provider(name);
    }
    // The first deployment teaches the escrow's link, and counters only ever rise.
    let counters = [b"nd".to_vec(), b"no".to_vec(), b"nb".to_vec()];
    let known = |market: &Market| {
        let mut storage = market.storage();
        let config = storage.get_mut(&b"c"[..]).unwrap();
        let text = String::from_utf8(config.clone()).unwrap();
        *config = text.replace(r#","l":{"i":0,"r":3600}"#, "").into_bytes();
        counters.iter().for_each(|key| drop(storage.remove(key)));
        storage.retain(|key, _| !key.starts_with(b"\0\x01b"));
        storage
    };
    let before = known(&market);
    let groups = [group("web", 1_000), group("db", 1_000)];
    let mut orders = Vec::new();
    for auction in [tenant_choice(), lowest_price(60)] {
        let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
        let [first, second] = [0, 1].map(|n| market.deployment(id).groups[n].order);
        for (name, units) in [("a", 500), ("b", 600), ("c", 700)] {
            market.place(name, first, units).unwrap();
        }
        orders.extend([first, second]);
        if auction == tenant_choice() {
            market.accept("ann", first, "a", 500).unwrap();
            market.provider_closes("a", first, CloseReason::Unstable).unwrap();
            let again = market.deployment(id).groups[0].order;
            market.place("b", again, 500).unwrap();
            market.accept("ann", again, "b", 500).unwrap();
            orders.push(again);
        } else {
            market.lapse(200).close_auction(first, 1).unwrap();
        }
        market.close("ann", id).unwrap();
    }
    market.pass(SLOT_HOLD);
    for name in ["a", "b", "c"] {
        market.release(name, &orders);
        assert_eq!(market.stats_of(name).used, 0);
    }
    let response = market.prune(&orders);
    assert_eq!(market.events_of::<OrderPruned>(&response).len(), orders.len());
    assert_eq!(known(&market), before);
}

#[test]
fn fifty_orders_are_pruned_at_once_and_no_more() {
    let mut market = Market::new();
    let orders = (1..=51).map(OrderId).collect();
    let error = ContractError::from(CommonError::TooMany { what: "orders", count: 51, max: 50 });
    let anyone = market.who("anyone");
    assert_eq!(market.send(&anyone, &ExecuteMsg::Prune { orders }).unwrap_err(), error);
}

#[test]
fn an_expired_order_that_nobody_recorded_does_not_keep_an_idle_deployment() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        market.pass(ORDER_LIFETIME);
        assert!(matches!(market.end_deployment(id).unwrap_err(), ContractError::InUse { .. }));
        let response = market.pass(1).end_deployment(id).unwrap();
        assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
        assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
        assert_eq!(market.events_of::<DeploymentMarked>(&response).len(), 1);
        assert_eq!(market.account(id).reserved.u128(), 0);
        let mark = market.deployment(id).mark.unwrap();
        let endable_at = market.now() + IDLE_GRACE;
        assert_eq!((mark.depleted_since, mark.endable_at), (None, endable_at));
        market.lapse(IDLE_GRACE).end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).state, DeploymentState::Closed);
    }
}
