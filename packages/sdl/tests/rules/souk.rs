use souk_core::AuctionPolicy;
use souk_sdl::{Absence, Mapping, PriceUnit};

use crate::support::{BASE, accepted, codes, hash, refused, warnings};

fn souk(text: &str) -> String {
    format!("{BASE}souk: {text}\n")
}

#[test]
fn a_file_hashes_as_it_does_without_the_key() {
    for text in [
        "~",
        "{}",
        "{auction: {policy: lowest_price}, price: {per: month}, denoms: {usouk: ibc/ABC}}",
        "{absence: {limit: 12h, closes: anyone, then: reopen}}",
    ] {
        assert_eq!(hash(&souk(text)), hash(BASE), "{text}");
        assert_eq!(accepted(&souk(text)).groups, accepted(BASE).groups, "{text}");
    }
}

#[test]
fn auctions_are_the_tenants_choice_or_close_by_themselves() {
    let auction = |text: &str| accepted(&souk(&format!("{{auction: {text}}}"))).souk.auction;
    assert_eq!(accepted(BASE).souk.auction, AuctionPolicy::TenantChoice {});
    assert_eq!(auction("{}"), AuctionPolicy::TenantChoice {});
    assert_eq!(auction("{policy: tenant_choice}"), AuctionPolicy::TenantChoice {});
    let closes = |closes_after| AuctionPolicy::LowestPrice { closes_after };
    assert_eq!(auction("{policy: lowest_price}"), closes(600));
    assert_eq!(auction("{policy: lowest_price, duration: 1h30m}"), closes(5400));
    assert_eq!(codes(&souk("{auction: {duration: 10m}}")), ["souk"]);
    assert_eq!(codes(&souk("{auction: {policy: highest}}")), ["souk"]);
    for duration in ["0", "-1m", "1.5s", "soon", "10"] {
        let text = souk(&format!("{{auction: {{policy: lowest_price, duration: {duration}}}}}"));
        assert_eq!(codes(&text), ["invalid-duration"], "{duration}");
    }
}

#[test]
fn what_holds_for_an_absence_goes_to_the_orderbook_and_nothing_does_if_the_file_says_nothing() {
    let absence = |text: &str| {
        let compiled = accepted(&souk(text));
        let order = compiled.order_groups(&Mapping::default()).unwrap();
        assert_eq!(order.absence, compiled.souk.absence, "{text}");
        order.absence
    };
    for text in ["{}", "{absence: ~}", "{absence: {}}", "{absence: {limit: ~, then: ~}}"] {
        assert_eq!(absence(text), None, "{text}");
    }
    let day = Absence { limit: 86_400, anyone_closes: false, reopens: false };
    for (text, terms) in [
        ("{limit: 24h}", day),
        ("{limit: 6h}", Absence { limit: 21_600, ..day }),
        ("{limit: 720h}", Absence { limit: 2_592_000, ..day }),
        ("{closes: tenant, then: rest}", day),
        ("{closes: anyone}", Absence { anyone_closes: true, ..day }),
        ("{then: reopen}", Absence { reopens: true, ..day }),
    ] {
        assert_eq!(absence(&format!("{{absence: {text}}}")), Some(terms), "{text}");
    }
}

#[test]
fn a_limit_for_absence_outside_its_range_is_named_with_it() {
    let with = |text: &str| souk(&format!("{{absence: {text}}}"));
    for limit in ["5h59m59s", "1s", "720h1s", "9000h"] {
        let text = with(&format!("{{limit: {limit}}}"));
        assert_eq!(codes(&text), ["out-of-range"], "{limit}");
        let said = refused(&text).errors().next().unwrap().message.clone();
        assert_eq!(said, format!("a limit of {limit} is outside 6h to 720h"));
    }
    for limit in ["0", "-6h", "7.5s", "soon", "43200", "1d"] {
        assert_eq!(codes(&with(&format!("{{limit: {limit}}}"))), ["invalid-duration"], "{limit}");
    }
    assert_eq!(codes(&with("{closes: everyone}")), ["souk"]);
    assert_eq!(codes(&with("{then: reopens}")), ["souk"]);
    assert_eq!(codes(&with("{after: 6h}")), ["unknown-key"]);
    assert_eq!(codes(&with("[6h]")), ["wrong-type"]);
    assert_eq!(codes(&with("6h")), ["wrong-type"]);
}

#[test]
fn prices_have_a_unit_and_the_limit_goes_with_it() {
    let per = |unit: &str| souk(&format!("{{price: {{per: {unit}}}}}"));
    assert_eq!(accepted(&per("hour")).souk.price_per, PriceUnit::Hour);
    assert_eq!(accepted(&per("month")).souk.price_per, PriceUnit::Month);
    assert_eq!(accepted(&per("block")).souk.price_per, PriceUnit::Block);
    assert_eq!(codes(&per("day")), ["souk"]);
    let much = |unit: &str, amount: &str| {
        per(unit).replacen("amount: 1000", &format!("amount: {amount}"), 1)
    };
    accepted(&much("hour", "6000000000"));
    assert_eq!(codes(&much("hour", "6000000001")), ["out-of-range"]);
    accepted(&much("month", "4320000000000"));
    assert_eq!(codes(&much("month", "4320000000001")), ["out-of-range"]);
    assert_eq!(codes(&much("block", "10000001")), ["out-of-range"]);
}

#[test]
fn unknown_keys_are_errors_and_sla_is_reserved() {
    assert_eq!(codes(&souk("{auktion: {}}")), ["unknown-key"]);
    assert_eq!(codes(&souk("{price: {per: hour, unit: x}}")), ["unknown-key"]);
    assert_eq!(codes(&souk("[]")), ["wrong-type"]);
    assert_eq!(codes(&souk("{denoms: {usdc: \"a b\"}}")), ["souk"]);
    assert_eq!(warnings(&souk("{sla: {uptime: 99}}")), ["no-effect"]);
}
