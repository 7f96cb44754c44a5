//! Money behind every open order: what it reserves, when that is let go, and what is refused without it.

mod first_release;
mod unreadable;

use souk_api::{
    defaults::{MIN_DEPOSIT, ORDER_LIFETIME},
    escrow,
    orderbook::{
        ExecuteMsg, GroupState, MigrateMsg, NewDeployment, OrderState, Reclamation,
        events::{GroupChanged, LeaseClosed, OrderClosed, OrderOpened},
    },
    published::{self, PublishedError},
};
use souk_core::{
    AccountId, AuctionPolicy, CloseReason, DeploymentId, OrderId, Price,
    time::{DAY, HOUR},
};
use souk_orderbook::{ContractError, error::Shortfall};

use crate::market::{GroupAction::*, *};

/// More than the least deposit of a group carries for an hour.
const DEAR: u128 = 2 * MIN_DEPOSIT;

fn both() -> [AuctionPolicy; 2] {
    [tenant_choice(), lowest_price(300)]
}

fn reserved(market: &Market, id: DeploymentId) -> u128 {
    market.account(id).reserved.u128()
}

fn state(market: &Market, id: DeploymentId) -> GroupState {
    market.deployment(id).groups[0].state
}

fn orders(market: &Market, id: DeploymentId) -> Vec<OrderId> {
    market.deployment(id).groups.iter().map(|group| group.order).collect()
}

fn take(market: &mut Market, tenant: &str, id: DeploymentId, units: u128) -> Result<(), String> {
    let (who, escrow) = (market.who(tenant), market.escrow.clone());
    let account = AccountId(id.0);
    let msg = escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(units) };
    market.call(&who, &escrow, &msg, 0).map(drop)
}

/// Writes a record of a contract as another code would have.
pub fn rewrite(
    market: &mut Market,
    contract: &cosmwasm_std::Addr,
    key: &[u8],
    change: impl FnOnce(String) -> String,
) {
    let mut storage = market.app.contract_storage_mut(contract);
    let before = String::from_utf8(storage.get(key).unwrap()).unwrap();
    let after = change(before.clone());
    assert_ne!(after, before);
    storage.set(key, after.as_bytes());
}

/// The account's record is of another version, or again of this one.
fn set_version(market: &mut Market, id: DeploymentId, from: u8, to: u8) {
    let (escrow, key) = (market.escrow.clone(), published::account_key(AccountId(id.0)));
    let [from, to] = [from, to].map(|version| format!("\"v\":{version}"));
    rewrite(market, &escrow, &key, |text| text.replacen(&from, &to, 1));
}

#[test]
fn every_order_reserves_its_ceiling_from_its_creation_on() {
    for auction in both() {
        let mut market = Market::new();
        let groups = [group("web", 1_000), group("db", 500)];
        let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
        assert_eq!(reserved(&market, id), 1_500);
        let shown = orders(&market, id).into_iter().map(|order| market.order_of(order).reserved);
        assert_eq!(shown.map(|rate| rate.u128()).collect::<Vec<_>>(), [1_000, 500]);
        assert!(take(&mut market, "ann", id, PLENTY - 1_499).is_err(), "what carries them stays");
        take(&mut market, "ann", id, PLENTY - 1_500).unwrap();
    }
}

#[test]
fn a_deposit_that_does_not_carry_all_groups_for_the_least_runway_creates_nothing() {
    for auction in both() {
        let mut market = Market::new();
        let new = deployment(&[group("web", DEAR), group("db", DEAR)], auction);
        let (has, needed) = (2 * DEAR - 1, 2 * DEAR);
        let short = Shortfall { has, needed, burden: 2 * DEAR, runway: HOUR };
        let error = market.create("ann", &new, has).unwrap_err();
        assert_eq!(error, ContractError::NotCarried(short));
        let text = error.to_string();
        assert!(text.contains(&has.to_string()) && text.contains(&needed.to_string()), "{text}");
        assert_eq!(market.balance(&market.escrow), 0);
        market.create("ann", &new, needed).unwrap();
    }
}

#[test]
fn twenty_groups_at_the_highest_price_are_summed_without_a_fault() {
    let mut market = Market::new();
    let mut denom = souk_api::defaults::denom_config(usouk());
    denom.max_price = Price::MAX;
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: Some(vec![denom]), params: None };
    market.send(&market.owner.clone(), &msg).unwrap();
    let highest = Price::MAX.u128();
    let groups: Vec<_> = (0..20).map(|n| group(&format!("g{n}"), highest)).collect();
    for auction in both() {
        let new = deployment(&groups, auction);
        let refused = market.create("ann", &new, 20 * highest - 1).unwrap_err();
        assert!(matches!(refused, ContractError::NotCarried(_)), "{refused}");
        let id = market.create("ann", &new, 20 * highest).unwrap();
        assert_eq!(reserved(&market, id), 20 * highest);
        market.group("ann", Close, id, 7).unwrap();
        assert_eq!(reserved(&market, id), 19 * highest);
        market.close("ann", id).unwrap();
    }
}

/// Ten orders took all slots of a market for a day, with the same half coin behind each.
#[test]
fn one_deposit_does_not_serve_for_the_orders_of_two_deployments() {
    let mut market = Market::new();
    market.provider("pro");
    let id = market
        .create("mallory", &deployment(&[group("web", MIN_DEPOSIT)], tenant_choice()), MIN_DEPOSIT)
        .unwrap();
    let error = take(&mut market, "mallory", id, 1).unwrap_err();
    assert!(error.contains("would hold 499999"), "{error}");
    // It stays there for as long as the order does, expired or not.
    market.pass(ORDER_LIFETIME + 1);
    assert_eq!(market.order_of(OrderId(1)).state, OrderState::Closed);
    assert!(take(&mut market, "mallory", id, 1).is_err(), "nobody recorded its end");
    market.expire(OrderId(1)).unwrap();
    take(&mut market, "mallory", id, MIN_DEPOSIT).unwrap();
}

/// A ceiling of a million coins an hour held ten slots for half a coin.
#[test]
fn an_auction_beyond_its_account_is_not_opened() {
    let mut market = Market::new();
    let new = deployment(&[group("web", 1_000_000_000_000)], lowest_price(HOUR));
    let error = market.create("mallory", &new, MIN_DEPOSIT).unwrap_err();
    assert!(matches!(error, ContractError::NotCarried(_)), "{error}");
}

#[test]
fn an_accept_lets_go_of_what_its_order_reserved_and_of_nothing_else() {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", 1_000), group("db", 500)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    let [web, db] = orders(&market, id)[..] else { panic!("two orders") };
    market.place("pro", web, 900).unwrap();
    market.accept("ann", web, "pro", 900).unwrap();
    let account = market.account(id);
    assert_eq!((account.clock.rate.u128(), account.reserved.u128()), (900, 500));
    assert_eq!(market.order_of(web).reserved.u128(), 0);
    market.place("pro", db, 500).unwrap();
    market.accept("ann", db, "pro", 500).unwrap();
    assert_eq!(reserved(&market, id), 0);
    // The end of the first opens an order again, and that of the second is not touched by it.
    market.tenant_closes("ann", web).unwrap();
    assert_eq!(reserved(&market, id), 1_000);
    market.group("ann", Pause, id, 1).unwrap();
    assert_eq!(reserved(&market, id), 0);
}

#[test]
fn however_an_order_ends_its_reserve_is_let_go_once() {
    type End = fn(&mut Market, DeploymentId, OrderId);
    let ways: [(&str, AuctionPolicy, End); 7] = [
        ("pause", tenant_choice(), |market, id, _| drop(market.group("ann", Pause, id, 1))),
        ("close", tenant_choice(), |market, id, _| drop(market.group("ann", Close, id, 1))),
        ("expiry", tenant_choice(), |market, _, order| {
            market.pass(ORDER_LIFETIME + 1);
            market.expire(order).unwrap();
            assert!(market.expire(order).is_err(), "once");
        }),
        ("an expired order's pause", lowest_price(300), |market, id, _| {
            market.pass(ORDER_LIFETIME + 1).group("ann", Pause, id, 1).unwrap();
        }),
        ("no bid", lowest_price(300), |market, _, order| {
            market.lapse(300).close_auction(order, 1).unwrap();
        }),
        ("a winner", lowest_price(300), |market, _, order| {
            market.place("pro", order, 900).unwrap();
            market.lapse(300).close_auction(order, 1).unwrap();
        }),
        ("an accept", tenant_choice(), |market, _, order| {
            market.place("pro", order, 900).unwrap();
            market.accept("ann", order, "pro", 900).unwrap();
        }),
    ];
    for (way, auction, end) in ways {
        let mut market = Market::new();
        market.provider("pro");
        let groups = [group("web", 1_000), group("db", 300)];
        let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
        let order = orders(&market, id)[0];
        end(&mut market, id, order);
        assert_eq!(reserved(&market, id), 300, "{way}");
        assert_eq!(market.order_of(order).reserved.u128(), 0, "{way}");
        market.close("ann", id).unwrap();
        assert_eq!(reserved(&market, id), 0, "{way}");
    }
}

#[test]
fn an_expired_order_counts_until_its_end_is_recorded_by_whatever_records_it() {
    let mut market = Market::new();
    let groups = [group("web", 1_000), group("db", 300)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    market.pass(ORDER_LIFETIME + 1);
    assert_eq!(reserved(&market, id), 1_300);
    let response = market.group("ann", Start, id, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
    assert_eq!(reserved(&market, id), 1_300, "one goes and one comes; the other still counts");
    market.group("ann", Pause, id, 1).unwrap();
    assert_eq!(reserved(&market, id), 300);
    market.end_deployment(id).unwrap();
    assert_eq!(reserved(&market, id), 0, "the mark of an idle deployment records it, too");
}

/// A deployment whose first group's lease spends what covers the second one's order, an hour later.
fn uncovered(auction: AuctionPolicy) -> (Market, DeploymentId, [OrderId; 2]) {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let new = deployment(&[group("web", MIN_DEPOSIT), group("db", MIN_DEPOSIT)], auction);
    let id = market.create("ann", &new, 3 * MIN_DEPOSIT).unwrap();
    let [web, db] = orders(&market, id)[..] else { panic!("two orders") };
    market.place("pro", web, MIN_DEPOSIT).unwrap();
    if auction == tenant_choice() {
        market.place("other", db, MIN_DEPOSIT).unwrap();
        market.accept("ann", web, "pro", MIN_DEPOSIT).unwrap();
    } else {
        market.lapse(300).close_auction(web, 1).unwrap();
    }
    market.pass(HOUR);
    (market, id, [web, db])
}

#[test]
fn an_order_whose_account_lost_its_cover_takes_no_bids_until_there_is_money_again() {
    let (mut market, id, [_, db]) = uncovered(tenant_choice());
    assert_eq!(market.ineligible("pro", db), None, "an hour is left at all of it");
    market.pass(1);
    let has = 2 * MIN_DEPOSIT - 139;
    let (needed, burden) = (2 * MIN_DEPOSIT, 2 * MIN_DEPOSIT);
    let short = Shortfall { has, needed, burden, runway: HOUR };
    let error = ContractError::NoCover { order: db, short };
    assert_eq!(market.ineligible("pro", db), Some(error.to_string()));
    assert_eq!(market.place("pro", db, 1).unwrap_err(), error);
    // A bid that stands is its provider's to lower and to take back.
    market.lower("other", db, 400_000).unwrap();
    market.withdraw("other", db).unwrap();

    market.deposit("friend", id, 139);
    market.place("pro", db, MIN_DEPOSIT).unwrap();
    market.accept("ann", db, "pro", MIN_DEPOSIT).unwrap();
}

#[test]
fn nobody_but_the_tenants_own_leases_takes_the_cover_of_an_order() {
    for auction in both() {
        let mut market = Market::new();
        for name in ["pro", "leaves", "other"] {
            market.provider(name);
        }
        let groups = ["web", "db", "api", "log", "job"].map(|name| group(name, 1_000_000));
        let new = NewDeployment {
            reclamation: Some(Reclamation { min_window: HOUR }),
            ..deployment(&groups, auction)
        };
        let id = market.create("ann", &new, 30_000_000).unwrap();
        let [web, db, api, log, job] = orders(&market, id).try_into().unwrap();
        let win = |market: &mut Market, orders: &[OrderId]| {
            for order in orders {
                market.place("leaves", *order, 10).unwrap();
            }
            for order in orders {
                match auction {
                    AuctionPolicy::TenantChoice {} => {
                        drop(market.accept("ann", *order, "leaves", 10).unwrap());
                    }
                    AuctionPolicy::LowestPrice { .. } => {
                        drop(market.lapse(300).close_auction(*order, 1).unwrap());
                    }
                }
            }
        };
        // One is left by a breach, one by a notice, and one rests for lack of funds.
        win(&mut market, &[db, api, log]);
        market.let_anyone_start("ann", id, true).unwrap();
        market.pass(HOUR).start_reclaim("leaves", api, CloseReason::Unstable).unwrap();
        market.lapse(HOUR);
        // Just what the open orders and the leases need is left, and a little for the time.
        let burden = market.account(id).clock.rate.u128() + reserved(&market, id);
        let has = market.account(id).balance.u128();
        take(&mut market, "ann", id, has - burden - 100).unwrap();
        let closed = market.provider_closes("leaves", log, CloseReason::Unstable).unwrap();
        let rests = market.events_of::<GroupChanged>(&closed)[0].state;
        assert_eq!(rests, GroupState::InsufficientFunds, "another order is not carried");

        // Whatever others do, well or in vain, `web` takes bids all the time.
        let covered = |market: &Market, what: &str| {
            let reason = market.ineligible("other", web);
            let over = auction != tenant_choice();
            assert!(
                reason.is_none()
                    || over && reason.as_ref().is_some_and(|why| why.contains("closed")),
                "{what}: {reason:?}"
            );
            let account = market.account(id);
            let needed = account.clock.rate.u128() + account.reserved.u128();
            assert!(account.balance.u128() >= needed, "{what}: {account:?}");
        };
        covered(&market, "a close without cover");
        assert!(market.group("anyone", Start, id, 4).is_err());
        covered(&market, "a stranger's start");
        market.provider_closes("leaves", db, CloseReason::Unstable).unwrap();
        covered(&market, "a breach");
        market.end_reclaim("anyone", api).unwrap();
        covered(&market, "the end of a notice");
        let (anyone, escrow) = (market.who("anyone"), market.escrow.clone());
        for msg in [
            escrow::ExecuteMsg::ClaimRefund { account: AccountId(id.0), deposit: None },
            escrow::ExecuteMsg::WithdrawDeposit { account: AccountId(id.0), amount: amount(1) },
        ] {
            assert!(market.call(&anyone, &escrow, &msg, 0).is_err(), "{msg:?}");
        }
        for stream in [db, api, log] {
            let msg = escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: stream.0 };
            market.call(&anyone, &escrow, &msg, 0).unwrap();
        }
        covered(&market, "payouts");
        assert!(market.end_deployment(id).is_err());
        assert!(take(&mut market, "ann", id, 1_000_000).is_err());
        if auction == tenant_choice() {
            market.group("ann", Pause, id, 5).unwrap();
        } else {
            market.close_auction(job, 1).unwrap();
        }
        covered(&market, "the end of another order");
    }
}

#[test]
fn a_group_is_started_only_where_the_account_carries_its_ceiling() {
    for auction in both() {
        let mut market = Market::new();
        let new = deployment(&[group("web", DEAR), group("db", DEAR)], auction);
        let id = market.create("ann", &new, 2 * DEAR).unwrap();
        market.group("ann", Pause, id, 1).unwrap();
        take(&mut market, "ann", id, 1).unwrap();
        let (has, needed) = (2 * DEAR - 1, 2 * DEAR);
        let short = Shortfall { has, needed, burden: 2 * DEAR, runway: HOUR };
        let error = market.group("ann", Start, id, 1).unwrap_err();
        assert_eq!(error, ContractError::NotCarried(short));
        market.deposit("ann", id, 1);
        market.group("ann", Start, id, 1).unwrap();
        assert_eq!(reserved(&market, id), 2 * DEAR);
    }
}

#[test]
fn an_order_that_is_put_out_beside_leases_that_run_keeps_its_cover_for_long_enough_to_bid() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let groups = [group("web", 600_000), group("db", 1_000_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), 1_600_000).unwrap();
    let web = orders(&market, id)[0];
    market.place("pro", web, 600_000).unwrap();
    market.accept("ann", web, "pro", 600_000).unwrap();
    market.group("ann", Pause, id, 2).unwrap();
    // An hour and ten minutes at 1,600,000 an hour.
    let needed = 1_866_667;
    market.deposit("ann", id, needed - 1_600_001);
    let short = Shortfall { has: needed - 1, needed, burden: 1_600_000, runway: HOUR + 600 };
    let refused = market.group("ann", Start, id, 2).unwrap_err();
    assert_eq!(refused, ContractError::NotCarried(short));
    market.deposit("ann", id, 1);
    market.group("ann", Start, id, 2).unwrap();
    let db = orders(&market, id)[1];
    market.pass(600).place("other", db, 1_000_000).unwrap();
    market.accept("ann", db, "other", 1_000_000).unwrap();

    // Nor does a provider's close take the cover of the orders that are open.
    market.pass(60).provider_closes("other", db, CloseReason::Unstable).unwrap();
    let states: Vec<_> = market.deployment(id).groups.iter().map(|group| group.state).collect();
    assert_eq!(states, [GroupState::Open, GroupState::InsufficientFunds]);
}

#[test]
fn an_order_that_is_over_costs_no_winner_its_lease() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let groups = [group("old", 1_000_000), group("runs", 1_000_000), group("web", 1_000_000)];
    let id = market.create("ann", &deployment(&groups, lowest_price(300)), 40_000_000).unwrap();
    let (old, runs) = (orders(&market, id)[0], orders(&market, id)[1]);
    market.place("pro", runs, 1_000_000).unwrap();
    market.lapse(300).close_auction(runs, 1).unwrap();
    market.group("ann", Pause, id, 3).unwrap();
    market.pass(ORDER_LIFETIME - 900);
    let spare = market.account(id).balance.u128() - 3_500_000;
    take(&mut market, "ann", id, spare).unwrap();
    market.group("ann", Start, id, 3).unwrap();
    let web = orders(&market, id)[2];
    market.place("other", web, 1_000_000).unwrap();
    // What is left by then carries two of the three.
    market.lapse(2_000);
    assert!(market.account(id).balance.u128() < 3_000_000);
    let response = market.close_auction(web, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].order, old);
    assert_eq!(market.lease_of(web).provider, market.who("other").to_string());
    assert_eq!(reserved(&market, id), 0);
}

#[test]
fn a_close_without_cover_is_as_good_and_the_group_rests_for_lack_of_funds() {
    type Close = fn(&mut Market, OrderId) -> cw_multi_test::AppResponse;
    let ways: [(CloseReason, Close); 3] = [
        (CloseReason::Tenant, |market, order| market.tenant_closes("ann", order).unwrap()),
        (CloseReason::Tenant, |market, order| market.tenant_excludes("ann", order).unwrap()),
        (CloseReason::Unstable, |market, order| {
            market.provider_closes("pro", order, CloseReason::Unstable).unwrap()
        }),
    ];
    for (reason, close) in ways {
        for auction in both() {
            let (mut market, id, [web, _]) = uncovered(auction);
            market.pass(1);
            let response = close(&mut market, web);
            let closed = &market.events_of::<LeaseClosed>(&response)[0];
            assert_eq!(closed.reason, reason, "the account is not depleted");
            assert_eq!(closed.breach, reason == CloseReason::Unstable);
            assert_eq!(state(&market, id), GroupState::InsufficientFunds);
            assert!(market.events_of::<OrderOpened>(&response).is_empty());
            assert_eq!(reserved(&market, id), MIN_DEPOSIT, "of the other group alone");
            let shown = &market.deployment(id).groups[0];
            assert_eq!((shown.rounds, shown.starts), (0, 0), "it was not put out again");
            // It is the tenant's to start, as soon as the account carries it.
            assert!(market.group("ann", Start, id, 1).is_err());
            market.deposit("friend", id, MIN_DEPOSIT);
            market.group("ann", Start, id, 1).unwrap();
        }
    }
}

#[test]
fn what_a_lease_costs_itself_is_free_for_the_order_that_follows_it() {
    let mut market = Market::new();
    market.provider("pro");
    let id = market
        .create("ann", &deployment(&[group("web", MIN_DEPOSIT)], tenant_choice()), MIN_DEPOSIT)
        .unwrap();
    let order = orders(&market, id)[0];
    market.place("pro", order, MIN_DEPOSIT).unwrap();
    market.accept("ann", order, "pro", MIN_DEPOSIT).unwrap();
    market.tenant_closes("ann", order).unwrap();
    assert_eq!(state(&market, id), GroupState::Open, "nothing of it is spent");
    assert_eq!(reserved(&market, id), MIN_DEPOSIT);
}
