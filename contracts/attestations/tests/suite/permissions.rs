//! Who may send what, and that no message takes coins.

use cosmwasm_std::{Addr, coin, coins};
use cw_ownable::{Action, OwnershipError};
use souk_api::attestations::{ExecuteMsg, Profile};
use souk_attestations::ContractError;
use souk_contract_std::CommonError;

use crate::common::{Fixture, attest, revoke};

/// Every message once; all of them could succeed for the right sender.
fn all_messages(provider: &Addr, now: u64) -> Vec<ExecuteMsg> {
    vec![
        attest(provider, &[("region", "eu")], now + 100),
        revoke(provider, None),
        ExecuteMsg::SetProfile { profile: Profile::default() },
        ExecuteMsg::UpdateConfig { guardian: None, max_lifetime: Some(7_200) },
        ExecuteMsg::Pause {},
        ExecuteMsg::Unpause {},
        ExecuteMsg::UpdateOwnership(Action::RenounceOwnership),
    ]
}

#[test]
fn a_stranger_attests_for_itself_and_does_nothing_else() {
    let mut fixture = Fixture::new();
    let (stranger, provider) = (fixture.someone("stranger"), fixture.someone("provider"));
    let messages = all_messages(&provider, fixture.now());
    for msg in &messages[..3] {
        fixture.send(&stranger, msg).unwrap();
    }
    for msg in &messages[3..6] {
        let refused = fixture.send(&stranger, msg).unwrap_err();
        let ContractError::Common(CommonError::NotPermitted { sender, .. }) = refused else {
            panic!("{msg:?}: {refused}");
        };
        assert_eq!(sender, stranger);
    }
    let refused = fixture.send(&stranger, &messages[6]).unwrap_err();
    assert_eq!(refused, CommonError::Ownership(OwnershipError::NotOwner).into());
}

#[test]
fn no_message_takes_coins() {
    let mut fixture = Fixture::new();
    let owner = fixture.owner.clone();
    fixture.mint(&owner, coin(1, "usouk"));
    for msg in all_messages(&fixture.someone("provider"), fixture.now()) {
        let refused = fixture.send_with(&owner, &msg, &coins(1, "usouk")).unwrap_err();
        let coins = "1usouk".to_owned();
        assert_eq!(refused, CommonError::CoinsNotTaken { coins }.into(), "{msg:?}");
    }
}
