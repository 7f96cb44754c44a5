//! What makes no lease of a quote. Whatever is refused changes nothing.

use souk_api::orderbook::Reclamation;
use souk_core::{matching::Mismatch, quote::MAX_VALIDITY};

use super::*;

/// An order of `ann`, and `pro`'s price for it.
fn asked(market: &mut Market) -> (OrderId, Asked, Quote) {
    let order = market.order("ann", tenant_choice());
    let asked = market.asked_by(order);
    let quote = market.quote("pro", &asked, 900);
    (order, asked, quote)
}

/// Refused, and nothing is changed by it.
fn refused(market: &mut Market, order: OrderId, quote: Quote) -> ContractError {
    let before = market.storage();
    let error = market.accept_quote("ann", order, quote).unwrap_err();
    assert_eq!(market.storage(), before);
    error
}

fn not_signed(market: &Market) -> ContractError {
    QuoteError::NotSigned { provider: market.who("pro") }.into()
}

#[test]
fn one_for_another_tenant_group_ceiling_denom_market_or_set_of_terms() {
    let mut market = quoting();
    let (order, asked, quote) = asked(&mut market);
    let mut others = Vec::new();
    let bob = market.who("bob").to_string();
    others.push(Asked { tenant: bob, ..asked.clone() });
    let mut spec = asked.spec.clone();
    spec.ceiling = price(1_001);
    others.push(Asked { spec: spec.clone(), ..asked.clone() });
    spec.ceiling = asked.spec.ceiling;
    spec.units[0].count = 2;
    others.push(Asked { spec, ..asked.clone() });
    others.push(Asked { denom: souk_core::Denom::native("uother"), ..asked.clone() });
    others.push(Asked { absence: None, ..asked.clone() });
    let absence = Some(Absence { limit: 2 * DAY, ..Absence::default() });
    others.push(Asked { absence, ..asked.clone() });
    for other in others {
        let quote = market.signed(&quote_key("pro"), &other, quote.clone());
        assert_eq!(refused(&mut market, order, quote), not_signed(&market), "{other:?}");
    }
    // Another key, and what was changed after it was signed.
    let foreign = market.signed(&quote_key("eve"), &asked, quote.clone());
    assert_eq!(refused(&mut market, order, foreign), not_signed(&market));
    let changed = [
        Quote { price: price(899), ..quote.clone() },
        Quote { max_take_bps: TAKE_BPS + 1, ..quote.clone() },
        Quote { offer: vec![Attribute::new("gpu/model", "h100")], ..quote.clone() },
        Quote { issued_at: quote.issued_at - 1, ..quote.clone() },
        Quote { valid_until: quote.valid_until + 1, ..quote.clone() },
        Quote { nonce: quote.nonce + 1, ..quote.clone() },
    ];
    for changed in changed {
        assert_eq!(refused(&mut market, order, changed), not_signed(&market));
    }
    market.accept_quote("ann", order, quote).unwrap();
}

#[test]
fn one_of_another_provider_under_a_name_that_is_not_its_own() {
    let mut market = quoting();
    market.quoting_provider("other");
    let (order, _, quote) = asked(&mut market);
    let provider = market.who("other");
    let stolen = Quote { provider: provider.to_string(), ..quote };
    let error = QuoteError::NotSigned { provider };
    assert_eq!(refused(&mut market, order, stolen), error.into());
}

#[test]
fn one_before_or_after_its_time_or_for_longer_than_ten_minutes() {
    let mut market = quoting();
    let (order, asked, quote) = asked(&mut market);
    let now = market.now();
    let key = quote_key("pro");
    let future = Quote { issued_at: now + 1, ..quote.clone() };
    let future = market.signed(&key, &asked, future);
    let error = QuoteError::FromTheFuture { issued_at: now + 1, now };
    assert_eq!(refused(&mut market, order, future), error.into());
    let long = Quote { valid_until: now + MAX_VALIDITY + 1, ..quote.clone() };
    let long = market.signed(&key, &asked, long);
    let error = QuoteError::TooLong { validity: MAX_VALIDITY + 1, max: MAX_VALIDITY };
    assert_eq!(refused(&mut market, order, long), error.into());
    market.pass(60);
    let other = market.order("ann", tenant_choice());
    market.pass(1);
    let over = QuoteError::Over { valid_until: now + 60, now: now + 61 };
    assert_eq!(refused(&mut market, order, quote.clone()), over.into());
    // In its last second it is good, for any order that asks for the same.
    let last = Quote { issued_at: now + 61, valid_until: now + 61, ..quote };
    let last = market.signed(&key, &asked, last);
    market.accept_quote("ann", other, last).unwrap();
}

#[test]
fn one_that_agreed_to_a_lower_take_rate() {
    let mut market = quoting();
    let (order, asked, quote) = asked(&mut market);
    let low = Quote { max_take_bps: TAKE_BPS - 1, ..quote };
    let low = market.signed(&quote_key("pro"), &asked, low);
    let error = QuoteError::TakeRate { take_bps: TAKE_BPS, max: TAKE_BPS - 1 };
    assert_eq!(refused(&mut market, order, low), error.into());
}

#[test]
fn one_outside_of_what_a_bid_may_cost() {
    let mut market = quoting();
    let (order, asked, _) = asked(&mut market);
    let above = market.quote("pro", &asked, 1_001);
    assert!(matches!(refused(&mut market, order, above), ContractError::PriceAboveCeiling { .. }));
}

#[test]
fn one_of_a_provider_that_could_not_bid_by_now() {
    let mut market = quoting();
    let (order, _, quote) = asked(&mut market);
    market.set_quote_key("pro", None);
    let no_key = QuoteError::NoKey(market.who("pro"));
    assert_eq!(refused(&mut market, order, quote.clone()), no_key.into());
    market.set_quote_key("pro", Some(&quote_key("new")));
    assert_eq!(refused(&mut market, order, quote.clone()), not_signed(&market), "revoked");
    market.set_quote_key("pro", Some(&quote_key("pro")));

    let (operator, registry) = (market.operator("pro"), market.registry.clone());
    let maintenance = |on| souk_api::registry::ExecuteMsg::SetMaintenance {
        provider: market.who("pro").into(),
        on,
    };
    let (on, off) = (maintenance(true), maintenance(false));
    market.call(&operator, &registry, &on, 0).unwrap();
    let error = ContractError::InMaintenance(market.who("pro"));
    assert_eq!(refused(&mut market, order, quote.clone()), error);
    market.call(&operator, &registry, &off, 0).unwrap();

    let id = market.order_of(order).group.deployment;
    market.set_lists("ann", id, None, Some(&["pro"])).unwrap();
    // The order keeps the lists with which it was opened.
    market.accept_quote("ann", order, quote).unwrap();
}

#[test]
fn one_of_a_provider_that_the_deployment_refuses_or_does_not_allow() {
    let mut market = quoting();
    let pro = market.who("pro");
    let mut new = web();
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let create = |market: &mut Market, new: &NewDeployment| {
        market.create_with_quotes("ann", new, std::slice::from_ref(&quote), PLENTY)
    };
    new.refuse = vec![pro.to_string()];
    assert_eq!(create(&mut market, &new).unwrap_err(), ContractError::Refused(pro.clone()));
    (new.refuse, new.allow) = (Vec::new(), vec![market.who("other").into()]);
    assert_eq!(create(&mut market, &new).unwrap_err(), ContractError::NotAllowed(pro));
    new.allow = Vec::new();
    create(&mut market, &new).unwrap();
}

#[test]
fn one_of_a_provider_whose_attestations_do_not_hold() {
    let mut market = quoting();
    let pro = market.who("pro");
    let mut web = group("web", 1_000);
    let all_of = vec![market.who("auditor").to_string()];
    web.requirements.signed_by = SignedBy { all_of, any_of: Vec::new() };
    let new = deployment(&[web], tenant_choice());
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let create = |market: &mut Market, quote: Quote| {
        market.create_with_quotes("ann", &new, &[quote], PLENTY)
    };
    let error = create(&mut market, quote.clone()).unwrap_err();
    assert!(matches!(error, ContractError::Mismatch(Mismatch::NotAudited(_))), "{error}");
    let until = market.now() + HOUR;
    market.attest("auditor", &pro, &[eu()], until);
    create(&mut market, quote).unwrap();
}

#[test]
fn one_without_the_notice_that_is_asked_for_or_with_one_that_is_not() {
    let mut market = quoting();
    let mut new = web();
    new.reclamation = Some(Reclamation { min_window: HOUR });
    let asked = market.asked("ann", &new, 0);
    let missing = Asked { window: None, ..asked.clone() };
    let short = Asked { window: Some(HOUR - 1), ..asked.clone() };
    for wrong in [missing, short] {
        let quote = market.quote("pro", &wrong, 900);
        let error = market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap_err();
        assert!(matches!(error, ContractError::Reclaim(_)), "{error}");
    }
    let quote = market.quote("pro", &asked, 900);
    let id = market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    assert_eq!(market.lease_of(order).reclamation_window, Some(HOUR));
}

#[test]
fn one_for_an_auction_or_for_an_order_that_is_not_open() {
    let mut market = quoting();
    let order = market.order("ann", lowest_price(300));
    let quote = market.quote("pro", &market.asked_by(order), 900);
    assert_eq!(refused(&mut market, order, quote), ContractError::AuctionBinds(order));
    let new = deployment(&[group("web", 1_000)], lowest_price(300));
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let error = market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap_err();
    assert_eq!(error, QuoteError::AuctionAsked.into());

    let (_, order) = leased(&mut market);
    let quote = market.quote("pro", &market.asked_by(order), 900);
    assert!(matches!(refused(&mut market, order, quote), ContractError::OrderNotOpen { .. }));
}

#[test]
fn some_for_a_part_of_the_groups_or_in_another_order() {
    let mut market = quoting();
    let new = deployment(&[group("web", 1_000), group("db", 2_000)], tenant_choice());
    let quotes: Vec<_> =
        (0..2).map(|at| market.quote("pro", &market.asked("ann", &new, at), 900)).collect();
    let error = market.create_with_quotes("ann", &new, &quotes[..1], PLENTY).unwrap_err();
    assert_eq!(error, QuoteError::Count { quotes: 1, groups: 2 }.into());
    let turned: Vec<_> = quotes.iter().rev().cloned().collect();
    let error = market.create_with_quotes("ann", &new, &turned, PLENTY).unwrap_err();
    assert_eq!(error, not_signed(&market));
    market.create_with_quotes("ann", &new, &quotes, PLENTY).unwrap();
}
