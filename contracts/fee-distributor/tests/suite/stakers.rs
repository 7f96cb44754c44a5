//! What a staker can rely on.
use crate::common::{DAY_AND_PERIOD, Fees, OTHER, PERIOD, STAKE, UNSTAKING, amount, who};
use cosmwasm_std::coins;
use souk_api::fees::{ExecuteMsg, QueryMsg, StakersResponse};
use souk_contract_std::CommonError;
use souk_core::{Amount, Denom, time::DAY};
use souk_fee_distributor::ContractError;

#[test]
fn rewards_are_shared_by_stake_and_time() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 300).stake("bob", 100).income(7_000, OTHER);
    fees.pass(DAY);
    assert_eq!((fees.reward("ann", OTHER), fees.reward("bob", OTHER)), (750, 250));
    fees.stake("bob", 200).pass(PERIOD);
    let (ann, bob) = (fees.claim("ann", OTHER), fees.claim("bob", OTHER));
    // The last bit of the last unit does not divide and is carried.
    assert_eq!((ann, bob), (3_750, 3_249));
}

#[test]
fn staking_around_a_distribution_earns_nothing_extra() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).pass(DAY);
    fees.stake("eve", 1_000_000).income(7_000, OTHER).unstake("eve", 1_000_000);
    fees.pass(PERIOD);
    assert_eq!((fees.claim("eve", OTHER), fees.claim("ann", OTHER)), (0, 7_000));
}

#[test]
fn staking_just_before_a_day_is_counted_earns_nothing_of_that_day() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000, OTHER);
    // A whole day has dripped and nobody has counted it yet.
    fees.pass(DAY).stake("eve", 1_000_000).unstake("eve", 1_000_000);
    assert_eq!((fees.claim("eve", OTHER), fees.claim("ann", OTHER)), (0, 1_000));
}

#[test]
fn strangers_who_distribute_all_the_time_do_not_delay_rewards() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000_000, OTHER);
    for _ in 0..7 * 24 {
        fees.pass(3_600).income(1, OTHER);
    }
    assert!(fees.claim("ann", OTHER) >= 7_000_000);
}

#[test]
fn claiming_often_pays_the_same_as_claiming_once() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).stake("bob", 100).income(9_999, OTHER);
    let mut often = 0;
    for _ in 0..8 * 24 {
        fees.pass(3_600);
        often += fees.claim("ann", OTHER);
    }
    assert_eq!(often, fees.claim("bob", OTHER));
    assert_eq!(fees.claim("ann", OTHER), 0);
}

#[test]
fn after_everybody_claimed_less_than_a_unit_for_each_is_left() {
    let mut fees = Fees::for_stakers();
    for (n, name) in ["ann", "bob", "cid"].into_iter().enumerate() {
        fees.stake(name, 101 + 7 * u128::try_from(n).unwrap());
    }
    fees.income(1_000_003, OTHER).pass(DAY_AND_PERIOD);
    let paid: u128 = ["ann", "bob", "cid"].map(|name| fees.claim(name, OTHER)).iter().sum();
    let left = fees.balance(&fees.address, OTHER);
    assert_eq!(paid + left, 1_000_003);
    assert!(left <= 4, "{left}");
}

#[test]
fn fractions_of_a_unit_stay_their_owners() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).stake("bob", 200);
    let mut paid = 0;
    for _ in 0..3 {
        // A third of a unit each time: together one, less the bits that are carried.
        fees.income(1, OTHER).pass(DAY_AND_PERIOD);
        paid += fees.claim("ann", OTHER);
    }
    fees.income(1, OTHER).pass(DAY_AND_PERIOD);
    paid += fees.claim("ann", OTHER);
    assert_eq!(paid, 1);
}

#[test]
fn a_staker_who_left_can_still_claim_what_it_earned() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).stake("bob", 100).income(7_000, OTHER);
    fees.pass(PERIOD).unstake("ann", 100).pass(UNSTAKING);
    fees.send(&who("ann"), &ExecuteMsg::ClaimUnstaked {}, &[]).unwrap();
    fees.income(7_000, OTHER).pass(DAY_AND_PERIOD);
    assert_eq!(fees.claim("ann", OTHER), 3_500);
    assert_eq!(fees.balance(&who("ann"), STAKE), 100);
}

#[test]
fn stake_comes_back_after_the_delay_which_more_unstaking_begins_anew() {
    let mut fees = Fees::new();
    fees.stake("ann", 500).unstake("ann", 100).pass(UNSTAKING - 1);
    let claim = ExecuteMsg::ClaimUnstaked {};
    let early = |fees: &mut Fees| fees.send(&who("ann"), &claim, &[]).unwrap_err();
    let now = fees.now();
    let (staker, claimable_at) = (who("ann"), now + 1);
    let expected = ContractError::StillUnstaking { staker, claimable_at, now };
    assert_eq!(early(&mut fees), expected);
    fees.unstake("ann", 50).pass(1);
    assert!(matches!(early(&mut fees), ContractError::StillUnstaking { .. }));
    fees.pass(UNSTAKING - 1);
    fees.send(&who("ann"), &claim, &[]).unwrap();
    assert_eq!(fees.balance(&who("ann"), STAKE), 150);
    assert_eq!(early(&mut fees), ContractError::NothingUnstaking(who("ann")));
}

#[test]
fn a_staker_is_told_when_stake_comes_back_and_only_while_some_does() {
    let mut fees = Fees::new();
    fees.stake("ann", 500);
    assert_eq!(fees.staker("ann").claimable_at, None);
    fees.unstake("ann", 100);
    assert_eq!(fees.staker("ann").claimable_at, Some(fees.now() + UNSTAKING));
}

#[test]
fn rewards_in_the_staked_denom_never_touch_the_stake() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 1_000).income(7_000, STAKE).pass(DAY_AND_PERIOD);
    assert_eq!(fees.claim("ann", STAKE), 7_000);
    fees.unstake("ann", 1_000).pass(UNSTAKING);
    fees.send(&who("ann"), &ExecuteMsg::ClaimUnstaked {}, &[]).unwrap();
    assert_eq!(fees.balance(&who("ann"), STAKE), 8_000);
}

#[test]
fn more_than_is_staked_cannot_be_asked_back() {
    let mut fees = Fees::new();
    fees.stake("ann", 100);
    let unstake = |units| ExecuteMsg::Unstake { amount: amount(units) };
    let error = fees.send(&who("ann"), &unstake(101), &[]).unwrap_err();
    let (staker, stake, asked) = (who("ann"), amount(100), amount(101));
    assert_eq!(error, ContractError::NotStaked { staker, stake, asked });
    let error = fees.send(&who("ann"), &unstake(0), &[]).unwrap_err();
    assert_eq!(error, CommonError::ZeroAmount.into());
}

#[test]
fn only_the_stake_denom_can_be_staked() {
    let mut fees = Fees::new();
    for (coins, text) in [(coins(5, OTHER), "5uatom"), (vec![], "none")] {
        let error = fees.send(&who("ann"), &ExecuteMsg::Stake {}, &coins).unwrap_err();
        let (denom, coins) = (STAKE.to_owned(), text.to_owned());
        assert_eq!(error, CommonError::OtherCoin { denom, coins }.into());
    }
}

#[test]
fn no_more_can_be_staked_than_can_be_counted() {
    let mut fees = Fees::new();
    fees.stake("ann", 1);
    let all = Amount::MAX;
    let error =
        fees.send(&who("bob"), &ExecuteMsg::Stake {}, &coins(all.u128(), STAKE)).unwrap_err();
    assert_eq!(error, ContractError::TooMuchStaked { amount: all });
}

#[test]
fn a_claim_names_each_denom_once() {
    let mut fees = Fees::new();
    let claim = |denoms: &[&str]| ExecuteMsg::ClaimRewards {
        staker: who("ann").into(),
        denoms: denoms.iter().map(|denom| Denom::native(*denom)).collect(),
    };
    let error = fees.send(&who("ann"), &claim(&[OTHER, OTHER]), &[]).unwrap_err();
    assert_eq!(error, ContractError::DuplicateDenom(Denom::native(OTHER)));
    let error = fees.send(&who("ann"), &claim(&["uosmo"]), &[]).unwrap_err();
    assert_eq!(error, ContractError::DenomNotListed(Denom::native("uosmo")));
    fees.send(&who("ann"), &claim(&[OTHER, STAKE]), &[]).unwrap();
}

#[test]
fn stakers_are_listed_page_by_page_without_those_who_left() {
    let mut fees = Fees::new();
    for name in ["ann", "bob", "cid"] {
        fees.stake(name, 100);
    }
    fees.unstake("bob", 100).pass(UNSTAKING);
    fees.send(&who("bob"), &ExecuteMsg::ClaimUnstaked {}, &[]).unwrap();
    let page = |start_after| {
        let page: StakersResponse = fees.query(&QueryMsg::Stakers { start_after, limit: Some(1) });
        page.stakers.first().map(|staker| staker.staker.clone())
    };
    let first = page(None).unwrap();
    let second = page(Some(first.clone())).unwrap();
    assert_eq!(page(Some(second.clone())), None);
    let mut expected = [who("ann").to_string(), who("cid").to_string()];
    expected.sort();
    assert_eq!([first, second], expected);
}
