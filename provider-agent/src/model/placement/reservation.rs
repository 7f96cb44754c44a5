//! Capacity that is promised to a bid or a lease.

use souk_core::OrderId;

use super::Placement;

/// What is reserved for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The order or lease.
    pub order: OrderId,
    /// One entry a replica.
    pub placements: Vec<Placement>,
    /// Addresses that it leases.
    pub ips: u32,
}
