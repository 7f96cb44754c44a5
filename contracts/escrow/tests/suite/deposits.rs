//! What someone who deposits into another's account can rely on.
use crate::common::{DENOM, Escrow, amount, usouk, who};
use cosmwasm_std::{coin, coins};
use souk_api::escrow::{EscrowEvent, ExecuteMsg};
use souk_contract_std::CommonError;
use souk_core::{AccountId, Amount, Denom, time::HOUR};
use souk_escrow::ContractError;

/// Ann's account pays the provider 10 an hour.
fn market(units: u128) -> (Escrow, AccountId) {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), units);
    escrow.stream(1, 1, &who("provider"), 10);
    (escrow, account)
}

#[test]
fn the_tenants_own_money_is_spent_before_a_deposit_of_another() {
    let (mut escrow, account) = market(10);
    escrow.deposit(account, &who("bob"), 100).unwrap();
    escrow.pass(HOUR).close(1, &[1]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 0);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 100);
}

#[test]
fn deposits_are_spent_in_their_order_and_each_depositor_gets_its_own_rest() {
    let (mut escrow, account) = market(10);
    for name in ["bob", "cid", "dan"] {
        escrow.deposit(account, &who(name), 20).unwrap();
    }
    escrow.pass(4 * HOUR).close(1, &[1]);
    let refunds = [("bob", 1), ("cid", 2), ("dan", 3)];
    let refunds = refunds.map(|(name, number)| escrow.refund(account, Some(number), &who(name)));
    assert_eq!(refunds, [0, 10, 20]);
}

#[test]
fn a_depositor_whose_unit_is_begun_gets_it_whole() {
    let (mut escrow, account) = market(10);
    escrow.deposit(account, &who("bob"), 100).unwrap();
    // A quarter of a unit after the tenant's 10 are spent.
    escrow.pass(HOUR + 90).close(1, &[1]);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 100);
    assert_eq!(escrow.refund(account, None, &who("ann")), 0);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 10);
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn money_that_the_tenant_adds_later_is_still_spent_before_the_deposits() {
    let (mut escrow, account) = market(10);
    escrow.deposit(account, &who("bob"), 100).unwrap();
    escrow.pass(2 * HOUR);
    escrow.deposit(account, &who("ann"), 30).unwrap();
    escrow.pass(2 * HOUR).close(1, &[1]);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 90);
    assert_eq!(escrow.refund(account, None, &who("ann")), 10);
}

#[test]
fn a_refund_is_paid_once() {
    let (mut escrow, account) = market(50);
    escrow.deposit(account, &who("bob"), 7).unwrap();
    escrow.close(1, &[1]);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 7);
    let again = ExecuteMsg::ClaimRefund { account, deposit: Some(1) };
    let error = escrow.send(&who("bob"), &again, &[]).unwrap_err();
    assert_eq!(error, ContractError::NoDeposit { account, deposit: 1 });
    assert_eq!(escrow.refund(account, None, &who("ann")), 50);
    assert_eq!(escrow.refund(account, None, &who("ann")), 0);
}

#[test]
fn nothing_is_refunded_while_the_account_is_open() {
    let (mut escrow, account) = market(50);
    escrow.deposit(account, &who("bob"), 7).unwrap();
    for deposit in [None, Some(1)] {
        let claim = ExecuteMsg::ClaimRefund { account, deposit };
        let error = escrow.send(&who("bob"), &claim, &[]).unwrap_err();
        assert_eq!(error, ContractError::AccountOpen(account));
    }
}

#[test]
fn a_deposit_to_a_closed_account_is_refused() {
    let (mut escrow, account) = market(50);
    escrow.close(1, &[1]);
    let error = escrow.deposit(account, &who("bob"), 5).unwrap_err();
    assert_eq!(error, ContractError::AccountClosed(account));
}

#[test]
fn coins_of_another_denom_are_refused_by_name() {
    let (mut escrow, account) = market(50);
    let error =
        escrow.send(&who("bob"), &ExecuteMsg::Deposit { account }, &coins(5, "uatom")).unwrap_err();
    let (held, sent) = (usouk(), Denom::native("uatom"));
    assert_eq!(error, ContractError::WrongDenom { account, held, sent });
}

#[test]
fn no_coins_or_two_kinds_of_coins_are_refused() {
    let (mut escrow, account) = market(50);
    let msg = ExecuteMsg::Deposit { account };
    let error = escrow.send(&who("bob"), &msg, &[]).unwrap_err();
    assert_eq!(error, CommonError::OneCoin { coins: "none".into() }.into());
    let two = [coin(5, "uatom"), coin(5, DENOM)];
    let error = escrow.send(&who("bob"), &msg, &two).unwrap_err();
    assert_eq!(error, CommonError::OneCoin { coins: "5uatom,5usouk".into() }.into());
}

#[test]
fn an_account_never_takes_more_than_can_be_counted() {
    let (mut escrow, account) = market(50);
    let error = escrow.deposit(account, &who("bob"), Amount::MAX.u128()).unwrap_err();
    let (denom, amount) = (usouk(), Amount::MAX);
    assert_eq!(error, ContractError::TooMuch { denom, amount, what: "an account" });
}

#[test]
fn all_accounts_together_never_hold_more_than_can_be_counted() {
    let (mut escrow, account) = market(50);
    escrow.open(2, &who("ann"), Amount::MAX.u128() - 50);
    let error = escrow.deposit(account, &who("bob"), 1).unwrap_err();
    let denom = usouk();
    assert_eq!(error, ContractError::TooMuch { denom, amount: amount(1), what: "the escrow" });
    escrow.close(2, &[]);
    assert_eq!(escrow.refund(AccountId(2), None, &who("ann")), Amount::MAX.u128() - 50);
}

#[test]
fn what_would_come_back_now_is_shown_for_every_deposit() {
    let (mut escrow, account) = market(10);
    escrow.deposit(account, &who("bob"), 20).unwrap();
    escrow.deposit(account, &who("cid"), 20).unwrap();
    escrow.pass(2 * HOUR);
    let left: Vec<u128> =
        escrow.deposits(account).deposits.iter().map(|deposit| deposit.left.u128()).collect();
    assert_eq!(left, [10, 20]);
}

#[test]
fn a_deposit_tells_its_number_and_the_new_depletion() {
    let (mut escrow, account) = market(10);
    let now = escrow.now();
    let response = escrow.deposit(account, &who("bob"), 20).unwrap();
    let address = escrow.address.to_string();
    let events: Vec<EscrowEvent> = response
        .events
        .iter()
        .filter_map(|event| EscrowEvent::from_chain(&event.ty, &event.attributes, &address))
        .map(Result::unwrap)
        .collect();
    let [EscrowEvent::Deposited(deposited), EscrowEvent::AccountChanged(changed)] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((deposited.deposit, deposited.amount.u128()), (Some(1), 20));
    assert_eq!(changed.depletion, Some(now + 3 * HOUR));
}
