//! The messages of the operator key, and the durable outbox that they are put into, in the same
//! transaction as their reason.

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
    ) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::PlaceBid { order, provider, price, offer })
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

    /// Frees the slots of lost bids and ended leases.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn release_bids(&self, orders: Vec<OrderId>) -> Message {
        let provider = self.provider.clone();
        self.orderbook(&orderbook::ExecuteMsg::ReleaseBids { provider, orders })
    }

    /// Ends a lease.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn close_lease(&self, order: OrderId, reason: CloseReason) -> Message {
        self.orderbook(&orderbook::ExecuteMsg::CloseLease { order, reason: Some(reason) })
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

    fn registry(&self, msg: &registry::ExecuteMsg) -> Message {
        execute(&self.operator, &self.contracts.provider_registry, msg, &[])
    }

    /// Publishes where tenants reach the provider.
    ///
    /// # Errors
    ///
    /// If the message cannot be encoded.
    pub fn set_gateway(&self, gateway: registry::Gateway) -> Message {
        let provider = self.provider.clone();
        self.registry(&registry::ExecuteMsg::SetGateway { provider, gateway })
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
    let count = u32::try_from(mine.len()).unwrap_or(u32::MAX);
    let next = format!("{key}#{count}");
    Ok(match &last.state {
        ItemState::Queued | ItemState::Signed { .. } => Attempts::InFlight,
        ItemState::Done { .. } => Attempts::Done { count, next },
        ItemState::Failed(failure) => Attempts::Failed { count, why: failure.reason.clone(), next },
    })
}
