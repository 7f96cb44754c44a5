//! What someone who is paid by the second can rely on.
use crate::common::{Escrow, who};
use cosmwasm_std::{from_json, to_json_vec};
use souk_api::{
    escrow::ExecuteMsg,
    published::{AccountRecord, account_key},
};
use souk_core::{AccountId, Amount, time::HOUR};
use souk_escrow::ContractError;

#[test]
fn an_hour_pays_the_hourly_rate_to_the_payee_whoever_asks() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 7, &who("provider"), 60);
    escrow.pass(HOUR);
    assert_eq!(escrow.withdraw(account, 7, &who("provider")), 60);
}

#[test]
fn a_second_withdrawal_in_one_block_succeeds_and_pays_nothing() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 7, &who("provider"), 60);
    escrow.pass(HOUR);
    assert_eq!(escrow.withdraw(account, 7, &who("provider")), 60);
    assert_eq!(escrow.withdraw(account, 7, &who("provider")), 0);
}

#[test]
fn nothing_is_withdrawn_from_an_account_that_does_not_add_up() {
    for closed in [false, true] {
        let mut escrow = Escrow::new();
        let account = escrow.open(1, &who("ann"), 1_000);
        escrow.stream(1, 7, &who("provider"), 60);
        escrow.pass(HOUR);
        if closed {
            escrow.close_stream(1, 7);
        }
        let (address, key) = (escrow.address.clone(), account_key(account));
        let fault = |escrow: &mut Escrow, change: fn(u128) -> u128| {
            let mut storage = escrow.app.contract_storage_mut(&address);
            let mut record: AccountRecord = from_json(storage.get(&key).unwrap()).unwrap();
            record.own = change(record.own);
            storage.set(&key, &to_json_vec(&record).unwrap());
        };
        fault(&mut escrow, |own| own + 1);
        let msg = ExecuteMsg::Withdraw { account, stream: 7 };
        let error = escrow.send(&who("provider"), &msg, &[]).unwrap_err();
        assert_eq!(error, ContractError::AddsUpWrong(account));
        fault(&mut escrow, |own| own - 1);
        assert_eq!(escrow.withdraw(account, 7, &who("provider")), 60);
    }
}

#[test]
fn one_withdrawal_a_block_pays_the_same_as_one_at_the_end() {
    let paid_by = |step: u64| {
        let mut escrow = Escrow::new();
        let account = escrow.open(1, &who("ann"), 100_000);
        escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 943, 137)).unwrap();
        let mut paid = 0;
        for _ in 0..600 / step {
            escrow.pass(6 * step);
            paid += escrow.withdraw(account, 1, &who("provider"));
        }
        (paid, escrow.totals().fees.u128())
    };
    let at_once = paid_by(600);
    assert_eq!(at_once, (931, 12));
    for step in [1, 10, 100] {
        assert_eq!(paid_by(step), at_once, "a withdrawal each {step} blocks");
    }
}

#[test]
fn a_stream_that_is_closed_in_a_block_already_settled_is_closed() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 1, &who("provider"), 60);
    escrow.pass(HOUR);
    escrow.deposit(account, &who("ann"), 1).unwrap();
    escrow.close_stream(1, 1);
    escrow.pass(HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 60);
    assert_eq!(escrow.account(account).balance.u128(), 941);
}

#[test]
fn a_later_stream_takes_nothing_from_what_earlier_ones_earned() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 1, &who("first"), 60);
    escrow.pass(HOUR);
    escrow.stream(1, 2, &who("second"), 100);
    escrow.pass(HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("first")), 120);
    assert_eq!(escrow.withdraw(account, 2, &who("second")), 100);
    assert_eq!(escrow.account(account).balance.u128(), 780);
}

#[test]
fn what_was_earned_can_be_withdrawn_after_the_account_is_closed_and_refunded() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 1, &who("provider"), 60);
    escrow.pass(HOUR).close(1, &[1]);
    escrow.refund(account, None, &who("ann"));
    escrow.pass(1_000 * HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 60);
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn a_closed_stream_is_forgotten_when_it_is_paid() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 1, &who("provider"), 60);
    escrow.pass(HOUR).close_stream(1, 1);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 60);
    let again = ExecuteMsg::Withdraw { account, stream: 1 };
    let error = escrow.send(&who("provider"), &again, &[]).unwrap_err();
    assert_eq!(error, ContractError::NoStream { account, stream: 1 });
}

#[test]
fn the_fee_is_taken_from_the_payee_on_the_cumulative_figure() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 10, 1_000)).unwrap();
    let mut paid = 0;
    for _ in 0..10 {
        // One unit at a time: a fee rounded down each time would be none at all.
        escrow.pass(HOUR / 10);
        paid += escrow.withdraw(account, 1, &who("provider"));
    }
    assert_eq!((paid, escrow.sweep()), (9, 1));
}

#[test]
fn fees_go_to_the_collector_once() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 100, 250)).unwrap();
    escrow.pass(4 * HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 390);
    assert_eq!((escrow.sweep(), escrow.sweep()), (10, 0));
}

#[test]
fn a_fee_of_everything_leaves_nothing_and_blocks_nothing() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 100, 10_000)).unwrap();
    escrow.pass(HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 0);
    assert_eq!(escrow.sweep(), 100);
    let error = escrow.control(&Escrow::stream_msg(1, 2, &who("provider"), 1, 10_001));
    assert_eq!(error.unwrap_err(), ContractError::TakeRate(10_001));
}

#[test]
fn nobody_earns_in_unfunded_time() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("provider"), 50);
    escrow.pass(1_000 * HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 100);
    let shown = escrow.account(account);
    assert_eq!(shown.depletion, Some(crate::common::START + 2 * HOUR));
    assert!(shown.clock.depleted_since.is_some());
}

#[test]
fn payees_of_a_depleted_account_share_to_the_second_when_it_was_depleted() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("first"), 30);
    escrow.stream(1, 2, &who("second"), 20);
    // The first is withdrawn long after, the second at the depletion: no one gains by it.
    escrow.pass(2 * HOUR);
    assert_eq!(escrow.withdraw(account, 2, &who("second")), 40);
    escrow.pass(300 * HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("first")), 60);
    assert_eq!(escrow.withdraw(account, 2, &who("second")), 0);
}

#[test]
fn the_highest_price_and_deposit_pay_exactly_for_a_century() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), Amount::MAX.u128());
    escrow.stream(1, 1, &who("provider"), 1 << 96);
    let hours = 24 * 365 * 100;
    escrow.pass(hours * HOUR);
    // 2^112 / 2^96 = 65536 hours are funded.
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), Amount::MAX.u128());
    assert_eq!(escrow.account(account).depletion, Some(crate::common::START + 65_536 * HOUR));
    escrow.close(1, &[1]);
    assert_eq!(escrow.surplus(), 0);
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn an_unknown_stream_or_account_is_named_in_the_error() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    let withdraw = |account| ExecuteMsg::Withdraw { account, stream: 9 };
    let error = escrow.send(&who("x"), &withdraw(account), &[]).unwrap_err();
    assert_eq!(error, ContractError::NoStream { account, stream: 9 });
    let error = escrow.send(&who("x"), &withdraw(AccountId(5)), &[]).unwrap_err();
    assert_eq!(error, ContractError::NoAccount(AccountId(5)));
}
