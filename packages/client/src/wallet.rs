//! A key on a network: signs, sends, waits, and reads what came of it.

use std::time::Duration;

use k256::ecdsa::SigningKey;
use serde::Serialize;
use souk_chain::{
    Any, Client, Coin, Queries, SecretKey, Signer, TxOutcome,
    log::own_words,
    signer::SendError,
    tx::{self, GasConfig, MsgError, Refusal},
};
use souk_gateway::{
    Access, Audience, Claims,
    token::{self, MAX_LIFETIME},
};

use crate::{error::Error, market::Market, network::Network};

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
    ///
    /// # Errors
    /// If the network's prefix makes no address.
    pub fn new(client: Client, key: SecretKey, network: &Network) -> Result<Self, Error> {
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
    ///
    /// # Errors
    /// If the message cannot be written as JSON.
    pub fn execute(
        &self,
        contract: &str,
        message: &impl Serialize,
        funds: &[Coin],
    ) -> Result<Any, MsgError> {
        tx::execute(&self.address, contract, message, funds)
    }

    /// Sends messages in one transaction and waits until it is in a block. `action` says in
    /// errors what was tried.
    ///
    /// # Errors
    /// [`Error::Refused`] if the chain refused it before a block or in one; [`Error::Sending`] if
    /// it did not come so far.
    pub async fn send(&self, action: &str, messages: Vec<Any>) -> Result<TxOutcome, Error> {
        let sent = self.signer.send_and_confirm(messages).await;
        sent.map_err(|error| match error {
            SendError::WouldFail(refusal) | SendError::Refused(refusal) => {
                refused(action, &refusal)
            }
            SendError::Failed { refusal, .. } => refused(action, &refusal),
            other => Error::Sending { action: action.to_owned(), source: Box::new(other) },
        })
    }

    /// A token for everything that is this wallet's at one provider, from `now` on, Unix seconds,
    /// as long as tokens live at most.
    ///
    /// # Errors
    /// If the key cannot sign.
    pub fn token(&self, market: &Market, provider: &str, now: u64) -> Result<String, Error> {
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
        let key = SigningKey::from_slice(self.key.to_bytes().as_slice())
            .map_err(|error| Error::input("key", error))?;
        Ok(token::issue(&key, &claims))
    }
}

fn refused(action: &str, refusal: &Refusal) -> Error {
    Error::Refused { action: action.to_owned(), reason: own_words(&refusal.log).to_owned() }
}
