//! A quote makes one lease, and so do all on one nonce.

use super::*;

fn used(market: &Market, quote: &Quote) -> ContractError {
    QuoteError::Used { provider: market.who("pro"), nonce: quote.nonce }.into()
}

#[test]
fn a_quote_is_used_once_for_whatever_asks_for_the_same() {
    let mut market = quoting();
    let new = web();
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let order = market.order("ann", tenant_choice());
    let create = |market: &mut Market| {
        market.create_with_quotes("ann", &new, std::slice::from_ref(&quote), PLENTY)
    };
    create(&mut market).unwrap();
    assert_eq!(create(&mut market).unwrap_err(), used(&market, &quote));
    let accept = market.accept_quote("ann", order, quote.clone());
    assert_eq!(accept.unwrap_err(), used(&market, &quote));
    assert_eq!(market.stats_of("pro").active, 1);
}

#[test]
fn of_the_quotes_on_one_nonce_the_first_makes_a_lease() {
    let mut market = quoting();
    let new = web();
    let asked = |tenant| market.asked(tenant, &new, 0);
    let (ann, bob) = (asked("ann"), asked("bob"));
    let first = market.quote("pro", &ann, 900);
    let second = Quote { nonce: first.nonce, ..market.quote("pro", &bob, 800) };
    let second = market.signed(&quote_key("pro"), &bob, second);
    market.create_with_quotes("bob", &new, std::slice::from_ref(&second), PLENTY).unwrap();
    let error = market.create_with_quotes("ann", &new, &[first], PLENTY).unwrap_err();
    assert_eq!(error, used(&market, &second));
    // Of another provider it is another.
    market.quoting_provider("other");
    let other = Quote { nonce: second.nonce, ..market.quote("other", &ann, 700) };
    let other = market.signed(&quote_key("other"), &ann, other);
    market.create_with_quotes("ann", &new, &[other], PLENTY).unwrap();
}

#[test]
fn two_groups_of_one_deployment_share_no_nonce() {
    let mut market = quoting();
    let new = deployment(&[group("web", 1_000), group("db", 2_000)], tenant_choice());
    let mut quotes: Vec<_> =
        (0..2).map(|at| market.quote("pro", &market.asked("ann", &new, at), 900)).collect();
    quotes[1].nonce = quotes[0].nonce;
    let asked = market.asked("ann", &new, 1);
    quotes[1] = market.signed(&quote_key("pro"), &asked, quotes[1].clone());
    let before = market.storage();
    let error = market.create_with_quotes("ann", &new, &quotes, PLENTY).unwrap_err();
    assert_eq!(error, used(&market, &quotes[0]));
    let storage = market.storage();
    assert!(before.iter().all(|(key, value)| storage.get(key) == Some(value)));
}

#[test]
fn a_quote_whose_lease_is_over_and_pruned_is_used_for_ever() {
    let mut market = quoting();
    let new = web();
    let asked = market.asked("ann", &new, 0);
    let quote = market.quote("pro", &asked, 900);
    let quote = Quote { valid_until: quote.issued_at + 600, ..quote };
    let quote = market.signed(&quote_key("pro"), &asked, quote);
    let create = |market: &mut Market| {
        market.create_with_quotes("ann", &new, std::slice::from_ref(&quote), PLENTY)
    };
    let id = create(&mut market).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.close("ann", id).unwrap();
    // The slot is free at once, since the lease ran for no time; the order stays as long as the quote is good.
    assert_eq!(market.stats_of("pro").used, 0);
    for _ in 0..2 {
        market.prune(&[order]);
        assert_eq!(create(&mut market).unwrap_err(), used(&market, &quote));
        market.pass(300);
    }
    assert_eq!(market.now(), quote.valid_until);
    market.prune(&[order]);
    assert_eq!(create(&mut market).unwrap_err(), used(&market, &quote), "in its last second");
    market.pass(1);
    market.prune(&[order]);
    let over = QuoteError::Over { valid_until: quote.valid_until, now: market.now() };
    assert_eq!(create(&mut market).unwrap_err(), over.into());
    let left: Vec<_> =
        market.storage().into_keys().filter(|key| key.starts_with(b"\0\x01q")).collect();
    assert!(left.is_empty(), "the nonce goes with its order: {left:?}");
}

#[test]
fn a_nonce_is_used_for_ever_though_another_quote_on_it_holds_for_longer() {
    let mut market = quoting();
    let new = web();
    let asked = |tenant| market.asked(tenant, &new, 0);
    let (ann, bob) = (asked("ann"), asked("bob"));
    let short = market.quote("pro", &ann, 900);
    let long = Quote { nonce: short.nonce, ..market.quote("pro", &bob, 900) };
    let long = Quote { valid_until: long.issued_at + 600, ..long };
    let long = market.signed(&quote_key("pro"), &bob, long);
    let id = market.create_with_quotes("ann", &new, std::slice::from_ref(&short), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.close("ann", id).unwrap();
    for now in [short.valid_until + 1, long.valid_until] {
        market.pass(now - market.now());
        market.prune(&[order]);
        let again = market.create_with_quotes("bob", &new, std::slice::from_ref(&long), PLENTY);
        assert_eq!(again.unwrap_err(), used(&market, &long), "at {now}");
    }
    market.pass(1);
    market.prune(&[order]);
    assert!(
        market.storage().keys().all(|key| !key.starts_with(b"\0\x01q")),
        "then it is forgotten"
    );
}
