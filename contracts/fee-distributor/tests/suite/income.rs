//! Where income goes, and that every unit of it gets there.
use crate::common::{Fees, OTHER, PERIOD, STAKE, START, amount, split, who};
use souk_api::fees::{ExecuteMsg, FeeEvent};
use souk_core::{Amount, Denom, time::DAY};
use souk_fee_distributor::ContractError;

fn config(min: Option<u128>, parts: Option<souk_api::fees::Split>) -> ExecuteMsg {
    ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: None,
        split: parts,
        add_denoms: None,
        min_total_stake: min.map(amount),
    }
}

#[test]
fn income_is_split_and_what_rounding_leaves_of_a_part_counts_at_its_next_split() {
    let mut fees = Fees::new();
    fees.stake("ann", 100).income(1_009, OTHER);
    let parts = |fees: &Fees| {
        let denom = fees.denom(OTHER);
        [denom.to_pool, denom.dripping, denom.pending_burn, denom.undistributed]
            .map(|part| part.u128())
    };
    // 201.8, 504.5 and 302.7: two units belong to nobody yet.
    assert_eq!(parts(&fees), [201, 504, 302, 2]);
    fees.income(1, OTHER);
    assert_eq!(parts(&fees), [202, 505, 303, 0]);
}

#[test]
fn income_in_a_hundred_pieces_gives_stakers_and_pool_what_it_gives_at_once() {
    let run = |pieces: &[u128]| {
        let mut fees = Fees::with(|msg| msg.split = split(4_000, 6_000, 0));
        fees.stake("ann", 1_000);
        for units in pieces {
            fees.income(*units, OTHER);
        }
        fees.pass(PERIOD + DAY);
        (fees.claim("ann", OTHER), fees.balance(&who("pool"), OTHER))
    };
    let once = run(&[100]);
    // What drips evenly is rounded down to whole units when it is claimed.
    assert!((59..=60).contains(&once.0) && once.1 == 40, "{once:?}");
    for pieces in [vec![1; 100], vec![99, 1], vec![1, 98, 1], vec![33, 34, 33], vec![5; 20]] {
        assert_eq!(run(&pieces), once, "{pieces:?}");
    }
}

#[test]
fn a_split_pays_nobody_and_the_pool_is_paid_once_by_anyone() {
    let mut fees = Fees::new();
    fees.stake("ann", 100);
    let address = fees.address.clone();
    fees.mint(&address, 1_000, OTHER);
    let denom = Denom::native(OTHER);
    let (split, pay) =
        (ExecuteMsg::Distribute { denom: denom.clone() }, ExecuteMsg::PayPool { denom });
    fees.send(&who("x"), &split, &[]).unwrap();
    let shown = fees.denom(OTHER);
    assert_eq!((shown.pending_pool.u128(), shown.to_pool.u128()), (200, 0));
    assert_eq!(fees.balance(&fees.address, OTHER), 1_000);
    for _ in 0..2 {
        fees.send(&who("x"), &pay, &[]).unwrap();
        let shown = fees.denom(OTHER);
        assert_eq!((shown.pending_pool.u128(), shown.to_pool.u128()), (0, 200));
        assert_eq!(fees.balance(&who("pool"), OTHER), 200);
    }
    assert_eq!(fees.balance(&fees.address, OTHER), 800);
}

#[test]
fn a_second_distribution_finds_nothing() {
    let mut fees = Fees::new();
    fees.stake("ann", 100).income(1_000, OTHER).distribute(OTHER).distribute(OTHER);
    assert_eq!(fees.balance(&who("pool"), OTHER), 200);
    assert_eq!(fees.denom(OTHER).pending_burn.u128(), 300);
}

#[test]
fn what_is_owed_to_anyone_is_never_taken_for_income() {
    let mut fees = Fees::new();
    fees.stake("ann", 5_000).stake("bob", 5_000).income(1_000, STAKE).unstake("bob", 2_000);
    fees.pass(3 * DAY).distribute(STAKE);
    let denom = fees.denom(STAKE);
    assert_eq!(fees.balance(&who("pool"), STAKE), 200);
    assert_eq!(denom.undistributed, Amount::ZERO);
    let owed = denom.dripping.u128() + denom.unclaimed.u128() + denom.pending_burn.u128();
    assert_eq!(fees.balance(&fees.address, STAKE), 10_000 + owed);
}

#[test]
fn burning_takes_what_was_put_aside_out_of_the_world_once() {
    let mut fees = Fees::new();
    fees.stake("ann", 100).income(1_000, OTHER);
    fees.burn(OTHER).burn(OTHER);
    assert_eq!(fees.supply(OTHER), 700);
    let denom = fees.denom(OTHER);
    assert_eq!((denom.burned.u128(), denom.pending_burn.u128()), (300, 0));
}

#[test]
fn without_enough_staked_the_stakers_part_goes_to_the_pool() {
    let mut fees = Fees::new();
    fees.stake("ann", 99).income(1_000, OTHER);
    assert_eq!(fees.balance(&who("pool"), OTHER), 700);
    assert_eq!(fees.denom(OTHER).dripping, Amount::ZERO);
}

#[test]
fn what_drips_while_too_little_is_staked_goes_to_the_pool_and_the_rest_to_stakers() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000, OTHER);
    fees.pass(2 * DAY).unstake("ann", 1);
    fees.pass(3 * DAY).stake("bob", 1);
    fees.pass(2 * DAY);
    let rewards = fees.claim("ann", OTHER) + fees.claim("bob", OTHER);
    fees.distribute(OTHER);
    let pool = fees.balance(&who("pool"), OTHER);
    assert!((2_999..=3_000).contains(&pool), "{pool}");
    assert!((3_997..=4_000).contains(&rewards), "{rewards}");
}

#[test]
fn a_raised_minimum_holds_for_new_income_and_takes_nothing_of_what_drips() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000, OTHER).pass(DAY);
    for minimum in [1 << 100, 1_000, 1 << 110] {
        fees.send(&who("owner"), &config(Some(minimum), None), &[]).unwrap();
    }
    fees.income(500, OTHER);
    assert_eq!(fees.balance(&who("pool"), OTHER), 500, "income of now has no stakers' part");
    assert_eq!(fees.pass(7 * DAY).claim("ann", OTHER), 7_000);
    fees.distribute(OTHER);
    assert_eq!(fees.balance(&who("pool"), OTHER), 500);
}

#[test]
fn after_all_has_dripped_a_raised_minimum_holds_for_what_drips_from_then_on() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 1_000).income(7_000, OTHER).pass(DAY);
    fees.send(&who("owner"), &config(Some(1_000), None), &[]).unwrap();
    fees.pass(7 * DAY).income(7_000, OTHER).unstake("ann", 1);
    assert_eq!(fees.pass(8 * DAY).claim("ann", OTHER), 7_000);
    fees.distribute(OTHER);
    let pool = fees.balance(&who("pool"), OTHER);
    assert!((6_999..=7_000).contains(&pool), "{pool}");
}

#[test]
fn a_lowered_minimum_counts_from_now_and_not_for_what_dripped_before() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000, OTHER).unstake("ann", 1).pass(DAY);
    fees.send(&who("owner"), &config(Some(1), None), &[]).unwrap();
    let reward = fees.pass(DAY).reward("ann", OTHER);
    assert!((999..=1_000).contains(&reward), "the first day's drops are the pool's: {reward}");
}

#[test]
fn a_new_split_is_for_income_that_was_not_split_yet() {
    let mut fees = Fees::new();
    fees.stake("ann", 100).income(1_000, OTHER);
    fees.send(&who("owner"), &config(None, Some(split(10_000, 0, 0))), &[]).unwrap();
    fees.income(1_000, OTHER);
    assert_eq!(fees.balance(&who("pool"), OTHER), 1_200);
}

#[test]
fn a_denom_that_is_not_listed_waits_until_it_is() {
    let mut fees = Fees::new();
    let ibc = Denom::native("ibc/27394F");
    let distribute = ExecuteMsg::Distribute { denom: ibc.clone() };
    let address = fees.address.clone();
    fees.mint(&address, 1_000, "ibc/27394F");
    let error = fees.send(&who("x"), &distribute, &[]).unwrap_err();
    assert_eq!(error, ContractError::DenomNotListed(ibc.clone()));
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: None,
        split: None,
        add_denoms: Some(vec![ibc]),
        min_total_stake: None,
    };
    fees.stake("ann", 100).send(&who("owner"), &add, &[]).unwrap();
    fees.distribute("ibc/27394F");
    assert_eq!(fees.balance(&who("pool"), "ibc/27394F"), 200);
    fees.pass(PERIOD + DAY);
    assert_eq!(fees.claim("ann", "ibc/27394F"), 500);
}

#[test]
fn the_largest_income_is_split_dripped_and_claimed() {
    let mut fees = Fees::new();
    fees.stake("ann", Amount::MAX.u128()).income(Amount::MAX.u128(), OTHER);
    fees.pass(PERIOD);
    let half = Amount::MAX.u128() / 2;
    assert_eq!(fees.claim("ann", OTHER), half);
    fees.burn(OTHER);
    // Income beyond what can be counted waits for the next distribution.
    fees.income(Amount::MAX.u128(), OTHER).income(Amount::MAX.u128(), OTHER);
    fees.pass(PERIOD);
    assert!(fees.claim("ann", OTHER) > half);
}

#[test]
fn years_without_a_visitor_lose_nothing() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(1_000_000, OTHER);
    fees.pass(100 * 365 * DAY);
    assert_eq!(fees.claim("ann", OTHER), 1_000_000);
}

#[test]
fn a_distribution_tells_its_parts() {
    let mut fees = Fees::new();
    fees.stake("ann", 100);
    let address = fees.address.clone();
    fees.mint(&address, 1_000, OTHER);
    let msg = ExecuteMsg::Distribute { denom: Denom::native(OTHER) };
    let response = fees.send(&who("x"), &msg, &[]).unwrap();
    let emitted = response
        .events
        .iter()
        .find_map(|event| FeeEvent::from_chain(&event.ty, &event.attributes, address.as_str()));
    let FeeEvent::Distributed(event) = emitted.unwrap().unwrap() else { panic!("another event") };
    assert_eq!((event.pool.u128(), event.stakers.u128(), event.burn.u128()), (200, 500, 300));
}

#[test]
fn a_drip_ends_with_the_day_in_which_its_period_ends() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).pass(DAY / 2);
    fees.income(15_000, OTHER);
    // From noon to the midnight after seven days: seven days and a half.
    assert_eq!(fees.pass(DAY).reward("ann", OTHER), 2_000);
    fees.app.update_block(|block| {
        block.time = cosmwasm_std::Timestamp::from_seconds(START + 8 * DAY);
    });
    assert_eq!(fees.reward("ann", OTHER), 15_000);
    assert_eq!(fees.denom(OTHER).dripping, Amount::ZERO);
}

#[test]
fn nothing_is_kept_of_a_drip_that_has_ended() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 100).income(7_000, OTHER).pass(PERIOD + DAY);
    fees.claim("ann", OTHER);
    let entries = |fees: &Fees| fees.app.dump_wasm_raw(&fees.address).len();
    let kept = entries(&fees);
    fees.income(7_000, OTHER);
    assert_eq!(entries(&fees), kept + 1, "when it ends");
    fees.pass(PERIOD + DAY).claim("ann", OTHER);
    assert_eq!(entries(&fees), kept);
}
