//! Handing a message of the operator's to the agent: it goes to the outbox, and the agent,
//! running or started later, sends it once.

use crate::{
    config::Config,
    market::outbox::{self, Messages, Tries, tries},
    runtime::app,
    store::{Store, StoreError},
};
use anyhow::{Result, bail};
use souk_chain::Any;

/// Writes messages in the operator's name.
pub fn messages(config: &Config) -> Result<Messages> {
    Ok(Messages {
        operator: app::load_key(config)?.address(&config.chain.prefix)?,
        provider: config.provider.address.clone(),
        contracts: config.chain.contracts().clone(),
    })
}

/// Puts a message into the outbox. `key` names the matter: while one is under way there is no
/// second; `again` allows another after one that was executed. Gives the key that was used.
pub async fn hand_over(store: &Store, key: &str, again: bool, msg: Any) -> Result<String> {
    let matter = key.to_owned();
    let sent = store
        .write(move |tx| {
            let key = match tries(tx, &matter)? {
                Tries::None(key) | Tries::Failed { next: key, .. } => key,
                Tries::Done { next, .. } if again => next,
                Tries::UnderWay | Tries::Done { .. } => return Ok::<_, StoreError>(None),
            };
            outbox::send(tx, &key, msg)?;
            Ok(Some(key))
        })
        .await?;
    let Some(key) = sent else { bail!("{key} is on its way already") };
    Ok(key)
}
