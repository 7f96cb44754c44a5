//! The gateway's routes, named once for server and client.

use souk_core::OrderId;

/// Who answers here; open to anyone.
pub const VERSION: &str = "/v1/version";
/// How busy the provider is; open to anyone.
pub const STATUS: &str = "/v1/status";
/// The provider's word that it is there, which anyone may pass on to the chain ([`crate::presence::Presence`]); open
/// to anyone.
pub const PRESENCE: &str = "/v1/presence";
/// Prices for groups that are on no chain: POST of a [`crate::QuotesRequest`]. Unsigned ones are open to anyone.
pub const QUOTES: &str = "/v1/quotes";
/// What the provider asks for and has free ([`crate::Prices`]); open to anyone.
pub const PRICES: &str = "/v1/prices";
/// A lease's manifest: PUT and GET.
pub const MANIFEST: &str = "/v1/leases/{order}/manifest";
/// A lease's services, replicas, addresses.
pub const LEASE_STATUS: &str = "/v1/leases/{order}/status";
/// A lease's logs, as lines of JSON.
pub const LOGS: &str = "/v1/leases/{order}/logs";
/// A lease's Kubernetes events, as lines of JSON.
pub const EVENTS: &str = "/v1/leases/{order}/events";
/// The volumes of a lease that ended: DELETE.
pub const VOLUMES: &str = "/v1/leases/{order}/volumes";
/// Why the provider did not bid on an order; for the order's tenant.
pub const REASON: &str = "/v1/orders/{order}/reason";

/// A route with its order filled in.
pub fn path(route: &str, order: OrderId) -> String {
    route.replace("{order}", &order.to_string())
}
