//! Who may send what, and that coins come only with messages that take them.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{SOUK, World, gateway, register, slash, unbond};
use cosmwasm_std::Addr;
use cw_utils::PaymentError;
use souk_api::{Permission, registry::ExecuteMsg};
use souk_core::Amount;
use souk_provider_registry::ContractError;

/// Every message once.
fn all_messages(provider: &Addr) -> Vec<ExecuteMsg> {
    let provider_text = provider.to_string();
    vec![
        register(provider),
        ExecuteMsg::Update { payee: None, attributes: None, contact: None },
        ExecuteMsg::SetOperator { operator: provider_text.clone() },
        ExecuteMsg::SetGateway { provider: provider_text.clone(), gateway: gateway() },
        ExecuteMsg::SetMaintenance { provider: provider_text, on: true },
        ExecuteMsg::Bond {},
        unbond(SOUK),
        ExecuteMsg::ClaimUnbonded {},
        ExecuteMsg::Deregister {},
        slash(provider, SOUK, provider),
        update_config(),
        ExecuteMsg::Pause {},
        ExecuteMsg::Unpause {},
        ExecuteMsg::UpdateOwnership(cw_ownable::Action::RenounceOwnership),
    ]
}

fn update_config() -> ExecuteMsg {
    let min_bond = Some(Amount::new(SOUK).unwrap());
    ExecuteMsg::UpdateConfig { guardian: None, orderbook: None, min_bond, slashers: None }
}

fn is_refused(error: &ContractError) -> bool {
    matches!(
        error,
        ContractError::NotPermitted { .. }
            | ContractError::NotRegistered { .. }
            | ContractError::Ownership(_)
    )
}

#[test]
fn a_stranger_may_register_and_nothing_else() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let stranger = world.payer("stranger");
    for msg in all_messages(&provider) {
        if matches!(msg, ExecuteMsg::Register { .. }) {
            continue;
        }
        let refused = world.send(&stranger, &msg).unwrap_err();
        assert!(is_refused(&refused), "{msg:?}: {refused}");
    }
    world.pay(&stranger, &register(&stranger), 10 * SOUK).unwrap();
}

#[test]
fn nobody_does_another_partys_part() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let operator = world.operator("cheap");
    let (owner, guardian, slasher) =
        (world.owner.clone(), world.guardian.clone(), world.slasher.clone());
    for msg in all_messages(&provider) {
        let allowed: &[&Addr] = match msg.permission() {
            Permission::Owner => &[&owner],
            Permission::Guardian => &[&owner, &guardian],
            Permission::Slasher => &[&slasher],
            Permission::Operator => &[&operator],
            Permission::Provider => &[&provider],
            // Register is for anyone, ownership is looked after by cw-ownable.
            Permission::Self_ | Permission::Anyone => continue,
            other => panic!("the registry has no message for {other}"),
        };
        for sender in [&owner, &guardian, &slasher, &operator, &provider] {
            if allowed.contains(&sender) {
                continue;
            }
            let refused = world.send(sender, &msg).unwrap_err();
            assert!(is_refused(&refused), "{msg:?} from {sender}: {refused}");
        }
    }
}

#[test]
fn coins_with_a_message_that_takes_none_are_refused() {
    let mut world = World::linked();
    let provider = world.provider("cheap", 20);
    let mut refused = 0;
    for msg in all_messages(&provider) {
        let sender = match msg.permission() {
            Permission::Operator => world.operator("cheap"),
            Permission::Slasher => world.slasher.clone(),
            Permission::Guardian => world.guardian.clone(),
            Permission::Owner | Permission::Anyone => world.owner.clone(),
            _ => provider.clone(),
        };
        if matches!(msg, ExecuteMsg::Register { .. } | ExecuteMsg::Bond {}) {
            continue;
        }
        world.mint(&sender, cosmwasm_std::coin(1, "usouk"));
        let error = world.pay(&sender, &msg, 1).unwrap_err();
        assert_eq!(error, PaymentError::NonPayable {}.into(), "{msg:?}");
        refused += 1;
    }
    assert_eq!(refused, 12);
}

#[test]
fn the_readmes_table_is_what_the_messages_declare() {
    let readme = include_str!("../README.md");
    let world = World::new();
    let messages = all_messages(&world.owner);
    for msg in &messages {
        let json = cosmwasm_std::to_json_string(msg).unwrap();
        let name = json.split('"').nth(1).unwrap();
        let row = format!("| `{name}` | {} |", msg.permission());
        assert!(readme.contains(&row), "the README lacks `{row}`");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, messages.len(), "rows of messages");
}
