//! The rules of the Souk market that need no chain, cluster or clock on the wall:
//! resources and their limits, attributes and their matching, prices, ids, Kubernetes
//! quantities and the virtual clock by which an escrow account pays.
//!
//! Shared by contracts, SDL compiler, agent and command line. Pure: no I/O, no floats,
//! checked or saturating arithmetic alone.

pub mod absence;
pub mod amount;
pub mod attributes;
pub mod auction;
pub mod clock;
pub mod denom;
pub mod floor;
pub mod group;
pub mod ids;
pub mod limits;
pub mod matching;
pub mod presence;
pub mod quantity;
pub mod quote;
pub mod reason;
pub mod reclaim;
pub mod resources;
pub mod signed_by;
pub mod slot;
pub mod time;

pub use amount::{Amount, Price, Rate};
pub use attributes::Attribute;
pub use auction::AuctionPolicy;
pub use clock::Clock;
pub use denom::Denom;
pub use floor::PriceFloor;
pub use group::{GroupSpec, GroupUnit, Requirements};
pub use ids::{AccountId, BidId, DeploymentId, GroupId, GroupSeq, OrderId};
pub use quantity::Quantity;
pub use reason::CloseReason;
pub use resources::{Endpoint, EndpointKind, Gpu, Resources, Volume};
pub use signed_by::SignedBy;
