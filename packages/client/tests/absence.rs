//! The contracts' own words for what does not exist are those that the client reads.

#![allow(clippy::unwrap_used)]

use cosmwasm_std::Addr;
use serde::Serialize;
use serde_json::Value;
use souk_api::{escrow, orderbook, registry};
use souk_chain::query::QueryError;
use souk_client::MarketError;
use souk_core::{AccountId, DeploymentId, OrderId};
use souk_testing::{Market, group, souk};

/// The error as the client has it from a real node.
fn asked(market: &Market, contract: &Addr, msg: &impl Serialize) -> MarketError {
    let error = market.chain.try_ask::<Value>(contract, msg).unwrap_err().to_string();
    let words = error.split_once("contract error: ").map_or(error.as_str(), |(_, words)| words);
    let log = format!("{words}: query wasm contract failed: unknown request");
    let (what, codespace) = ("query".to_owned(), "sdk".to_owned());
    QueryError::Refused { what, codespace, code: 6, log }.into()
}

#[test]
fn what_the_orderbook_does_not_have_is_absent() {
    let market = Market::new();
    let provider = market.who("nobody").to_string();
    let (order, deployment) = (OrderId(7), DeploymentId(7));
    for msg in [
        orderbook::QueryMsg::Deployment { deployment },
        orderbook::QueryMsg::Order { order },
        orderbook::QueryMsg::Lease { order },
        orderbook::QueryMsg::Bid { order, provider },
    ] {
        let error = asked(&market, &market.contracts.orderbook, &msg);
        assert!(error.is_absent(), "{msg:?}: {error:?}");
    }
}

#[test]
fn an_order_without_lease_or_bid_and_an_account_without_a_stream_are_absent() {
    let mut market = Market::new().tenant("ann", souk(50));
    let provider = market.who("nobody").to_string();
    let made = market.deploy("ann", group("web"), souk(20)).unwrap();
    let (order, account) = (made.order(), made.account());
    for msg in [orderbook::QueryMsg::Lease { order }, orderbook::QueryMsg::Bid { order, provider }]
    {
        let error = asked(&market, &market.contracts.orderbook, &msg);
        assert!(error.is_absent(), "{msg:?}: {error:?}");
    }
    for msg in [
        escrow::QueryMsg::Account { account: AccountId(99) },
        escrow::QueryMsg::Stream { account, stream: 1 },
    ] {
        let error = asked(&market, &market.contracts.escrow, &msg);
        assert!(error.is_absent(), "{msg:?}: {error:?}");
    }
}

#[test]
fn a_provider_that_is_not_registered_is_absent() {
    let market = Market::new();
    let msg = registry::QueryMsg::Provider { provider: market.who("nobody").into() };
    let error = asked(&market, &market.contracts.registry, &msg);
    assert!(error.is_absent(), "{error:?}");
}
