//! The input of a decision on an order, beside the order and the configuration.

use std::collections::BTreeMap;

use souk_api::published::Floors;
use souk_core::{Attribute, Denom, Price};

use super::Attestations;
use crate::model::placement::{Inventory, Placement};

/// The provider as the chain has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderState {
    /// Its address.
    pub address: String,
    /// The operator key that the chain has, if it is not this agent's.
    pub other_operator: Option<String>,
    /// The attributes that it claims.
    pub claims: Vec<Attribute>,
    /// The least prices that the provider itself set.
    pub floors: Option<Floors>,
    /// Whether the provider is in maintenance: it makes no new bids.
    pub maintenance: bool,
    /// The key by which its quotes are signed, as the registry has it.
    pub quote_key: Option<Vec<u8>>,
    /// Open bids and leases that its bond backs.
    pub slots: u32,
    /// How many of them are in use, sent bids and signed quotes included.
    pub used: u32,
}

/// The lowest bid on an order, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowestBid<'a> {
    /// The orderbook was not asked since a bid changed.
    Unknown,
    /// There is none.
    Nobody,
    /// This one.
    Of(&'a BestBid),
}

/// Whether the orderbook would take a bid on an order, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligible<'a> {
    /// It was not asked at this height.
    Unknown,
    /// It would.
    Yes,
    /// It would not, for this reason.
    No(&'a str),
}

/// The lowest bid on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestBid {
    /// Who made it.
    pub provider: String,
    /// Base units an hour.
    pub price: Price,
}

/// The input of [`decide`](super::decide).
#[derive(Debug, Clone)]
pub struct DecisionInput<'a> {
    /// Block time, in seconds.
    pub now: u64,
    /// The last block.
    pub height: u64,
    /// Whether the orderbook would take a bid now.
    pub eligible: Eligible<'a>,
    /// The provider; none if it is not registered.
    pub provider: Option<&'a ProviderState>,
    /// Whether the orderbook takes bids at all.
    pub paused: bool,
    /// Why the operator's coins do not last for the heartbeats of leases, if they do not.
    pub short_of_coins: Option<&'a str>,
    /// The least price of a bid, by denom.
    pub min_prices: &'a BTreeMap<Denom, Price>,
    /// What is known of what auditors attest of the provider.
    pub attestations: &'a Attestations,
    /// What the cluster has left, or why that is not known.
    pub inventory: Result<&'a Inventory, &'a str>,
    /// Until when quotes may be out of which the store does not know, if there may be any; block time.
    pub quotes_out: Option<u64>,
    /// Where it goes instead of where there is room: what quotes for as much reserve already.
    pub shared: Option<&'a [Placement]>,
    /// The price of the own bid, if there is one.
    pub own_bid: Option<Price>,
    /// Where the own bid's replicas are placed.
    pub own_placements: Option<&'a [Placement]>,
    /// The lowest bid on the order, in a binding auction.
    pub best: LowestBid<'a>,
    /// Own bids for this tenant that are open or sent.
    pub open_for_tenant: u32,
}
