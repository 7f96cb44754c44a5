//! Checks the provider on the chain: registration, operator, gateway, attributes, bond, coins for
//! fees.

use souk_api::registry::ProviderResponse;
use souk_gateway::Pin;

use super::Report;
use crate::{config::Config, market::Market};

/// Gas that the operator should be able to pay for.
const GAS_IN_HAND: u64 = 20_000_000;

/// Checks the provider's record.
pub(super) async fn check(
    config: &Config,
    market: &Market,
    operator: Option<&str>,
    pin: Option<Pin>,
    report: &mut Report,
) {
    const WHAT: &str = "registration";
    match market.registration().await {
        Ok(Some(found)) if found.registered => {
            report.ok(WHAT, format!("{} is registered", found.provider));
            record(config, &found, operator, pin, report);
            slots(market, report).await;
        }
        Ok(_) => {
            let found = format!("{} is not registered", config.provider.address);
            report.fail(WHAT, found, "run `souk provider register` with the provider's own key");
        }
        Err(error) => report.fail(WHAT, error.to_string(), "look at the endpoints and contracts"),
    }
    if let Some(operator) = operator {
        coins(config, market, operator, report).await;
    }
}

fn record(
    config: &Config,
    found: &ProviderResponse,
    operator: Option<&str>,
    pin: Option<Pin>,
    report: &mut Report,
) {
    match operator {
        Some(own) if own == found.operator => report.ok("operator", own),
        Some(own) => {
            let problem = format!("the chain has {}, the key here is {own}", found.operator);
            let advice =
                format!("name {own} as operator with the provider's own key, or use that key here");
            report.fail("operator", problem, advice);
        }
        None => {}
    }
    let (own, theirs) = (&config.gateway.uri, &found.gateway.uri);
    let next = found.next_gateway.as_ref();
    if let Some(next) = next.filter(|next| next.gateway.uri == *own) {
        report.warn("gateway", format!("{own} holds from second {} on", next.from), "wait for it");
    } else if own != theirs {
        let problem = format!("the chain has {theirs}, gateway.uri is {own}");
        report.fail("gateway", problem, "run `souk-provider announce`, or correct gateway.uri");
    }
    if let Some(pin) = pin {
        let pins = &found.gateway.pins;
        if pins.is_empty() {
            let problem = "the chain has no pin: tenants ask for a certificate of a web authority";
            report.warn(
                "gateway",
                problem,
                "run `souk-provider announce` unless you have such a certificate",
            );
        } else if pins.iter().any(|known| known.as_slice() == pin.0) {
            report.ok("gateway", format!("{own} with pin {pin}"));
        } else if let Some(next) =
            next.filter(|next| next.gateway.pins.iter().any(|known| known.as_slice() == pin.0))
        {
            let problem = format!("pin {pin} holds from second {} on", next.from);
            report.warn("gateway", problem, "wait for it, and install the certificate then");
        } else {
            let problem = format!("the chain does not have the certificate's pin {pin}");
            report.fail("gateway", problem, "run `souk-provider announce`");
        }
    }
    if found.maintenance {
        report.warn(
            "maintenance",
            "the provider is in maintenance: no bids",
            "run `souk-provider maintenance off` when you are ready",
        );
    }
    let missing: Vec<String> = config
        .bidding
        .claims()
        .into_iter()
        .filter(|claim| !found.attributes.contains(claim))
        .map(|claim| claim.to_string())
        .collect();
    if missing.is_empty() {
        report.ok("attributes", format!("{} on the chain", found.attributes.len()));
    } else {
        let problem = format!("not on the chain: {}", missing.join(", "));
        report.warn("attributes", problem, "run `souk provider update KEY=VALUE ...` with all attributes and the provider's own key");
    }
}

async fn slots(market: &Market, report: &mut Report) {
    const WHAT: &str = "bond";
    let (record, stats) = match (market.provider_record().await, market.provider_stats().await) {
        (Ok(Some(record)), Ok(stats)) => (record, stats),
        (Ok(None), _) => return report.fail(WHAT, "there is none", "register the provider again"),
        (Err(error), _) | (_, Err(error)) => {
            return report.fail(WHAT, error.to_string(), "look at the endpoints and contracts");
        }
    };
    let found = format!("it backs {} bids and leases, {} are in use", record.slots, stats.used);
    if stats.used >= record.slots {
        report.fail(WHAT, found, "run `souk provider bond AMOUNT` with the provider's own key");
    } else if record.slots.saturating_sub(stats.used) < 3 {
        report.warn(
            WHAT,
            found,
            "run `souk provider bond AMOUNT` with the provider's own key soon",
        );
    } else {
        report.ok(WHAT, found);
    }
}

async fn coins(config: &Config, market: &Market, operator: &str, report: &mut Report) {
    const WHAT: &str = "coins for fees";
    let Some(wanted) = config.chain.gas_price.fee(GAS_IN_HAND).pop() else { return };
    match market.queries().balance(operator, &wanted.denom).await {
        Ok(found) if found >= wanted.amount => {
            report.ok(WHAT, format!("{found}{}", wanted.denom));
        }
        Ok(found) => {
            let problem = format!("the operator has {found}{}", wanted.denom);
            let advice = format!("send it {wanted} or more; a hundred bids cost about as much");
            if found == 0 {
                report.fail(WHAT, problem, advice);
            } else {
                report.warn(WHAT, problem, advice);
            }
        }
        Err(error) => report.fail(WHAT, error.to_string(), "look at the endpoints"),
    }
}
