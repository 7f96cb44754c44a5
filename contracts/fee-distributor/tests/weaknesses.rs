//! Known weaknesses, each as a test that passes while it is there. What mends one turns its test round:
//! the attack is refused, or costs what it should.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, dead_code, missing_docs)]
mod common;
use common::{DAY_AND_PERIOD, Fees, OTHER, PERIOD, amount, split, who};
use souk_api::fees::ExecuteMsg;

/// Q: whoever distributes unit by unit takes the stakers' part for the pool.
#[test]
fn poc_q_income_distributed_unit_by_unit_never_reaches_stakers() {
    let run = |pieces: u128| {
        let mut fees = Fees::with(|msg| msg.split = split(4_000, 6_000, 0));
        fees.stake("ann", 1_000);
        for _ in 0..pieces {
            fees.income(100 / pieces, OTHER);
        }
        fees.pass(DAY_AND_PERIOD);
        (fees.claim("ann", OTHER), fees.balance(&who("pool"), OTHER))
    };
    assert_eq!(run(100), (0, 100));
}

/// R: the owner turns what stakers were promised into the pool's by one message.
#[test]
fn poc_r_the_owner_takes_back_what_drips() {
    let mut fees = Fees::with(|msg| msg.split = split(4_000, 6_000, 0));
    fees.stake("ann", 1_000);
    fees.income(1_000_000, OTHER);
    let msg = ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: None,
        split: None,
        add_denoms: None,
        min_total_stake: Some(amount(1 << 100)),
    };
    fees.send(&who("owner"), &msg, &[]).unwrap();
    fees.pass(2 * PERIOD);
    fees.distribute(OTHER);
    assert_eq!(fees.reward("ann", OTHER), 0);
}
