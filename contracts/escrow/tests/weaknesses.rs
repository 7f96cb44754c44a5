//! Known weaknesses, each as a test that passes while it is there. What mends one turns its test round:
//! the attack is refused, or costs what it should.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, dead_code, missing_docs)]
mod common;
use common::{Escrow, amount, who};
use souk_api::escrow::ExecuteMsg;
use souk_core::time::HOUR;
use souk_escrow::ContractError;

/// P: "the owner's money is spent first" holds only as long as the owner leaves it there.
#[test]
fn poc_p_the_owner_takes_its_own_out_and_lets_a_friends_deposit_pay() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 1, &who("provider"), 10);
    escrow.deposit(account, &who("bob"), 1_000).unwrap();
    let take = ExecuteMsg::WithdrawDeposit { account, amount: amount(1_000) };
    escrow.send(&who("ann"), &take, &[]).unwrap();
    escrow.pass(99 * HOUR).close(1, &[1]);
    assert_eq!(
        escrow.refund(account, Some(1), &who("bob")),
        10,
        "bob paid 990 of 1000, ann nothing"
    );
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 990);
}

/// The test that is missing: kills "own part rounded up".
#[test]
fn own_money_is_rounded_down_and_the_unit_begun_stays() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("provider"), 1);
    escrow.deposit(account, &who("bob"), 100).unwrap();
    escrow.pass(HOUR / 2);
    let take = |units| ExecuteMsg::WithdrawDeposit { account, amount: amount(units) };
    let error = escrow.send(&who("ann"), &take(100), &[]).unwrap_err();
    assert!(matches!(error, ContractError::NotOwnMoney { .. }), "{error}");
    escrow.send(&who("ann"), &take(99), &[]).unwrap();
}
