use cosmwasm_std::Addr;
use souk_core::{OrderId, absence};
use souk_orderbook::AbsenceError;

use super::*;

/// One of each refusal that the contract knows.
fn refusals() -> [AbsenceError; 5] {
    let order = OrderId(7);
    let (min, max) = (absence::MIN_LIMIT, absence::MAX_LIMIT);
    [
        AbsenceError::LimitRange { seconds: 5, min, max },
        AbsenceError::NoLimit(order),
        AbsenceError::Paused,
        AbsenceError::NotAbsent { order, from: 9_000, from_block: 90, now: 8_000, height: 80 },
        AbsenceError::NoLeases(Addr::unchecked("souk1pro")),
    ]
}

/// Which one it is; what the contract adds does not compile here until it is read.
fn expected(refusal: &AbsenceError) -> AbsenceRefusal {
    match refusal {
        AbsenceError::LimitRange { .. } => AbsenceRefusal::LimitRange,
        AbsenceError::NoLimit(_) => AbsenceRefusal::NoLimit,
        AbsenceError::Paused => AbsenceRefusal::Paused,
        AbsenceError::NotAbsent { .. } => AbsenceRefusal::NotAbsent,
        AbsenceError::NoLeases(_) => AbsenceRefusal::NoLeases,
    }
}

#[test]
fn each_refusal_of_the_contract_is_read_as_what_it_is_and_has_an_advice() {
    for refusal in refusals() {
        let reason = refusal.to_string();
        let read = AbsenceRefusal::of(&reason);
        assert_eq!(read, Some(expected(&refusal)), "{reason}");
        assert!(read.is_some_and(|read| !read.advice().is_empty()));
    }
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
