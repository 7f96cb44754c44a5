//! Checks the contracts: each address is the right contract, and they are linked to each other.

use souk_api::published::names;
use souk_client::market::identity;

use super::Report;
use crate::{config::Config, market::Market, model::upkeep::longest_manifest_timeout};

/// Checks each contract.
pub(super) async fn check(config: &Config, market: &Market, report: &mut Report) {
    let contracts = config.chain.contracts();
    let expected = |name: &str| match name {
        "orderbook" => names::ORDERBOOK,
        "escrow" => names::ESCROW,
        "provider_registry" => names::PROVIDER_REGISTRY,
        "attestations" => names::ATTESTATIONS,
        _ => names::FEE_DISTRIBUTOR,
    };
    let mut all_there = true;
    for (name, address) in contracts.named() {
        let what = format!("contract {name}");
        let advice = format!("correct chain.contracts.{name}");
        let info = match identity(market.queries(), address).await {
            Ok(info) => info,
            Err(error) => {
                report.fail(&what, format!("{address}: {error}"), advice);
                all_there = false;
                continue;
            }
        };
        match info {
            Some(info) if info.contract == expected(name) => {
                report.ok(&what, format!("{address} is version {}", info.version));
            }
            found => {
                let found =
                    found.map_or_else(|| "no contract of this market".into(), |i| i.contract);
                report.fail(&what, format!("{address} is {found}"), advice);
                all_there = false;
            }
        }
    }
    if all_there {
        links(config, market, report).await;
    }
}

/// Checks that the contracts are linked to each other and not paused.
async fn links(config: &Config, market: &Market, report: &mut Report) {
    const WHAT: &str = "market";
    let contracts = config.chain.contracts();
    let orderbook = match market.orderbook.config().await {
        Ok(orderbook) => orderbook,
        Err(error) => return report.fail(WHAT, error.to_string(), "look at the endpoints"),
    };
    for (name, ours, theirs) in [
        ("escrow", &contracts.escrow, &orderbook.escrow),
        ("provider_registry", &contracts.provider_registry, &orderbook.registry),
        ("attestations", &contracts.attestations, &orderbook.attestations),
    ] {
        if ours != theirs {
            let found = format!("the orderbook's {name} is {theirs}, configured is {ours}");
            report.fail(WHAT, found, format!("correct chain.contracts.{name}"));
        }
    }
    if let Err(error) = market.controller_index().await {
        report.fail(WHAT, error.to_string(), "correct chain.contracts");
    }
    if orderbook.paused {
        report.warn(WHAT, "the orderbook is paused", "nothing to do but wait; leases go on");
    }
    let configured = config.bidding.manifest_timeout;
    let longest = longest_manifest_timeout(orderbook.params.manifest_timeout);
    if configured.0 > longest {
        let found = format!(
            "bidding.manifest_timeout is {configured}; the market lets a lease be closed for it only \
             for an hour, so leases are closed after {longest} s"
        );
        report.warn(WHAT, found, format!("write {longest}s or less"));
    }
    match market.escrow.config().await {
        Ok(escrow) => waiting_bids(config, escrow.min_runway, report),
        Err(error) => report.fail(WHAT, error.to_string(), "look at the endpoints"),
    }
    let taken: Vec<String> = orderbook.denoms.iter().map(|denom| denom.denom.to_string()).collect();
    for table in &config.bidding.rates {
        if !orderbook.denoms.iter().any(|denom| denom.denom == table.denom) {
            let found = format!("no deployment can be paid in {}", table.denom);
            let advice = format!("the market takes {}; correct bidding.rates", taken.join(", "));
            report.warn(WHAT, found, advice);
        }
    }
    report.ok(WHAT, format!("payments in {}", taken.join(", ")));
}

/// Behind an order lies its highest price for the least runway of an account, in seconds. A bid that waits for
/// longer may be accepted by a tenant that can pay for less.
fn waiting_bids(config: &Config, min_runway: u64, report: &mut Report) {
    let timeout = config.bidding.take_bids_back_after;
    if timeout.0 > min_runway {
        let found = format!(
            "bidding.take_bids_back_after is {timeout}, and the market keeps money behind an order for \
             {min_runway} s only: leases of its deployment can spend it before your bid is accepted"
        );
        report.warn("market", found, format!("write {min_runway}s or less"));
    }
}
