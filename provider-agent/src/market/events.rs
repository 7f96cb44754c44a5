//! The market's events in a block: those of the configured contracts, read into their types.

use cosmwasm_std::Attribute;
use souk_api::{
    EventError, attestations::AttestationEvent, escrow::EscrowEvent, orderbook::OrderbookEvent,
    registry::RegistryEvent,
};
use souk_chain::{Block, Event};

use crate::config::Contracts;

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
}

/// The market's events in one block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockEvents {
    /// The events, in the order of their emission.
    pub events: Vec<MarketEvent>,
    /// Events of the configured contracts that could not be read, as of a contract newer than this
    /// program.
    pub unreadable: Vec<EventError>,
}

/// Reads a block's events. Events of the same types by other contracts are ignored.
pub fn read_block(block: &Block, contracts: &Contracts) -> BlockEvents {
    let mut read = BlockEvents::default();
    for (_, event) in block.events() {
        match read_event(event, contracts) {
            Some(Ok(event)) => read.events.push(event),
            Some(Err(error)) => read.unreadable.push(error),
            None => {}
        }
    }
    read
}

fn read_event(event: &Event, contracts: &Contracts) -> Option<Result<MarketEvent, EventError>> {
    if !event.ty.starts_with(souk_api::event::WASM_PREFIX) {
        return None;
    }
    let pairs = event.attributes.iter();
    let attributes: Vec<Attribute> =
        pairs.map(|pair| Attribute { key: pair.key.clone(), value: pair.value.clone() }).collect();
    let (ty, attributes) = (event.ty.as_str(), attributes.as_slice());
    let orderbook = || OrderbookEvent::from_chain(ty, attributes, &contracts.orderbook);
    let escrow = || EscrowEvent::from_chain(ty, attributes, &contracts.escrow);
    let registry = || RegistryEvent::from_chain(ty, attributes, &contracts.provider_registry);
    let attestations = || AttestationEvent::from_chain(ty, attributes, &contracts.attestations);
    orderbook()
        .map(|read| read.map(MarketEvent::Orderbook))
        .or_else(|| escrow().map(|read| read.map(MarketEvent::Escrow)))
        .or_else(|| registry().map(|read| read.map(MarketEvent::Registry)))
        .or_else(|| attestations().map(|read| read.map(MarketEvent::Attestations)))
}
