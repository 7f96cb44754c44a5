//! How a bond is slashed: by notice, up to a share, for the receiver that the owner set.

use crate::common::{Fixture, PURSE, SOUK, amount, change, notice, slash, unbond};
use souk_api::{
    defaults::{SLASH_DELAY, SLASH_PERIOD, UNBONDING_PERIOD},
    registry::{
        ExecuteMsg, NoticeResponse, RegistryEvent,
        events::{NoticeWithdrawn, SlashNoticed, Slashed},
    },
};
use souk_contract_std::CommonError;
use souk_core::time::WEEK;
use souk_provider_registry::{
    ContractError,
    rules::{bond::BondError, slashing::SlashError},
};

const CLAIM: ExecuteMsg = ExecuteMsg::ClaimUnbonded {};

#[test]
fn a_slash_takes_the_bond_first_then_what_unbonds_and_counts() {
    let mut fixture = Fixture::unbounded();
    let provider = fixture.provider("cheap", 30);
    let victim = fixture.someone("victim");
    fixture.send(&provider, &unbond(10 * SOUK)).unwrap();

    let response = fixture.take(&provider, 5 * SOUK).unwrap();
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

    fixture.take(&provider, 18 * SOUK).unwrap();
    let record = fixture.published(&provider).unwrap();
    assert_eq!((record.slots, record.slashes), (0, 2));
    assert_eq!(fixture.show(&provider).unbonding.unwrap().amount, amount(7 * SOUK));

    fixture.take(&provider, 7 * SOUK).unwrap();
    assert_eq!(fixture.balance(&victim), 30 * SOUK);
    let nothing = fixture.take(&provider, SOUK).unwrap_err();
    assert_eq!(nothing, SlashError::Nothing { asked: amount(SOUK), staked: 0 }.into());
    assert_eq!(fixture.show(&provider).slashes, 3);
}

#[test]
fn what_unbonds_after_leaving_can_still_be_slashed() {
    let mut fixture = Fixture::unbounded();
    let provider = fixture.provider("cheap", 20);
    let victim = fixture.someone("victim");
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.take(&provider, 8 * SOUK).unwrap();
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
fn a_notice_gives_a_reason() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 20);
    for (said, error) in [
        ("", ContractError::Empty("the reason")),
        (" \t", ContractError::Empty("the reason")),
        (&"x".repeat(257), CommonError::TooLong { what: "the reason", len: 257, max: 256 }.into()),
    ] {
        let mut msg = notice(&provider, SOUK);
        if let ExecuteMsg::NoticeSlash { reason, .. } = &mut msg {
            *reason = said.to_owned();
        }
        assert_eq!(fixture.send(&fixture.slasher.clone(), &msg).unwrap_err(), error);
    }
    assert_eq!(fixture.show(&provider).notice, None);
}

#[test]
fn a_slash_waits_for_the_delay_of_its_notice_and_goes_to_the_receiver_of_that_moment() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let (slasher, owner) = (fixture.slasher.clone(), fixture.owner.clone());
    let error = fixture.send(&slasher, &slash(&provider, 5 * SOUK)).unwrap_err();
    assert_eq!(error, SlashError::NotNoticed.into());

    let above = fixture.send(&slasher, &notice(&provider, 5 * SOUK + 1)).unwrap_err();
    let asked = amount(5 * SOUK + 1);
    assert_eq!(above, SlashError::AboveCap { asked, most: 5 * SOUK }.into());
    let response = fixture.send(&slasher, &notice(&provider, 5 * SOUK)).unwrap();
    let executable_at = fixture.now() + SLASH_DELAY;
    let lapses_at = executable_at + WEEK;
    let reason = "took the workload down on purpose".to_owned();
    let noticed = SlashNoticed {
        provider: provider.to_string(),
        amount: amount(5 * SOUK),
        executable_at,
        lapses_at,
        reason: reason.clone(),
    };
    assert_eq!(fixture.events(&response), [RegistryEvent::SlashNoticed(noticed)]);
    let shown = NoticeResponse { amount: amount(5 * SOUK), executable_at, lapses_at, reason };
    assert_eq!(fixture.show(&provider).notice, Some(shown));
    assert_eq!(fixture.published(&provider).unwrap().slashes, 0, "bids count until it is done");

    fixture.pass(SLASH_DELAY - 1);
    let early = fixture.send(&slasher, &slash(&provider, 5 * SOUK)).unwrap_err();
    let now = executable_at - 1;
    assert_eq!(early, SlashError::TooEarly { executable_at, now }.into());
    let dao = fixture.someone("dao");
    fixture.send(&owner, &change(|c| c.slash_receiver = Some(dao.to_string()))).unwrap();
    let other = fixture.pass(1).send(&slasher, &slash(&provider, SOUK)).unwrap_err();
    let (noticed, asked) = (amount(5 * SOUK), amount(SOUK));
    assert_eq!(other, SlashError::OtherAmount { noticed, asked }.into(), "what was seen is taken");
    fixture.send(&slasher, &slash(&provider, 5 * SOUK)).unwrap();
    assert_eq!(fixture.balance(&dao), 5 * SOUK);
    assert_eq!((fixture.show(&provider).slashes, fixture.show(&provider).notice), (1, None));

    let again = fixture.send(&slasher, &notice(&provider, 1)).unwrap_err();
    let (now, free_at) = (fixture.now(), fixture.now() + SLASH_PERIOD);
    assert_eq!(again, SlashError::TooSoon { free_at, now }.into());
    fixture.pass(SLASH_PERIOD).send(&slasher, &notice(&provider, 1)).unwrap();
}

#[test]
fn a_notice_holds_its_amount_back_from_claims_until_it_is_over_and_no_longer() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let slasher = fixture.slasher.clone();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.pass(UNBONDING_PERIOD);
    fixture.send(&slasher, &notice(&provider, 5 * SOUK)).unwrap();
    let error = fixture.send(&slasher, &notice(&provider, 1)).unwrap_err();
    assert!(matches!(error, ContractError::Slash(SlashError::Noticed { .. })), "{error}");

    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&fixture.registry), 5 * SOUK);
    let error = fixture.send(&provider, &CLAIM).unwrap_err();
    let (held, staked) = (5 * SOUK, 5 * SOUK);
    assert_eq!(error, BondError::Held { held, needed: 0, staked }.into());

    // Nobody carries it out: it lapses, and the provider has a time in which nothing is held.
    fixture.pass(SLASH_DELAY + WEEK);
    let error = fixture.send(&slasher, &slash(&provider, 5 * SOUK)).unwrap_err();
    assert_eq!(error, SlashError::NotNoticed.into());
    let error = fixture.send(&slasher, &notice(&provider, 1)).unwrap_err();
    assert!(matches!(error, ContractError::Slash(SlashError::TooSoon { .. })), "{error}");
    fixture.send(&provider, &CLAIM).unwrap();
    assert_eq!(fixture.balance(&provider), PURSE);
}

#[test]
fn a_notice_that_is_withdrawn_takes_nothing_and_shields_from_no_other() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let slasher = fixture.slasher.clone();
    let withdraw = ExecuteMsg::WithdrawNotice { provider: provider.to_string() };
    assert!(fixture.send(&slasher, &withdraw).is_err());
    fixture.send(&slasher, &notice(&provider, SOUK)).unwrap();
    let response = fixture.send(&slasher, &withdraw).unwrap();
    let event = NoticeWithdrawn { provider: provider.to_string(), amount: amount(SOUK) };
    assert_eq!(fixture.events(&response), [RegistryEvent::NoticeWithdrawn(event)]);
    assert!(fixture.send(&slasher, &slash(&provider, SOUK)).is_err());
    assert_eq!(fixture.show(&provider).notice, None);
    // Within the bounds of the first another follows at once, though coins came in since.
    fixture.pay(&provider, &ExecuteMsg::Bond {}, 20 * SOUK).unwrap();
    assert!(fixture.send(&slasher, &notice(&provider, 6 * SOUK)).is_err());
    fixture.send(&slasher, &notice(&provider, 5 * SOUK)).unwrap();
    fixture.send(&slasher, &withdraw).unwrap();
    fixture.pass(SLASH_PERIOD).send(&slasher, &notice(&provider, 6 * SOUK)).unwrap();
    assert_eq!(
        (fixture.show(&provider).slashes, fixture.balance(&fixture.registry)),
        (0, 40 * SOUK)
    );
}

#[test]
fn no_slasher_ends_anothers_notice_by_a_greater_one_that_it_withdraws() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("fraud", 20);
    let (honest, bribed) = (fixture.slasher.clone(), fixture.someone("bribed"));
    let slashers = Some(vec![honest.to_string(), bribed.to_string()]);
    fixture.send(&fixture.owner.clone(), &change(|c| c.slashers = slashers)).unwrap();
    fixture.send(&honest, &notice(&provider, 4 * SOUK)).unwrap();
    fixture.send(&bribed, &notice(&provider, 5 * SOUK)).unwrap();
    let withdraw = ExecuteMsg::WithdrawNotice { provider: provider.to_string() };
    let error = fixture.send(&bribed, &withdraw).unwrap_err();
    assert!(matches!(error, ContractError::Slash(SlashError::Binding { .. })), "{error}");
    fixture.pass(SLASH_DELAY).send(&honest, &slash(&provider, 5 * SOUK)).unwrap();
    assert_eq!(fixture.show(&provider).bond, amount(15 * SOUK));
}

#[test]
fn a_slasher_that_the_owner_dismissed_carries_nothing_out() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let (slasher, owner) = (fixture.slasher.clone(), fixture.owner.clone());
    fixture.send(&slasher, &notice(&provider, SOUK)).unwrap();
    fixture.send(&owner, &change(|c| c.slashers = Some(vec![]))).unwrap();
    let error = fixture.pass(SLASH_DELAY).send(&slasher, &slash(&provider, SOUK)).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
}

#[test]
fn whoever_leaves_and_registers_again_finds_its_notice() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let slasher = fixture.slasher.clone();
    fixture.send(&slasher, &notice(&provider, SOUK)).unwrap();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.pay(&provider, &crate::common::register(&provider), 10 * SOUK).unwrap();
    fixture.pass(SLASH_DELAY).send(&slasher, &slash(&provider, SOUK)).unwrap();
    assert_eq!(fixture.show(&provider).bond, amount(9 * SOUK));
}

#[test]
fn a_bribed_slashers_small_notice_shields_no_provider() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("fraud", 20);
    let (honest, bribed) = (fixture.slasher.clone(), fixture.someone("bribed"));
    let victim = fixture.someone("victim");
    let slashers = Some(vec![honest.to_string(), bribed.to_string()]);
    let receiver = Some(victim.to_string());
    let msg = change(|c| (c.slashers, c.slash_receiver) = (slashers, receiver));
    fixture.send(&fixture.owner.clone(), &msg).unwrap();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    fixture.send(&bribed, &notice(&provider, 1)).unwrap();
    fixture.pass(1).send(&honest, &notice(&provider, 5 * SOUK)).unwrap();
    // Who gave the first one does not take the second one back, nor put a smaller one in its place.
    let withdraw = ExecuteMsg::WithdrawNotice { provider: provider.to_string() };
    let error = fixture.send(&bribed, &withdraw).unwrap_err();
    assert_eq!(error, SlashError::NotYours { by: honest.clone() }.into());
    assert!(fixture.send(&bribed, &notice(&provider, 2)).is_err());
    fixture.pass(SLASH_DELAY).send(&honest, &slash(&provider, 5 * SOUK)).unwrap();
    assert_eq!(fixture.balance(&victim), 5 * SOUK);
}

#[test]
fn a_message_of_the_first_release_that_names_another_amount_carries_no_notice_out() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let slasher = fixture.slasher.clone();
    fixture.send(&slasher, &notice(&provider, 5 * SOUK)).unwrap();
    fixture.pass(SLASH_DELAY);
    let old = format!(
        r#"{{"slash":{{"provider":"{provider}","amount":"5","recipient":"victim","reason":"x"}}}}"#
    );
    let error = fixture.send(&slasher, &cosmwasm_std::from_json(old).unwrap()).unwrap_err();
    let (noticed, asked) = (amount(5 * SOUK), amount(5));
    assert_eq!(error, SlashError::OtherAmount { noticed, asked }.into());
}
