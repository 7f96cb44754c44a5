//! What a provider can rely on about its bond, and what a slasher can.

use crate::common::{Fixture, PURSE, SOUK, amount, register, slash, unbond};
use souk_api::{
    defaults::UNBONDING_PERIOD,
    registry::{
        ExecuteMsg, RegistryEvent, UnbondingResponse,
        events::{Slashed, UnbondedClaimed},
    },
};
use souk_contract_std::CommonError;
use souk_provider_registry::{ContractError, rules::bond::BondError};

const CLAIM: ExecuteMsg = ExecuteMsg::ClaimUnbonded {};

#[test]
fn a_bond_that_is_added_counts_at_once() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    fixture.pay(&provider, &ExecuteMsg::Bond {}, 5 * SOUK).unwrap();
    let record = fixture.published(&provider).unwrap();
    assert_eq!((record.bond, record.slots), (amount(15 * SOUK), 15));
}

#[test]
fn what_unbonds_counts_no_more_and_is_paid_after_the_delay() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 30);
    fixture.send(&provider, &unbond(12 * SOUK)).unwrap();
    assert_eq!(fixture.published(&provider).unwrap().slots, 18);
    let claimable_at = fixture.now() + UNBONDING_PERIOD;
    let pending = UnbondingResponse { amount: amount(12 * SOUK), claimable_at };
    assert_eq!(fixture.show(&provider).unbonding, Some(pending));

    fixture.pass(UNBONDING_PERIOD - 1);
    let early = fixture.send(&provider, &CLAIM).unwrap_err();
    let now = fixture.now();
    assert_eq!(
        early,
        BondError::StillUnbonding { amount: amount(12 * SOUK), claimable_at, now }.into()
    );

    fixture.pass(1);
    let response = fixture.send(&provider, &CLAIM).unwrap();
    let claimed = UnbondedClaimed { provider: provider.to_string(), amount: amount(12 * SOUK) };
    assert!(fixture.events(&response).contains(&RegistryEvent::UnbondedClaimed(claimed)));
    assert_eq!(fixture.balance(&provider), PURSE - 18 * SOUK);
    assert_eq!(fixture.show(&provider).unbonding, None);
    assert_eq!(fixture.send(&provider, &CLAIM).unwrap_err(), BondError::NothingUnbonding.into());
}

#[test]
fn asking_more_back_starts_the_delay_anew_for_all() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 30);
    fixture.send(&provider, &unbond(5 * SOUK)).unwrap();
    fixture.pass(UNBONDING_PERIOD - 10);
    fixture.send(&provider, &unbond(SOUK)).unwrap();
    fixture.pass(10);
    assert!(fixture.send(&provider, &CLAIM).is_err());
    fixture.pass(UNBONDING_PERIOD - 10);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&provider), PURSE - 24 * SOUK);
}

#[test]
fn a_registered_provider_keeps_the_least_bond() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 15);
    let (asked, left, min) = (amount(5 * SOUK + 1), amount(10 * SOUK - 1), amount(10 * SOUK));
    let refused = fixture.send(&provider, &unbond(asked.u128())).unwrap_err();
    assert_eq!(refused, BondError::LeavesTooLittle { asked, left, min }.into());
    for asked in [0, 15 * SOUK + 1, u128::from(u64::MAX)] {
        let refused = fixture.send(&provider, &unbond(asked)).unwrap_err();
        let (asked, bond) = (amount(asked), amount(15 * SOUK));
        assert_eq!(refused, BondError::NotThere { asked, bond }.into());
    }
    fixture.send(&provider, &unbond(5 * SOUK)).unwrap();
}

#[test]
fn what_bids_and_leases_use_stays_bonded() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 30);
    fixture.send(&provider, &unbond(20 * SOUK)).unwrap();
    fixture.pass(UNBONDING_PERIOD);

    fixture.set_used_slots(&provider, 30);
    let refused = fixture.send(&provider, &CLAIM).unwrap_err();
    let (needed, staked) = (30 * SOUK, 30 * SOUK);
    assert_eq!(refused, BondError::InUse { used: 30, needed, staked }.into());

    fixture.set_used_slots(&provider, 17);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&fixture.registry), 17 * SOUK);
    assert_eq!(fixture.show(&provider).unbonding.unwrap().amount, amount(7 * SOUK));

    fixture.set_used_slots(&provider, 0);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&fixture.registry), 10 * SOUK);
}

#[test]
fn a_provider_leaves_only_when_no_slot_is_used() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 10);
    fixture.set_used_slots(&provider, 2);
    let refused = fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap_err();
    assert_eq!(refused, ContractError::SlotsInUse { used: 2 });
    fixture.set_used_slots(&provider, 0);
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    assert!(fixture.published(&provider).is_none());
    assert!(!fixture.show(&provider).registered);
}

#[test]
fn whoever_left_gets_all_back_and_finds_its_history_when_it_returns() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let victim = fixture.someone("victim");
    fixture.send(&fixture.slasher.clone(), &slash(&provider, SOUK, &victim)).unwrap();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    let refused = fixture.pay(&provider, &ExecuteMsg::Bond {}, SOUK).unwrap_err();
    assert_eq!(refused, ContractError::NotRegistered { provider: provider.clone() });
    fixture.pay(&provider, &register(&provider), 10 * SOUK).unwrap();
    let shown = fixture.show(&provider);
    assert_eq!((shown.registered, shown.slashes, shown.bond), (true, 1, amount(10 * SOUK)));
    assert_eq!(shown.unbonding.unwrap().amount, amount(19 * SOUK));
    fixture.pass(UNBONDING_PERIOD);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&provider), PURSE - SOUK - 10 * SOUK);
}

#[test]
fn unbonded_coins_are_paid_after_leaving() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.pass(UNBONDING_PERIOD);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&provider), PURSE);
    assert_eq!(fixture.balance(&fixture.registry), 0);
}

#[test]
fn a_slash_takes_the_bond_first_then_what_unbonds_and_counts() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 30);
    let victim = fixture.someone("victim");
    let slasher = fixture.slasher.clone();
    fixture.send(&provider, &unbond(10 * SOUK)).unwrap();

    let response = fixture.send(&slasher, &slash(&provider, 5 * SOUK, &victim)).unwrap();
    let slashed = Slashed {
        provider: provider.to_string(),
        amount: amount(5 * SOUK),
        recipient: victim.to_string(),
        reason: "took the workload down on purpose".into(),
    };
    assert!(fixture.events(&response).contains(&RegistryEvent::Slashed(slashed)));
    let record = fixture.published(&provider).unwrap();
    assert_eq!((record.slots, record.slashes), (15, 1));
    assert_eq!(fixture.show(&provider).unbonding.unwrap().amount, amount(10 * SOUK));

    fixture.send(&slasher, &slash(&provider, 18 * SOUK, &victim)).unwrap();
    let record = fixture.published(&provider).unwrap();
    assert_eq!((record.slots, record.slashes), (0, 2));
    assert_eq!(fixture.show(&provider).unbonding.unwrap().amount, amount(7 * SOUK));

    fixture.send(&slasher, &slash(&provider, 99 * SOUK, &victim)).unwrap();
    assert_eq!(fixture.balance(&victim), 30 * SOUK);
    let nothing = fixture.send(&slasher, &slash(&provider, SOUK, &victim)).unwrap_err();
    assert!(matches!(nothing, ContractError::NothingToSlash { .. }));
    assert_eq!(fixture.show(&provider).slashes, 3);
}

#[test]
fn what_unbonds_after_leaving_can_still_be_slashed() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let victim = fixture.someone("victim");
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.send(&fixture.slasher.clone(), &slash(&provider, 8 * SOUK, &victim)).unwrap();
    assert!(
        fixture.published(&provider).is_none(),
        "a slash must not publish a provider that left"
    );
    assert_eq!(fixture.show(&provider).slashes, 1);
    fixture.pass(UNBONDING_PERIOD);
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(
        (fixture.balance(&provider), fixture.balance(&victim)),
        (PURSE - 8 * SOUK, 8 * SOUK)
    );
}

#[test]
fn a_slash_gives_a_reason() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 20);
    for (said, error) in [
        ("", ContractError::Empty("the reason")),
        (" \t", ContractError::Empty("the reason")),
        (&"x".repeat(257), CommonError::TooLong { what: "the reason", len: 257, max: 256 }.into()),
    ] {
        let mut msg = slash(&provider, SOUK, &provider);
        if let ExecuteMsg::Slash { reason, .. } = &mut msg {
            *reason = said.to_owned();
        }
        assert_eq!(fixture.send(&fixture.slasher.clone(), &msg).unwrap_err(), error);
    }
    assert_eq!(fixture.show(&provider).slashes, 0);
}
