//! What a provider can rely on about its bond, and what a slasher can.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{PURSE, SOUK, World, amount, register, slash, unbond};
use souk_api::{
    defaults::UNBONDING_PERIOD,
    registry::{
        ExecuteMsg, RegistryEvent, UnbondingResponse,
        events::{Slashed, UnbondedClaimed},
    },
};
use souk_provider_registry::{ContractError, bond::BondError};

const CLAIM: ExecuteMsg = ExecuteMsg::ClaimUnbonded {};

#[test]
fn a_bond_that_is_added_counts_at_once() {
    let mut world = World::new();
    let provider = world.provider("cheap", 10);
    world.pay(&provider, &ExecuteMsg::Bond {}, 5 * SOUK).unwrap();
    let record = world.published(&provider).unwrap();
    assert_eq!((record.bond, record.slots), (amount(15 * SOUK), 15));
}

#[test]
fn what_unbonds_counts_no_more_and_is_paid_after_the_delay() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 30);
    world.send(&provider, &unbond(12 * SOUK)).unwrap();
    assert_eq!(world.published(&provider).unwrap().slots, 18);
    let claimable_at = world.now() + UNBONDING_PERIOD;
    let pending = UnbondingResponse { amount: amount(12 * SOUK), claimable_at };
    assert_eq!(world.show(&provider).unbonding, Some(pending));

    world.pass(UNBONDING_PERIOD - 1);
    let early = world.send(&provider, &CLAIM).unwrap_err();
    let now = world.now();
    assert_eq!(
        early,
        BondError::StillUnbonding { amount: amount(12 * SOUK), claimable_at, now }.into()
    );

    world.pass(1);
    let response = world.send(&provider, &CLAIM).unwrap();
    let claimed = UnbondedClaimed { provider: provider.to_string(), amount: amount(12 * SOUK) };
    assert!(world.events(&response).contains(&RegistryEvent::UnbondedClaimed(claimed)));
    assert_eq!(world.balance(&provider), PURSE - 18 * SOUK);
    assert_eq!(world.show(&provider).unbonding, None);
    assert_eq!(world.send(&provider, &CLAIM).unwrap_err(), BondError::NothingUnbonding.into());
}

#[test]
fn asking_more_back_starts_the_delay_anew_for_all() {
    let mut world = World::new();
    let provider = world.provider("cheap", 30);
    world.send(&provider, &unbond(5 * SOUK)).unwrap();
    world.pass(UNBONDING_PERIOD - 10);
    world.send(&provider, &unbond(SOUK)).unwrap();
    world.pass(10);
    assert!(world.send(&provider, &CLAIM).is_err());
    world.pass(UNBONDING_PERIOD - 10);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!(world.balance(&provider), PURSE - 24 * SOUK);
}

#[test]
fn a_registered_provider_keeps_the_least_bond() {
    let mut world = World::new();
    let provider = world.provider("cheap", 15);
    let (asked, left, min) = (amount(5 * SOUK + 1), amount(10 * SOUK - 1), amount(10 * SOUK));
    let refused = world.send(&provider, &unbond(asked.u128())).unwrap_err();
    assert_eq!(refused, BondError::LeavesTooLittle { asked, left, min }.into());
    for asked in [0, 15 * SOUK + 1, u128::from(u64::MAX)] {
        let refused = world.send(&provider, &unbond(asked)).unwrap_err();
        let (asked, bond) = (amount(asked), amount(15 * SOUK));
        assert_eq!(refused, BondError::NotThere { asked, bond }.into());
    }
    world.send(&provider, &unbond(5 * SOUK)).unwrap();
}

#[test]
fn what_bids_and_leases_use_stays_bonded() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 30);
    world.send(&provider, &unbond(20 * SOUK)).unwrap();
    world.pass(UNBONDING_PERIOD);

    world.stats_show_used(&provider, 30);
    let refused = world.send(&provider, &CLAIM).unwrap_err();
    let (needed, staked) = (30 * SOUK, 30 * SOUK);
    assert_eq!(refused, BondError::InUse { used: 30, needed, staked }.into());

    world.stats_show_used(&provider, 17);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!(world.balance(&world.registry), 17 * SOUK);
    assert_eq!(world.show(&provider).unbonding.unwrap().amount, amount(7 * SOUK));

    world.stats_show_used(&provider, 0);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!(world.balance(&world.registry), 10 * SOUK);
}

#[test]
fn a_provider_leaves_only_when_no_slot_is_used() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 10);
    world.stats_show_used(&provider, 2);
    let refused = world.send(&provider, &ExecuteMsg::Deregister {}).unwrap_err();
    assert_eq!(refused, ContractError::SlotsInUse { used: 2 });
    world.stats_show_used(&provider, 0);
    world.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    assert!(world.published(&provider).is_none());
    assert!(!world.show(&provider).registered);
}

#[test]
fn whoever_left_gets_all_back_and_finds_its_history_when_it_returns() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let victim = world.someone("victim");
    world.send(&world.slasher.clone(), &slash(&provider, SOUK, &victim)).unwrap();
    world.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    let refused = world.pay(&provider, &ExecuteMsg::Bond {}, SOUK).unwrap_err();
    assert_eq!(refused, ContractError::NotRegistered { provider: provider.to_string() });
    world.pay(&provider, &register(&provider), 10 * SOUK).unwrap();
    let shown = world.show(&provider);
    assert_eq!((shown.registered, shown.slashes, shown.bond), (true, 1, amount(10 * SOUK)));
    assert_eq!(shown.unbonding.unwrap().amount, amount(19 * SOUK));
    world.pass(UNBONDING_PERIOD);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!(world.balance(&provider), PURSE - SOUK - 10 * SOUK);
}

#[test]
fn unbonded_coins_are_paid_after_leaving() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    world.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    world.pass(UNBONDING_PERIOD);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!(world.balance(&provider), PURSE);
    assert_eq!(world.balance(&world.registry), 0);
}

#[test]
fn a_slash_takes_the_bond_first_then_what_unbonds_and_counts() {
    let mut world = World::new();
    let provider = world.provider("cheap", 30);
    let victim = world.someone("victim");
    let slasher = world.slasher.clone();
    world.send(&provider, &unbond(10 * SOUK)).unwrap();

    let response = world.send(&slasher, &slash(&provider, 5 * SOUK, &victim)).unwrap();
    let slashed = Slashed {
        provider: provider.to_string(),
        amount: amount(5 * SOUK),
        recipient: victim.to_string(),
        reason: "took the workload down on purpose".into(),
    };
    assert!(world.events(&response).contains(&RegistryEvent::Slashed(slashed)));
    let record = world.published(&provider).unwrap();
    assert_eq!((record.slots, record.slashes), (15, 1));
    assert_eq!(world.show(&provider).unbonding.unwrap().amount, amount(10 * SOUK));

    world.send(&slasher, &slash(&provider, 18 * SOUK, &victim)).unwrap();
    let record = world.published(&provider).unwrap();
    assert_eq!((record.slots, record.slashes), (0, 2));
    assert_eq!(world.show(&provider).unbonding.unwrap().amount, amount(7 * SOUK));

    world.send(&slasher, &slash(&provider, 99 * SOUK, &victim)).unwrap();
    assert_eq!(world.balance(&victim), 30 * SOUK);
    let nothing = world.send(&slasher, &slash(&provider, SOUK, &victim)).unwrap_err();
    assert!(matches!(nothing, ContractError::NothingToSlash { .. }));
    assert_eq!(world.show(&provider).slashes, 3);
}

#[test]
fn what_unbonds_after_leaving_can_still_be_slashed() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let victim = world.someone("victim");
    world.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    world.send(&world.slasher.clone(), &slash(&provider, 8 * SOUK, &victim)).unwrap();
    assert!(world.published(&provider).is_none(), "a slash must not publish a provider that left");
    assert_eq!(world.show(&provider).slashes, 1);
    world.pass(UNBONDING_PERIOD);
    world.send(&provider, &CLAIM).unwrap();
    assert_eq!((world.balance(&provider), world.balance(&victim)), (PURSE - 8 * SOUK, 8 * SOUK));
}

#[test]
fn a_slash_gives_a_reason() {
    let mut world = World::new();
    let provider = world.provider("cheap", 20);
    for (said, error) in [
        ("", ContractError::Empty("the reason")),
        (" \t", ContractError::Empty("the reason")),
        (&"x".repeat(257), ContractError::TooLong { what: "the reason", len: 257, max: 256 }),
    ] {
        let mut msg = slash(&provider, SOUK, &provider);
        if let ExecuteMsg::Slash { reason, .. } = &mut msg {
            *reason = said.to_owned();
        }
        assert_eq!(world.send(&world.slasher.clone(), &msg).unwrap_err(), error);
    }
    assert_eq!(world.show(&provider).slashes, 0);
}
