//! What a provider can rely on about its bond, and what a slasher can.

use crate::common::{Fixture, PURSE, SOUK, amount, register, unbond};
use souk_api::{
    defaults::UNBONDING_PERIOD,
    registry::{ExecuteMsg, RegistryEvent, UnbondingResponse, events::UnbondedClaimed},
};
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
    let mut fixture = Fixture::unbounded();
    let provider = fixture.provider("cheap", 20);
    fixture.take(&provider, SOUK).unwrap();
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
