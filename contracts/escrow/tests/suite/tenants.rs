//! What the tenant of an account can rely on.
use crate::common::{DENOM, Escrow, START, amount, rate, usouk, who};
use cosmwasm_std::{Timestamp, coins};
use souk_api::escrow::{ExecuteMsg, ReserveChange};
use souk_contract_std::CommonError;
use souk_core::{AccountId, time::HOUR};
use souk_escrow::ContractError;

fn take(escrow: &mut Escrow, account: AccountId, units: u128) -> Result<u128, ContractError> {
    let before = escrow.balance(&who("ann"));
    let msg = ExecuteMsg::WithdrawDeposit { account, amount: amount(units) };
    escrow.send(&who("ann"), &msg, &[])?;
    Ok(escrow.balance(&who("ann")) - before)
}

/// Ann's account of 100 pays 10 an hour.
fn market() -> (Escrow, AccountId) {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("provider"), 10);
    (escrow, account)
}

#[test]
fn what_is_above_the_runway_can_be_taken_out_and_no_more() {
    let (mut escrow, account) = market();
    assert_eq!(escrow.account(account).withdrawable.u128(), 90);
    let error = take(&mut escrow, account, 91).unwrap_err();
    let (has, burden, runway) = (amount(9), 10, HOUR);
    let needed = 10;
    let short = ContractError::TooShortRunway { account, has, burden, runway, needed };
    assert_eq!(error, short);
    assert_eq!(take(&mut escrow, account, 90), Ok(90));
    assert_eq!(escrow.account(account).withdrawable.u128(), 0);
}

#[test]
fn reserves_for_open_orders_count_as_runway() {
    let (mut escrow, account) = market();
    for reserved in
        [ReserveChange::To(rate(30)), ReserveChange::More(rate(25)), ReserveChange::Less(rate(15))]
    {
        escrow.control(&ExecuteMsg::Reserve { local: 1, reserved }).unwrap();
    }
    assert_eq!(escrow.account(account).reserved, rate(40));
    assert_eq!(escrow.account(account).withdrawable.u128(), 50);
    assert!(take(&mut escrow, account, 51).is_err());
    assert_eq!(take(&mut escrow, account, 50), Ok(50));
}

#[test]
fn money_of_others_cannot_be_taken_out() {
    let (mut escrow, account) = market();
    escrow.deposit(account, &who("bob"), 500).unwrap();
    let error = take(&mut escrow, account, 101).unwrap_err();
    let (asked, own) = (amount(101), amount(100));
    assert_eq!(error, ContractError::NotOwnMoney { account, asked, own });
    assert_eq!(take(&mut escrow, account, 100), Ok(100));
}

#[test]
fn own_money_is_rounded_down_and_the_unit_begun_stays() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("provider"), 1);
    escrow.deposit(account, &who("bob"), 100).unwrap();
    escrow.pass(HOUR / 2);
    let error = take(&mut escrow, account, 100).unwrap_err();
    let (asked, own) = (amount(100), amount(99));
    assert_eq!(error, ContractError::NotOwnMoney { account, asked, own });
    assert_eq!(take(&mut escrow, account, 99), Ok(99));
}

#[test]
fn nothing_can_be_taken_out_of_a_depleted_account() {
    let (mut escrow, account) = market();
    escrow.pass(20 * HOUR);
    escrow.deposit(account, &who("ann"), 9).unwrap();
    let error = take(&mut escrow, account, 1).unwrap_err();
    assert_eq!(error, ContractError::AccountDepleted { account, since: START + 10 * HOUR });
    assert_eq!(escrow.account(account).withdrawable.u128(), 0);
}

#[test]
fn a_topped_up_account_pays_exactly_for_the_time_it_was_funded() {
    let (mut escrow, account) = market();
    escrow.pass(15 * HOUR);
    escrow.deposit(account, &who("bob"), 50).unwrap();
    escrow.pass(3 * HOUR).close(1, &[1]);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 130);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 20);
}

#[test]
fn a_depleted_account_starts_again_only_when_it_lasts_the_least_runway() {
    let (mut escrow, account) = market();
    escrow.pass(15 * HOUR);
    escrow.deposit(account, &who("bob"), 9).unwrap();
    escrow.pass(5 * HOUR);
    let waiting = escrow.account(account);
    assert_eq!((waiting.balance.u128(), waiting.depletion), (9, Some(START + 10 * HOUR)));
    escrow.deposit(account, &who("cid"), 1).unwrap();
    assert_eq!(escrow.account(account).depletion, Some(START + 21 * HOUR));
}

#[test]
fn the_moment_of_depletion_does_not_move_however_often_it_is_settled() {
    let (mut escrow, account) = market();
    for _ in 0..5 {
        escrow.pass(7 * HOUR);
        let msg = ExecuteMsg::Reserve { local: 1, reserved: ReserveChange::NONE };
        escrow.control(&msg).unwrap();
    }
    assert_eq!(escrow.account(account).clock.depleted_since, Some(START + 10 * HOUR));
}

#[test]
fn closing_gives_back_whole_units_and_nothing_is_left_over() {
    let (mut escrow, account) = market();
    escrow.stream(1, 2, &who("other"), 7);
    escrow.pass(1_234).close(1, &[2, 1]);
    let parts = [
        escrow.refund(account, None, &who("ann")),
        escrow.withdraw(account, 1, &who("provider")),
        escrow.withdraw(account, 2, &who("other")),
    ];
    assert_eq!(parts, [95, 3, 2]);
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn an_account_that_was_depleted_can_be_closed_and_refunded() {
    let (mut escrow, account) = market();
    escrow.pass(15 * HOUR);
    escrow.deposit(account, &who("ann"), 9).unwrap();
    escrow.close(1, &[1]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 9);
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 100);
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn a_stream_opens_only_if_the_money_lasts_with_it() {
    let (mut escrow, account) = market();
    let error = escrow.control(&Escrow::stream_msg(1, 2, &who("provider"), 91, 0)).unwrap_err();
    let (has, burden, runway) = (amount(100), 101, HOUR);
    let needed = 101;
    let short = ContractError::TooShortRunway { account, has, burden, runway, needed };
    assert_eq!(error, short);
    escrow.stream(1, 2, &who("provider"), 90);
}

#[test]
fn nothing_opens_on_a_depleted_account_even_if_what_is_held_would_do() {
    let (mut escrow, account) = market();
    escrow.stream(1, 2, &who("other"), 90);
    escrow.pass(2 * HOUR);
    escrow.deposit(account, &who("bob"), 50).unwrap();
    escrow.close_stream(1, 2);
    let error = escrow.control(&Escrow::stream_msg(1, 3, &who("other"), 1, 0)).unwrap_err();
    assert_eq!(error, ContractError::AccountDepleted { account, since: START + HOUR });
    escrow.deposit(account, &who("bob"), 1).unwrap();
    escrow.stream(1, 3, &who("other"), 1);
}

#[test]
fn a_fraction_that_comes_back_does_not_start_a_depleted_account() {
    let mut escrow = Escrow::with(|msg| msg.min_runway = 1);
    let account = escrow.open(1, &who("ann"), 2);
    escrow.stream(1, 1, &who("a"), 3_599);
    escrow.stream(1, 2, &who("b"), 3_600);
    escrow.pass(10);
    escrow.close_stream(1, 1);
    let shown = escrow.account(account);
    assert!(shown.clock.remaining >= 3_600 && shown.clock.depleted_since.is_some());
}

#[test]
fn only_the_tenant_takes_the_tenants_money_out() {
    let (mut escrow, account) = market();
    let msg = ExecuteMsg::WithdrawDeposit { account, amount: amount(1) };
    let error = escrow.send(&who("bob"), &msg, &[]).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
    let nothing = ExecuteMsg::WithdrawDeposit { account, amount: amount(0) };
    let error = escrow.send(&who("ann"), &nothing, &[]).unwrap_err();
    assert_eq!(error, CommonError::ZeroAmount.into());
}

#[test]
fn coins_sent_with_a_message_that_takes_none_are_refused() {
    let (mut escrow, account) = market();
    let messages = [
        ExecuteMsg::Withdraw { account, stream: 1 },
        ExecuteMsg::WithdrawDeposit { account, amount: amount(1) },
        ExecuteMsg::ClaimRefund { account, deposit: None },
        ExecuteMsg::SweepFees { denom: usouk() },
    ];
    for msg in messages {
        let error = escrow.send(&who("ann"), &msg, &coins(3, DENOM)).unwrap_err();
        assert_eq!(error, CommonError::CoinsNotTaken { coins: "3usouk".into() }.into(), "{msg:?}");
    }
}

#[test]
fn a_halted_chain_that_resumes_centuries_later_still_closes_and_refunds() {
    let (mut escrow, account) = market();
    escrow.deposit(account, &who("bob"), 1 << 111).unwrap();
    escrow.app.update_block(|block| block.time = Timestamp::from_nanos(u64::MAX));
    escrow.close(1, &[1]);
    let provider = escrow.withdraw(account, 1, &who("provider"));
    let bob = escrow.refund(account, Some(1), &who("bob"));
    let ann = escrow.refund(account, None, &who("ann"));
    assert_eq!(provider + bob + ann, 100 + (1 << 111));
    assert_eq!(escrow.balance(&escrow.address), 0);
}

#[test]
fn the_tenants_part_can_be_claimed_in_vain() {
    let (mut escrow, account) = market();
    escrow.pass(10 * HOUR).close(1, &[1]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 0);
}
