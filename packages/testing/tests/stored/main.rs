//! What contracts of an earlier version stored and published can be read, migrated and paid
//! out by today's code, and today's code stores the bytes of the latest version.
//!
//! The files are in `fixtures/VERSION`; `SOUK_BLESS=1` writes those of the latest version again.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod fixture;
mod queries;
mod scenario;

use std::collections::BTreeSet;

use cosmwasm_std::{Addr, BlockInfo, Timestamp, coins};
use cw_multi_test::{BankSudo, Executor, SudoMsg};
use cw20::Cw20Coin;
use fixture::{CONTRACTS, FIRST, Holding, LATEST, Surroundings, kind_of};
use serde_json::json;
use souk_api::{
    defaults::DENOM,
    orderbook::{GroupState, LeaseState, OrderState, ProviderStatsResponse},
    published,
};
use souk_core::{AccountId, CloseReason};
use souk_testing::{Contracts, Market, address};

use scenario::{AUDITORS, PROVIDERS, Scenario};

const TOKEN: &str = "cw20";

/// Kinds of records that older versions alone have; their migration moves what is in them.
const GONE: [&str; 1] = ["escrow_link"];

fn address_of(contracts: &Contracts, name: &str) -> Addr {
    match name {
        "attestations" => contracts.attestations.clone(),
        "registry" => contracts.registry.clone(),
        "fee-distributor" => contracts.fees.clone(),
        "escrow" => contracts.escrow.clone(),
        "orderbook" => contracts.orderbook.clone(),
        person => address(person),
    }
}

/// What everyone holds, and when.
fn surroundings(scenario: &Scenario) -> Surroundings {
    let (chain, contracts) = (&scenario.market.chain, &scenario.market.contracts);
    let block = chain.app.block_info();
    let mut holdings = Vec::new();
    for (holder, units) in chain.holdings(DENOM) {
        let tokens = scenario.tokens(&address_of(contracts, &holder));
        for (denom, units) in [(DENOM, units), (TOKEN, tokens)] {
            if units > 0 {
                let (holder, denom) = (holder.clone(), denom.into());
                holdings.push(Holding { holder, denom, units: units.to_string() });
            }
        }
    }
    Surroundings { height: block.height, time: block.time.nanos().to_string(), holdings }
}

/// The market as the files have it, on contracts of today's code, migrated.
fn restored(version: &str) -> Scenario {
    let Surroundings { height, time, holdings } = fixture::surroundings(version);
    let units = |holding: &Holding| holding.units.parse::<u128>().unwrap();
    let (tokens, native): (Vec<_>, Vec<_>) = holdings.iter().partition(|h| h.denom == TOKEN);
    // Contracts have the same addresses on every chain of this kind.
    let Market { contracts, .. } = Market::new();
    let holder = |holding: &&Holding| Cw20Coin {
        address: address_of(&contracts, &holding.holder).into(),
        amount: units(holding).into(),
    };
    let mut scenario = Scenario::new(tokens.iter().map(holder).collect());
    let market = &mut scenario.market;
    for holding in native {
        let to = address_of(&contracts, &holding.holder);
        market.chain.remember(&holding.holder, &to);
        let amount = coins(units(holding), &holding.denom);
        let mint = BankSudo::Mint { to_address: to.into(), amount };
        market.chain.app.sudo(SudoMsg::Bank(mint)).unwrap();
    }
    for contract in CONTRACTS {
        let address = address_of(&contracts, contract.0);
        let fresh = market.chain.app.dump_wasm_raw(&address);
        let mut storage = market.chain.app.contract_storage_mut(&address);
        fresh.iter().for_each(|(key, _)| storage.remove(key));
        fixture::stored(version, contract).iter().for_each(|(key, value)| storage.set(key, value));
    }
    let chain_id = market.chain.app.block_info().chain_id;
    let time = Timestamp::from_nanos(time.parse().unwrap());
    market.chain.app.set_block(BlockInfo { height, time, chain_id });
    migrate(market);
    scenario
}

fn migrate(market: &mut Market) {
    let (owner, contracts) = (market.who("owner"), market.contracts.clone());
    for (address, code) in [
        (contracts.attestations, contracts.codes.attestations),
        (contracts.registry, contracts.codes.registry),
        (contracts.fees, contracts.codes.fees),
        (contracts.escrow, contracts.codes.escrow),
        (contracts.orderbook, contracts.codes.orderbook),
    ] {
        let app = &mut market.chain.app;
        app.migrate_contract(owner.clone(), address, &json!({}), code).unwrap();
    }
}

#[test]
fn todays_code_stores_the_bytes_of_the_fixture() {
    let scenario = Scenario::play();
    scenario.market.check_supply();
    let dumps = CONTRACTS.map(|contract| {
        let address = address_of(&scenario.market.contracts, contract.0);
        scenario.market.chain.app.dump_wasm_raw(&address)
    });
    let surroundings = surroundings(&scenario);
    if std::env::var_os("SOUK_BLESS").is_some_and(|value| value == "1") {
        for (contract, dump) in CONTRACTS.into_iter().zip(&dumps) {
            fixture::bless(contract.0, &fixture::write(contract, dump));
        }
        fixture::bless("chain", &surroundings.write());
    }
    let differences: String = CONTRACTS
        .into_iter()
        .zip(&dumps)
        .map(|(contract, dump)| {
            fixture::differences(contract, &fixture::stored(LATEST, contract), dump)
        })
        .collect();
    assert!(differences.is_empty(), "stored bytes differ from the fixture's:\n{differences}");
    assert_eq!(surroundings, fixture::surroundings(LATEST));
}

#[test]
fn the_fixture_has_records_of_every_kind() {
    for contract in CONTRACTS {
        let stored = fixture::stored(LATEST, contract);
        let found: BTreeSet<_> =
            stored.iter().map(|(key, _)| kind_of(contract, key).name).collect();
        let kinds = contract.1.iter().map(|kind| kind.name);
        let all: BTreeSet<_> = kinds.filter(|name| !GONE.contains(name)).collect();
        assert_eq!(found, all, "{}", contract.0);
    }
}

#[test]
fn the_fixture_has_every_state_and_every_reason() {
    let scenario = restored(LATEST);
    let market = &scenario.market;
    let (mut groups, mut orders, mut leases) = (Vec::new(), Vec::new(), Vec::new());
    let (mut limits, mut kept) = (0, 0);
    for deployment in scenario.deployments() {
        groups.extend(deployment.groups.iter().map(|group| group.state));
        limits += usize::from(deployment.delegate_limit.is_some());
        let orders = deployment.groups.iter().map(|group| market.order(group.order));
        kept += orders.filter(|order| order.allow != deployment.allow).count();
    }
    assert!(limits > 0 && kept > 0, "{limits} limits, {kept} orders that keep their lists");
    for order in scenario.orders() {
        let state = market.order(order).state;
        orders.push(state);
        let asked = souk_api::orderbook::QueryMsg::Lease { order };
        let lease = market.chain.try_ask(&market.contracts.orderbook, &asked);
        leases.extend(lease.map(|lease: souk_api::orderbook::LeaseResponse| lease.state));
    }
    for state in
        [GroupState::Open, GroupState::Paused, GroupState::InsufficientFunds, GroupState::Closed]
    {
        assert!(groups.contains(&state), "no group is {state}");
    }
    for state in [OrderState::Open, OrderState::Active, OrderState::Closed] {
        assert!(orders.contains(&state), "no order is {state}");
    }
    for state in [
        LeaseState::Active,
        LeaseState::Reclaiming,
        LeaseState::InsufficientFunds,
        LeaseState::Closed,
    ] {
        assert!(leases.contains(&state), "no lease is {state}");
    }
    let stats: Vec<ProviderStatsResponse> =
        PROVIDERS.map(|name| market.provider_stats(name)).into();
    for reason in CloseReason::ALL {
        let closed = stats.iter().flat_map(|stats| &stats.closed);
        let times: u64 = closed.filter(|(of, _)| *of == reason).map(|(_, times)| times).sum();
        assert!(times > 0, "no lease was closed as {reason}");
    }
}

#[test]
fn published_records_are_where_other_contracts_read_them() {
    let keys = |contract: &str| -> BTreeSet<Vec<u8>> {
        let providers = PROVIDERS.map(address);
        let providers = providers.iter().map(Addr::as_str);
        match contract {
            "registry" => providers.map(published::provider_key).collect(),
            "orderbook" => providers.map(published::provider_stats_key).collect(),
            "escrow" => (1..100).map(|id| published::account_key(AccountId(id))).collect(),
            "attestations" => {
                let auditors = AUDITORS.map(address);
                let of = |provider: &str| {
                    auditors
                        .clone()
                        .map(|auditor| published::attestation_key(auditor.as_str(), provider))
                };
                providers.flat_map(of).collect()
            }
            _ => BTreeSet::new(),
        }
    };
    for contract in CONTRACTS {
        let mut keys = keys(contract.0);
        keys.insert(b"contract_info".to_vec());
        for (key, _) in fixture::stored(LATEST, contract) {
            let published = kind_of(contract, &key).published;
            assert_eq!(keys.contains(&key), published, "{}: {key:?}", contract.0);
        }
    }
}

#[test]
fn a_migrated_market_answers_every_query_as_the_one_that_was_played() {
    let (played, restored) =
        (queries::answers(&Scenario::play()), queries::answers(&restored(LATEST)));
    assert_eq!(played.len(), restored.len());
    for (query, answer) in &played {
        assert_eq!(Some(answer), restored.get(query), "{query:?}");
    }
}

#[test]
fn all_money_comes_out_of_a_migrated_market_to_the_last_unit() {
    let mut played = Scenario::play();
    played.take_all_out();
    played.market.check_supply();
    let mut restored = restored(LATEST);
    restored.take_all_out();
    let left = surroundings(&restored);
    assert_eq!(surroundings(&played), left);
    let at_contracts = left
        .holdings
        .iter()
        .filter(|holding| CONTRACTS.iter().any(|(name, _)| *name == holding.holder));
    for Holding { holder, denom, units } in at_contracts {
        // Fractions of rewards, less than a unit a staker, and of splits, two units at most.
        let is_dust = holder == "fee-distributor" && units.parse::<u8>().unwrap() <= 5;
        assert!(is_dust, "{holder} keeps {units} {denom}");
    }
}

#[test]
fn a_market_of_the_first_version_answers_every_query_with_defaults_for_what_is_younger() {
    let first = restored(FIRST);
    for ((contract, query), answer) in queries::answers(&first) {
        assert!(answer.is_ok() || is_expected(&answer), "{contract} {query}: {answer:?}");
    }
    let orderbook = &first.market.contracts.orderbook;
    let asked = souk_api::orderbook::QueryMsg::Config {};
    let config: souk_api::orderbook::ConfigResponse = first.market.chain.ask(orderbook, &asked);
    assert_eq!(config.params, souk_api::defaults::orderbook_params());
}

/// Refusals of questions about what is not there.
fn is_expected<T>(answer: &Result<T, String>) -> bool {
    let words = ["is not there", "does not exist", "has no", "is not registered"];
    answer.as_ref().err().is_none_or(|error| words.iter().any(|word| error.contains(word)))
}

#[test]
fn all_money_comes_out_of_a_market_of_the_first_version() {
    let mut first = restored(FIRST);
    first.take_all_out();
    first.market.check_supply();
    for Holding { holder, denom, units } in surroundings(&first).holdings {
        if CONTRACTS.iter().any(|(name, _)| *name == holder) {
            let is_dust = holder == "fee-distributor" && units.parse::<u8>().unwrap() <= 5;
            assert!(is_dust, "{holder} keeps {units} {denom}");
        }
    }
}
