//! The messages of the operator key, and the durable outbox that they are put into, in the same
//! transaction as their reason.

use cosmwasm_std::HexBinary;
use rusqlite::Connection;
use souk_api::{escrow, orderbook, registry};
use souk_chain::{
    Any, Outbox,
    pipeline::{Enqueued, ItemState, OutboxItem, OutcomeRecord},
    tx::{MsgError, execute},
};
use souk_core::{AccountId, CloseReason, DeploymentId, OrderId, Price};

use crate::{
    config::Contracts,
    model::Cursor,
    store::{StoreError, Topic, Tx, cursor},
};

/// Builds the messages that the operator key signs.
#[derive(Debug, Clone)]
pub struct Messages {
    /// The operator's address, which signs.
    pub operator: String,
    /// The provider's address.
    pub provider: String,
    /// The contracts' addresses.
    pub contracts: Contracts,
}

type Message = Result<Any, MsgError>;

impl Messages {
    fn orderbook(&self, msg: &orderbook::ExecuteMsg) -> Message {
        execute(&self.operator, &self.contracts.orderbook, msg, &[])
    }

    /// Places a bid.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn place_bid(
        &self,
        order: OrderId,
        price: Price,
        offer: Vec<souk_core::Attribute>,
        reclamation_window: Option<u64>,
    ) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::PlaceBid {
            order,
            provider,
            price,
            offer,
            reclamation_window,
        })
    }

    /// Lowers a bid.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn lower_bid(&self, order: OrderId, price: Price) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::LowerBid { order, provider, price })
    }

    /// Takes an open bid back.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn withdraw_bid(&self, order: OrderId) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::WithdrawBid { order, provider })
    }

    /// Records that an order's lifetime is over.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn expire_order(&self, order: OrderId) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::ExpireOrder { order })
    }

    /// Frees the slots of lost bids and ended leases.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn release_bids(&self, orders: Vec<OrderId>) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::ReleaseBids { provider, orders })
    }

    /// Deletes the chain's records of orders that are over.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn prune(&self, orders: Vec<OrderId>) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::Prune { orders })
    }

    /// Ends a lease.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn close_lease(&self, order: OrderId, reason: CloseReason) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::CloseLease {
            order,
            reason: Some(reason),
            exclude: false,
        })
    }

    /// Announces that a lease is taken back.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn start_reclaim(&self, order: OrderId, reason: CloseReason) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::StartReclaim { order, reason })
    }

    /// Ends a lease whose notice is over.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn end_reclaim(&self, order: OrderId) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::EndReclaim { order })
    }

    /// Closes an auction that is over.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn close_auction(&self, order: OrderId, limit: u32) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::CloseAuction { order, limit })
    }

    /// Marks a depleted deployment, or ends one that is marked.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn end_deployment(&self, deployment: DeploymentId) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::EndDeployment { deployment })
    }

    /// Says that the provider is there.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn heartbeat(&self) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::Heartbeat { provider, statement: None })
    }

    fn registry(&self, msg: &registry::ExecuteMsg) -> Message {
        execute(&self.operator, &self.contracts.provider_registry, msg, &[])
    }

    /// Stops new bids or allows them again.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn set_maintenance(&self, on: bool) -> Message {
        let provider = self.provider.clone();
        self.registry(&registry::ExecuteMsg::SetMaintenance { provider, on })
    }

    /// Sets the key by which others check what the agent signs; 32 bytes.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn set_quote_key(&self, key: Option<HexBinary>) -> Message {
        let provider = self.provider.clone();
        self.registry(&registry::ExecuteMsg::SetQuoteKey { provider, key })
    }

    /// Withdraws what a lease has earned; it is paid to the provider's payee.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn withdraw(&self, account: AccountId, order: OrderId) -> Message {
        let msg = escrow::ExecuteMsg::Withdraw { account, stream: order.0 };
        execute(&self.operator, &self.contracts.escrow, &msg, &[])
    }
}

/// The key of the agent's own withdrawal of a bid that nobody accepted in time.
pub fn take_back_key(order: OrderId) -> String {
    format!("withdraw_bid/{order}")
}

/// The key of the heartbeat that was queued at a block and time. While the store stands still the time goes on, and
/// so do heartbeats.
pub fn heartbeat_key(at: Cursor) -> String {
    format!("heartbeat/{}/{}", at.height, at.time)
}

/// As [`send`], before all that waits; true if it is in the outbox now and was not before.
///
/// # Errors
///
/// If the store fails.
pub fn send_urgent(tx: &Tx<'_>, key: &str, msg: Any) -> Result<bool, StoreError> {
    let height = cursor::get(tx)?.map_or(0, |cursor| cursor.height);
    let item = OutboxItem::new(key, vec![msg]).presumes_height(height).urgent();
    tx.touch(Topic::Outbox);
    Ok(Outbox::enqueue(tx, &item)? == Enqueued::New)
}

/// Puts one message into the outbox under a key that is never used again. The message presumes the
/// store's height, so no node that lags behind it simulates it.
///
/// # Errors
///
/// If the store fails.
pub fn send(tx: &Tx<'_>, key: &str, msg: Any) -> Result<Enqueued, StoreError> {
    let height = cursor::get(tx)?.map_or(0, |cursor| cursor.height);
    let item = OutboxItem::new(key, vec![msg]).presumes_height(height);
    tx.touch(Topic::Outbox);
    Ok(Outbox::enqueue(tx, &item)?)
}

/// The state of an outbox item; none for an unknown key.
///
/// # Errors
///
/// If the store fails.
pub fn outcome(sql: &Connection, key: &str) -> Result<Option<ItemState>, StoreError> {
    Ok(Outbox::outcome(sql, key)?.map(|record| record.state))
}

/// The attempts at one action, whose keys are `key`, `key#1`, `key#2` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempts {
    /// The last attempt is not finished.
    InFlight,
    /// The last attempt was executed.
    Done {
        /// How many attempts there were.
        count: u32,
        /// The key of another attempt, if one is needed.
        next: String,
    },
    /// The last attempt failed.
    Failed {
        /// How many attempts there were.
        count: u32,
        /// The chain's reason.
        why: String,
        /// The key of the next attempt.
        next: String,
    },
    /// No attempt yet; the key of the first.
    None(String),
}

/// The attempts at the action `key` so far.
///
/// # Errors
///
/// If the store fails.
pub fn attempts(sql: &Connection, key: &str) -> Result<Attempts, StoreError> {
    let all = Outbox::list(sql, key)?;
    let own = |record: &&OutcomeRecord| {
        let rest = record.dedup_key.strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    let mine: Vec<&OutcomeRecord> = all.iter().filter(own).collect();
    let Some(last) = mine.last() else { return Ok(Attempts::None(key.to_owned())) };
    // Earlier ones may have been deleted: the last key says how many there were.
    let number = last.dedup_key.strip_prefix(key).and_then(|rest| rest.strip_prefix('#'));
    let count = number.and_then(|number| number.parse::<u32>().ok()).unwrap_or(0).saturating_add(1);
    let next = format!("{key}#{count}");
    Ok(match &last.state {
        ItemState::Queued | ItemState::Signed { .. } => Attempts::InFlight,
        ItemState::Done { .. } => Attempts::Done { count, next },
        ItemState::Failed(failure) => Attempts::Failed { count, why: failure.reason.clone(), next },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_go_on_counting_after_the_first_ones_were_deleted() {
        let mut sql = Connection::open_in_memory().unwrap();
        Outbox::migrate(&sql).unwrap();
        let tx = sql.transaction().unwrap();
        for key in ["set_gateway", "set_gateway#1", "set_gateway#2"] {
            Outbox::enqueue(&tx, &OutboxItem::new(key, Vec::new())).unwrap();
            Outbox::cancel(&tx, key, "no").unwrap();
        }
        tx.execute("DELETE FROM souk_tx_items WHERE dedup_key != 'set_gateway#2'", []).unwrap();
        let Attempts::Failed { count, next, .. } = attempts(&tx, "set_gateway").unwrap() else {
            panic!("it failed");
        };
        assert_eq!((count, next.as_str()), (3, "set_gateway#3"));
    }
}
