//! Who is registered, with what, and what the orderbook can read of it.

use crate::common::{Fixture, SOUK, amount, gateway, register, set_gateway};
use cosmwasm_std::{Binary, HexBinary, coin};
use souk_api::registry::{
    Contact, ExecuteMsg, ProvidersResponse, QueryMsg, RegistryEvent,
    events::{BondChanged, Registered},
};
use souk_contract_std::CommonError;
use souk_core::{Attribute, attributes::AttributeError};
use souk_provider_registry::{
    ContractError,
    rules::{bond::BondError, gateway::GatewayError},
};

#[test]
fn a_provider_registers_with_its_bond_and_can_be_read_by_the_orderbook() {
    let mut fixture = Fixture::new();
    let provider = fixture.payer("cheap");
    let operator = fixture.operator("cheap");
    let response = fixture.pay(&provider, &register(&operator), 25 * SOUK + 1).unwrap();

    let bond = amount(25 * SOUK + 1);
    let registered =
        Registered { provider: provider.to_string(), operator: operator.to_string(), bond };
    let changed = BondChanged { provider: provider.to_string(), bond, unbonding: amount(0) };
    assert_eq!(
        fixture.events(&response),
        [RegistryEvent::Registered(registered), RegistryEvent::BondChanged(changed)]
    );
    let record = fixture.published(&provider).unwrap();
    assert_eq!((record.slots, record.bond), (25, bond));
    assert_eq!(
        (record.operator.as_str(), record.payee.as_str()),
        (operator.as_str(), provider.as_str())
    );
    let shown = fixture.show(&provider);
    assert!(shown.registered);
    assert_eq!((shown.gateway, shown.unbonding), (gateway(), None));
    assert_eq!(fixture.balance(&fixture.registry), 25 * SOUK + 1);
}

#[test]
fn a_registration_needs_the_least_bond_in_the_bond_denom() {
    let mut fixture = Fixture::new();
    let provider = fixture.payer("cheap");
    fixture.mint(&provider, coin(100 * SOUK, "uatom"));
    let msg = register(&fixture.operator("cheap"));
    let min = amount(10 * SOUK);
    let bond = amount(10 * SOUK - 1);
    let refused = fixture.pay(&provider, &msg, bond.u128());
    assert_eq!(refused.unwrap_err(), BondError::TooSmall { bond, min }.into());
    for (coins, shown) in [
        (vec![], "none"),
        (vec![coin(20 * SOUK, "uatom")], "20000000uatom"),
        (vec![coin(1, "uatom"), coin(20 * SOUK, "usouk")], "1uatom,20000000usouk"),
    ] {
        let refused = fixture.send_with(&provider, &msg, &coins).unwrap_err();
        let error = CommonError::OtherCoin { denom: "usouk".into(), coins: shown.into() };
        assert_eq!(refused, error.into());
    }
    assert!(fixture.published(&provider).is_none());
    fixture.pay(&provider, &msg, min.u128()).unwrap();
}

#[test]
fn nobody_registers_twice() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    let again = fixture.pay(&provider, &register(&provider), 10 * SOUK);
    assert_eq!(again.unwrap_err(), ContractError::AlreadyRegistered { provider });
}

#[test]
fn a_malformed_registration_is_refused_and_nothing_is_taken() {
    let mut fixture = Fixture::new();
    let provider = fixture.payer("cheap");
    type Change = fn(&mut ExecuteMsg);
    let bad: [(&str, Change); 8] = [
        ("http", |msg| {
            if let ExecuteMsg::Register { gateway, .. } = msg {
                gateway.uri = "http://a.example".into()
            }
        }),
        ("short pin", |msg| {
            if let ExecuteMsg::Register { gateway, .. } = msg {
                gateway.pins = vec![[1; 20].into()]
            }
        }),
        ("pattern", |msg| {
            if let ExecuteMsg::Register { attributes, .. } = msg {
                attributes[0].key = "reg*".into()
            }
        }),
        ("twice", |msg| {
            if let ExecuteMsg::Register { attributes, .. } = msg {
                attributes.push(attributes[0].clone())
            }
        }),
        ("65 attributes", |msg| {
            if let ExecuteMsg::Register { attributes, .. } = msg {
                *attributes = (0..65).map(|i| Attribute::new(format!("key{i}"), "v")).collect();
            }
        }),
        ("long contact", |msg| {
            if let ExecuteMsg::Register { contact, .. } = msg {
                contact.email = "x".repeat(257)
            }
        }),
        ("operator", |msg| {
            if let ExecuteMsg::Register { operator, .. } = msg {
                *operator = "nobody".into()
            }
        }),
        ("payee", |msg| {
            if let ExecuteMsg::Register { payee, .. } = msg {
                *payee = Some("cosmos1xyz".into())
            }
        }),
    ];
    for (what, change) in bad {
        let mut msg = register(&fixture.operator("cheap"));
        change(&mut msg);
        let before = fixture.balance(&provider);
        assert!(fixture.pay(&provider, &msg, 10 * SOUK).is_err(), "{what}");
        assert_eq!(fixture.balance(&provider), before, "{what}");
        assert!(fixture.published(&provider).is_none(), "{what}");
    }
}

#[test]
fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    let before = fixture.show(&provider);
    let payee = fixture.someone("treasury");
    let update = |payee: Option<String>, attributes, contact| ExecuteMsg::Update {
        payee,
        attributes,
        contact,
    };

    fixture.send(&provider, &update(Some(payee.to_string()), None, None)).unwrap();
    let shown = fixture.show(&provider);
    assert_eq!(shown.payee, payee.as_str());
    assert_eq!((&shown.attributes, &shown.contact), (&before.attributes, &before.contact));

    let attributes = vec![Attribute::new("region", "us"), Attribute::new("tier", "gold")];
    let contact = Contact { email: "a@b.c".into(), website: "https://b.c".into() };
    fixture
        .send(&provider, &update(None, Some(attributes.clone()), Some(contact.clone())))
        .unwrap();
    let shown = fixture.show(&provider);
    assert_eq!(
        (shown.payee.as_str(), &shown.attributes, shown.contact),
        (payee.as_str(), &attributes, contact)
    );
    assert_eq!(fixture.published(&provider).unwrap().attributes, attributes);

    let bad = vec![Attribute::new("k*", "v")];
    let refused = fixture.send(&provider, &update(None, Some(bad), None)).unwrap_err();
    assert_eq!(refused, AttributeError::Pattern("k*".into()).into());
}

#[test]
fn the_operator_keeps_maintenance_and_loses_it_with_its_office() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    let (old, new) = (fixture.operator("cheap"), fixture.someone("new-operator"));
    let maintenance = ExecuteMsg::SetMaintenance { provider: provider.to_string(), on: true };
    fixture.send(&old, &maintenance).unwrap();
    assert!(fixture.published(&provider).unwrap().maintenance);

    fixture.send(&provider, &ExecuteMsg::SetOperator { operator: new.to_string() }).unwrap();
    assert_eq!(fixture.published(&provider).unwrap().operator, new.as_str());
    assert!(matches!(
        fixture.send(&old, &maintenance).unwrap_err(),
        ContractError::Common(CommonError::NotPermitted { .. })
    ));
    fixture.send(&new, &maintenance).unwrap();
}

#[test]
fn the_operator_sets_the_key_with_which_its_agent_signs_and_another_operator_begins_without() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    let (old, new) = (fixture.operator("cheap"), fixture.someone("new-operator"));
    let set = |key: Option<&[u8]>| ExecuteMsg::SetQuoteKey {
        provider: provider.to_string(),
        key: key.map(HexBinary::from),
    };
    for bytes in [0, 31, 33, 64] {
        let refused = fixture.send(&old, &set(Some(&vec![7; bytes]))).unwrap_err().to_string();
        assert!(refused.contains("it must be an ed25519 key of 32 bytes"), "{refused}");
    }
    // A placeholder of zeros is a point of the curve that has no secret.
    for no_secret in [[0; 32], std::array::from_fn(|at| u8::from(at == 0))] {
        let refused = fixture.send(&old, &set(Some(&no_secret))).unwrap_err().to_string();
        assert!(refused.contains("the public half of a secret key"), "{refused}");
    }
    for stranger in [&provider, &new] {
        let refused = fixture.send(stranger, &set(Some(&[7; 32]))).unwrap_err();
        assert!(matches!(refused, ContractError::Common(CommonError::NotPermitted { .. })));
    }
    let key = |fixture: &Fixture| fixture.published(&provider).unwrap().quote_key;
    for (what, expected) in [(Some(&[7; 32][..]), Some(Binary::from([7; 32]))), (None, None)] {
        fixture.send(&old, &set(what)).unwrap();
        assert_eq!(key(&fixture), expected);
    }
    fixture.send(&old, &set(Some(&[8; 32]))).unwrap();
    // The same operator again keeps it.
    fixture.send(&provider, &ExecuteMsg::SetOperator { operator: old.to_string() }).unwrap();
    assert_eq!(key(&fixture), Some(Binary::from([8; 32])));
    fixture.send(&provider, &ExecuteMsg::SetOperator { operator: new.to_string() }).unwrap();
    assert_eq!(key(&fixture), None, "what the old operator's agent signed counts no more");
}

#[test]
fn a_gateway_that_tenants_could_not_reach_safely_is_refused() {
    let mut fixture = Fixture::new();
    let provider = fixture.provider("cheap", 10);
    let mut moved = gateway();
    moved.uri.push_str("/path");
    let set = set_gateway(&provider, moved.clone());
    assert_eq!(fixture.send(&provider, &set).unwrap_err(), GatewayError::Uri(moved.uri).into());
}

#[test]
fn providers_are_listed_by_address_page_by_page_each_once() {
    let mut fixture = Fixture::new();
    let mut all: Vec<_> =
        (0..7).map(|i| fixture.provider(&format!("p{i}"), 10).to_string()).collect();
    all.sort();
    let mut seen = Vec::new();
    let mut start_after = None;
    loop {
        let msg = QueryMsg::Providers { start_after: start_after.clone(), limit: Some(3) };
        let page: ProvidersResponse =
            fixture.app.wrap().query_wasm_smart(&fixture.registry, &msg).unwrap();
        if page.providers.is_empty() {
            break;
        }
        assert!(page.providers.len() <= 3);
        seen.extend(page.providers.into_iter().map(|provider| provider.provider));
        start_after = seen.last().cloned();
    }
    assert_eq!(seen, all);
}
