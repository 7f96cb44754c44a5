//! Puts a message into the outbox; the agent, running or started later, sends it once.

use anyhow::{Context as _, Result, bail};
use souk_api::orderbook::LeaseState;
use souk_chain::Any;
use souk_core::OrderId;

use crate::{
    config::Config,
    market::outbox::{self, Attempts, Messages, attempts},
    runtime::app,
    store::{Store, StoreError},
};

/// The builder of messages that the operator key signs.
pub fn messages(config: &Config) -> Result<Messages> {
    Ok(Messages {
        operator: app::load_key(config)?.address(&config.chain.prefix)?,
        provider: config.provider.address.clone(),
        contracts: config.chain.contracts().clone(),
    })
}

/// Refuses a lease that is not this provider's, or that ended.
///
/// # Errors
/// With where to look.
pub async fn own_running_lease(store: &Store, order: OrderId) -> Result<()> {
    let lease = store
        .lease(order)
        .await?
        .with_context(|| format!("lease {order} is not known; see `souk-provider leases`"))?;
    if lease.state != LeaseState::Active {
        bail!("lease {order} has ended already ({})", lease.state);
    }
    Ok(())
}

/// Puts a message into the outbox. There is no second message under `key` while one is not finished;
/// `again` allows another after one that was executed. Returns the key that was used.
pub async fn enqueue(store: &Store, key: &str, again: bool, msg: Any) -> Result<String> {
    let first = key.to_owned();
    let sent = store
        .write(move |tx| {
            let key = match attempts(tx, &first)? {
                Attempts::None(key) | Attempts::Failed { next: key, .. } => key,
                Attempts::Done { next, .. } if again => next,
                Attempts::InFlight | Attempts::Done { .. } => return Ok::<_, StoreError>(None),
            };
            outbox::send(tx, &key, msg)?;
            Ok(Some(key))
        })
        .await?;
    let Some(key) = sent else { bail!("{key} is queued or sent already") };
    Ok(key)
}
