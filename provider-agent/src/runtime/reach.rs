//! Whether tenants reach the gateway: the agent connects to it as they do.

use std::{path::PathBuf, time::Duration};

use souk_client::gateway::Client;
use souk_gateway::Pin;

use crate::{
    config::{Config, SelfCheck, host_and_port},
    market::Market,
};

/// For connection, TLS and the answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where and as whom the gateway is expected.
#[derive(Debug, Clone)]
pub struct Expected {
    own_uri: String,
    certificate: PathBuf,
    way: SelfCheck,
    provider: String,
    orderbook: String,
    /// URI and pins that the chain has for tenants, if they are known.
    registered: Option<(String, Vec<Pin>)>,
}

impl Expected {
    /// By the configuration; the chain was not asked yet.
    pub fn new(config: &Config) -> Self {
        Self {
            own_uri: config.gateway.uri.clone(),
            certificate: config.gateway.certificate.clone(),
            way: config.gateway.self_check.clone(),
            provider: config.provider.address.clone(),
            orderbook: config.chain.contracts().orderbook.clone(),
            registered: None,
        }
    }

    /// Reads what tenants read. Without an answer that of the last time stays.
    pub async fn read_registration(&mut self, market: &Market) {
        if let Ok(Ok(Some(found))) = tokio::time::timeout(DEADLINE, market.registration()).await {
            let pins = found.gateway.pins.iter();
            let pins = pins.filter_map(|pin| <[u8; 32]>::try_from(pin.as_slice()).ok().map(Pin));
            self.registered = Some((found.gateway.uri, pins.collect()));
        }
    }

    /// Connects once.
    ///
    /// # Errors
    ///
    /// Why the gateway is not reached.
    pub async fn attempt(&self) -> Result<(), String> {
        let (uri, pins) = self.target()?;
        let shown = |error: &dyn std::fmt::Display| format!("{uri}: {error}");
        // A new client each time: an open connection shows nothing about new ones.
        let client = Client::new(&uri, &pins).map_err(|error| shown(&error))?;
        let answer = tokio::time::timeout(DEADLINE, client.version()).await;
        let answer = answer.map_err(|_| shown(&"no answer within 10 seconds"))?;
        let answer = answer.map_err(|error| shown(&error))?;
        if (&answer.provider, &answer.orderbook) == (&self.provider, &self.orderbook) {
            Ok(())
        } else {
            Err(shown(&format!("another provider answers, {}", answer.provider)))
        }
    }

    fn target(&self) -> Result<(String, Vec<Pin>), String> {
        let own_pin = || Pin::of_pem_file(&self.certificate).map_err(|error| error.to_string());
        match (&self.way, &self.registered) {
            (SelfCheck::Off, _) => Err("gateway.self_check is off".to_owned()),
            (SelfCheck::Registered, Some((uri, pins))) => Ok((uri.clone(), pins.clone())),
            (SelfCheck::Registered, None) => Ok((self.own_uri.clone(), vec![own_pin()?])),
            (SelfCheck::Address(address), registered) => {
                let pins = registered.as_ref().map(|(_, pins)| pins.clone());
                let pins = match pins.filter(|pins| !pins.is_empty()) {
                    Some(pins) => pins,
                    None => vec![own_pin()?],
                };
                Ok((format!("https://{address}"), pins))
            }
        }
    }

    /// Host and port that are tried, for messages.
    pub fn shown(&self) -> String {
        let uri = self.registered.as_ref().map_or(&self.own_uri, |(uri, _)| uri);
        let (host, port) = host_and_port(uri);
        match &self.way {
            SelfCheck::Address(address) => address.clone(),
            SelfCheck::Registered | SelfCheck::Off => format!("{host}:{port}"),
        }
    }
}
