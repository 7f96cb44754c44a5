//! What a tenant can rely on when it takes a bid.

use souk_api::{
    defaults,
    orderbook::{BidState, ExecuteMsg, LeaseState, OrderState, events::LeaseCreated},
};
use souk_core::{Attribute, GroupSeq, SignedBy, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

#[test]
fn an_accepted_bid_becomes_the_lease_and_is_paid_from_now() {
    let mut market = Market::new();
    for name in ["cheap", "dear"] {
        market.provider(name);
    }
    let order = market.order("ann", tenant_choice());
    market.place("cheap", order, 300).unwrap();
    market.place("dear", order, 600).unwrap();
    let response = market.accept("ann", order, "dear", 600).unwrap();

    let id = market.order_of(order).group.deployment;
    let (tenant, provider) = (market.who("ann").to_string(), market.who("dear").to_string());
    let event = LeaseCreated {
        order,
        deployment: id,
        group: GroupSeq(1),
        tenant,
        provider,
        price: price(600),
        denom: usouk(),
        nonce: None,
        offer: None,
    };
    assert_eq!(market.events_of::<LeaseCreated>(&response), [event]);
    let lease = market.lease_of(order);
    assert_eq!((lease.state, lease.price), (LeaseState::Active, price(600)));
    assert_eq!(lease.created_at, market.now());
    assert_eq!(market.order_of(order).state, OrderState::Active);

    market.pass(2 * HOUR);
    let stream = market.stream(id, order);
    assert_eq!(stream.payee, market.payee("dear").to_string());
    assert_eq!((stream.earned, stream.take_bps), (amount(1_200), defaults::TAKE_BPS));
}

#[test]
fn the_losers_are_lost_without_being_touched() {
    let mut market = Market::new();
    for name in ["win", "lose"] {
        market.provider(name);
    }
    let order = market.order("ann", tenant_choice());
    market.place("win", order, 300).unwrap();
    market.place("lose", order, 200).unwrap();
    let before = market.storage();
    market.accept("ann", order, "win", 300).unwrap();
    let after = market.storage();
    let loser = market.who("lose");
    let theirs = |(key, _): &(&Vec<u8>, &Vec<u8>)| {
        key.windows(loser.as_str().len()).any(|part| part == loser.as_bytes())
    };
    let unchanged = before.iter().filter(theirs).eq(after.iter().filter(theirs));
    assert!(unchanged && before.iter().filter(theirs).count() > 0);
    assert_eq!(market.bid("win", order).state, BidState::Active);
    assert_eq!(market.bid("lose", order).state, BidState::Lost);
}

#[test]
fn a_bid_is_accepted_at_no_more_than_the_tenant_saw() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 500).unwrap();
    let error = ContractError::PriceChanged { price: price(500), max_price: price(499) };
    assert_eq!(market.accept("ann", order, "pro", 499).unwrap_err(), error);
    market.lower("pro", order, 400).unwrap();
    market.accept("ann", order, "pro", 500).unwrap();
    assert_eq!(market.lease_of(order).price, price(400), "a lower price is the tenant's gain");
}

#[test]
fn a_bid_that_was_withdrawn_and_placed_again_is_not_the_one_that_was_seen() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    let bid = |model: &str| ExecuteMsg::PlaceBid {
        order,
        provider: market.who("pro").to_string(),
        price: price(900),
        offer: vec![Attribute::new("gpu/model", model)],
        reclamation_window: None,
    };
    let (good, bad) = (bid("h100"), bid("t4"));
    let operator = market.operator("pro");
    market.send(&operator, &good).unwrap();
    let seen = market.bid("pro", order).id;
    market.withdraw("pro", order).unwrap();
    market.send(&operator, &bad).unwrap();
    let placed = market.bid("pro", order).id;
    let before = market.storage();
    let error = ContractError::OtherBid { provider: market.who("pro"), bid: placed, seen };
    assert_eq!(market.accept_bid("ann", order, "pro", seen, 900).unwrap_err(), error);
    assert_eq!(market.storage(), before, "it costs nothing");
    market.accept_bid("ann", order, "pro", placed, 900).unwrap();
}

#[test]
fn a_lowered_bid_is_still_the_one_that_was_seen() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 900).unwrap();
    let seen = market.bid("pro", order).id;
    market.lower("pro", order, 800).unwrap();
    market.accept_bid("ann", order, "pro", seen, 900).unwrap();
    assert_eq!(market.lease_of(order).price, price(800));
}

#[test]
fn an_order_is_accepted_once() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 500).unwrap();
    market.place("other", order, 500).unwrap();
    market.accept("ann", order, "pro", 500).unwrap();
    for name in ["pro", "other"] {
        let again = market.accept("ann", order, name, 500).unwrap_err();
        assert_eq!(again, ContractError::OrderNotOpen { order, state: OrderState::Active });
    }
}

#[test]
fn an_expired_order_is_not_accepted() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 500).unwrap();
    let expired_at = market.now() + defaults::ORDER_LIFETIME;
    market.pass(defaults::ORDER_LIFETIME + 1);
    let error = ContractError::OrderExpired { order, expired_at };
    assert_eq!(market.accept("ann", order, "pro", 500).unwrap_err(), error);
}

#[test]
fn a_bid_that_is_not_there_is_not_accepted() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let error = ContractError::BidNotFound { order, provider: market.who("pro") };
    assert_eq!(market.accept("ann", order, "pro", 500).unwrap_err(), error);
}

#[test]
fn accepting_leaves_the_least_runway_or_fails_with_the_figures() {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", 600_000), group("db", 500_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), 1_100_000).unwrap();
    let [order, other] = [0, 1].map(|n| market.deployment(id).groups[n].order);
    market.place("pro", order, 600_000).unwrap();
    market.place("pro", other, 500_000).unwrap();
    market.accept("ann", other, "pro", 500_000).unwrap();
    // The other group's lease spends what carried this one.
    market.pass(HOUR);
    let error = market.accept("ann", order, "pro", 600_000).unwrap_err().to_string();
    for figure in ["600000", "1100000", "3600 s"] {
        assert!(error.contains(figure), "{error}");
    }
    let shown = market.order_of(order);
    assert_eq!(
        (shown.state, shown.reserved.u128()),
        (OrderState::Open, 600_000),
        "nothing is lost"
    );
    market.deposit("ann", id, 500_000);
    market.accept("ann", order, "pro", 600_000).unwrap();
}

#[test]
fn a_provider_that_left_or_was_slashed_since_its_bid_is_not_accepted() {
    for (what, why) in [("left", "no longer registered"), ("slashed", "slashed since it bid")] {
        let mut market = Market::new();
        let pro = market.provider("pro");
        let order = market.order("ann", tenant_choice());
        market.place("pro", order, 500).unwrap();
        match what {
            "left" => market.deregister(&pro),
            _ => market.slash(&pro, 1),
        }
        let error = market.accept("ann", order, "pro", 500).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(matches!(error, ContractError::Disqualified { provider, .. } if provider == pro));
    }
}

#[test]
fn a_slash_sticks_to_a_bid_that_is_lowered_but_not_to_a_new_one() {
    let mut market = Market::new();
    let pro = market.provider_with("pro", 20, &[eu()]);
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 500).unwrap();
    market.slash(&pro, SLOT);
    market.lower("pro", order, 400).unwrap();
    assert!(market.accept("ann", order, "pro", 500).is_err());
    market.withdraw("pro", order).unwrap();
    market.place("pro", order, 400).unwrap();
    assert!(market.accept("ann", order, "pro", 500).is_ok());
}

#[test]
fn expiry_and_revocation_take_effect_at_accept() {
    for revoked in [false, true] {
        let mut market = Market::new();
        let pro = market.provider("pro");
        let mut audited = group("web", 1_000);
        let auditor = market.who("auditor").to_string();
        audited.requirements.signed_by = SignedBy { all_of: vec![auditor], any_of: vec![] };
        let new = deployment(&[audited], tenant_choice());
        let id = market.create("ann", &new, PLENTY).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.attest("auditor", &pro, &[eu()], market.now() + 100);
        market.place("pro", order, 500).unwrap();
        if revoked {
            market.revoke("auditor", &pro);
        } else {
            market.pass(100);
        }
        let error = market.accept("ann", order, "pro", 500).unwrap_err();
        assert!(error.to_string().contains("attests nothing"), "{error}");
    }
}

#[test]
fn maintenance_stops_new_bids_not_those_that_stand() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 500).unwrap();
    let msg = souk_api::registry::ExecuteMsg::SetMaintenance { provider: pro.into(), on: true };
    let (operator, registry) = (market.operator("pro"), market.registry.clone());
    market.call(&operator, &registry, &msg, 0).unwrap();
    assert!(market.accept("ann", order, "pro", 500).is_ok());
}

#[test]
fn a_delegate_accepts_for_the_owner_whose_account_pays() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    let deployment = market.order_of(order).group.deployment;
    market.set_delegate("ann", deployment, "del", Some(500)).unwrap();
    market.place("pro", order, 500).unwrap();
    market.accept("del", order, "pro", 500).unwrap();
    assert_eq!(market.lease_of(order).tenant, market.who("ann").to_string());
}

#[test]
fn a_winner_is_counted_once() {
    let mut market = Market::new();
    market.provider("pro");
    market.lease("ann", "pro", 500);
    let stats = market.stats_of("pro");
    assert_eq!((stats.used, stats.won, stats.active), (1, 1, 1));
}
