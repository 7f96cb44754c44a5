//! How groups rest and are started again.

use souk_api::{
    defaults::{self, END_BLOCKS, IDLE_GRACE, MIN_AUCTION_BLOCKS, MIN_DEPOSIT, ORDER_LIFETIME},
    escrow,
    orderbook::{
        DenomConfig, DeploymentState, ExecuteMsg, FIRST_MANIFEST_TIMEOUT, GroupState, MAX_ROUNDS,
        MAX_STARTS, OrderResponse, OrderState, Params, QueryMsg,
        events::{
            AnyoneStartsSet, DeploymentClosed, GroupChanged, LeaseClosed, OrderClosed, OrderOpened,
        },
    },
};
use souk_contract_std::CommonError;
use souk_core::{
    AccountId, CloseReason, DeploymentId, GroupId, GroupSeq, OrderId,
    time::{DAY, HOUR},
};
use souk_orderbook::{ContractError, error::Shortfall};

use crate::market::{GroupAction::*, *};

fn first(deployment: DeploymentId) -> GroupId {
    GroupId { deployment, group: GroupSeq(1) }
}

fn state(market: &Market, id: DeploymentId) -> GroupState {
    market.deployment(id).groups[0].state
}

/// Two groups of which the first is leased to `pro`.
fn leased() -> (Market, DeploymentId, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", 1_000), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    (market, id, order)
}

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
        market.blocks(MIN_AUCTION_BLOCKS, 60).pause(false);
        assert!(market.close_auction(order, 1).is_err(), "and no lease comes of it");
    }
}

#[test]
fn a_group_is_started_ten_times_within_a_day_at_most() {
    let mut market = Market::new();
    market.provider("pro");
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    let began = market.now();
    for _ in 0..MAX_STARTS {
        // The tenant looks who wins, leaves it there and asks again, in one block.
        market.place("pro", order, 900).unwrap();
        market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
        market.group("ann", Pause, id, 1).unwrap();
        market.group("ann", Start, id, 1).unwrap();
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(market.deployment(id).groups[0].starts, u32::from(MAX_STARTS));
    market.group("ann", Pause, id, 1).unwrap();
    let from = began + 60 + DAY;
    let error = ContractError::StartsUsedUp { group: first(id), max: MAX_STARTS, from };
    assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error);
    let left = from - market.now();
    assert_eq!(market.pass(left - 1).group("ann", Start, id, 1).unwrap_err(), error);
    market.pass(1).group("ann", Start, id, 1).unwrap();
    market.group("ann", Pause, id, 1).unwrap();
    let from = from + 60;
    let error = ContractError::StartsUsedUp { group: first(id), max: MAX_STARTS, from };
    assert_eq!(
        market.group("ann", Start, id, 1).unwrap_err(),
        error,
        "the second's day is not over"
    );
}

#[test]
fn a_tenants_closes_put_a_group_out_again_as_often_as_starts_would() {
    let mut market = Market::new();
    market.provider("pro");
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    let mut closed = |market: &mut Market| {
        market.place("pro", order, 900).unwrap();
        market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
        let response = market.tenant_closes("ann", order).unwrap();
        order = market.deployment(id).groups[0].order;
        market.events_of::<OrderOpened>(&response).len()
    };
    for _ in 0..MAX_STARTS {
        assert_eq!(closed(&mut market), 1);
    }
    assert_eq!(closed(&mut market), 0, "the close itself is never refused");
    assert_eq!(state(&market, id), GroupState::Paused);
    let error = market.group("ann", Start, id, 1).unwrap_err();
    assert!(matches!(error, ContractError::StartsUsedUp { .. }), "{error}");
    market.pass(DAY).group("ann", Start, id, 1).unwrap();
}

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
fn what_does_not_rest_is_not_started_and_what_rests_is_not_paused() {
    let (mut market, id, _) = leased();
    let error = |state| ContractError::GroupNotResting { group: first(id), state };
    assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error(GroupState::Open));
    market.group("ann", Pause, id, 1).unwrap();
    let again = ContractError::GroupNotOpen { group: first(id), state: GroupState::Paused };
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
    market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
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
fn strangers_that_win_and_leave_do_not_stop_a_group_over_the_days_of_its_life() {
    let mut market = Market::new();
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    // Five minutes into the lease, or later: four of them ended a group once, over whatever time.
    for (round, waits) in [300, HOUR, 3 * HOUR, 300, 4 * HOUR, 300, 300, DAY].iter().enumerate() {
        let name = format!("s{round}");
        market.provider(&name);
        market.place(&name, order, 1).unwrap();
        market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
        market.pass(*waits).provider_closes(&name, order, CloseReason::Unspecified).unwrap();
        assert_eq!(market.stats_of(&name).breaches, 1);
        assert_eq!(state(&market, id), GroupState::Open, "round {round}");
        order = market.deployment(id).groups[0].order;
    }
}

#[test]
fn within_no_day_is_a_group_turned_over_more_than_ten_times() {
    let mut market = Market::new();
    let mut order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let mut turn = |market: &mut Market, round: u8| {
        let name = format!("s{round}");
        market.provider(&name);
        market.place(&name, order, 900).unwrap();
        market.accept("ann", order, &name, 900).unwrap();
        market.pass(10).provider_closes(&name, order, CloseReason::Unspecified).unwrap();
        order = market.deployment(id).groups[0].order;
        state(market, id)
    };
    assert_eq!(turn(&mut market, 0), GroupState::Open);
    // Nine at the end of the first one's day, and more right after it: all within minutes.
    market.pass(DAY - 100);
    for round in 1..MAX_ROUNDS {
        assert_eq!(turn(&mut market, round), GroupState::Open, "round {round}");
    }
    market.pass(10);
    assert_eq!(market.deployment(id).groups[0].rounds, 9, "the first is a day ago");
    assert_eq!(turn(&mut market, MAX_ROUNDS), GroupState::Open);
    assert_eq!(market.deployment(id).groups[0].rounds, 10);
    assert_eq!(turn(&mut market, MAX_ROUNDS + 1), GroupState::Paused);
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
            false => drop(market.blocks(MIN_AUCTION_BLOCKS, HOUR).close_auction(order, 1).unwrap()),
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
    market.blocks(MIN_AUCTION_BLOCKS, 300).close_auction(order, 1).unwrap();
    // The provider leaves; the tenant has a quarter of an hour left and is about to top up.
    market.pass(HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(state(&market, id), GroupState::InsufficientFunds);
    let error = market.group("ann", Start, id, 1).unwrap_err();
    assert!(matches!(error, ContractError::NotCarried(_)), "{error}");

    // Nobody takes the deployment away in the hours until the tenant has topped up.
    market.end_deployment(id).unwrap();
    market.blocks(END_BLOCKS, 20 * DAY);
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
        market.blocks(MIN_AUCTION_BLOCKS, 300).close_auction(orders[2], 1).unwrap();
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

/// A deployment whose group rests for lack of funds.
fn out_of_funds() -> (Market, DeploymentId) {
    let mut market = Market::new();
    market.provider("pro");
    let new = deployment(&[group("web", MIN_DEPOSIT)], tenant_choice());
    let id = market.create("ann", &new, MIN_DEPOSIT).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, MIN_DEPOSIT).unwrap();
    market.accept("ann", order, "pro", MIN_DEPOSIT).unwrap();
    market.pass(HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    (market, id)
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
fn a_delegate_pauses_and_starts_but_does_not_let_others() {
    let (mut market, id, _) = leased();
    let delegate = Some(market.who("desk").to_string());
    let msg = souk_api::orderbook::ExecuteMsg::SetDelegate { deployment: id, delegate };
    market.send(&market.who("ann"), &msg).unwrap();
    market.group("desk", Pause, id, 1).unwrap();
    market.group("desk", Start, id, 1).unwrap();
    assert!(market.let_anyone_start("desk", id, true).is_err());
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
fn accomplices_that_win_and_leave_at_once_do_not_end_a_group() {
    let mut market = Market::new();
    let names: Vec<String> = (0..=MAX_ROUNDS).map(|number| format!("s{number}")).collect();
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    for (round, name) in names.iter().enumerate() {
        assert_eq!(state(&market, id), GroupState::Open, "round {round}");
        market.provider(name);
        market.place(name, order, 1).unwrap();
        market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
        market.pass(299).provider_closes(name, order, CloseReason::Unspecified).unwrap();
        assert_eq!(market.stats_of(name).breaches, 1, "a breach it is all the same");
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(state(&market, id), GroupState::Paused, "ten rounds in a day are enough");
    market.end_deployment(id).unwrap();
    market.blocks(END_BLOCKS, 20 * DAY);
    assert!(market.end_deployment(id).is_err(), "nobody ends it in a hurry");
    market.group("ann", Start, id, 1).unwrap();
    market.provider("honest");
    let order = market.deployment(id).groups[0].order;
    market.place("honest", order, 900).unwrap();
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
        market.blocks(END_BLOCKS, IDLE_GRACE);
        market.group("ann", Start, id, 1).unwrap();
        assert_eq!(market.deployment(id).marked_at, None);
        let error = market.end_deployment(id).unwrap_err();
        assert!(matches!(error, ContractError::InUse { .. }), "its order takes bids: {error}");
        market.group("ann", Pause, id, 1).unwrap();
        market.end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).state, DeploymentState::Active, "marked again");
        market.blocks(END_BLOCKS, IDLE_GRACE).end_deployment(id).unwrap();
        assert_eq!(market.deployment(id).state, DeploymentState::Closed);
        assert_eq!(market.account(id).reserved.u128(), 0);
    }
}

#[test]
fn providers_that_win_and_leave_use_up_no_start_of_the_tenants() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let mut order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        for round in 0..3 * MAX_STARTS {
            let name = format!("s{round}");
            market.provider(&name);
            market.place(&name, order, 1).unwrap();
            if auction == tenant_choice() {
                market.accept("ann", order, &name, 1).unwrap();
            } else {
                market.blocks(MIN_AUCTION_BLOCKS, 60).close_auction(order, 1).unwrap();
            }
            market.pass(FIRST_MANIFEST_TIMEOUT);
            market.provider_closes(&name, order, CloseReason::ManifestTimeout).unwrap();
            if state(&market, id) == GroupState::Paused {
                market.group("ann", Start, id, 1).unwrap();
            }
            order = market.deployment(id).groups[0].order;
        }
        let starts = market.deployment(id).groups[0].starts;
        assert!(starts <= 1, "{starts}");
    }
}

#[test]
fn what_a_tenant_paid_for_before_it_ended_it_uses_up_no_start() {
    for (lasts, excludes, most) in [
        (FIRST_MANIFEST_TIMEOUT, false, 1),
        (FIRST_MANIFEST_TIMEOUT, true, 1),
        (FIRST_MANIFEST_TIMEOUT - 1, false, MAX_STARTS),
    ] {
        let mut market = Market::new();
        let mut order = market.order("ann", tenant_choice());
        let id = market.order_of(order).group.deployment;
        for round in 0..MAX_STARTS {
            let name = format!("s{round}");
            market.provider(&name);
            market.place(&name, order, 1).unwrap();
            market.accept("ann", order, &name, 1).unwrap();
            market.pass(lasts);
            match excludes {
                true => market.tenant_excludes("ann", order).unwrap(),
                false => market.tenant_closes("ann", order).unwrap(),
            };
            order = market.deployment(id).groups[0].order;
        }
        assert_eq!(market.deployment(id).groups[0].starts, u32::from(most), "{lasts} s");
    }
}

#[test]
fn a_pause_of_what_was_paid_for_takes_its_start_back() {
    for (lasts, starts) in [(FIRST_MANIFEST_TIMEOUT - 1, 1), (FIRST_MANIFEST_TIMEOUT, 0)] {
        let (mut market, id, _) = leased();
        market.group("ann", Pause, id, 1).unwrap();
        market.group("ann", Start, id, 1).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, 900).unwrap();
        market.accept("ann", order, "pro", 900).unwrap();
        market.pass(lasts).group("ann", Pause, id, 1).unwrap();
        assert_eq!(market.deployment(id).groups[0].starts, starts);
    }
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
fn a_group_is_started_without_its_last_provider_by_tenant_and_delegate() {
    for sender in ["ann", "desk"] {
        let (mut market, id, order) = leased();
        let delegate = Some(market.who("desk").to_string());
        let ann = market.who("ann");
        market.send(&ann, &ExecuteMsg::SetDelegate { deployment: id, delegate }).unwrap();
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
fn others_that_start_a_group_exclude_nobody() {
    let (mut market, id) = out_of_funds();
    market.let_anyone_start("ann", id, true).unwrap();
    market.deposit("friend", id, PLENTY);
    let error = market.group("friend", StartWithoutLast, id, 1).unwrap_err();
    assert_eq!(error, ContractError::TenantsToExclude(first(id)));
    market.group("friend", Start, id, 1).unwrap();
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
    let response = market.blocks(END_BLOCKS, IDLE_GRACE).end_deployment(id).unwrap();
    let event = DeploymentClosed { deployment: id, reason: CloseReason::Unspecified };
    assert_eq!(market.events_of::<DeploymentClosed>(&response), [event]);
    assert_eq!(market.account(id).balance, amount(PLENTY));
}
