//! What owner and guardian can do, what a pause stops, and that each of it is an event.

use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cw_multi_test::Executor;
use cw_ownable::{Action, Expiration};
use souk_api::{
    admin::{
        AdminEvent, ConfigUpdated, Migrated, OwnershipRenounced, OwnershipTransferAccepted,
        OwnershipTransferProposed, Paused, Unpaused,
    },
    attestations::{
        AttestationEvent, ConfigResponse, ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg,
    },
    defaults::{self, Roles},
    published::names,
};
use souk_attestations::{ContractError, contract, state::Config};
use souk_contract_std::{CommonError, Config as _, pause};

use crate::common::{Fixture, attest, revoke};

fn config(fixture: &Fixture) -> ConfigResponse {
    fixture.ask(&QueryMsg::Config {})
}

/// The one event of an administrative message.
fn event(fixture: &mut Fixture, sender: &str, msg: &ExecuteMsg) -> AdminEvent {
    let sender = fixture.someone(sender);
    let response = fixture.send(&sender, msg).unwrap();
    match fixture.events(&response).as_slice() {
        [AttestationEvent::Admin(event)] => event.clone(),
        events => panic!("{events:?}"),
    }
}

#[test]
fn a_pause_stops_attesting_and_not_revoking() {
    let mut fixture = Fixture::new();
    let [auditor, provider] = ["auditor", "provider"].map(|name| fixture.someone(name));
    let guardian = fixture.guardian.clone();
    let msg = attest(&provider, &[("region", "eu")], fixture.now() + 100);
    fixture.send(&auditor, &msg).unwrap();
    let by = guardian.to_string();
    let until = Some(fixture.now() + pause::LONGEST);
    let paused = event(&mut fixture, "guardian", &ExecuteMsg::Pause {});
    assert_eq!(paused, Paused { by, until }.into());
    assert!(config(&fixture).paused);
    assert_eq!(fixture.send(&auditor, &msg).unwrap_err(), CommonError::Paused.into());
    fixture.send(&auditor, &revoke(&provider, None)).unwrap();

    assert!(fixture.send(&guardian, &ExecuteMsg::Unpause {}).is_err());
    let by = fixture.owner.to_string();
    assert_eq!(event(&mut fixture, "owner", &ExecuteMsg::Unpause {}), Unpaused { by }.into());
    fixture.send(&auditor, &msg).unwrap();
    event(&mut fixture, "owner", &ExecuteMsg::Pause {});
}

#[test]
fn the_owner_changes_guardian_and_longest_lifetime() {
    let mut fixture = Fixture::new();
    let (owner, heir) = (fixture.owner.clone(), fixture.someone("heir"));
    let change = |guardian, max_lifetime| ExecuteMsg::UpdateConfig { guardian, max_lifetime };
    let updated = event(&mut fixture, "owner", &change(Some(heir.to_string()), None));
    assert_eq!(updated, ConfigUpdated { by: owner.to_string() }.into());
    fixture.send(&owner, &change(None, Some(3_600))).unwrap();
    let now = config(&fixture);
    assert_eq!((now.guardian, now.max_lifetime), (heir.to_string(), 3_600));
    for bad in [0, 3_599, 3_650 * 86_400 + 1] {
        assert!(fixture.send(&owner, &change(None, Some(bad))).is_err(), "{bad}");
        let msg = InstantiateMsg { owner: None, guardian: None, max_lifetime: bad };
        let (code, owner) = (fixture.code, owner.clone());
        assert!(fixture.app.instantiate_contract(code, owner, &msg, &[], "a", None).is_err());
    }
}

#[test]
fn ownership_goes_over_in_two_steps_or_ends() {
    let mut fixture = Fixture::new();
    let [owner, heir] = ["owner", "heir"].map(|name| fixture.someone(name).to_string());
    let expires_at = fixture.now() + 100;
    let expiry = Some(Expiration::AtTime(cosmwasm_std::Timestamp::from_seconds(expires_at)));
    let offer = Action::TransferOwnership { new_owner: heir.clone(), expiry };
    let proposed = event(&mut fixture, "owner", &ExecuteMsg::UpdateOwnership(offer));
    let expected = OwnershipTransferProposed {
        owner: owner.clone(),
        pending_owner: heir.clone(),
        expires_at: Some(expires_at),
        expires_at_height: None,
    };
    assert_eq!(proposed, expected.into());
    event(&mut fixture, "owner", &ExecuteMsg::Pause {});
    let accept = ExecuteMsg::UpdateOwnership(Action::AcceptOwnership);
    let accepted = event(&mut fixture, "heir", &accept);
    assert_eq!(accepted, OwnershipTransferAccepted { owner: heir.clone() }.into());
    event(&mut fixture, "heir", &ExecuteMsg::Unpause {});
    let former = fixture.owner.clone();
    assert!(fixture.send(&former, &ExecuteMsg::Unpause {}).is_err());
    let renounce = ExecuteMsg::UpdateOwnership(Action::RenounceOwnership);
    let renounced = event(&mut fixture, "heir", &renounce);
    assert_eq!(renounced, OwnershipRenounced { owner: heir }.into());
}

#[test]
fn only_older_attestations_migrate_to_this_code() {
    let migrate = |name: &str, version: &str| {
        let mut deps = mock_dependencies();
        let info = message_info(&deps.api.addr_make("owner"), &[]);
        let msg = defaults::attestations(Roles::default());
        contract::instantiate(deps.as_mut(), mock_env(), info, msg).unwrap();
        cw2::set_contract_version(&mut deps.storage, name, version).unwrap();
        let migrated = contract::migrate(deps.as_mut(), mock_env(), MigrateMsg {})?;
        assert_eq!(cw2::get_contract_version(&deps.storage).unwrap().version, Config::VERSION);
        Ok::<_, ContractError>(migrated.events)
    };
    let event = |from: &str| {
        let event = Migrated { from: from.to_owned(), to: Config::VERSION.to_owned() };
        vec![AttestationEvent::Admin(event.into()).into()]
    };
    assert_eq!(migrate(names::ATTESTATIONS, "0.0.1"), Ok(event("0.0.1")));
    assert_eq!(migrate(names::ATTESTATIONS, Config::VERSION), Ok(event(Config::VERSION)));
    for (name, version) in [(names::ATTESTATIONS, "99.0.0"), (names::PROVIDER_REGISTRY, "0.0.1")] {
        let refused = migrate(name, version).unwrap_err();
        assert!(matches!(refused, ContractError::Common(CommonError::Migration { .. })));
    }
}
