//! What the provider's own key changes after a delay: its gateway and its price floors.

use crate::common::{Fixture, amount, change, gateway, set_floors, set_gateway};
use souk_api::{
    Permission,
    defaults::CHANGE_DELAY,
    published::Floors,
    registry::{
        ExecuteMsg, Gateway, NextFloors, NextGateway, RegistryEvent,
        events::{ChangeNoticed, Updated},
    },
};
use souk_contract_std::CommonError;
use souk_core::{Denom, PriceFloor};
use souk_provider_registry::ContractError;

fn moved(host: &str) -> Gateway {
    Gateway { uri: format!("https://{host}.example.com"), ..gateway() }
}

fn floor(denom: &str, gpu: u128) -> PriceFloor {
    let zero = amount(0);
    PriceFloor { denom: Denom::native(denom), cpu: zero, memory: zero, gpu: amount(gpu) }
}

#[test]
fn a_new_gateway_holds_after_the_delay_and_the_last_word_counts() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let sender = provider.clone();
    let set = |host| set_gateway(&sender, moved(host));
    let response = fixture.send(&provider, &set("first")).unwrap();
    let (name, from) = (provider.to_string(), fixture.now() + CHANGE_DELAY);
    let noticed = ChangeNoticed { provider: name.clone(), what: "gateway".into(), from };
    let updated = Updated { provider: name };
    let events = [RegistryEvent::Updated(updated), RegistryEvent::ChangeNoticed(noticed)];
    assert_eq!(fixture.events(&response), events);

    fixture.pass(CHANGE_DELAY - 1);
    let shown = fixture.show(&provider);
    assert_eq!(shown.gateway, gateway());
    assert_eq!(shown.next_gateway, Some(NextGateway { gateway: moved("first"), from }));
    fixture.send(&provider, &set("second")).unwrap();
    let from = fixture.now() + CHANGE_DELAY;
    fixture.pass(1);
    let shown = fixture.show(&provider);
    assert_eq!(shown.gateway, gateway(), "the first one was forgotten");
    assert_eq!(shown.next_gateway, Some(NextGateway { gateway: moved("second"), from }));

    fixture.pass(CHANGE_DELAY);
    fixture.send(&provider, &set("third")).unwrap();
    let shown = fixture.show(&provider);
    assert_eq!(shown.gateway, moved("second"), "what holds already stays until then");
    fixture.pass(CHANGE_DELAY);
    let shown = fixture.show(&provider);
    assert_eq!((shown.gateway, shown.next_gateway), (moved("third"), None));
}

#[test]
fn whoever_has_the_operators_key_changes_neither_gateway_nor_floors() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let operator = fixture.operator("cheap");
    let before = fixture.show(&provider);
    for named in [&provider, &operator] {
        for msg in [set_gateway(named, moved("thief")), set_floors(named, &[])] {
            let error = fixture.send(&operator, &msg).unwrap_err();
            let refused = matches!(
                error,
                ContractError::NotRegistered { .. }
                    | ContractError::Common(CommonError::NotPermitted { .. })
            );
            assert!(refused, "{error}");
        }
    }
    fixture.pass(CHANGE_DELAY);
    assert_eq!(fixture.show(&provider), before);
}

#[test]
fn a_message_that_an_operator_sent_in_the_first_release_does_not_change_the_operators_own_record() {
    let mut fixture = Fixture::linked();
    // `keeper` is a provider, and the operator of another one.
    let (keeper, other) = (fixture.provider("keeper", 20), fixture.provider("other", 20));
    fixture.send(&other, &ExecuteMsg::SetOperator { operator: keeper.to_string() }).unwrap();
    let before = [&keeper, &other].map(|provider| fixture.show(provider));
    for msg in [set_gateway(&other, moved("other")), set_floors(&other, &[floor("usouk", 1)])] {
        let error = fixture.send(&keeper, &msg).unwrap_err();
        let (needed, sender) = (Permission::Provider, keeper.clone());
        assert_eq!(error, CommonError::NotPermitted { needed, sender }.into());
    }
    fixture.pass(CHANGE_DELAY);
    assert_eq!([&keeper, &other].map(|provider| fixture.show(provider)), before);
}

#[test]
fn floors_are_published_with_the_moment_from_which_they_hold() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let sender = provider.clone();
    let set = |floors: &[PriceFloor]| set_floors(&sender, floors);
    let first = [floor("usouk", 5)];
    fixture.send(&provider, &set(&first)).unwrap();
    let from = fixture.now() + CHANGE_DELAY;
    let published = |fixture: &Fixture| fixture.published(&provider).unwrap().floors;
    let floors = Floors { now: vec![], next: first.to_vec(), from };
    assert_eq!(published(&fixture), Some(floors));
    let shown = fixture.show(&provider);
    let next = NextFloors { floors: first.to_vec(), from };
    assert_eq!((shown.floors, shown.next_floors), (vec![], Some(next)));

    fixture.pass(CHANGE_DELAY);
    let shown = fixture.show(&provider);
    assert_eq!((shown.floors, shown.next_floors), (first.to_vec(), None));
    fixture.send(&provider, &set(&[])).unwrap();
    let from = fixture.now() + CHANGE_DELAY;
    assert_eq!(published(&fixture), Some(Floors { now: first.to_vec(), next: vec![], from }));
    fixture.pass(CHANGE_DELAY);
    assert_eq!(fixture.show(&provider).floors, []);
    // Nothing holds and nothing follows: the record is as short as before.
    let owner = fixture.owner.clone();
    fixture.send(&owner, &change(|c| c.change_delay = Some(0))).unwrap();
    fixture.send(&provider, &set(&[])).unwrap();
    assert_eq!(published(&fixture), None);
}

#[test]
fn floors_name_each_denom_once_and_eight_at_most() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    for bad in [vec![floor("usouk", 1), floor("usouk", 2)], vec![floor("cw20:souk1token", 1)]] {
        let error = fixture.send(&provider, &set_floors(&provider, &bad)).unwrap_err();
        assert!(matches!(error, ContractError::Config(_)), "{error}");
    }
    let many =
        |n: u32| -> Vec<PriceFloor> { (0..n).map(|n| floor(&format!("udenom{n}"), 1)).collect() };
    let error = fixture.send(&provider, &set_floors(&provider, &many(9))).unwrap_err();
    assert_eq!(error, CommonError::TooMany { what: "price floors", count: 9, max: 8 }.into());
    fixture.send(&provider, &set_floors(&provider, &many(8))).unwrap();
}

#[test]
fn a_floor_in_a_token_names_an_address_so_that_the_record_stays_short() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 20);
    let token = fixture.someone("token").to_string();
    let in_token = |token: String| PriceFloor { denom: Denom::Cw20(token), ..floor("usouk", 1) };
    for bad in ["a".repeat(120_000), "a".repeat(129), token.to_uppercase(), "token".into()] {
        let error = fixture.send(&provider, &set_floors(&provider, &[in_token(bad)])).unwrap_err();
        assert!(error.to_string().len() < 1_000, "{error}");
        assert_eq!(fixture.published(&provider).unwrap().floors, None);
    }
    fixture.send(&provider, &set_floors(&provider, &[in_token(token)])).unwrap();
}
