//! What owner and guardian can do, and what a migration checks.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{SOUK, World, amount, register};
use cosmwasm_std::{
    Binary, Empty,
    testing::{mock_dependencies, mock_env},
};
use cw_multi_test::Executor;
use cw_ownable::{Action, OwnershipError};
use souk_api::{
    defaults::{self, Roles},
    published::{PublishedError, names},
    registry::{ConfigResponse, ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg},
};
use souk_provider_registry::{ContractError, contract};

fn config(world: &World) -> ConfigResponse {
    world.app.wrap().query_wasm_smart(&world.registry, &QueryMsg::Config {}).unwrap()
}

fn change(what: impl FnOnce(&mut Changes)) -> ExecuteMsg {
    let mut changes = Changes::default();
    what(&mut changes);
    let Changes { guardian, orderbook, min_bond, slashers } = changes;
    ExecuteMsg::UpdateConfig { guardian, orderbook, min_bond, slashers }
}

#[derive(Default)]
struct Changes {
    guardian: Option<String>,
    orderbook: Option<String>,
    min_bond: Option<souk_core::Amount>,
    slashers: Option<Vec<String>>,
}

#[test]
fn a_pause_stops_registrations_and_nothing_that_takes_coins_out() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let (owner, guardian) = (world.owner.clone(), world.guardian.clone());
    world.send(&provider, &common::unbond(SOUK)).unwrap();
    world.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(config(&world).paused);

    let newcomer = world.payer("new");
    let refused = world.pay(&newcomer, &register(&newcomer), 10 * SOUK).unwrap_err();
    assert_eq!(refused, ContractError::Paused);
    world.pay(&provider, &ExecuteMsg::Bond {}, SOUK).unwrap();
    world.pass(defaults::UNBONDING_PERIOD);
    world.send(&provider, &ExecuteMsg::ClaimUnbonded {}).unwrap();
    world.send(&provider, &ExecuteMsg::Deregister {}).unwrap();

    assert!(world.send(&guardian, &ExecuteMsg::Unpause {}).is_err());
    world.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    world.pay(&newcomer, &register(&newcomer), 10 * SOUK).unwrap();
}

#[test]
fn the_owner_changes_what_it_names_and_keeps_the_rest() {
    let mut world = World::new();
    let owner = world.owner.clone();
    let before = config(&world);
    world.send(&owner, &change(|c| c.min_bond = Some(amount(SOUK)))).unwrap();
    assert_eq!(config(&world), ConfigResponse { min_bond: amount(SOUK), ..before.clone() });

    let [guardian, first, second] = ["g", "s1", "s2"].map(|name| world.someone(name).to_string());
    world.send(&owner, &change(|c| c.guardian = Some(guardian.clone()))).unwrap();
    assert_eq!(config(&world).guardian, guardian);
    let twice = vec![first.clone(), second.clone(), first.clone()];
    world.send(&owner, &change(|c| c.slashers = Some(twice))).unwrap();
    assert_eq!(config(&world).slashers, [first, second]);

    let many = (0..17).map(|i| world.someone(&format!("s{i}")).to_string()).collect();
    let refused = world.send(&owner, &change(|c| c.slashers = Some(many))).unwrap_err();
    assert_eq!(refused, ContractError::TooMany { what: "slashers", count: 17, max: 16 });
    assert!(world.send(&owner, &change(|c| c.min_bond = Some(amount(0)))).is_err());
}

#[test]
fn an_address_that_is_no_orderbook_is_found_out_at_once() {
    let mut world = World::new();
    let owner = world.owner.clone();
    let (registry, nobody) = (world.registry.to_string(), world.someone("nobody").to_string());
    for wrong in [registry, nobody] {
        let refused =
            world.send(&owner, &change(|c| c.orderbook = Some(wrong.clone()))).unwrap_err();
        let ContractError::Published(PublishedError::WrongContract { address, expected, .. }) =
            refused
        else {
            panic!("{refused}");
        };
        assert_eq!((address, expected), (wrong, names::ORDERBOOK));
    }
    let book = world.book.to_string();
    world.send(&owner, &change(|c| c.orderbook = Some(book.clone()))).unwrap();
    assert_eq!(config(&world).orderbook, Some(book));
}

#[test]
fn ownership_goes_over_in_two_steps() {
    let mut world = World::new();
    let (owner, heir) = (world.owner.clone(), world.someone("heir"));
    let offer = Action::TransferOwnership { new_owner: heir.to_string(), expiry: None };
    let refused = world.send(&heir, &ExecuteMsg::UpdateOwnership(offer.clone())).unwrap_err();
    assert_eq!(refused, OwnershipError::NotOwner.into());
    world.send(&owner, &ExecuteMsg::UpdateOwnership(offer)).unwrap();
    world.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    world.send(&heir, &ExecuteMsg::UpdateOwnership(Action::AcceptOwnership)).unwrap();
    world.send(&heir, &ExecuteMsg::Unpause {}).unwrap();
    assert!(world.send(&owner, &ExecuteMsg::Unpause {}).is_err());
}

#[test]
fn an_impossible_configuration_is_refused_at_instantiation() {
    let mut world = World::new();
    let fine = || defaults::registry(Roles::default(), vec![]);
    let bad = [
        InstantiateMsg { bond_denom: "cw20:souk1token".into(), ..fine() },
        InstantiateMsg { bond_denom: "1".into(), ..fine() },
        InstantiateMsg { min_bond: amount(0), ..fine() },
        InstantiateMsg { bond_per_slot: amount(0), ..fine() },
        InstantiateMsg { unbonding_period: 90 * 86_400 + 1, ..fine() },
        InstantiateMsg { owner: Some("nobody".into()), ..fine() },
        InstantiateMsg { guardian: Some("nobody".into()), ..fine() },
        InstantiateMsg { slashers: vec!["nobody".into()], ..fine() },
    ];
    let (code, owner) = (world.code, world.owner.clone());
    for msg in bad {
        let made = world.app.instantiate_contract(code, owner.clone(), &msg, &[], "r", None);
        assert!(made.is_err(), "{msg:?}");
    }
    world.app.instantiate_contract(code, owner, &fine(), &[], "r", None).unwrap();
}

#[test]
fn only_an_older_registry_migrates_to_this_code() {
    let migrate = |name: &str, version: &str| {
        let mut deps = mock_dependencies();
        let msg = defaults::registry(Roles::default(), vec![]);
        let info = cosmwasm_std::testing::message_info(&deps.api.addr_make("owner"), &[]);
        contract::instantiate(deps.as_mut(), mock_env(), info, msg).unwrap();
        cw2::set_contract_version(&mut deps.storage, name, version).unwrap();
        contract::migrate(deps.as_mut(), mock_env(), MigrateMsg {})
    };
    assert!(migrate(names::PROVIDER_REGISTRY, "0.0.1").is_ok());
    assert!(migrate(names::PROVIDER_REGISTRY, contract::VERSION).is_ok());
    assert!(migrate(names::PROVIDER_REGISTRY, "99.0.0").is_err());
    assert!(migrate(names::ATTESTATIONS, "0.0.1").is_err());
}

#[test]
fn a_migration_keeps_providers() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let before = world.published(&provider);
    let (owner, registry, code) = (world.owner.clone(), world.registry.clone(), world.code);
    world.app.migrate_contract(owner, registry, &Empty {}, code).unwrap();
    assert_eq!(world.published(&provider), before);
}

#[test]
fn a_migration_finds_out_that_the_orderbook_is_no_longer_one() {
    let mut world = World::linked();
    let other = br#"{"contract":"crates.io:something-else","version":"1.0.0"}"#;
    let entry = (Binary::from(b"contract_info"), Binary::from(other));
    let (owner, book) = (world.owner.clone(), world.book.clone());
    world.app.execute_contract(owner.clone(), book, &entry, &[]).unwrap();
    let (registry, code) = (world.registry.clone(), world.code);
    let refused = world.app.migrate_contract(owner, registry, &Empty {}, code).unwrap_err();
    let refused = refused.downcast::<ContractError>().unwrap();
    assert!(matches!(refused, ContractError::Published(PublishedError::WrongContract { .. })));
}
