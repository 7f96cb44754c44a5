//! How a provider takes a lease back with notice.

mod pauses;

use souk_api::{
    defaults::{MIN_DEPOSIT, SLOT_HOLD, SLOWEST_BLOCK},
    orderbook::{
        ExecuteMsg, GroupState, LeaseState, MAX_ROUNDS, NewDeployment, OrderState, Reclamation,
        events::{GroupChanged, LeaseClosed, LeaseReclaiming, OrderOpened},
    },
};
use souk_contract_std::pause;
use souk_core::{
    AuctionPolicy, CloseReason, DeploymentId, GroupSeq, OrderId,
    time::{DAY, HOUR},
};
use souk_orderbook::{ContractError, ReclaimError};

use crate::market::{GroupAction::*, *};

const REASON: CloseReason = CloseReason::Decommission;
/// The blocks of an hour's notice.
const BLOCKS: u64 = HOUR * 1_000 / SLOWEST_BLOCK;

fn reclaimable(auction: AuctionPolicy, min_window: u64) -> NewDeployment {
    let reclamation = Some(Reclamation { min_window });
    NewDeployment { reclamation, ..deployment(&[group("web", 1_000)], auction) }
}

/// A lease of `pro` that may be taken back with an hour's notice, and its deployment.
fn leased(market: &mut Market) -> (OrderId, DeploymentId) {
    leased_with(market, PLENTY)
}

fn leased_with(market: &mut Market, deposit: u128) -> (OrderId, DeploymentId) {
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let id = market.create("ann", &reclaimable(tenant_choice(), HOUR), deposit).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    (order, id)
}

/// The same, an hour later, with the notice begun.
fn reclaiming(market: &mut Market) -> (OrderId, DeploymentId) {
    let (order, id) = leased(market);
    market.pass(HOUR).start_reclaim("pro", order, REASON).unwrap();
    (order, id)
}

#[test]
fn a_provider_announces_the_end_and_serves_for_full_pay_until_anyone_ends_the_lease() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market);
    let lease = market.lease_of(order);
    assert_eq!((lease.reclamation_window, lease.reclaim), (Some(HOUR), None));
    let response = market.pass(HOUR).start_reclaim("pro", order, REASON).unwrap();
    let (started_at, height) = (market.now(), market.app.block_info().height);
    let (deadline, deadline_block) = (started_at + HOUR, height + BLOCKS);
    let provider = market.who("pro").to_string();
    let event = LeaseReclaiming {
        order,
        deployment: id,
        group: GroupSeq(1),
        provider: provider.clone(),
        reason: REASON,
        started_at,
        deadline,
        deadline_block,
    };
    assert_eq!(market.events_of::<LeaseReclaiming>(&response), [event]);
    let lease = market.lease_of(order);
    assert_eq!(lease.state, LeaseState::Reclaiming);
    let reclaim = lease.reclaim.unwrap();
    assert_eq!((reclaim.reason, reclaim.started_at), (REASON, started_at));
    assert_eq!((reclaim.deadline, reclaim.deadline_block), (deadline, deadline_block));
    assert!(!reclaim.ended);
    assert_eq!(market.order_of(order).state, OrderState::Active);
    assert_eq!(market.stats_of("pro").active, 1);

    market.blocks(BLOCKS, HOUR);
    assert_eq!(market.stream(id, order).earned, amount(1_800), "two hours at 900");
    let response = market.end_reclaim("stranger", order).unwrap();
    let event = LeaseClosed {
        order,
        deployment: id,
        group: GroupSeq(1),
        provider: provider.clone(),
        reason: REASON,
        breach: false,
        excluded: Some(true),
        notice: Some(true),
        paid_until: None,
    };
    assert_eq!(market.events_of::<LeaseClosed>(&response), [event]);
    let lease = market.lease_of(order);
    assert_eq!((lease.state, lease.reason), (LeaseState::Closed, Some(REASON)));
    assert!(lease.reclaim.unwrap().ended);
    let stats = market.stats_of("pro");
    assert_eq!((stats.active, stats.breaches), (0, 0));
    assert!(stats.closed.contains(&(REASON, 1)));

    let next = market.events_of::<OrderOpened>(&response)[0].order;
    let shown = market.order_of(next);
    assert_eq!(shown.excluded, [provider]);
    assert_eq!(shown.reclamation, Some(Reclamation { min_window: HOUR }), "the terms stay");
    assert_eq!(market.deployment(id).groups[0].rounds, 1);
    let error = ContractError::Excluded(market.who("pro"));
    assert_eq!(market.place("pro", next, 900).unwrap_err(), error);
    market.place("other", next, 900).unwrap();
    market.accept("ann", next, "other", 900).unwrap();
}

#[test]
fn nobody_ends_the_lease_by_it_before_time_and_blocks_have_passed() {
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    let (deadline, deadline_block) = {
        let reclaim = market.lease_of(order).reclaim.unwrap();
        (reclaim.deadline, reclaim.deadline_block)
    };
    // A chain that stood still for a day: the time has come, the blocks have not.
    market.blocks(1, DAY);
    for name in ["stranger", "ann"] {
        let (now, height) = (market.now(), market.app.block_info().height);
        let error = ReclaimError::Runs { order, deadline, deadline_block, now, height };
        assert_eq!(market.end_reclaim(name, order).unwrap_err(), error.into());
    }
    market.blocks(BLOCKS - 2, 1);
    assert!(market.end_reclaim("stranger", order).is_err(), "a block is missing");
    market.blocks(1, 1).end_reclaim("stranger", order).unwrap();

    // A chain with fast blocks: the blocks have come, the time has not.
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    market.blocks(10 * BLOCKS, HOUR - 1);
    assert!(market.end_reclaim("stranger", order).is_err(), "a second is missing");
    market.blocks(1, 1).end_reclaim("stranger", order).unwrap();
}

#[test]
fn a_slow_chain_needs_fewer_blocks_for_the_same_notice() {
    let mut market = Market::with(|set_up| set_up.params.slowest_block = 60_000);
    let (order, _) = reclaiming(&mut market);
    let height = market.app.block_info().height;
    assert_eq!(market.lease_of(order).reclaim.unwrap().deadline_block, height + 60);
    market.blocks(60, HOUR).end_reclaim("stranger", order).unwrap();
}

#[test]
fn before_the_deadline_a_providers_close_is_a_breach_and_from_then_on_it_is_none() {
    for (blocks, seconds, breach) in [(BLOCKS, HOUR - 1, true), (BLOCKS, HOUR, false)] {
        let mut market = Market::new();
        let (order, _) = reclaiming(&mut market);
        market.blocks(blocks, seconds);
        let msg = ExecuteMsg::CloseLease { order, reason: None, exclude: false };
        let response = market.send(&market.operator("pro"), &msg).unwrap();
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        let reason = if breach { CloseReason::Unspecified } else { REASON };
        assert_eq!((closed.breach, closed.reason), (breach, reason), "after {seconds} s");
        assert_eq!(closed.notice, (!breach).then_some(true));
        assert_eq!(market.stats_of("pro").breaches, u64::from(breach));
    }
}

#[test]
fn without_a_notice_among_its_terms_a_lease_is_not_reclaimed() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.pass(DAY);
    let error = market.start_reclaim("pro", order, REASON).unwrap_err();
    assert_eq!(error, ReclaimError::NoWindow(order).into());
    let error = market.end_reclaim("pro", order).unwrap_err();
    assert_eq!(error, ReclaimError::NotAnnounced(order).into());
}

#[test]
fn a_lease_is_reclaimed_once_and_not_within_the_length_of_its_notice() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market);
    market.pass(HOUR - 1);
    let (from, now) = (market.now() + 1, market.now());
    let error = ReclaimError::TooEarly { order, window: HOUR, from, now };
    assert_eq!(market.start_reclaim("pro", order, REASON).unwrap_err(), error.into());
    market.pass(1).start_reclaim("pro", order, REASON).unwrap();
    let deadline = market.now() + HOUR;
    market.pass(60);
    let error = ReclaimError::Announced { order, deadline };
    assert_eq!(market.start_reclaim("pro", order, REASON).unwrap_err(), error.into());
    market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    let error = ContractError::LeaseNotActive { order, state: LeaseState::Closed };
    assert_eq!(market.start_reclaim("pro", order, REASON).unwrap_err(), error);
    assert_eq!(market.end_reclaim("stranger", order).unwrap_err(), error);
}

#[test]
fn it_takes_a_providers_own_reason() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market);
    market.pass(HOUR);
    for reason in
        [CloseReason::Tenant, CloseReason::ManifestTimeout, CloseReason::InsufficientFunds]
    {
        let error = market.start_reclaim("pro", order, reason).unwrap_err();
        assert_eq!(error, ReclaimError::Reason(reason).into());
    }
}

#[test]
fn an_order_asks_for_a_notice_of_an_hour_to_thirty_days() {
    let mut market = Market::new();
    for seconds in [0, HOUR - 1, 30 * DAY + 1, u64::MAX] {
        let error = market.create("ann", &reclaimable(tenant_choice(), seconds), PLENTY);
        let wanted = ReclaimError::WindowRange { seconds, min: HOUR, max: 30 * DAY };
        assert_eq!(error.unwrap_err(), wanted.into());
    }
    for seconds in [HOUR, 30 * DAY] {
        let id = market.create("ann", &reclaimable(tenant_choice(), seconds), PLENTY).unwrap();
        let shown = market.deployment(id).reclamation;
        assert_eq!(shown, Some(Reclamation { min_window: seconds }));
    }
}

#[test]
fn a_bid_offers_a_notice_where_one_is_asked_for_and_nowhere_else() {
    let mut market = Market::new();
    market.provider("pro");
    let id = market.create("ann", &reclaimable(tenant_choice(), 2 * HOUR), PLENTY).unwrap();
    let asked = market.deployment(id).groups[0].order;
    let plain = market.order("ann", tenant_choice());
    let bid = |order, reclamation_window| ExecuteMsg::PlaceBid {
        order,
        provider: souk_contract_std::testing::who("pro").to_string(),
        price: price(900),
        offer: vec![],
        reclamation_window,
    };
    let operator = market.operator("pro");
    let min = 2 * HOUR;
    for (order, window, error) in [
        (plain, Some(HOUR), ReclaimError::NotAsked),
        (asked, None, ReclaimError::WindowMissing { min }),
        (asked, Some(min - 1), ReclaimError::WindowRange { seconds: min - 1, min, max: 30 * DAY }),
        (
            asked,
            Some(30 * DAY + 1),
            ReclaimError::WindowRange { seconds: 30 * DAY + 1, min, max: 30 * DAY },
        ),
    ] {
        let before = market.storage();
        assert_eq!(market.send(&operator, &bid(order, window)).unwrap_err(), error.into());
        assert_eq!(market.storage(), before);
    }
    market.send(&operator, &bid(asked, Some(DAY))).unwrap();
    assert_eq!(market.bid("pro", asked).reclamation_window, Some(DAY), "the tenant sees it");
    market.lower("pro", asked, 800).unwrap();
    assert_eq!(market.bid("pro", asked).reclamation_window, Some(DAY), "a lower bid keeps it");
    market.accept("ann", asked, "pro", 900).unwrap();
    // The notice that was offered is the lease's, not the shorter one that was asked for.
    assert_eq!(market.lease_of(asked).reclamation_window, Some(DAY));
    market.pass(2 * HOUR);
    let error = market.start_reclaim("pro", asked, REASON).unwrap_err();
    let day = |error: &_| matches!(error, ReclaimError::TooEarly { window: DAY, .. });
    assert!(matches!(&error, ContractError::Reclaim(early) if day(early)), "{error}");
}

#[test]
fn whoever_wins_an_auction_gives_the_notice_that_it_offered() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let id = market.create("ann", &reclaimable(lowest_price(60), HOUR), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.lapse(60).close_auction(order, 1).unwrap();
    market.pass(HOUR).start_reclaim("pro", order, REASON).unwrap();
    let response = market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    // The new auction's ceiling is reserved in the place of the lease that was paid.
    let account = market.account(id);
    assert_eq!((account.reserved.u128(), account.clock.rate.u128()), (1_000, 0));
    market.place("other", next, 900).unwrap();
    market.lapse(60).close_auction(next, 1).unwrap();
    assert_eq!(market.lease_of(next).provider, market.who("other").to_string());
}

#[test]
fn a_lease_that_is_not_paid_is_closed_and_not_reclaimed() {
    // Half a unit of the denom lasts for about 23 days at 900 an hour.
    let mut market = Market::new();
    let (order, id) = leased_with(&mut market, MIN_DEPOSIT);
    let msg = souk_api::escrow::ExecuteMsg::WithdrawDeposit {
        account: souk_core::AccountId(id.0),
        amount: amount(MIN_DEPOSIT - 2_000),
    };
    let (ann, escrow) = (market.who("ann"), market.escrow.clone());
    market.call(&ann, &escrow, &msg, 0).unwrap();
    market.pass(3 * HOUR);
    let error = market.start_reclaim("pro", order, REASON).unwrap_err();
    assert_eq!(error, ReclaimError::Depleted(order).into());
    let response = market.provider_closes("pro", order, REASON).unwrap();
    assert!(!market.events_of::<LeaseClosed>(&response)[0].breach, "which is no breach");
}

#[test]
fn while_the_account_is_depleted_lack_of_funds_goes_before_the_notice() {
    let mut market = Market::new();
    let (order, id) = leased_with(&mut market, MIN_DEPOSIT);
    market.pass(HOUR).start_reclaim("pro", order, REASON).unwrap();
    market.blocks(10 * BLOCKS, 60 * DAY);
    let response = market.end_reclaim("stranger", order).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    let reason = CloseReason::InsufficientFunds;
    assert_eq!((closed.reason, closed.breach, closed.notice), (reason, false, None));
    assert_eq!(market.deployment(id).groups[0].state, GroupState::InsufficientFunds);
    assert_eq!(market.lease_of(order).state, LeaseState::InsufficientFunds);
    assert_eq!(market.stats_of("pro").used, 0, "its slot is free at once");
}

#[test]
fn its_tenant_ends_a_lease_during_the_notice_and_gets_another_provider() {
    let mut market = Market::new();
    let (order, id) = reclaiming(&mut market);
    let response = market.tenant_closes("ann", order).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.reason, closed.notice), (CloseReason::Tenant, None));
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    let error = ContractError::Excluded(market.who("pro"));
    assert_eq!(market.place("pro", next, 900).unwrap_err(), error, "which announced to leave");
    assert_eq!(market.deployment(id).groups[0].rounds, 0);
    // It was its provider's wish and its tenant's end: the slot is used for as long again.
    assert_eq!(market.stats_of("pro").used, 1);
    market.pass(HOUR).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn a_provider_that_announced_the_end_may_not_bid_when_its_group_is_started_again() {
    let mut market = Market::new();
    let (_, id) = reclaiming(&mut market);
    market.group("ann", Pause, id, 1).unwrap();
    let response = market.group("ann", Start, id, 1).unwrap();
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    let error = ContractError::Excluded(market.who("pro"));
    assert_eq!(market.place("pro", next, 900).unwrap_err(), error);
}

#[test]
fn whatever_ends_the_group_or_the_deployment_ends_the_notice_with_it() {
    for how in ["pause", "close", "deployment"] {
        let mut market = Market::new();
        let (order, id) = reclaiming(&mut market);
        match how {
            "pause" => market.group("ann", Pause, id, 1).unwrap(),
            "close" => market.group("ann", Close, id, 1).unwrap(),
            _ => market.close("ann", id).unwrap(),
        };
        let lease = market.lease_of(order);
        assert_eq!((lease.state, lease.reason), (LeaseState::Closed, Some(CloseReason::Tenant)));
        assert!(!lease.reclaim.unwrap().ended, "{how}");
        market.blocks(BLOCKS, HOUR);
        let error = ContractError::LeaseNotActive { order, state: LeaseState::Closed };
        assert_eq!(market.end_reclaim("pro", order).unwrap_err(), error, "{how}");
    }
}

#[test]
fn after_the_notice_a_slot_is_used_for_as_long_again_and_until_a_day_after_the_beginning_at_most() {
    // Two hours of lease are four of the slot.
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    market.pass(2 * HOUR - 1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 1);
    market.pass(1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);

    let mut market = Market::new();
    let (order, _) = leased(&mut market);
    market.pass(SLOT_HOLD).start_reclaim("pro", order, REASON).unwrap();
    market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    assert_eq!(market.stats_of("pro").used, 0, "it is older than a day");
}

#[test]
fn a_notice_does_not_free_the_slot_of_who_breaks_the_lease_after_it_began() {
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    market.blocks(BLOCKS, HOUR - 1).provider_closes("pro", order, REASON).unwrap();
    market.pass(SLOT_HOLD - 1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 1);
    market.pass(1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn a_provider_that_left_the_registry_gives_notice_itself() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market);
    let pro = market.who("pro");
    market.deregister(&pro);
    market.pass(HOUR);
    let msg = ExecuteMsg::StartReclaim { order, reason: REASON };
    assert!(market.send(&market.operator("pro"), &msg).is_err(), "it has no operator any more");
    market.send(&pro, &msg).unwrap();
    market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    // Back in the registry under the same address it is the same provider.
    market.provider("pro");
    let next = order.0 + 1;
    let error = ContractError::Excluded(pro);
    assert_eq!(market.place("pro", OrderId(next), 900).unwrap_err(), error);
}

#[test]
fn the_ends_of_a_day_count_as_rounds_whoever_sends_them() {
    let mut market = Market::new();
    let (mut order, id) = leased(&mut market);
    for round in 0..MAX_ROUNDS - 1 {
        let name = if round == 0 { "pro".to_owned() } else { format!("p{round}") };
        let response = market.provider_closes(&name, order, CloseReason::Unstable).unwrap();
        order = market.events_of::<OrderOpened>(&response)[0].order;
        let name = format!("p{}", round + 1);
        market.provider(&name);
        market.place(&name, order, 900).unwrap();
        market.accept("ann", order, &name, 900).unwrap();
    }
    let name = format!("p{}", MAX_ROUNDS - 1);
    market.pass(HOUR).start_reclaim(&name, order, REASON).unwrap();
    let response = market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    order = market.events_of::<OrderOpened>(&response)[0].order;
    market.place("other", order, 900).unwrap();
    market.accept("ann", order, "other", 900).unwrap();
    market.pass(HOUR).start_reclaim("other", order, REASON).unwrap();
    let response = market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    assert_eq!(market.deployment(id).groups[0].rounds, u32::from(MAX_ROUNDS));
}

#[test]
fn its_tenant_can_let_the_provider_bid_again_after_the_end() {
    let mut market = Market::new();
    let (order, id) = reclaiming(&mut market);
    market.set_excluded("ann", id, &[], &["pro"]).unwrap();
    // It is excluded with the end all the same: the tenant lets it in again with the next order.
    market.blocks(BLOCKS, HOUR).end_reclaim("stranger", order).unwrap();
    assert_eq!(market.deployment(id).groups[0].excluded, [market.who("pro").to_string()]);
    market.set_excluded("ann", id, &[], &["pro"]).unwrap();
    market.group("ann", Pause, id, 1).unwrap();
    let response = market.group("ann", Start, id, 1).unwrap();
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    market.place("pro", next, 900).unwrap();
}

#[test]
fn what_takes_no_notice_is_stored_as_without_it() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    for (key, value) in market.storage() {
        let text = String::from_utf8_lossy(&value);
        // The configuration has long names, everything else short ones.
        assert!(!text.contains("slowest_block"), "{key:?}: {text}");
        let is_order = key.starts_with(b"\0\x01o");
        assert!(!is_order || !text.contains("\"w\"") && !text.contains("\"n\""), "{text}");
    }
    assert_eq!(market.lease_of(order).reclamation_window, None);
}
