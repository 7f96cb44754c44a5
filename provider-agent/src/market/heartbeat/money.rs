//! How long the operator's coins last for heartbeats.

use std::time::{Duration, Instant};

use souk_chain::Outbox;

use super::Heartbeats;
use crate::{
    market::outbox::heartbeat_key,
    model::heartbeat::{Purse, Short},
    store::{StoreError, Topic, seen},
};

/// The balance is asked for after this time.
const INTERVAL: Duration = Duration::from_secs(60);
/// As much while it is short, so that bidding goes on soon after coins came.
const SHORT_INTERVAL: Duration = Duration::from_secs(10);
/// The gas that a heartbeat asks for, before the first was sent: what one takes with its fee, and the margin.
const GAS: u64 = 200_000;

/// When it was asked for.
#[derive(Default)]
pub(super) struct Money {
    asked: Option<Instant>,
}

impl Money {
    /// Asks for the balance if it is time, and publishes whether it lasts for heartbeats at `limit`.
    pub async fn look(&mut self, of: &Heartbeats, limit: u64) {
        let interval = if of.state.borrow().short.is_some() { SHORT_INTERVAL } else { INTERVAL };
        if self.asked.is_some_and(|asked| asked.elapsed() < interval) {
            return;
        }
        self.asked = Some(Instant::now());
        let gas = of.store.read(gas_of_last).await.ok().flatten().unwrap_or(GAS);
        let price = of.pipeline.status().borrow().gas_price.clone();
        let (affordable, short) = match price.fee(gas).pop() {
            None => (None, None),
            Some(fee) => {
                let operator = &of.messages.operator;
                let balance = match of.market.queries().balance(operator, &fee.denom).await {
                    Ok(balance) => balance,
                    // What was known counts on.
                    Err(error) => {
                        tracing::debug!(%error, "asking for the operator's balance failed, retrying");
                        return;
                    }
                };
                let usual = of.gas_price.fee(gas);
                let usual = usual.iter().find(|coin| coin.denom == fee.denom);
                let usual = usual.map_or(fee.amount, |coin| coin.amount);
                let purse = Purse { balance, fee: fee.amount, usual };
                let short = purse.is_short_of(limit).map(|Short { wanted, of_a_day }| {
                    format!(
                        "the operator {operator} has {balance}{denom}, which pays for {} heartbeats; a {} of \
                         them takes {wanted}{denom}: send it coins",
                        purse.heartbeats(),
                        if of_a_day { "day" } else { "week" },
                        denom = fee.denom,
                    )
                });
                (Some(purse.heartbeats()), short)
            }
        };
        let was_short = of.state.borrow().short.is_some();
        match (&short, was_short) {
            (Some(why), false) => tracing::warn!(why, "coins are short, no bids"),
            (None, true) => {
                tracing::info!("coins last for heartbeats again, bidding goes on")
            }
            _ => {}
        }
        let is_short = short.is_some();
        of.state.send_modify(|state| (state.affordable, state.short) = (affordable, short));
        if is_short != was_short {
            of.store.wake(Topic::Provider);
        }
    }
}

/// The gas that the last heartbeat asked for.
fn gas_of_last(sql: &rusqlite::Connection) -> Result<Option<u64>, StoreError> {
    let Some(beat) = seen::get(sql)?.beat else { return Ok(None) };
    Ok(Outbox::gas_limit(sql, &heartbeat_key(beat))?)
}
