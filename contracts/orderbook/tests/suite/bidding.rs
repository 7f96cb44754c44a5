//! Who may bid, at which price, and what becomes of a bid that is lowered or taken back.

use souk_api::{
    defaults::{self, DENOM},
    orderbook::{
        BidResponse, BidState, BidsResponse, ExecuteMsg, NewDeployment, QueryMsg,
        events::{BidLowered, BidPlaced, BidWithdrawn},
    },
    registry,
};
use souk_core::{
    Attribute, BidId, Denom, Gpu, GroupSpec, OrderId, Price, PriceFloor, SignedBy,
    attributes::AttributeError, matching::Mismatch, time::HOUR,
};
use souk_orderbook::ContractError;

use crate::market::*;

/// A market with an order of `ann`'s for `group` and a European provider `pro`.
fn market_with(new: &NewDeployment) -> (Market, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let id = market.create("ann", new, PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    (market, order)
}

fn one(group: GroupSpec) -> NewDeployment {
    deployment(&[group], tenant_choice())
}

fn web() -> NewDeployment {
    one(group("web", 1_000))
}

/// A bid and the question whether one may bid get the same answer.
fn assert_refused(market: &mut Market, order: OrderId, error: ContractError) {
    assert_eq!(market.ineligible("pro", order), Some(error.to_string()));
    assert_eq!(market.place("pro", order, 900).unwrap_err(), error);
    assert_eq!(market.stats_of("pro").used, 0, "a refused bid uses no slot");
}

#[test]
fn a_bid_is_stored_with_its_place_and_uses_a_slot() {
    let (mut market, order) = market_with(&web());
    assert_eq!(market.ineligible("pro", order), None);
    let msg = ExecuteMsg::PlaceBid {
        order,
        provider: market.who("pro").to_string(),
        price: price(900),
        offer: vec![Attribute::new("gpu/model", "h100")],
        reclamation_window: None,
    };
    let response = market.send(&market.operator("pro"), &msg).unwrap();
    let event =
        BidPlaced { order, bid: BidId(1), provider: market.who("pro").into(), price: price(900) };
    assert_eq!(market.events_of::<BidPlaced>(&response), [event]);
    let bid = market.bid("pro", order);
    assert_eq!((bid.id, bid.price, bid.state), (BidId(1), price(900), BidState::Open));
    assert_eq!((bid.placed_at, bid.position), (market.now(), 1));
    assert_eq!(bid.offer, [Attribute::new("gpu/model", "h100")]);
    let stats = market.stats_of("pro");
    assert_eq!((stats.used, stats.slots), (1, 10));
}

#[test]
fn a_price_is_within_the_orders_range() {
    let (mut market, order) = market_with(&web());
    let above = ContractError::PriceAboveCeiling {
        price: price(1_001),
        ceiling: price(1_000),
        denom: DENOM.into(),
    };
    assert_eq!(market.place("pro", order, 1_001).unwrap_err(), above);
    assert!(market.place("pro", order, 1_000).is_ok());
}

#[test]
fn an_order_takes_bids_to_its_last_second() {
    let (mut market, order) = market_with(&web());
    market.provider("late");
    market.pass(defaults::ORDER_LIFETIME);
    assert!(market.place("pro", order, 900).is_ok());
    market.pass(1);
    let expired_at = market.now() - 1;
    let error = ContractError::OrderExpired { order, expired_at };
    assert_eq!(market.ineligible("late", order), Some(error.to_string()));
    assert_eq!(market.place("late", order, 900).unwrap_err(), error);
    assert_eq!(market.lower("pro", order, 800).unwrap_err(), error);
}

#[test]
fn an_order_that_is_leased_or_closed_or_unknown_takes_no_bids() {
    let mut market = Market::new();
    for name in ["pro", "late"] {
        market.provider(name);
    }
    let leased = market.lease("ann", "pro", 900);
    let error = market.place("late", leased, 800).unwrap_err();
    assert_eq!(error.to_string(), format!("order {leased} is active, not open"));

    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    market.close("ann", id).unwrap();
    let error = market.place("late", order, 800).unwrap_err();
    assert_eq!(error.to_string(), format!("order {order} is closed, not open"));

    let unknown = OrderId(99);
    let error = market.place("late", unknown, 800).unwrap_err();
    assert_eq!(error, ContractError::OrderNotFound(unknown));
}

#[test]
fn only_a_registered_provider_that_is_not_in_maintenance_bids() {
    let (mut market, order) = market_with(&web());
    let pro = market.who("pro");
    let (operator, registry) = (market.operator("pro"), market.registry.clone());
    let maintenance = |on| registry::ExecuteMsg::SetMaintenance { provider: pro.to_string(), on };
    market.call(&operator, &registry, &maintenance(true), 0).unwrap();
    assert_refused(&mut market, order, ContractError::InMaintenance(pro.clone()));
    market.call(&operator, &registry, &maintenance(false), 0).unwrap();
    assert_eq!(market.ineligible("pro", order), None);
    market.deregister(&pro);
    assert_refused(&mut market, order, ContractError::NotRegistered(pro));
}

#[test]
fn a_tenant_allows_and_refuses_by_name() {
    let market = Market::new();
    let (pro, other) = (market.who("pro"), market.who("other").to_string());
    let allow = NewDeployment { allow: vec![other.clone()], ..web() };
    let refuse = NewDeployment { refuse: vec![pro.to_string()], ..web() };
    let both = NewDeployment { allow: vec![pro.to_string()], refuse: vec![other], ..web() };
    for (new, error) in [
        (allow, Some(ContractError::NotAllowed(pro.clone()))),
        (refuse, Some(ContractError::Refused(pro.clone()))),
        (both, None),
    ] {
        let (mut market, order) = market_with(&new);
        match error {
            Some(error) => assert_refused(&mut market, order, error),
            None => assert!(market.place("pro", order, 900).is_ok()),
        }
    }
}

#[test]
fn attributes_must_match_unless_auditors_are_named() {
    let asia = || {
        let mut group = group("web", 1_000);
        group.requirements.attributes = vec![Attribute::new("region", "asia")];
        group
    };
    let (mut market, order) = market_with(&one(asia()));
    let missing = Attribute::new("region", "asia");
    assert_refused(&mut market, order, Mismatch::Attribute(missing).into());

    let auditor = market.who("auditor").to_string();
    let mut audited = asia();
    audited.requirements.signed_by = SignedBy { all_of: vec![auditor.clone()], any_of: vec![] };
    let (mut market, order) = market_with(&one(audited));
    assert_refused(&mut market, order, Mismatch::NotAudited(auditor.clone()).into());
    let pro = market.who("pro");
    let until = market.now() + 100;
    market.attest("auditor", &pro, &[Attribute::new("tier", "1")], until);
    let missing = Attribute::new("region", "asia");
    assert_refused(&mut market, order, Mismatch::AllOf { auditor, missing }.into());
    market.attest("auditor", &pro, &[Attribute::new("region", "asia")], until);
    assert!(market.place("pro", order, 900).is_ok(), "what is attested counts, not the claim");
}

#[test]
fn an_attestation_counts_up_to_its_last_second() {
    let market = Market::new();
    let auditor = market.who("auditor").to_string();
    let mut audited = group("web", 1_000);
    audited.requirements.signed_by = SignedBy { all_of: vec![], any_of: vec![auditor.clone()] };
    let (mut market, order) = market_with(&one(audited));
    let pro = market.who("pro");
    market.attest("auditor", &pro, &[eu()], market.now() + 100);
    market.pass(99);
    assert_eq!(market.ineligible("pro", order), None);
    market.pass(1);
    assert_refused(&mut market, order, Mismatch::AnyOf(vec![auditor]).into());
}

#[test]
fn an_attestation_must_outlive_a_binding_auction_with_all_its_extensions() {
    let market = Market::new();
    let auditor = market.who("auditor").to_string();
    let mut audited = group("web", 1_000);
    audited.requirements.signed_by = SignedBy { all_of: vec![], any_of: vec![auditor.clone()] };
    let (mut market, order) = market_with(&deployment(&[audited], lowest_price(300)));
    let (pro, end) = (market.who("pro"), market.now() + 300 + 10 * 60);
    market.attest("auditor", &pro, &[eu()], end);
    assert_refused(&mut market, order, Mismatch::AnyOf(vec![auditor]).into());
    market.attest("auditor", &pro, &[eu()], end + 1);
    assert!(market.place("pro", order, 900).is_ok());
}

#[test]
fn capabilities_must_be_claimed_even_if_auditors_are_named() {
    let mut with_gpu = group("web", 1_000);
    let model = Attribute::new("vendor/nvidia/model/h100", "true");
    with_gpu.units[0].resources.gpu = Some(Gpu { units: 1, attributes: vec![model] });
    let (mut market, order) = market_with(&one(with_gpu));
    let wanted = Mismatch::Gpu(vec!["vendor/nvidia/model/h100".into()]);
    assert_refused(&mut market, order, wanted.into());
    let gpu = Attribute::new("capabilities/gpu/vendor/nvidia/model/h100", "true");
    market.provider_with("gpu", 10, &[eu(), gpu]);
    assert!(market.place("gpu", order, 900).is_ok());
}

#[test]
fn a_bond_backs_so_many_bids_and_no_more() {
    let mut market = Market::new();
    market.provider("pro");
    let orders: Vec<_> = (0..11).map(|_| market.order("ann", tenant_choice())).collect();
    for order in &orders[..10] {
        market.place("pro", *order, 900).unwrap();
    }
    let exhausted = ContractError::BondExhausted { used: 10, slots: 10, bond: amount(10 * SLOT) };
    assert_eq!(market.place("pro", orders[10], 900).unwrap_err(), exhausted);
    assert_eq!(market.ineligible("pro", orders[10]), Some(exhausted.to_string()));
    market.withdraw("pro", orders[3]).unwrap();
    assert!(market.place("pro", orders[10], 900).is_ok(), "a bid taken back frees its slot");
}

#[test]
fn a_provider_has_one_open_bid_on_an_order() {
    let (mut market, order) = market_with(&web());
    market.place("pro", order, 900).unwrap();
    let provider = market.who("pro");
    let error = ContractError::BidExists { order, provider, price: price(900) };
    assert_eq!(market.place("pro", order, 800).unwrap_err(), error);
    assert_eq!(market.ineligible("pro", order), Some(error.to_string()));
    market.withdraw("pro", order).unwrap();
    market.place("pro", order, 800).unwrap();
    assert_eq!(market.bid("pro", order).id, BidId(2), "ids are never used again");
}

#[test]
fn an_offer_is_short_and_well_formed() {
    let (mut market, order) = market_with(&web());
    let (provider, operator) = (market.who("pro").to_string(), market.operator("pro"));
    let offer = |count: usize, key: &str| ExecuteMsg::PlaceBid {
        order,
        provider: provider.clone(),
        price: price(900),
        offer: (0..count).map(|n| Attribute::new(format!("{key}{n}"), "x")).collect(),
        reclamation_window: None,
    };
    let many = AttributeError::TooMany { count: 5, max: 4 };
    assert_eq!(market.send(&operator, &offer(5, "key")).unwrap_err(), many.into());
    let bad = AttributeError::Key("-0".into());
    assert_eq!(market.send(&operator, &offer(1, "-")).unwrap_err(), bad.into());
    assert!(market.send(&operator, &offer(4, "key")).is_ok());
}

#[test]
fn an_auctions_bids_are_listed_from_the_lowest_and_among_equals_from_the_earliest() {
    let (mut market, order) = market_with(&deployment(&[group("web", 1_000)], lowest_price(300)));
    for (name, units) in [("b", 500), ("c", 1_000), ("d", 500), ("e", 256), ("f", 255)] {
        market.provider(name);
        market.place(name, order, units).unwrap();
    }
    let names = ["f", "e", "b", "d", "c"].map(|name| market.who(name).to_string());
    let bids = market.bids(order);
    assert_eq!(bids.iter().map(|bid| bid.provider.clone()).collect::<Vec<_>>(), names);

    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let msg = QueryMsg::Bids { order, start_after: after, after: None, limit: Some(2) };
        let page: BidsResponse = market.query(&msg).unwrap();
        let Some(last) = page.bids.last() else { break };
        after = Some((last.price, last.position));
        paged.extend(page.bids);
    }
    assert_eq!(paged, bids);
}

#[test]
fn where_the_tenant_chooses_bids_are_listed_by_bidder_each_once() {
    let (mut market, order) = market_with(&web());
    for name in ["b", "c", "d", "e", "f"] {
        market.provider(name);
        market.place(name, order, 500).unwrap();
    }
    market.lower("c", order, 400).unwrap();
    market.withdraw("d", order).unwrap();
    let (mut paged, mut last) = (Vec::new(), None::<(Price, u64, String)>);
    loop {
        let (start_after, after) = last.map_or((None, None), |(price, position, bidder)| {
            (Some((price, position)), Some(bidder))
        });
        let msg = QueryMsg::Bids { order, start_after, after, limit: Some(2) };
        let page: BidsResponse = market.query(&msg).unwrap();
        let Some(bid) = page.bids.last() else { break };
        last = Some((bid.price, bid.position, bid.provider.clone()));
        paged.extend(page.bids);
    }
    let bidders: Vec<String> = paged.iter().map(|bid| bid.provider.clone()).collect();
    let mut names = ["b", "c", "e", "f"].map(|name| market.who(name).to_string());
    names.sort();
    assert_eq!(bidders, names);
    // Tools of before know no other cursor than price and position.
    let mut by_position = Vec::new();
    loop {
        let start_after = by_position.last().map(|bid: &BidResponse| (bid.price, bid.position));
        let msg = QueryMsg::Bids { order, start_after, after: None, limit: Some(2) };
        let page: BidsResponse = market.query(&msg).unwrap();
        if page.bids.is_empty() {
            break;
        }
        by_position.extend(page.bids);
    }
    assert_eq!(by_position, paged);
    assert_eq!(market.bid("c", order).price, price(400));
}

#[test]
fn a_bid_is_lowered_by_one_per_cent_at_least_and_keeps_its_id() {
    let (mut market, order) = market_with(&web());
    market.place("pro", order, 1_000).unwrap();
    for units in [991, 1_000, 1_001] {
        let error =
            ContractError::NotLowered { price: price(units), current: price(1_000), most: 990 };
        assert_eq!(market.lower("pro", order, units).unwrap_err(), error);
    }
    let response = market.lower("pro", order, 990).unwrap();
    let provider = market.who("pro").to_string();
    let event = BidLowered { order, bid: BidId(1), provider, price: price(990) };
    assert_eq!(market.events_of::<BidLowered>(&response), [event]);
    let bids = market.bids(order);
    assert_eq!(bids.len(), 1, "no trace of the old price is left");
    assert_eq!((bids[0].id, bids[0].price, bids[0].position), (BidId(1), price(990), 2));
}

#[test]
fn a_lowered_bid_goes_behind_those_that_had_its_price_before() {
    let (mut market, order) = market_with(&web());
    market.provider("early");
    market.place("pro", order, 1_000).unwrap();
    market.place("early", order, 900).unwrap();
    market.lower("pro", order, 900).unwrap();
    let first = &market.bids(order)[0];
    assert_eq!(first.provider, market.who("early").to_string());
}

#[test]
fn nobody_lowers_or_takes_back_a_bid_that_is_not_there() {
    let (mut market, order) = market_with(&web());
    let error = ContractError::BidNotFound { order, provider: market.who("pro") };
    assert_eq!(market.lower("pro", order, 900).unwrap_err(), error);
    assert_eq!(market.withdraw("pro", order).unwrap_err(), error);
}

#[test]
fn a_bid_taken_back_leaves_nothing() {
    let (mut market, order) = market_with(&web());
    market.provider("other");
    market.place("other", order, 900).unwrap();
    let before = market.storage();
    market.place("pro", order, 800).unwrap();
    let response = market.withdraw("pro", order).unwrap();
    let provider = market.who("pro").to_string();
    let event = BidWithdrawn { order, bid: BidId(2), provider };
    assert_eq!(market.events_of::<BidWithdrawn>(&response), [event]);
    let changed: Vec<_> = market
        .storage()
        .into_iter()
        .filter(|(key, value)| before.get(key) != Some(value))
        .map(|(key, _)| key)
        .collect();
    let stats = souk_api::published::provider_stats_key(market.who("pro").as_str());
    assert_eq!(changed, [stats, b"nb".to_vec()], "only the counter and the provider's stats");
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn a_winning_bid_cannot_be_taken_back() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    let error = market.withdraw("pro", order).unwrap_err();
    assert_eq!(error.to_string(), format!("order {order} is active, not open"));
}

#[test]
fn no_bid_is_below_the_floor_that_the_provider_itself_set() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", lowest_price(HOUR));
    let spec = market.order_of(order).spec;
    let floor =
        |denom: Denom| PriceFloor { denom, cpu: amount(400), memory: amount(100), gpu: amount(0) };
    let own = floor(Denom::native(DENOM));
    let least = own.of(&spec);
    assert!((2..=900).contains(&least), "the group's ceiling is higher: {least}");
    market.set_floors("pro", vec![floor(Denom::native("uother"))]);
    let error = market.place("pro", order, 900).unwrap_err();
    assert_eq!(error, ContractError::NoFloor { denom: DENOM.into() });
    assert_eq!(market.ineligible("pro", order), Some(error.to_string()));

    market.set_floors("pro", vec![own]);
    assert_eq!(market.ineligible("pro", order), None);
    let below = ContractError::PriceBelowFloor { price: price(least - 1), least };
    assert_eq!(market.place("pro", order, least - 1).unwrap_err(), below);
    market.place("pro", order, least + 100).unwrap();
    assert_eq!(market.lower("pro", order, least - 1).unwrap_err(), below);
    market.lower("pro", order, least).unwrap();
    market.set_floors("pro", vec![]);
    market.lower("pro", order, least - 10).unwrap();
}

#[test]
fn an_edit_of_a_providers_claims_keeps_what_auditors_attest_of_other_keys() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let until = market.now() + 1_000;
    market.attest("auditor", &pro, &[eu(), Attribute::new("tier", "a")], until);
    let mut spec = group("web", 1_000);
    spec.requirements.signed_by =
        SignedBy { all_of: vec![market.who("auditor").to_string()], any_of: Vec::new() };
    let id = market.create("ann", &deployment(&[spec], tenant_choice()), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    // The provider claims another tier, and leaves its region out.
    let registry = market.registry.clone();
    let msg = registry::ExecuteMsg::Update {
        payee: None,
        attributes: Some(vec![Attribute::new("tier", "b")]),
        contact: None,
    };
    market.call(&pro, &registry, &msg, 0).unwrap();
    assert_eq!(market.ineligible("pro", order), None);
    market.place("pro", order, 900).unwrap();
}

#[test]
fn a_bid_on_an_order_that_ended_without_a_lease_is_lost() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 900).unwrap();
    let id = market.order_of(order).group.deployment;
    assert_eq!(market.bid("pro", order).state, BidState::Open);
    market.close("ann", id).unwrap();
    assert_eq!(market.bid("pro", order).state, BidState::Lost);
}
