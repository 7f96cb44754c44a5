//! An orderbook is set up and migrated among its neighbours.

use super::*;

/// Sets up another orderbook on the same neighbours.
fn another_on(config: &ConfigResponse) -> InstantiateMsg {
    let on = defaults::Foundations {
        escrow: config.escrow.clone(),
        registry: config.registry.clone(),
        attestations: config.attestations.clone(),
    };
    defaults::orderbook(defaults::Roles::default(), on)
}

#[test]
fn a_registry_that_names_no_orderbook_backs_no_deployment_so_that_no_second_one_comes_first() {
    let mut market = Market::unlinked();
    let (owner, registry) = (market.owner.clone(), market.registry.clone());
    let error = market.create("ann", &common_deployment(), PLENTY).unwrap_err();
    assert_eq!(error, ContractError::RegistryOfNone(registry.clone()));
    let link = defaults::link_registry(market.orderbook.to_string());
    market.call(&owner, &registry, &link, 0).unwrap();
    market.create("ann", &common_deployment(), PLENTY).unwrap();
}

#[test]
fn a_registry_takes_no_orderbook_that_counts_on_another_registry() {
    let mut market = Market::unlinked();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    let (owner, registry) = (market.owner.clone(), market.registry.clone());
    let code = market.app.contract_data(&registry).unwrap().code_id;
    let msg = defaults::registry(defaults::Roles::default(), vec![]);
    let second =
        market.app.instantiate_contract(code, owner.clone(), &msg, &[], "second", None).unwrap();
    let msg = InstantiateMsg { registry: second.to_string(), ..another_on(&config) };
    let code = market.orderbook_code;
    let other =
        market.app.instantiate_contract(code, owner.clone(), &msg, &[], "other", None).unwrap();
    let link = defaults::link_registry(other.to_string());
    let error = market.call(&owner, &registry, &link, 0).unwrap_err();
    assert!(error.contains("not of this one"), "{error}");
    market.call(&owner, &second, &link, 0).unwrap();
}

#[test]
fn an_orderbook_that_the_escrow_does_not_list_says_so() {
    let mut market = Market::unlinked();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    let msg = another_on(&config);
    let (owner, code) = (market.owner.clone(), market.orderbook_code);
    market.orderbook =
        market.app.instantiate_contract(code, owner.clone(), &msg, &[], "another", None).unwrap();
    let link = defaults::link_registry(market.orderbook.to_string());
    let registry = market.registry.clone();
    market.call(&owner, &registry, &link, 0).unwrap();
    let error = market.create("ann", &common_deployment(), PLENTY).unwrap_err();
    assert_eq!(error, ContractError::NotAController { escrow: Addr::unchecked(config.escrow) });
}

#[test]
fn a_second_orderbook_on_one_registry_takes_no_deployment_so_that_no_bond_backs_two() {
    let mut market = Market::new();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    let msg = another_on(&config);
    let (owner, code) = (market.owner.clone(), market.orderbook_code);
    let first = market.orderbook.clone();
    market.orderbook =
        market.app.instantiate_contract(code, owner.clone(), &msg, &[], "another", None).unwrap();
    let list = defaults::link_escrow(market.orderbook.to_string());
    let escrow = market.escrow.clone();
    market.call(&owner, &escrow, &list, 0).unwrap();
    let error = market.create("ann", &common_deployment(), PLENTY).unwrap_err();
    let registry = Addr::unchecked(config.registry);
    let expected = ContractError::RegistryOfAnother {
        registry: registry.clone(),
        orderbook: first.to_string(),
    };
    assert_eq!(error, expected);
    // Nor does the registry change over to it.
    let link = defaults::link_registry(market.orderbook.to_string());
    assert!(market.call(&owner, &registry, &link, 0).unwrap_err().contains("for good"));
    market.orderbook = first;
    market.order("ann", tenant_choice());
}

#[test]
fn an_orderbook_is_not_set_up_with_coins_that_it_could_not_give_back() {
    let mut market = Market::new();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    let msg = another_on(&config);
    let (owner, code) = (market.owner.clone(), market.orderbook_code);
    market.mint(&owner, 5);
    let coins = coins(5, DENOM);
    let done = market.app.instantiate_contract(code, owner, &msg, &coins, "rich", None);
    let error: ContractError = done.unwrap_err().downcast().unwrap();
    assert_eq!(error, CommonError::CoinsNotTaken { coins: format!("5{DENOM}") }.into());
}

#[test]
fn a_migration_probes_the_neighbours_and_changes_nothing_in_the_orderbook() {
    let (mut market, leased, _) = running();
    let (before, stored) = (market.order_of(leased), market.storage());
    migrate(&mut market);
    assert_eq!(market.order_of(leased), before);
    assert_eq!(market.storage(), stored);
    market.order("ann", tenant_choice());
}

#[test]
fn after_a_migration_in_a_pause_leases_and_deployments_still_end() {
    let (mut market, leased, _) = running();
    let id = market.order_of(leased).group.deployment;
    market.pause(true);
    migrate(&mut market);
    market.provider_closes("pro", leased, CloseReason::Unstable).unwrap();
    market.close("ann", id).unwrap();
    assert!(market.account(id).closed);
}

#[test]
fn an_orderbook_without_deployments_migrates_before_the_escrow_lists_it() {
    let mut market = Market::new();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    let msg = another_on(&config);
    let (owner, code) = (market.owner.clone(), market.orderbook_code);
    let admin = Some(owner.to_string());
    market.orderbook =
        market.app.instantiate_contract(code, owner, &msg, &[], "new", admin).unwrap();
    migrate(&mut market);
}

fn migrate(market: &mut Market) {
    let (owner, orderbook, code) =
        (market.owner.clone(), market.orderbook.clone(), market.orderbook_code);
    market.app.migrate_contract(owner, orderbook, &MigrateMsg {}, code).unwrap();
}
