//! What the agent sends: messages of the operator key, put into the durable outbox in the
//! transaction that holds the reason for them.

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

/// Writes messages in the operator's name.
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
    fn book(&self, msg: &orderbook::ExecuteMsg) -> Message {
        execute(&self.operator, &self.contracts.orderbook, msg, &[])
    }

    /// Bids.
    pub fn place_bid(
        &self,
        order: OrderId,
        price: Price,
        offer: Vec<souk_core::Attribute>,
    ) -> Message {
        let provider = self.provider.clone();
        self.book(&orderbook::ExecuteMsg::PlaceBid { order, provider, price, offer })
    }

    /// Lowers a bid.
    pub fn lower_bid(&self, order: OrderId, price: Price) -> Message {
        let provider = self.provider.clone();
        self.book(&orderbook::ExecuteMsg::LowerBid { order, provider, price })
    }

    /// Frees slots of bids that are over.
    pub fn release_bids(&self, orders: Vec<OrderId>) -> Message {
        let provider = self.provider.clone();
        self.book(&orderbook::ExecuteMsg::ReleaseBids { provider, orders })
    }

    /// Ends a lease.
    pub fn close_lease(&self, order: OrderId, reason: CloseReason) -> Message {
        self.book(&orderbook::ExecuteMsg::CloseLease { order, reason: Some(reason) })
    }

    /// Closes an auction that is over.
    pub fn close_auction(&self, order: OrderId, limit: u32) -> Message {
        self.book(&orderbook::ExecuteMsg::CloseAuction { order, limit })
    }

    /// Marks or ends a depleted deployment.
    pub fn end_deployment(&self, deployment: DeploymentId) -> Message {
        self.book(&orderbook::ExecuteMsg::EndDeployment { deployment })
    }

    fn registry(&self, msg: &registry::ExecuteMsg) -> Message {
        execute(&self.operator, &self.contracts.provider_registry, msg, &[])
    }

    /// Tells where tenants reach the provider.
    pub fn set_gateway(&self, gateway: registry::Gateway) -> Message {
        let provider = self.provider.clone();
        self.registry(&registry::ExecuteMsg::SetGateway { provider, gateway })
    }

    /// Stops new bids or allows them again.
    pub fn set_maintenance(&self, on: bool) -> Message {
        let provider = self.provider.clone();
        self.registry(&registry::ExecuteMsg::SetMaintenance { provider, on })
    }

    /// Asks for what a lease has earned; it is paid to the provider's payee.
    pub fn withdraw(&self, account: AccountId, order: OrderId) -> Message {
        let msg = escrow::ExecuteMsg::Withdraw { account, stream: order.0 };
        execute(&self.operator, &self.contracts.escrow, &msg, &[])
    }
}

/// Puts one message into the outbox under a key that is used once and for all. It answers what
/// the store has seen, so no node that lags behind that is asked to judge it.
pub fn send(tx: &Tx<'_>, key: &str, msg: Any) -> Result<Enqueued, StoreError> {
    let height = cursor::get(tx)?.map_or(0, |cursor| cursor.height);
    let item = OutboxItem::new(key, vec![msg]).presumes_height(height);
    tx.touch(Topic::Outbox);
    Ok(Outbox::enqueue(tx, &item)?)
}

/// Where an item is.
pub fn outcome(sql: &Connection, key: &str) -> Result<Option<ItemState>, StoreError> {
    Ok(Outbox::outcome(sql, key)?.map(|record| record.state))
}

/// A matter that may take several tries: `key`, `key#1`, `key#2` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tries {
    /// One is under way.
    UnderWay,
    /// The last one was executed.
    Done {
        /// How many there were.
        count: u32,
        /// The key for another, if one is needed all the same.
        next: String,
    },
    /// All failed so far: how many, why the last one, and the key for the next.
    Failed {
        /// How many.
        count: u32,
        /// The chain's reason.
        why: String,
        /// The next try's key.
        next: String,
    },
    /// None so far: the key for the first.
    None(String),
}

/// How a matter stands.
pub fn tries(sql: &Connection, key: &str) -> Result<Tries, StoreError> {
    let all = Outbox::list(sql, key)?;
    let own = |record: &&OutcomeRecord| {
        let rest = record.dedup_key.strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    let mine: Vec<&OutcomeRecord> = all.iter().filter(own).collect();
    let Some(last) = mine.last() else { return Ok(Tries::None(key.to_owned())) };
    let count = u32::try_from(mine.len()).unwrap_or(u32::MAX);
    let next = format!("{key}#{count}");
    Ok(match &last.state {
        ItemState::Queued | ItemState::Signed { .. } => Tries::UnderWay,
        ItemState::Done { .. } => Tries::Done { count, next },
        ItemState::Failed(failure) => Tries::Failed { count, why: failure.reason.clone(), next },
    })
}
