//! Sees to it that the registry has this agent's key, by which others check what it signs: sends it once. If another
//! one is there afterwards, another agent of this operator fights for it: that is reported, and nothing is sent until
//! the agent starts again.

use std::time::Duration;

use cosmwasm_std::HexBinary;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    ChainError, Market,
    outbox::{self, Attempts, Messages, attempts},
};
use crate::{
    model::{QuoteKey, Registered, health::Reporter},
    store::{Store, StoreError},
};

/// Between two looks at the record.
const INTERVAL: Duration = Duration::from_secs(30);
/// While the agent's key is not there.
const SHORT_INTERVAL: Duration = Duration::from_secs(2);
/// Another's key is one once it was seen for this time after this agent's was in a block: nodes may trail.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A message that was refused is sent again after this time.
const RETRY: Duration = Duration::from_secs(600);

/// The task.
pub struct KeyKeeper {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// Builds the message.
    pub messages: Messages,
    /// The agent's key.
    pub key: QuoteKey,
    /// Why nothing is sent now, if another agent may act for this provider.
    pub idle: watch::Receiver<Option<String>>,
    /// Where it is published whose key is there.
    pub state: watch::Sender<Registered>,
    /// Where it is reported that another's is.
    pub health: Reporter,
}

/// What was done by this process.
#[derive(Default)]
struct Done {
    /// Whether the key was sent, or was there.
    had: bool,
    /// Since when another key is there although this one was in a block.
    differs: Option<Instant>,
    /// When a message was found refused.
    refused: Option<Instant>,
}

/// What is found of the key.
enum Found {
    Fine(Registered),
    Problem(Registered, String),
}

impl KeyKeeper {
    /// Runs until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails; other errors are logged and it is tried again.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut done = Done::default();
        let mut logged = None;
        loop {
            let found = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                found = self.look(&mut done) => found,
            };
            let (registered, problem) = match found {
                Ok(Found::Fine(registered)) => (registered, None),
                Ok(Found::Problem(registered, why)) => (registered, Some(why)),
                Err(ChainError::Store(error)) => return Err(error),
                // What was known counts on.
                Err(error) => {
                    tracing::debug!(%error, "asking for the provider's record failed, retrying");
                    (*self.state.borrow(), logged.clone())
                }
            };
            match &problem {
                Some(why) => self.health.failed(why),
                None => self.health.well(),
            }
            if let Some(why) = problem.as_ref().filter(|_| problem != logged) {
                tracing::error!(why, "what this agent signs does not count");
            }
            logged = problem;
            self.state.send_replace(registered);
            let interval =
                if registered == Registered::Unknown { SHORT_INTERVAL } else { INTERVAL };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    /// Looks at the record, and sends the key if it is not there and was not sent.
    async fn look(&self, done: &mut Done) -> Result<Found, ChainError> {
        if self.idle.borrow().is_some() {
            return Ok(Found::Fine(*self.state.borrow()));
        }
        // Without a record there is nothing that could have it yet.
        let Some(record) = self.market.provider_record().await? else {
            return Ok(Found::Fine(Registered::Unknown));
        };
        if record.operator != self.messages.operator {
            let why = format!(
                "the registry has the operator {}, and this agent's key is {}'s: what it signs does not count",
                record.operator, self.messages.operator
            );
            return Ok(Found::Problem(Registered::Another, why));
        }
        let own = self.key.public();
        if record.quote_key.as_ref().is_some_and(|known| known.as_slice() == own) {
            *done = Done { had: true, ..Done::default() };
            return Ok(Found::Fine(Registered::Own));
        }
        let action = format!("set_quote_key/{}", hex::encode(own));
        let name = action.clone();
        match self.store.read(move |sql| attempts(sql, &name)).await? {
            Attempts::InFlight => {
                (done.had, done.differs) = (true, None);
                Ok(Found::Fine(Registered::Unknown))
            }
            Attempts::Failed { why, next, .. } => {
                let since = *done.refused.get_or_insert_with(Instant::now);
                if !done.had || since.elapsed() >= RETRY {
                    (done.had, done.refused) = (true, None);
                    self.send(next, own).await?;
                }
                let why = format!("the chain refuses this agent's key for its record: {why}");
                Ok(Found::Problem(Registered::Unknown, why))
            }
            Attempts::None(next) | Attempts::Done { next, .. } if !done.had => {
                done.had = true;
                self.send(next, own).await?;
                Ok(Found::Fine(Registered::Unknown))
            }
            Attempts::None(_) | Attempts::Done { .. } => {
                let since = *done.differs.get_or_insert_with(Instant::now);
                if since.elapsed() < TIMEOUT {
                    return Ok(Found::Fine(Registered::Unknown));
                }
                let found = match &record.quote_key {
                    Some(key) => format!("the key {}", hex::encode(key.as_slice())),
                    None => "no key".to_owned(),
                };
                Ok(Found::Problem(Registered::Another, superseded(&found, &hex::encode(own))))
            }
        }
    }

    async fn send(&self, name: String, key: [u8; 32]) -> Result<(), ChainError> {
        let msg = self.messages.set_quote_key(Some(HexBinary::from(key)))?;
        self.store.write(move |tx| outbox::send(tx, &name, msg)).await?;
        tracing::info!(key = hex::encode(key), "the key of this agent is sent to the registry");
        Ok(())
    }
}

fn superseded(found: &str, own: &str) -> String {
    format!(
        "the registry has {found} and not this agent's, {own}, which was there or was sent before: another agent of \
         this operator may act for this provider, and what this one signs does not count; stop the other, and start \
         this one again, which sends its key once more"
    )
}
