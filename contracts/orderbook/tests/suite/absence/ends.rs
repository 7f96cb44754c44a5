//! However a lease of an absent provider ends, its pay is the same; and what becomes of its group.

use super::*;

#[test]
fn whatever_its_tenant_sends_takes_back_the_pay_of_an_absence() {
    type Act = fn(&mut Market, OrderId, DeploymentId) -> cw_multi_test::AppResponse;
    let acts: [(&str, Act); 4] = [
        ("close lease", |market, order, _| market.tenant_closes("ann", order).unwrap()),
        ("pause group", |market, _, id| market.group("ann", Pause, id, 1).unwrap()),
        ("close group", |market, _, id| market.group("ann", Close, id, 1).unwrap()),
        ("close deployment", |market, _, id| market.close("ann", id).unwrap()),
    ];
    for (what, act) in acts {
        let mut market = Market::new();
        let (order, id) = absent(&mut market, SIX_HOURS);
        let paid_until = market.stats_of("pro").seen_at + 6 * HOUR / 4;
        let response = act(&mut market, order, id);
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        assert_eq!((closed.paid_until, closed.reason), (Some(paid_until), CloseReason::Tenant));
        assert_eq!(market.stream(id, order).earned, amount(PRICE * 5 / 2), "{what}");
        let stats = market.stats_of("pro");
        assert_eq!((stats.absences, stats.breaches), (1, 0), "{what}");
    }
}

#[test]
fn a_deployment_with_several_leases_ends_each_by_its_own_provider() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let groups = [group("a", 1_000), group("b", 1_000), group("c", 1_000)];
    let new = NewDeployment { absence: Some(SIX_HOURS), ..deployment(&groups, tenant_choice()) };
    let id = market.create("ann", &new, PLENTY).unwrap();
    let orders: Vec<_> = market.deployment(id).groups.iter().map(|group| group.order).collect();
    for (order, name) in orders.iter().zip(["pro", "other", "pro"]) {
        market.place(name, *order, PRICE).unwrap();
        market.accept("ann", *order, name, PRICE).unwrap();
    }
    market.blocks(BLOCKS / 2, 3 * HOUR).heartbeat("other").unwrap();
    market.blocks(BLOCKS / 2, 3 * HOUR).close("ann", id).unwrap();
    let earned: Vec<_> = orders.iter().map(|order| market.stream(id, *order).earned).collect();
    assert_eq!(earned, [PRICE * 3 / 2, PRICE * 6, PRICE * 3 / 2].map(amount));
    assert_eq!(market.account(id).balance, amount(PLENTY - PRICE * 9));
}

#[test]
fn a_group_is_put_out_again_without_the_provider_if_its_tenant_chose_so() {
    let mut market = Market::new();
    let (order, id) = absent(&mut market, Absence { reopens: true, ..SIX_HOURS });
    let response = market.close_absent("ann", order).unwrap();
    let next = market.events_of::<OrderOpened>(&response)[0].order;
    assert_eq!(market.deployment(id).groups[0].rounds, 1, "as after a provider's leave");
    let refused = ContractError::Excluded(market.who("pro"));
    assert_eq!(market.place("pro", next, PRICE).unwrap_err(), refused);
    market.place("other", next, PRICE).unwrap();
    market.accept("ann", next, "other", PRICE).unwrap();
}

#[test]
fn a_delegate_puts_no_auction_out_again_beyond_its_limit_by_it() {
    for (limit, reopened) in [(None, false), (Some(999), false), (Some(1_000), true)] {
        let mut market = Market::new();
        for name in ["pro", "other"] {
            market.provider(name);
        }
        let absence = Some(Absence { reopens: true, ..SIX_HOURS });
        let new = NewDeployment { absence, ..deployment(&[group("web", 1_000)], lowest_price(60)) };
        let id = market.create("ann", &new, PLENTY).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, PRICE).unwrap();
        market.lapse(60).close_auction(order, 9).unwrap();
        market.set_delegate("ann", id, "desk", limit).unwrap();
        market.blocks(BLOCKS, 6 * HOUR);
        let response = market.close_absent("desk", order).unwrap();
        let opened = market.events_of::<OrderOpened>(&response).len();
        assert_eq!(opened, usize::from(reopened), "{limit:?}");
    }
}

#[test]
fn while_the_account_is_depleted_it_ends_for_lack_of_money_and_is_no_absence() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let ceiling = souk_api::defaults::MIN_DEPOSIT;
    let new = NewDeployment {
        absence: Some(Absence { reopens: true, ..SIX_HOURS }),
        ..deployment(&[group("web", ceiling)], tenant_choice())
    };
    let id = market.create("ann", &new, ceiling * 4).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, ceiling).unwrap();
    market.accept("ann", order, "pro", ceiling).unwrap();
    market.lapse(7 * HOUR);
    assert!(market.account(id).clock.depleted_since.is_some());
    let response = market.close_absent("ann", order).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.reason, closed.breach), (CloseReason::InsufficientFunds, false));
    // It was there for as long as anything was paid, but for an hour and a half that it has to show.
    assert_eq!(market.stream(id, order).earned, amount(ceiling * 3 / 2));
    assert_eq!(market.account(id).balance, amount(ceiling * 5 / 2));
    assert_eq!(market.deployment(id).groups[0].state, GroupState::InsufficientFunds);
    assert_eq!(market.stats_of("pro").absences, 0);
}

#[test]
fn a_provider_that_kept_saying_so_until_the_money_was_gone_is_paid_in_full() {
    let mut market = Market::new();
    let (id, order) = market.lease_for_an_hour();
    market.lapse(HOUR / 2).heartbeat("pro").unwrap();
    // What is left lasts for half an hour; the limit is a day.
    market.lapse(3 * DAY);
    let paid_until = market.lease_of(order).unseen.unwrap().paid_until;
    assert!(paid_until > market.account(id).clock.depleted_since.unwrap());
    market.close("ann", id).unwrap();
    assert_eq!(market.stream(id, order).earned, amount(souk_api::defaults::MIN_DEPOSIT));
}

#[test]
fn what_strangers_deposited_comes_back_to_them_first() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let ceiling = souk_api::defaults::MIN_DEPOSIT;
    let new = NewDeployment {
        absence: Some(SIX_HOURS),
        ..deployment(&[group("web", ceiling)], tenant_choice())
    };
    let id = market.create("ann", &new, ceiling * 2).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, ceiling).unwrap();
    market.accept("ann", order, "pro", ceiling).unwrap();
    market.deposit("friend", id, ceiling * 20);
    // Two hours of the tenant's and four of the friend's are spent, an hour and a half stay with the provider.
    market.blocks(BLOCKS, 6 * HOUR).close("ann", id).unwrap();
    let account = AccountId(id.0);
    let mut got = |deposit, who: &str| {
        let (anyone, escrow) = (market.who("anyone"), market.escrow.clone());
        let before = market.balance(&market.who(who));
        let msg = escrow::ExecuteMsg::ClaimRefund { account, deposit };
        market.call(&anyone, &escrow, &msg, 0).unwrap();
        market.balance(&market.who(who)) - before
    };
    assert_eq!(got(Some(1), "friend"), ceiling * 20);
    assert_eq!(got(None, "ann"), ceiling / 2);
}
