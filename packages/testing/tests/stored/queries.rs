//! Every query of every contract, put to a market.

use std::collections::BTreeMap;

use cosmwasm_schema::QueryResponses;
use cosmwasm_std::Addr;
use serde_json::Value;
use souk_api::{attestations, escrow, fees, orderbook, paging::MAX_LIMIT, registry};
use souk_testing::address;

use crate::scenario::{AUDITORS, PROVIDERS, STAKERS, Scenario, TENANTS};

/// What each contract answers, refusals included, by contract and query.
pub fn answers(scenario: &Scenario) -> BTreeMap<(&'static str, String), Result<Value, String>> {
    let contracts = &scenario.market.contracts;
    let mut answers = BTreeMap::new();
    let mut ask = |name, contract: &Addr, queries: Vec<Value>| {
        for query in queries {
            let answer = scenario.market.chain.try_ask(contract, &query);
            let answer = answer.map_err(|error| error.to_string());
            answers.insert((name, query.to_string()), answer);
        }
    };
    ask("attestations", &contracts.attestations, of_attestations());
    ask("registry", &contracts.registry, of_registry());
    ask("fee-distributor", &contracts.fees, of_fees(scenario));
    ask("escrow", &contracts.escrow, of_escrow(scenario));
    ask("orderbook", &contracts.orderbook, of_orderbook(scenario));
    answers
}

fn of_attestations() -> Vec<Value> {
    use attestations::QueryMsg::{self, *};
    let mut queries = vec![Config {}, Ownership {}];
    for provider in PROVIDERS.map(|name| address(name).to_string()) {
        let auditors = AUDITORS.map(|name| address(name).to_string());
        let pair = |auditor| Attestation { auditor, provider: provider.clone() };
        queries.extend(auditors.clone().map(pair));
        let (provider_of, auditors) = (provider.clone(), auditors.to_vec());
        queries.push(Check { provider: provider_of, auditors, keys: None, at: None });
        queries.push(Attestations { provider, start_after: None, limit: None });
    }
    queries.extend(AUDITORS.map(|name| Auditor { auditor: address(name).into() }));
    complete::<QueryMsg>(&queries)
}

fn of_registry() -> Vec<Value> {
    use registry::QueryMsg::{self, *};
    let mut queries = vec![Config {}, Ownership {}, Providers { start_after: None, limit: None }];
    queries.extend(PROVIDERS.map(|name| Provider { provider: address(name).into() }));
    complete::<QueryMsg>(&queries)
}

fn of_fees(scenario: &Scenario) -> Vec<Value> {
    use fees::QueryMsg::{self, *};
    let mut queries = vec![Config {}, Ownership {}, Stakers { start_after: None, limit: None }];
    queries.extend(scenario.denoms().map(|denom| Denom { denom }));
    queries.extend(STAKERS.map(|name| Staker { staker: address(name).into() }));
    complete::<QueryMsg>(&queries)
}

fn of_escrow(scenario: &Scenario) -> Vec<Value> {
    use escrow::QueryMsg::{self, *};
    let mut queries = vec![Config {}, Ownership {}];
    queries.extend(scenario.denoms().map(|denom| Totals { denom }));
    for account in scenario.accounts() {
        queries.push(Account { account });
        queries.push(Streams { account, start_after: None, limit: None });
        queries.push(Deposits { account, start_after: None, limit: None });
        let streams = scenario.orders().into_iter();
        queries.extend(streams.map(|order| Stream { account, stream: order.0 }));
    }
    complete::<QueryMsg>(&queries)
}

fn of_orderbook(scenario: &Scenario) -> Vec<Value> {
    use orderbook::QueryMsg::{self, *};
    let mut queries =
        vec![Config {}, Ownership {}, Orders { start_after: None, limit: Some(MAX_LIMIT) }];
    for tenant in TENANTS.map(|name| Some(address(name).to_string())).into_iter().chain([None]) {
        queries.push(Deployments { tenant, start_after: None, limit: Some(MAX_LIMIT) });
    }
    for deployment in scenario.deployments() {
        queries.push(Deployment { deployment: deployment.id });
    }
    let providers = PROVIDERS.map(|name| address(name).to_string());
    for provider in providers.clone() {
        let leases =
            Leases { provider: provider.clone(), start_after: None, limit: Some(MAX_LIMIT) };
        queries.extend([leases, ProviderStats { provider }]);
    }
    for order in scenario.orders() {
        queries.extend([Order { order }, Lease { order }]);
        queries.push(Bids { order, start_after: None, after: None, limit: Some(MAX_LIMIT) });
        for provider in providers.clone() {
            queries.push(Bid { order, provider: provider.clone() });
            queries.push(Eligible { order, provider });
        }
    }
    complete::<QueryMsg>(&queries)
}

/// The queries as JSON, after a look whether there is one of each kind.
fn complete<Q: QueryResponses + serde::Serialize>(queries: &[Q]) -> Vec<Value> {
    let queries: Vec<Value> =
        queries.iter().map(|query| serde_json::to_value(query).unwrap()).collect();
    for kind in Q::response_schemas().unwrap().into_keys() {
        let asked = queries.iter().any(|query| query.get(&kind).is_some());
        assert!(asked, "nothing asks {kind}");
    }
    queries
}
