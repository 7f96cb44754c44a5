//! A key on a network: signs, sends, waits, and reads what came of it.

use std::time::Duration;

use anyhow::Result;
use cosmwasm_std::Attribute;
use k256::ecdsa::SigningKey;
use serde::Serialize;
use souk_api::orderbook::OrderbookEvent;
use souk_chain::{
    Any, Client, Coin, Queries, SecretKey, Signer, TxOutcome,
    signer::SendError,
    tx::{self, GasConfig},
};
use souk_core::OrderId;
use souk_gateway::{
    Access, Audience, Claims,
    token::{self, MAX_LIFETIME},
};

use crate::{
    error::{Error, own_words},
    market::Market,
    network::Network,
};

/// How often the chain is asked whether a transaction is in a block.
const POLL: Duration = Duration::from_millis(100);

/// A key that acts on one network.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// The key's address.
    pub address: String,
    key: SecretKey,
    signer: Signer,
}

impl Wallet {
    /// The key's account on a network.
    pub fn new(client: Client, key: SecretKey, network: &Network) -> Result<Self> {
        let address = key.address(&network.prefix)?;
        let gas = GasConfig::new(network.gas_price.clone());
        let signer = Signer::new(client, key.clone(), &network.prefix, gas)?.poll(POLL);
        Ok(Self { address, key, signer })
    }

    /// The chain's own questions.
    pub fn chain(&self) -> Queries {
        self.signer.client().query()
    }

    /// A message to a contract, with coins or without.
    pub fn execute(&self, contract: &str, message: &impl Serialize, funds: &[Coin]) -> Result<Any> {
        Ok(tx::execute(&self.address, contract, message, funds)?)
    }

    /// Sends messages in one transaction and waits until it is in a block. What the chain
    /// refuses is an error.
    pub async fn send(&self, action: &str, messages: Vec<Any>) -> Result<TxOutcome> {
        let sent = self.signer.send_and_confirm(messages).await;
        sent.map_err(|error| match error {
            SendError::WouldFail(refusal) | SendError::Refused(refusal) => {
                refused(action, refusal.log)
            }
            SendError::Failed { refusal, .. } => refused(action, refusal.log),
            other => anyhow::Error::new(other).context(action.to_owned()),
        })
    }

    /// A token for everything that is this wallet's at one provider.
    pub fn token(&self, market: &Market, provider: &str, now: u64) -> Result<String> {
        let claims = Claims {
            iss: self.address.clone(),
            aud: Audience {
                chain_id: market.network.chain_id.clone(),
                orderbook: market.contracts.orderbook.clone(),
                provider: provider.to_owned(),
            },
            iat: now,
            exp: now.saturating_add(MAX_LIFETIME),
            access: Access::Full,
        };
        let key = SigningKey::from_slice(self.key.to_bytes().as_slice())?;
        Ok(token::issue(&key, &claims))
    }
}

fn refused(action: &str, log: String) -> anyhow::Error {
    Error::Refused { action: action.to_owned(), reason: own_words(&log).to_owned() }.into()
}

/// The orderbook's events in a transaction.
pub fn book_events(outcome: &TxOutcome, orderbook: &str) -> Vec<OrderbookEvent> {
    book_events_among(&outcome.events, orderbook)
}

/// The orderbook's events among others.
pub fn book_events_among(events: &[souk_chain::Event], orderbook: &str) -> Vec<OrderbookEvent> {
    let read = |event: &souk_chain::Event| {
        let pairs = event.attributes.iter();
        let attributes: Vec<Attribute> = pairs
            .map(|pair| Attribute { key: pair.key.clone(), value: pair.value.clone() })
            .collect();
        OrderbookEvent::from_chain(&event.ty, &attributes, orderbook)?.ok()
    };
    events.iter().filter_map(read).collect()
}

/// The orders that a transaction opened.
pub fn opened_orders(events: &[OrderbookEvent]) -> Vec<OrderId> {
    let order = |event: &OrderbookEvent| match event {
        OrderbookEvent::OrderOpened(opened) => Some(opened.order),
        _ => None,
    };
    events.iter().filter_map(order).collect()
}
