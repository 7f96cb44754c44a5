//! The whole market on the real contracts: from a deposit to the last unit paid out.
//!
//! Sums are taken from bank balances, not from what the contracts say of themselves.

#![allow(clippy::unwrap_used)]

use souk_api::{
    defaults::{DRIP_PERIOD, MIN_BOND, MIN_RUNWAY, UNBONDING_PERIOD, UNSTAKING_PERIOD},
    orderbook::{GroupState, LeaseState, OrderState, OrderbookEvent},
};
use souk_core::{
    CloseReason,
    time::{DAY, HOUR, WEEK},
};
use souk_testing::{
    Deployment, Market, cpu, events, gpu, group,
    refused::{ByEscrow, ByOrderbook, ByRegistry, CommonError},
    souk, usouk,
};

const SOUK: u128 = 1_000_000;

fn refusal<E: std::error::Error + Send + Sync + 'static>(outcome: anyhow::Result<impl Sized>) -> E {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => {
            error.downcast().unwrap_or_else(|error| panic!("refused otherwise: {error:#}"))
        }
    }
}

/// Two providers with GPUs, one tenant with 50 SOUK.
fn gpu_market() -> Market {
    Market::new()
        .provider("cheap", gpu("h100", 8))
        .provider("dear", gpu("h100", 8))
        .tenant("ann", souk(50))
}

/// Ann's app, let to `cheap` for half a SOUK an hour, with 20 SOUK in the account.
fn let_to_cheap(market: &mut Market) -> Deployment {
    let app = group("web").gpu("h100", 1).ceiling(900_000);
    let deployment = market.deploy("ann", app, souk(20)).unwrap();
    let order = deployment.order();
    market.bid("dear", order, 800_000).unwrap();
    market.bid("cheap", order, 500_000).unwrap();
    market.accept("ann", order, "cheap", 500_000).unwrap();
    deployment
}

#[test]
fn a_lease_pays_by_the_second_and_its_tenant_gets_the_rest_back() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let (account, lease) = (deployment.account(), deployment.order());
    assert_eq!(market.balance("ann"), 30 * SOUK);

    // The pay of the last day is held. Of an hour more: half a SOUK, less 2 %.
    market.pass(DAY).withdraw(account, lease).unwrap();
    assert_eq!(market.balance("cheap-payee"), 0);
    market.pass(HOUR).withdraw(account, lease).unwrap();
    assert_eq!(market.balance("cheap-payee"), 490_000);
    // A second is 138.88 units: after three of them 416 whole ones are earned, 8 are the fee.
    market.pass(3).withdraw(account, lease).unwrap();
    assert_eq!(market.balance("cheap-payee"), 490_000 + 416 - 8);
    market.check_supply();

    market.pass(HOUR - 3);
    market.close("ann", deployment.id).unwrap();
    assert_eq!(market.lease(lease).state, LeaseState::Closed);
    market.pass(WEEK).withdraw(account, lease).unwrap();
    market.claim_refund(account, None).unwrap();
    assert_eq!(market.balance("cheap-payee"), 12_740_000, "with its end all of 26 hours is paid");
    assert_eq!(market.balance("ann"), 37 * SOUK);
    assert_eq!(market.balance("escrow"), 260_000, "the fees, to be swept");
    market.check_supply();
}

#[test]
fn many_withdrawals_pay_what_one_does() {
    let earned = |times: u64| {
        let mut market = gpu_market();
        let deployment = let_to_cheap(&mut market);
        for _ in 0..times {
            market.pass((DAY + 10 * HOUR) / times);
            market.withdraw(deployment.account(), deployment.order()).unwrap();
        }
        market.check_supply();
        (market.balance("cheap-payee"), market.balance("escrow"))
    };
    assert_eq!(earned(1), (4_900_000, 15 * SOUK + 100_000));
    assert_eq!(earned(1_200), earned(1));
}

#[test]
fn a_deployment_is_depleted_to_the_second_and_starts_again_with_the_least_runway() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let (account, lease) = (deployment.account(), deployment.order());
    let began = market.now();
    market.mint("bob", souk(5));
    market.top_up("bob", account, souk(5)).unwrap();
    let depletion = began + 50 * HOUR;
    assert_eq!(market.account(account).depletion, Some(depletion), "25 SOUK at half an hour");

    market.pass(depletion - began - 1);
    assert!(!market.account(account).clock.is_depleted(market.now()));
    market.pass(1);
    assert!(market.account(account).clock.is_depleted(market.now()));
    market.pass(10 * HOUR).withdraw(account, lease).unwrap();
    let stream = market.stream(account, lease);
    assert_eq!(stream.earned.u128(), 25_000_000, "unfunded time costs nothing");
    assert_eq!(market.balance("cheap-payee"), 12_740_000, "and holds the last funded day");

    market.top_up("ann", account, usouk(499_999)).unwrap();
    assert_eq!(market.account(account).depletion, Some(depletion), "a unit below an hour");
    market.pass(HOUR);
    market.top_up("ann", account, usouk(1)).unwrap();
    assert_eq!(market.account(account).depletion, Some(market.now() + MIN_RUNWAY));
    market.pass(HOUR / 2);
    assert_eq!(market.stream(account, lease).earned.u128(), 25_250_000);
    assert_eq!(market.lease(lease).state, LeaseState::Active);
    market.check_supply();
}

#[test]
fn a_third_party_gets_back_what_the_tenants_own_money_left_of_its_deposit() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let (account, lease) = (deployment.account(), deployment.order());
    for (name, coins) in [("bob", 3), ("eve", 4)] {
        market.mint(name, souk(coins));
        market.top_up(name, account, souk(coins)).unwrap();
    }
    // 20 of ann's, then bob's 3, then half a SOUK of eve's.
    market.pass(47 * HOUR);
    market.close("ann", deployment.id).unwrap();
    market.claim_refund(account, None).unwrap();
    market.claim_refund(account, Some(1)).unwrap();
    market.claim_refund(account, Some(2)).unwrap();
    market.withdraw(account, lease).unwrap();
    assert_eq!(market.balance("ann"), 30 * SOUK);
    assert_eq!(market.balance("bob"), 0);
    assert_eq!(market.balance("eve"), 3_500_000);
    assert_eq!(market.balance("cheap-payee") + market.balance("escrow"), 23_500_000);
    let again: ByEscrow = refusal(market.claim_refund(account, Some(2)));
    assert!(matches!(again, ByEscrow::NoDeposit { deposit: 2, .. }), "{again}");
    market.check_supply();
}

#[test]
fn a_bid_is_accepted_only_if_the_account_lasts_an_hour_at_all_its_rates() {
    let mut market = gpu_market();
    let app = group("web").ceiling(900_000).and(group("db").ceiling(900_000));
    let deployment = market.deploy("ann", app, souk(2)).unwrap();
    let [web, db] = deployment.orders[..] else { panic!("two groups, two orders") };
    for (provider, order) in [("cheap", web), ("dear", db)] {
        market.bid(provider, order, 800_000).unwrap();
    }
    market.accept("ann", web, "cheap", 800_000).unwrap();
    market.pass(HOUR);
    let short: ByEscrow = refusal(market.accept("ann", db, "dear", 800_000));
    assert!(matches!(short, ByEscrow::TooShortRunway { needed: 1_600_000, .. }), "{short}");
    assert_eq!(market.order(db).state, OrderState::Open, "the refused accept left no trace");
    market.top_up("ann", deployment.account(), usouk(400_000)).unwrap();
    market.accept("ann", db, "dear", 800_000).unwrap();
    let account = market.account(deployment.account());
    assert_eq!((account.streams, account.depletion), (2, Some(market.now() + HOUR)));
    market.check_supply();
}

#[test]
fn the_lowest_bid_wins_by_itself_and_ties_go_to_the_earlier() {
    let mut market = gpu_market()
        .provider("third", gpu("h100", 2))
        .provider("late", gpu("h100", 2))
        .provider("plain", cpu(64));
    let app = group("web").gpu("h100", 1).ceiling(900_000).lowest_price(300);
    let deployment = market.deploy("ann", app, souk(20)).unwrap();
    let order = deployment.order();
    market.bid("dear", order, 700_000).unwrap();
    market.bid("third", order, 600_000).unwrap();
    market.bid("cheap", order, 650_000).unwrap();
    let small: ByOrderbook = refusal(market.lower("cheap", order, 643_501));
    assert!(matches!(small, ByOrderbook::NotLowered { most: 643_500, .. }), "{small}");
    market.lower("cheap", order, 594_000).unwrap();
    market.lower("third", order, 594_000).unwrap();
    let no_gpu: ByOrderbook = refusal(market.bid("plain", order, 1));
    assert!(matches!(no_gpu, ByOrderbook::Mismatch(_)), "{no_gpu}");
    let binds: ByOrderbook = refusal(market.withdraw_bid("cheap", order));
    assert_eq!(binds, ByOrderbook::AuctionBinds(order));
    let by_hand: ByOrderbook = refusal(market.accept("ann", order, "dear", 700_000));
    assert_eq!(by_hand, ByOrderbook::AuctionBinds(order));

    let early: ByOrderbook = refusal(market.close_auction(order));
    assert!(matches!(early, ByOrderbook::AuctionRuns { .. }), "{early}");
    market.pass_blocks(50, 300);
    let late: ByOrderbook = refusal(market.bid("late", order, 100_000));
    assert!(matches!(late, ByOrderbook::AuctionOver { .. }), "{late}");
    market.close_auction(order).unwrap();
    let lease = market.lease(order);
    assert_eq!(lease.provider, market.who("cheap").as_str(), "first at 594000");
    assert_eq!(lease.price.u128(), 594_000);

    market.pass(HOUR).close_lease("ann", order).unwrap();
    market.withdraw(deployment.account(), order).unwrap();
    assert_eq!(market.balance("cheap-payee"), 594_000 - 11_880);
    market.check_supply();
}

#[test]
fn a_slashed_or_no_longer_attested_bidder_is_passed_over() {
    let attested = [("region", "eu-west")];
    let mut market = gpu_market()
        .provider("third", gpu("h100", 2))
        .attested("audit", "cheap", &attested)
        .attested("audit", "dear", &attested)
        .attested("audit", "third", &attested);
    let app = group("web").requires("region", "eu-west").signed_by("audit").ceiling(900_000);
    let deployment = market.deploy("ann", app.lowest_price(300), souk(20)).unwrap();
    let order = deployment.order();
    market.bid("cheap", order, 100_000).unwrap();
    market.bid("dear", order, 200_000).unwrap();
    market.bid("third", order, 300_000).unwrap();
    market.slash("cheap", SOUK, "ann").unwrap();
    market.revoke("audit", "dear").unwrap();
    market.pass_blocks(50, 300);
    let response = market.close_auction(order).unwrap();
    let events = events::orderbook(&response, &market.contracts.orderbook);
    let disqualified = events.iter().filter_map(|event| match event {
        OrderbookEvent::BidDisqualified(bid) => Some(bid.provider.clone()),
        _ => None,
    });
    let expected = ["cheap", "dear"].map(|name| market.who(name).to_string());
    assert_eq!(disqualified.collect::<Vec<_>>(), expected);
    assert_eq!(market.lease(order).provider, market.who("third").as_str());
    for passed_over in ["cheap", "dear"] {
        assert_eq!(market.provider_stats(passed_over).used, 0, "its slot is free again");
    }
    market.check_supply();
}

#[test]
fn an_attestation_must_stand_when_the_bid_is_accepted() {
    let mut market = gpu_market();
    market.attest("audit", "cheap", &[("region", "eu-west")], 2 * HOUR).unwrap();
    let app = group("web").requires("region", "eu-west").signed_by("audit");
    let order = market.deploy("ann", app, souk(20)).unwrap().order();
    let own_word: ByOrderbook = refusal(market.bid("dear", order, 100_000));
    assert!(matches!(own_word, ByOrderbook::Mismatch(_)), "{own_word}");
    market.bid("cheap", order, 100_000).unwrap();
    market.pass(2 * HOUR);
    let ended: ByOrderbook = refusal(market.accept("ann", order, "cheap", 100_000));
    assert!(matches!(ended, ByOrderbook::Disqualified { .. }), "{ended}");
    market.attest("audit", "cheap", &[("region", "eu-west")], HOUR).unwrap();
    market.accept("ann", order, "cheap", 100_000).unwrap();
    market.check_supply();
}

#[test]
fn a_group_given_up_by_its_provider_goes_to_another() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let first = deployment.order();
    market.pass(HOUR);
    market.give_up_lease("cheap", first, CloseReason::Decommission).unwrap();
    let group = market.deployment(deployment.id).groups.remove(0);
    assert_eq!((group.state, group.order_state), (GroupState::Open, OrderState::Open));
    assert_eq!(group.excluded, [market.who("cheap").to_string()]);
    assert_eq!(market.provider_stats("cheap").breaches, 1);
    let excluded: ByOrderbook = refusal(market.bid("cheap", group.order, 1));
    assert!(matches!(excluded, ByOrderbook::Excluded(_)), "{excluded}");

    market.bid("dear", group.order, 800_000).unwrap();
    market.accept("ann", group.order, "dear", 800_000).unwrap();
    market.pass(HOUR).close_lease("ann", group.order).unwrap();
    for lease in [first, group.order] {
        market.withdraw(deployment.account(), lease).unwrap();
    }
    assert_eq!(market.balance("cheap-payee"), 490_000);
    assert_eq!(market.balance("dear-payee"), 784_000);
    market.check_supply();
}

#[test]
fn a_depleted_deployment_is_ended_in_two_steps_and_everybody_gets_theirs() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let (account, lease) = (deployment.account(), deployment.order());
    let in_use: ByOrderbook = refusal(market.end_deployment(deployment.id));
    assert!(matches!(in_use, ByOrderbook::InUse { .. }), "{in_use}");
    market.pass(40 * HOUR);
    market.end_deployment(deployment.id).unwrap();
    assert_eq!(market.lease(lease).state, LeaseState::Active, "only marked yet");
    let early: ByOrderbook = refusal(market.end_deployment(deployment.id));
    assert!(matches!(early, ByOrderbook::NotEndable { .. }), "{early}");

    // The tenant tops up: the mark is void.
    market.top_up("ann", account, souk(1)).unwrap();
    market.pass_blocks(400, HOUR);
    assert!(market.end_deployment(deployment.id).is_err());
    market.pass_blocks(400, HOUR);
    market.end_deployment(deployment.id).unwrap();
    market.pass_blocks(400, HOUR);
    market.end_deployment(deployment.id).unwrap();
    let ended = market.lease(lease);
    assert_eq!(ended.state, LeaseState::InsufficientFunds);
    assert_eq!(ended.reason, Some(CloseReason::InsufficientFunds));
    assert_eq!(market.provider_stats("cheap").breaches, 0);

    market.withdraw(account, lease).unwrap();
    market.claim_refund(account, None).unwrap();
    assert_eq!(market.balance("cheap-payee"), 21 * SOUK * 98 / 100);
    assert_eq!(market.balance("ann"), 29 * SOUK);
    market.check_supply();
}

#[test]
fn the_take_rate_reaches_pool_and_stakers() {
    let mut market = gpu_market().staker("sue", souk(30)).staker("sam", souk(10));
    let deployment = let_to_cheap(&mut market);
    market.pass(20 * HOUR).close_lease("ann", deployment.order()).unwrap();
    market.withdraw(deployment.account(), deployment.order()).unwrap();
    market.sweep_fees().unwrap();
    assert_eq!(market.balance("fee-distributor"), 40 * SOUK + 200_000);
    market.distribute().unwrap();
    market.pay_pool().unwrap();
    assert_eq!(market.balance("pool"), 80_000, "two fifths");

    for _ in 0..9 {
        market.pass(DAY);
        market.claim_rewards("sue").unwrap();
    }
    market.claim_rewards("sam").unwrap();
    let (sue, sam) = (market.balance("sue"), market.balance("sam"));
    assert!((89_998..=90_000).contains(&sue), "three quarters of three fifths: {sue}");
    assert!((29_999..=30_000).contains(&sam), "{sam}");
    market.check_supply();
}

#[test]
fn a_provider_leaves_only_after_its_leases_and_gets_its_bond_back() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let lease = deployment.order();
    let running: ByRegistry = refusal(market.deregister("cheap"));
    assert_eq!(running, ByRegistry::SlotsInUse { used: 1 });

    market.pass(HOUR).close("ann", deployment.id).unwrap();
    market.release("cheap", &[lease]).unwrap();
    let held: ByRegistry = refusal(market.deregister("cheap"));
    assert_eq!(held, ByRegistry::SlotsInUse { used: 1 }, "a lease holds its slot for a day");
    market.pass(DAY).release("cheap", &[lease]).unwrap();
    market.deregister("cheap").unwrap();
    market.pass(UNBONDING_PERIOD).claim_unbonded("cheap").unwrap();
    assert_eq!(market.balance("cheap"), 100 * SOUK);
    market.check_supply();
}

#[test]
fn a_bond_that_unbonds_still_backs_the_leases_it_won() {
    let mut market = gpu_market();
    market.bond("cheap", 5 * SOUK).unwrap();
    let mut leases = Vec::new();
    for _ in 0..12 {
        let deployment = market.deploy("ann", group("web"), souk(4)).unwrap();
        market.bid("cheap", deployment.order(), 1_000).unwrap();
        market.accept("ann", deployment.order(), "cheap", 1_000).unwrap();
        leases.push(deployment);
    }
    market.unbond("cheap", 5 * SOUK).unwrap();
    assert_eq!(market.provider_stats("cheap").slots, 10);
    market.pass(UNBONDING_PERIOD).claim_unbonded("cheap").unwrap();
    assert_eq!(market.balance("registry"), 12 * SOUK + MIN_BOND, "12 leases and the other's bond");
    let order = market.deploy("ann", group("web"), souk(1)).unwrap().order();
    let exhausted: ByOrderbook = refusal(market.bid("cheap", order, 1_000));
    assert!(matches!(exhausted, ByOrderbook::BondExhausted { used: 12, slots: 10, .. }));

    for deployment in leases.drain(..2) {
        market.close("ann", deployment.id).unwrap();
        market.release("cheap", &[deployment.order()]).unwrap();
    }
    market.claim_unbonded("cheap").unwrap();
    assert_eq!(market.balance("registry"), 2 * MIN_BOND);
    market.check_supply();
}

#[test]
fn a_pause_stops_new_business_and_no_coin_on_its_way_out() {
    let mut market = gpu_market();
    let deployment = let_to_cheap(&mut market);
    let (account, lease) = (deployment.account(), deployment.order());
    let contracts = market.contracts.clone();
    for contract in [
        &contracts.orderbook,
        &contracts.escrow,
        &contracts.registry,
        &contracts.attestations,
        &contracts.fees,
    ] {
        market.pause(contract).unwrap();
    }
    let paused: ByOrderbook = refusal(market.deploy("ann", group("web"), souk(1)));
    assert_eq!(paused, ByOrderbook::Common(CommonError::Paused));
    market.top_up("ann", account, souk(1)).unwrap();
    market.pass(HOUR).withdraw(account, lease).unwrap();
    market.withdraw_deposit("ann", account, SOUK).unwrap();
    market.close("ann", deployment.id).unwrap();
    market.claim_refund(account, None).unwrap();
    market.sweep_fees().unwrap();
    market.release("dear", &[lease]).unwrap();
    market.deregister("dear").unwrap();
    assert_eq!(market.balance("ann"), 50 * SOUK - 500_000);

    market.unpause(&contracts.orderbook).unwrap();
    market.unpause(&contracts.escrow).unwrap();
    market.deploy("ann", group("web"), souk(1)).unwrap();
    market.check_supply();
}

#[test]
fn when_all_have_gone_home_the_contracts_are_empty() {
    let mut market = gpu_market().tenant("tom", souk(50)).staker("sue", souk(30));
    let mut deployments = vec![("ann", let_to_cheap(&mut market))];
    let auction = group("api").ceiling(333_333).lowest_price(60).and(group("job").ceiling(77_777));
    let toms = market.deploy("tom", auction, usouk(9_999_999)).unwrap();
    for (order, price) in toms.orders.clone().into_iter().zip([123_457, 7_919]) {
        market.bid("cheap", order, price + 1).unwrap();
        market.bid("dear", order, price).unwrap();
    }
    market.pass_blocks(40, 200);
    for order in &toms.orders {
        market.close_auction(*order).unwrap();
        assert_eq!(market.lease(*order).provider, market.who("dear").as_str());
    }
    deployments.push(("tom", toms));
    market.mint("bob", usouk(1_234_567));
    market.top_up("bob", deployments[1].1.account(), usouk(1_234_567)).unwrap();

    for _ in 0..40 {
        market.pass(7_777);
        for (_, deployment) in &deployments {
            for lease in &deployment.orders {
                market.withdraw(deployment.account(), *lease).unwrap();
            }
        }
        market.check_supply();
    }
    for (tenant, deployment) in &deployments {
        market.close(tenant, deployment.id).unwrap();
        for lease in &deployment.orders {
            // Paid in full already, or paid now.
            let _ = market.withdraw(deployment.account(), *lease);
        }
        market.claim_refund(deployment.account(), None).unwrap();
        for deposit in market.deposits(deployment.account()).deposits {
            market.claim_refund(deployment.account(), Some(deposit.deposit)).unwrap();
        }
    }
    market.sweep_fees().unwrap();
    assert_eq!(market.balance("escrow"), 0);
    market.distribute().unwrap();
    market.pay_pool().unwrap();
    market.pass(DRIP_PERIOD + DAY);
    market.claim_rewards("sue").unwrap();
    let orders: Vec<_> = deployments.iter().flat_map(|(_, d)| d.orders.clone()).collect();
    for provider in ["cheap", "dear"] {
        market.release(provider, &orders).unwrap();
        assert_eq!(market.provider_stats(provider).used, 0);
        market.deregister(provider).unwrap();
    }
    market.prune(&orders).unwrap();
    market.unstake("sue", 30 * SOUK).unwrap();
    market.pass(UNBONDING_PERIOD.max(UNSTAKING_PERIOD));
    for provider in ["cheap", "dear"] {
        market.claim_unbonded(provider).unwrap();
    }
    market.claim_unstaked("sue").unwrap();
    let dust = market.balance("fee-distributor");
    assert!(dust <= 2, "fractions of the one staker's reward and of the split at most: {dust}");
    for contract in ["escrow", "registry", "orderbook", "attestations"] {
        assert_eq!(market.balance(contract), 0, "{contract}");
    }
    market.check_supply();
}
