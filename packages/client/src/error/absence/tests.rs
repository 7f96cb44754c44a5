use std::collections::BTreeSet;

use cosmwasm_std::Addr;
use souk_core::{OrderId, absence};
use souk_orderbook::AbsenceError;

use super::*;

/// One of each refusal that is read, and what it is read as.
fn refusals() -> [(AbsenceError, AbsenceRefusal); 5] {
    let order = OrderId(7);
    let (min, max) = (absence::MIN_LIMIT, absence::MAX_LIMIT);
    let early =
        AbsenceError::NotAbsent { order, from: 9_000, from_block: 90, now: 8_000, height: 80 };
    [
        (AbsenceError::LimitRange { seconds: 5, min, max }, AbsenceRefusal::LimitRange),
        (AbsenceError::NoLimit(order), AbsenceRefusal::NoLimit),
        (AbsenceError::Paused, AbsenceRefusal::Paused),
        (early, AbsenceRefusal::NotAbsent),
        (AbsenceError::NoLeases(Addr::unchecked("souk1pro")), AbsenceRefusal::NoLeases),
    ]
}

#[test]
fn each_refusal_is_read_as_what_it_is_and_each_text_that_is_known_is_the_contracts() {
    for (refusal, expected) in refusals() {
        assert_eq!(AbsenceRefusal::of(&refusal.to_string()), Some(expected), "{refusal}");
        assert!(!expected.advice().is_empty());
    }
    let read: BTreeSet<_> = refusals().iter().map(|(_, expected)| *expected).collect();
    assert_eq!(read, BTreeSet::from(WORDS.map(|(_, refusal)| refusal)));
}

#[test]
fn other_refusals_are_none_of_them() {
    for reason in [
        "lease 7 runs until 9000 and block 90 at least",
        "the contract is paused: new business waits until its owner unpauses it",
        "order 7 has no lease",
        "only the tenant or delegate may do this",
    ] {
        assert_eq!(AbsenceRefusal::of(reason), None, "{reason}");
    }
}
