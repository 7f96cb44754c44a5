//! The market's events in blocks and transactions: those of the configured contracts, read into
//! their types. Other contracts may emit events of the same types; they do not count.

use cosmwasm_std::Attribute;
use serde::Serialize;
use souk_api::{
    EventError,
    attestations::AttestationEvent,
    escrow::EscrowEvent,
    event::{CONTRACT_ADDRESS, WASM_PREFIX},
    fees::FeeEvent,
    orderbook::OrderbookEvent,
    registry::RegistryEvent,
};
use souk_chain::{Block, Event};
use souk_core::OrderId;

use crate::contracts::PerContract;

/// An event of the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketEvent {
    /// Of the orderbook.
    Orderbook(OrderbookEvent),
    /// Of the escrow.
    Escrow(EscrowEvent),
    /// Of the registry.
    Registry(RegistryEvent),
    /// Of the attestations.
    Attestations(AttestationEvent),
    /// Of the fee distributor.
    Fees(FeeEvent),
}

/// The market's events in a block or transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketEvents {
    /// In the order of their emission.
    pub events: Vec<MarketEvent>,
    /// Events of the configured contracts that could not be read: a contract newer than this
    /// program. They must not be passed over in silence.
    pub unreadable: Vec<EventError>,
}

/// Whose events count: the contracts' addresses, as far as they matter to the reader.
pub type Emitters<'a> = PerContract<Option<&'a str>>;

/// Reads a block's events.
pub fn read_block(block: &Block, emitters: &Emitters<'_>) -> MarketEvents {
    read(block.events().map(|(_, event)| event), emitters)
}

/// Reads events, such as a transaction's.
pub fn read<'e>(
    events: impl IntoIterator<Item = &'e Event>,
    emitters: &Emitters<'_>,
) -> MarketEvents {
    let mut read = MarketEvents::default();
    for event in events {
        match read_one(event, emitters) {
            Some(Ok(event)) => read.events.push(event),
            Some(Err(error)) => read.unreadable.push(error),
            None => {}
        }
    }
    read
}

/// An event as the chain publishes it when the contract at `address` emits it: what [`read`] reads
/// back. For tests of programs that follow the market.
pub fn published(event: impl Into<cosmwasm_std::Event>, address: &str) -> Event {
    let event: cosmwasm_std::Event = event.into();
    let pair = |key: &str, value: &str| souk_chain::rpc::Attribute {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let mut attributes = vec![pair(CONTRACT_ADDRESS, address)];
    attributes.extend(event.attributes.iter().map(|own| pair(&own.key, &own.value)));
    Event { ty: format!("{WASM_PREFIX}{}", event.ty), attributes }
}

/// The orderbook's events among a transaction's. Those that cannot be read are left out.
pub fn of_orderbook(events: &[Event], orderbook: &str) -> Vec<OrderbookEvent> {
    let emitters = Emitters { orderbook: Some(orderbook), ..Emitters::default() };
    let own = |event| match event {
        MarketEvent::Orderbook(event) => Some(event),
        _ => None,
    };
    read(events, &emitters).events.into_iter().filter_map(own).collect()
}

/// The orders that these events opened.
pub fn opened_orders(events: &[OrderbookEvent]) -> Vec<OrderId> {
    let order = |event: &OrderbookEvent| match event {
        OrderbookEvent::OrderOpened(opened) => Some(opened.order),
        _ => None,
    };
    events.iter().filter_map(order).collect()
}

/// The leases that began by these events, by their orders.
pub fn created_leases(events: &[OrderbookEvent]) -> Vec<OrderId> {
    let order = |event: &OrderbookEvent| match event {
        OrderbookEvent::LeaseCreated(created) => Some(created.order),
        _ => None,
    };
    events.iter().filter_map(order).collect()
}

/// A lease whose provider was absent when it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AbsentEnd {
    /// The lease, by its order.
    pub order: OrderId,
    /// Until when its provider is paid at most, Unix seconds.
    pub paid_until: u64,
}

/// The leases that ended by these events and whose providers were absent.
pub fn absent_ends(events: &[OrderbookEvent]) -> Vec<AbsentEnd> {
    let end = |event: &OrderbookEvent| match event {
        OrderbookEvent::LeaseClosed(closed) => {
            Some(AbsentEnd { order: closed.order, paid_until: closed.paid_until? })
        }
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

fn read_one(event: &Event, emitters: &Emitters<'_>) -> Option<Result<MarketEvent, EventError>> {
    if !event.ty.starts_with(WASM_PREFIX) {
        return None;
    }
    let pairs = event.attributes.iter();
    let attributes: Vec<Attribute> =
        pairs.map(|pair| Attribute { key: pair.key.clone(), value: pair.value.clone() }).collect();
    let (ty, attributes) = (event.ty.as_str(), attributes.as_slice());
    macro_rules! of {
        ($emitter:ident, $kind:ident, $type:ident) => {
            emitters
                .$emitter
                .and_then(|address| $type::from_chain(ty, attributes, address))
                .map(|read| read.map(MarketEvent::$kind))
        };
    }
    of!(orderbook, Orderbook, OrderbookEvent)
        .or_else(|| of!(escrow, Escrow, EscrowEvent))
        .or_else(|| of!(registry, Registry, RegistryEvent))
        .or_else(|| of!(attestations, Attestations, AttestationEvent))
        .or_else(|| of!(fee_distributor, Fees, FeeEvent))
}

#[cfg(test)]
mod tests {
    use souk_api::fees::events::Staked;

    use super::*;

    #[test]
    fn an_event_is_read_as_it_was_published_and_only_of_the_configured_contract() {
        let staked = FeeEvent::Staked(Staked {
            staker: "souk1ann".to_owned(),
            amount: "5".parse().unwrap(),
            stake: "7".parse().unwrap(),
        });
        let event = published(staked.clone(), "souk1fees");
        for (address, expected) in
            [("souk1fees", vec![MarketEvent::Fees(staked)]), ("souk1forger", vec![])]
        {
            let emitters = Emitters { fee_distributor: Some(address), ..Emitters::default() };
            assert_eq!(read([&event], &emitters).events, expected, "{address}");
        }
    }
}
