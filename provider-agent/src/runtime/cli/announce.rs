//! `announce`: how the gateway that the configuration names gets on the chain. The gateway is the provider's own
//! key's to change, which the agent does not have: it says what to send with it, and in which order.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde::Serialize;
use souk_api::registry::ProviderResponse;
use souk_chain::Client;
use souk_gateway::Pin;

use super::output;
use crate::{config::Config, market::Market};

#[derive(Serialize)]
struct Announced {
    uri: String,
    /// That of the certificate in the configuration.
    pin: String,
    /// What is to be sent now; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// What to do, in this order.
    steps: Vec<String>,
}

/// Says how the gateway that the configuration names is published.
pub async fn announce(path: &Path, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let pin = Pin::of_pem_file(&config.gateway.certificate).context("gateway certificate")?;
    let uri = config.gateway.uri.clone();
    let (command, steps) = match registration(&config).await {
        Ok(known) => plan(known.as_ref(), &uri, pin),
        Err(error) => {
            let (command, mut steps) = plan(None, &uri, pin);
            steps.insert(0, format!("The registry was not asked what it has now ({error:#}): if it has another pin, add `--pin` with that one before."));
            (command, steps)
        }
    };
    let answer = Announced { uri, pin: pin.to_string(), command, steps };
    output::answer(&answer, json, |answer| answer.steps.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn registration(config: &Config) -> Result<Option<ProviderResponse>> {
    let client = Client::new(config.chain.client())?;
    let contracts = config.chain.contracts().clone();
    let market = Market::new(client.query(), contracts, &config.provider.address);
    Ok(market.registration().await?.filter(|found| found.registered))
}

/// The command that is to be sent now, and the steps: a pin of which tenants know nothing yet stands beside the one
/// that they check until it holds.
fn plan(known: Option<&ProviderResponse>, uri: &str, pin: Pin) -> (Option<String>, Vec<String>) {
    let pins = |pins: &[cosmwasm_std::HexBinary]| -> Vec<Pin> {
        pins.iter().filter_map(|pin| <[u8; 32]>::try_from(pin.as_slice()).ok()).map(Pin).collect()
    };
    let command = |pins: &[Pin]| {
        let pins: String = pins.iter().map(|pin| format!(" --pin {pin}")).collect();
        format!("souk provider set-gateway {uri}{pins}")
    };
    let send = |command: &str| format!("Send this with the provider's own key:\n\n    {command}\n");
    let Some(known) = known else {
        let command = command(&[pin]);
        let steps = vec![send(&command), "It holds after a delay.".to_owned()];
        return (Some(command), steps);
    };
    if let Some(next) = &known.next_gateway
        && next.gateway.uri == uri
        && pins(&next.gateway.pins).contains(&pin)
    {
        let holds = format!(
            "Nothing is to be sent: {uri} with pin {pin} holds from second {} of block time on. Wait for it; if the \
             certificate is a new one, install it then. `souk-provider check` says when it holds.",
            next.from
        );
        return (None, vec![holds]);
    }
    let had = pins(&known.gateway.pins);
    match (had.as_slice(), had.contains(&pin)) {
        ([_], true) if known.gateway.uri == uri => {
            (None, vec![format!("Nothing is to be sent: the chain has {uri} with pin {pin}.")])
        }
        ([_, _, ..], true) if known.gateway.uri == uri => {
            let command = command(&[pin]);
            let old = "The chain has a pin beside it. Once the gateway shows the new certificate the old one can go; \
                       as long as a pin is there, whoever has its key can pass for the gateway.";
            (Some(command.clone()), vec![old.to_owned(), send(&command)])
        }
        ([.., old], false) => {
            let both = command(&[*old, pin]);
            let steps = vec![
                format!(
                    "1. Leave the gateway as it is, with the certificate of pin {old}: tenants refuse every other one \
                     until the change holds."
                ),
                format!("2. {}", send(&both)),
                format!(
                    "3. Wait for the market's delay; `souk-provider check` says when it holds. Then install the new \
                     certificate, of pin {pin}."
                ),
                format!(
                    "4. Send this, so that the old key cannot pass for the gateway any more:\n\n    {}\n",
                    command(&[pin])
                ),
            ];
            (Some(both), steps)
        }
        _ => {
            let command = command(&[pin]);
            (Some(command.clone()), vec![send(&command), "It holds after a delay.".to_owned()])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URI: &str = "https://provider.example:8443";

    fn known(uri: &str, pins: &[u8], next: Option<(&str, u8)>) -> ProviderResponse {
        let pin = |byte: &u8| Pin([*byte; 32]).to_string();
        let next = next
            .map(|(uri, byte)| json!({"gateway": {"uri": uri, "pins": [pin(&byte)]}, "from": 900}));
        serde_json::from_value(json!({
            "provider": "souk1me", "operator": "souk1op", "payee": "souk1me",
            "gateway": {"uri": uri, "pins": pins.iter().map(pin).collect::<Vec<_>>()},
            "next_gateway": next, "next_floors": null, "contact": {"email": "", "website": ""},
            "attributes": [], "bond": "1", "unbonding": null, "notice": null, "slashes": 0,
            "maintenance": false, "registered": true,
        }))
        .unwrap()
    }

    #[test]
    fn a_new_pin_is_published_beside_the_one_that_tenants_check() {
        let (old, new) = (Pin([1; 32]), Pin([2; 32]));
        let set = |pins: &[Pin]| {
            let pins: String = pins.iter().map(|pin| format!(" --pin {pin}")).collect();
            Some(format!("souk provider set-gateway {URI}{pins}"))
        };
        let older = known(URI, &[3, 1], None);
        for (case, known, command) in [
            ("not registered", None, set(&[new])),
            ("no pin", Some(known(URI, &[], None)), set(&[new])),
            ("another pin", Some(known(URI, &[1], None)), set(&[old, new])),
            ("two other pins, of which the last is in use", Some(older), set(&[old, new])),
            ("another address", Some(known("https://old", &[2], None)), set(&[new])),
            ("it follows", Some(known(URI, &[1], Some((URI, 2)))), None),
            ("another follows", Some(known(URI, &[1], Some((URI, 4)))), set(&[old, new])),
            ("it is there", Some(known(URI, &[2], None)), None),
            ("the old one is there beside it", Some(known(URI, &[1, 2], None)), set(&[new])),
        ] {
            let (found, steps) = plan(known.as_ref(), URI, new);
            assert_eq!(found, command, "{case}");
            let said = steps.join("\n");
            assert!(command.is_none_or(|command| said.contains(&command)), "{case}: {said}");
        }
    }
}
