//! Who may send what, and that coins come only with messages that take them.

use crate::common::{
    Fixture, SOUK, change, gateway, notice, register, set_floors, set_gateway, slash, unbond,
};
use cosmwasm_std::Addr;
use souk_api::{Message, Permission, registry::ExecuteMsg};
use souk_contract_std::CommonError;
use souk_core::Amount;
use souk_provider_registry::ContractError;

/// Every message once.
fn all_messages(provider: &Addr) -> Vec<ExecuteMsg> {
    let provider_text = provider.to_string();
    vec![
        register(provider),
        ExecuteMsg::Update { payee: None, attributes: None, contact: None },
        ExecuteMsg::SetOperator { operator: provider_text.clone() },
        set_gateway(provider, gateway()),
        set_floors(provider, &[]),
        ExecuteMsg::SetMaintenance { provider: provider_text.clone(), on: true },
        ExecuteMsg::Bond {},
        unbond(SOUK),
        ExecuteMsg::ClaimUnbonded {},
        ExecuteMsg::Deregister {},
        notice(provider, SOUK),
        slash(provider, SOUK),
        ExecuteMsg::WithdrawNotice { provider: provider_text },
        update_config(),
        ExecuteMsg::Pause {},
        ExecuteMsg::Unpause {},
        ExecuteMsg::UpdateOwnership(cw_ownable::Action::RenounceOwnership),
    ]
}

fn update_config() -> ExecuteMsg {
    change(|c| c.min_bond = Some(Amount::new(SOUK).unwrap()))
}

fn is_refused(error: &ContractError) -> bool {
    matches!(
        error,
        ContractError::NotRegistered { .. }
            | ContractError::Common(CommonError::NotPermitted { .. } | CommonError::Ownership(_))
    )
}

#[test]
fn a_stranger_may_register_and_nothing_else() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let stranger = fixture.payer("stranger");
    for msg in all_messages(&provider) {
        if matches!(msg, ExecuteMsg::Register { .. }) {
            continue;
        }
        let refused = fixture.send(&stranger, &msg).unwrap_err();
        assert!(is_refused(&refused), "{msg:?}: {refused}");
    }
    fixture.pay(&stranger, &register(&stranger), 10 * SOUK).unwrap();
}

#[test]
fn nobody_does_another_partys_part() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let operator = fixture.operator("cheap");
    let (owner, guardian, slasher) =
        (fixture.owner.clone(), fixture.guardian.clone(), fixture.slasher.clone());
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
            let refused = fixture.send(sender, &msg).unwrap_err();
            assert!(is_refused(&refused), "{msg:?} from {sender}: {refused}");
        }
    }
}

#[test]
fn coins_with_a_message_that_takes_none_are_refused() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let mut refused = 0;
    for msg in all_messages(&provider) {
        let sender = match msg.permission() {
            Permission::Operator => fixture.operator("cheap"),
            Permission::Slasher => fixture.slasher.clone(),
            Permission::Guardian => fixture.guardian.clone(),
            Permission::Owner | Permission::Anyone => fixture.owner.clone(),
            _ => provider.clone(),
        };
        if matches!(msg, ExecuteMsg::Register { .. } | ExecuteMsg::Bond {}) {
            continue;
        }
        fixture.mint(&sender, cosmwasm_std::coin(1, "usouk"));
        let error = fixture.pay(&sender, &msg, 1).unwrap_err();
        let coins = "1usouk".to_owned();
        assert_eq!(error, CommonError::CoinsNotTaken { coins }.into(), "{msg:?}");
        refused += 1;
    }
    assert_eq!(refused, 15);
}
