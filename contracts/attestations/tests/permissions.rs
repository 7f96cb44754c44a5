//! Who may send what, and what owner and guardian can do.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{World, attest, revoke};
use cosmwasm_std::{
    Addr, coin, coins,
    testing::{message_info, mock_dependencies, mock_env},
};
use cw_multi_test::Executor;
use cw_ownable::{Action, OwnershipError};
use cw_utils::PaymentError;
use souk_api::{
    attestations::{ConfigResponse, ExecuteMsg, InstantiateMsg, MigrateMsg, Profile, QueryMsg},
    defaults::{self, Roles},
    published::names,
};
use souk_attestations::{ContractError, contract};

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

fn config(world: &World) -> ConfigResponse {
    world.ask(&QueryMsg::Config {})
}

#[test]
fn a_stranger_attests_for_itself_and_does_nothing_else() {
    let mut world = World::new();
    let (stranger, provider) = (world.someone("stranger"), world.someone("provider"));
    let messages = all_messages(&provider, world.now());
    for msg in &messages[..3] {
        world.send(&stranger, msg).unwrap();
    }
    for msg in &messages[3..6] {
        let refused = world.send(&stranger, msg).unwrap_err();
        assert!(matches!(refused, ContractError::NotPermitted { .. }), "{msg:?}: {refused}");
    }
    let refused = world.send(&stranger, &messages[6]).unwrap_err();
    assert_eq!(refused, OwnershipError::NotOwner.into());
}

#[test]
fn no_message_takes_coins() {
    let mut world = World::new();
    let owner = world.owner.clone();
    world.mint(&owner, coin(1, "usouk"));
    for msg in all_messages(&world.someone("provider"), world.now()) {
        let refused = world.send_with(&owner, &msg, &coins(1, "usouk")).unwrap_err();
        assert_eq!(refused, PaymentError::NonPayable {}.into(), "{msg:?}");
    }
}

#[test]
fn a_pause_stops_attesting_and_not_revoking() {
    let mut world = World::new();
    let [auditor, provider] = ["auditor", "provider"].map(|name| world.someone(name));
    let (owner, guardian) = (world.owner.clone(), world.guardian.clone());
    let msg = attest(&provider, &[("region", "eu")], world.now() + 100);
    world.send(&auditor, &msg).unwrap();
    world.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(config(&world).paused);
    assert_eq!(world.send(&auditor, &msg).unwrap_err(), ContractError::Paused);
    world.send(&auditor, &revoke(&provider, None)).unwrap();

    assert!(world.send(&guardian, &ExecuteMsg::Unpause {}).is_err());
    world.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    world.send(&auditor, &msg).unwrap();
    world.send(&owner, &ExecuteMsg::Pause {}).unwrap();
}

#[test]
fn the_owner_changes_guardian_and_longest_lifetime() {
    let mut world = World::new();
    let (owner, heir) = (world.owner.clone(), world.someone("heir"));
    let change = |guardian, max_lifetime| ExecuteMsg::UpdateConfig { guardian, max_lifetime };
    world.send(&owner, &change(Some(heir.to_string()), None)).unwrap();
    world.send(&owner, &change(None, Some(3_600))).unwrap();
    assert_eq!((config(&world).guardian, config(&world).max_lifetime), (heir.to_string(), 3_600));
    for bad in [0, 3_599, 3_650 * 86_400 + 1] {
        assert!(world.send(&owner, &change(None, Some(bad))).is_err(), "{bad}");
        let msg = InstantiateMsg { owner: None, guardian: None, max_lifetime: bad };
        let (code, owner) = (world.code, owner.clone());
        assert!(world.app.instantiate_contract(code, owner, &msg, &[], "a", None).is_err());
    }
}

#[test]
fn ownership_goes_over_in_two_steps() {
    let mut world = World::new();
    let (owner, heir) = (world.owner.clone(), world.someone("heir"));
    let offer = Action::TransferOwnership { new_owner: heir.to_string(), expiry: None };
    world.send(&owner, &ExecuteMsg::UpdateOwnership(offer)).unwrap();
    world.send(&owner, &ExecuteMsg::Pause {}).unwrap();
    world.send(&heir, &ExecuteMsg::UpdateOwnership(Action::AcceptOwnership)).unwrap();
    world.send(&heir, &ExecuteMsg::Unpause {}).unwrap();
    assert!(world.send(&owner, &ExecuteMsg::Unpause {}).is_err());
}

#[test]
fn only_older_attestations_migrate_to_this_code() {
    let migrate = |name: &str, version: &str| {
        let mut deps = mock_dependencies();
        let info = message_info(&deps.api.addr_make("owner"), &[]);
        let msg = defaults::attestations(Roles::default());
        contract::instantiate(deps.as_mut(), mock_env(), info, msg).unwrap();
        cw2::set_contract_version(&mut deps.storage, name, version).unwrap();
        contract::migrate(deps.as_mut(), mock_env(), MigrateMsg {})
    };
    assert!(migrate(names::ATTESTATIONS, "0.0.1").is_ok());
    assert!(migrate(names::ATTESTATIONS, contract::VERSION).is_ok());
    assert!(migrate(names::ATTESTATIONS, "99.0.0").is_err());
    assert!(migrate(names::PROVIDER_REGISTRY, "0.0.1").is_err());
}

#[test]
fn the_readmes_table_is_what_the_messages_declare() {
    let readme = include_str!("../README.md");
    let messages = all_messages(&World::new().owner, 0);
    for msg in &messages {
        let json = cosmwasm_std::to_json_string(msg).unwrap();
        let row = format!("| `{}` | {} |", json.split('"').nth(1).unwrap(), msg.permission());
        assert!(readme.contains(&row), "the README lacks `{row}`");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, messages.len(), "rows of messages");
}
