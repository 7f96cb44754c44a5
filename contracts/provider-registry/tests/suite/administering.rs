//! What owner and guardian can do, and what a migration checks.

use crate::common::{Fixture, SOUK, amount, change, register};
use cosmwasm_std::{
    Binary, Empty,
    testing::{mock_dependencies, mock_env},
};
use cw_multi_test::Executor;
use cw_ownable::{Action, OwnershipError};
use souk_api::{
    admin::{ConfigUpdated, OwnershipRenounced, Paused, Unpaused},
    defaults::{self, Roles},
    published::{PublishedError, names},
    registry::{
        ConfigResponse, ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg, RegistryEvent, Slashing,
    },
};
use souk_contract_std::{CommonError, Config as _, pause};
use souk_core::time::{DAY, WEEK};
use souk_provider_registry::{ContractError, contract, state::Config};

fn config(fixture: &Fixture) -> ConfigResponse {
    fixture.app.wrap().query_wasm_smart(&fixture.registry, &QueryMsg::Config {}).unwrap()
}

#[test]
fn a_pause_stops_registrations_and_nothing_that_takes_coins_out() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let (owner, guardian) = (fixture.owner.clone(), fixture.guardian.clone());
    fixture.send(&provider, &crate::common::unbond(SOUK)).unwrap();
    fixture.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(config(&fixture).paused);

    let newcomer = fixture.payer("new");
    let refused = fixture.pay(&newcomer, &register(&newcomer), 10 * SOUK).unwrap_err();
    assert_eq!(refused, CommonError::Paused.into());
    fixture.pay(&provider, &ExecuteMsg::Bond {}, SOUK).unwrap();
    fixture.pass(defaults::UNBONDING_PERIOD);
    fixture.send(&provider, &ExecuteMsg::ClaimUnbonded {}).unwrap();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();

    assert!(fixture.send(&guardian, &ExecuteMsg::Unpause {}).is_err());
    fixture.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    fixture.pay(&newcomer, &register(&newcomer), 10 * SOUK).unwrap();
}

#[test]
fn the_owner_changes_what_it_names_and_keeps_the_rest() {
    let mut fixture = Fixture::new();
    let owner = fixture.owner.clone();
    let before = config(&fixture);
    fixture.send(&owner, &change(|c| c.min_bond = Some(amount(SOUK)))).unwrap();
    assert_eq!(config(&fixture), ConfigResponse { min_bond: amount(SOUK), ..before.clone() });

    let [guardian, first, second] = ["g", "s1", "s2"].map(|name| fixture.someone(name).to_string());
    fixture.send(&owner, &change(|c| c.guardian = Some(guardian.clone()))).unwrap();
    assert_eq!(config(&fixture).guardian, guardian);
    let twice = vec![first.clone(), second.clone(), first.clone()];
    fixture.send(&owner, &change(|c| c.slashers = Some(twice))).unwrap();
    assert_eq!(config(&fixture).slashers, [first, second]);

    let many = (0..17).map(|i| fixture.someone(&format!("s{i}")).to_string()).collect();
    let refused = fixture.send(&owner, &change(|c| c.slashers = Some(many))).unwrap_err();
    let too_many = CommonError::TooMany { what: "slashers", count: 17, max: 16 };
    assert_eq!(refused, too_many.into());
    assert!(fixture.send(&owner, &change(|c| c.min_bond = Some(amount(0)))).is_err());

    let fine = defaults::SLASHING;
    for (what, slashing) in [
        ("slashing.cap_bps", Slashing { cap_bps: 0, ..fine }),
        ("slashing.cap_bps", Slashing { cap_bps: 10_001, ..fine }),
        ("slashing.period", Slashing { period: 90 * DAY + 1, ..fine }),
        ("slashing.delay", Slashing { delay: 30 * DAY + 1, ..fine }),
    ] {
        let error = fixture.send(&owner, &change(|c| c.slashing = Some(slashing))).unwrap_err();
        assert!(error.to_string().starts_with(what), "{error}");
    }
    let error = fixture.send(&owner, &change(|c| c.change_delay = Some(WEEK + 1))).unwrap_err();
    assert!(error.to_string().starts_with("change_delay"), "{error}");
}

#[test]
fn the_orderbook_is_set_once_since_another_one_would_use_the_same_bonds() {
    let mut fixture = Fixture::linked();
    let (owner, first) = (fixture.owner.clone(), fixture.orderbook.clone());
    let code = fixture.orderbook_code;
    let ours = (names::ORDERBOOK, fixture.registry.clone());
    let second = fixture.set_up(code, &owner, &ours);
    let error = fixture.send(&owner, &defaults::link_registry(second.to_string())).unwrap_err();
    assert_eq!(error, ContractError::OrderbookIsSet { is: first.clone() });
    fixture.send(&owner, &defaults::link_registry(first.to_string())).unwrap();
}

#[test]
fn an_orderbook_that_counts_on_another_registry_is_not_set() {
    let mut fixture = Fixture::new();
    let (owner, code) = (fixture.owner.clone(), fixture.orderbook_code);
    let registry = fixture.someone("other-registry").to_string();
    let orderbook = fixture.set_up(code, &owner, &(names::ORDERBOOK, &registry));
    let error = fixture.send(&owner, &defaults::link_registry(orderbook.to_string())).unwrap_err();
    assert_eq!(error, ContractError::OrderbookOfAnother { orderbook, registry });
    let ours = fixture.orderbook.to_string();
    fixture.send(&owner, &defaults::link_registry(ours.clone())).unwrap();
    assert_eq!(config(&fixture).orderbook, Some(ours));
}

#[test]
fn without_a_receiver_named_the_owner_gets_what_is_slashed() {
    let fixture = Fixture::new();
    let config = config(&fixture);
    assert_eq!(config.slash_receiver, Some(fixture.owner.to_string()));
    assert_eq!(
        (config.slashing, config.change_delay),
        (defaults::SLASHING, defaults::CHANGE_DELAY)
    );
}

#[test]
fn a_configuration_of_the_first_release_has_the_defaults_of_what_is_younger() {
    let old = r#"{"guardian":"g","bond_denom":"usouk","min_bond":"1","unbonding_period":5,"bond_per_slot":"1","orderbook":null,"slashers":[],"paused":false}"#;
    let config: Config = cosmwasm_std::from_json(old).unwrap();
    assert_eq!(
        (config.slashing, config.change_delay),
        (defaults::SLASHING, defaults::CHANGE_DELAY)
    );
    assert_eq!((config.slash_receiver, config.pause_ends), (None, 0));
}

#[test]
fn an_address_that_is_no_orderbook_is_found_out_at_once() {
    let mut fixture = Fixture::new();
    let owner = fixture.owner.clone();
    let (registry, nobody) = (fixture.registry.to_string(), fixture.someone("nobody").to_string());
    for wrong in [registry, nobody] {
        let refused =
            fixture.send(&owner, &change(|c| c.orderbook = Some(wrong.clone()))).unwrap_err();
        let ContractError::Published(PublishedError::WrongContract { address, expected, .. }) =
            refused
        else {
            panic!("{refused}");
        };
        assert_eq!((address, expected), (wrong, names::ORDERBOOK));
    }
    let orderbook = fixture.orderbook.to_string();
    fixture.send(&owner, &change(|c| c.orderbook = Some(orderbook.clone()))).unwrap();
    assert_eq!(config(&fixture).orderbook, Some(orderbook));
}

#[test]
fn ownership_goes_over_in_two_steps() {
    let mut fixture = Fixture::new();
    let (owner, heir) = (fixture.owner.clone(), fixture.someone("heir"));
    let offer = Action::TransferOwnership { new_owner: heir.to_string(), expiry: None };
    let refused = fixture.send(&heir, &ExecuteMsg::UpdateOwnership(offer.clone())).unwrap_err();
    assert_eq!(refused, CommonError::Ownership(OwnershipError::NotOwner).into());
    fixture.send(&owner, &ExecuteMsg::UpdateOwnership(offer)).unwrap();
    fixture.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    fixture.send(&heir, &ExecuteMsg::UpdateOwnership(Action::AcceptOwnership)).unwrap();
    fixture.send(&heir, &ExecuteMsg::Unpause {}).unwrap();
    assert!(fixture.send(&owner, &ExecuteMsg::Unpause {}).is_err());
}

#[test]
fn an_impossible_configuration_is_refused_at_instantiation() {
    let mut fixture = Fixture::new();
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
    let (code, owner) = (fixture.code, fixture.owner.clone());
    for msg in bad {
        let made = fixture.app.instantiate_contract(code, owner.clone(), &msg, &[], "r", None);
        assert!(made.is_err(), "{msg:?}");
    }
    fixture.app.instantiate_contract(code, owner, &fine(), &[], "r", None).unwrap();
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
    assert!(migrate(names::PROVIDER_REGISTRY, Config::VERSION).is_ok());
    assert!(migrate(names::PROVIDER_REGISTRY, "99.0.0").is_err());
    assert!(migrate(names::ATTESTATIONS, "0.0.1").is_err());
}

#[test]
fn a_migration_keeps_providers() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let before = fixture.published(&provider);
    let (owner, registry, code) = (fixture.owner.clone(), fixture.registry.clone(), fixture.code);
    fixture.app.migrate_contract(owner, registry, &Empty {}, code).unwrap();
    assert_eq!(fixture.published(&provider), before);
}

#[test]
fn a_migration_finds_out_that_the_orderbook_is_no_longer_one() {
    let mut fixture = Fixture::linked();
    let other = br#"{"contract":"crates.io:something-else","version":"1.0.0"}"#;
    let entry = (Binary::from(b"contract_info"), Binary::from(other));
    let (owner, orderbook) = (fixture.owner.clone(), fixture.orderbook.clone());
    fixture.app.execute_contract(owner.clone(), orderbook, &entry, &[]).unwrap();
    let (registry, code) = (fixture.registry.clone(), fixture.code);
    let refused = fixture.app.migrate_contract(owner, registry, &Empty {}, code).unwrap_err();
    let refused = refused.downcast::<ContractError>().unwrap();
    assert!(matches!(refused, ContractError::Published(PublishedError::WrongContract { .. })));
}

#[test]
fn each_administrative_action_is_an_event_that_names_who_did_it() {
    let mut fixture = Fixture::new();
    let (owner, guardian) = (fixture.owner.clone(), fixture.guardian.clone());
    let (by, by_guardian) = (owner.to_string(), guardian.to_string());
    let until = Some(fixture.now() + pause::LONGEST);
    let cases = [
        (&guardian, ExecuteMsg::Pause {}, Paused { by: by_guardian, until }.into()),
        (&owner, ExecuteMsg::Unpause {}, Unpaused { by: by.clone() }.into()),
        (
            &owner,
            change(|c| c.min_bond = Some(amount(SOUK))),
            ConfigUpdated { by: by.clone() }.into(),
        ),
        (
            &owner,
            ExecuteMsg::UpdateOwnership(Action::RenounceOwnership),
            OwnershipRenounced { owner: by }.into(),
        ),
    ];
    for (sender, msg, event) in cases {
        let response = fixture.send(sender, &msg).unwrap();
        assert_eq!(fixture.events(&response), [RegistryEvent::Admin(event)], "{msg:?}");
    }
}
