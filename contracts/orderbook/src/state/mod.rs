//! Storage behind functions that say what they mean; nobody else touches a map.
//!
//! Writing costs by the byte, key included, so namespaces are a letter and the fields of
//! records that are written often go by short names.
//!
//! | key | holds |
//! |---|---|
//! | `c` | configuration, with what was learned of the escrow |
//! | `m` denom | prices and fees of a denom |
//! | `nd`, `no`, `nb` | last number given to a deployment, an order, a bid |
//! | `d` deployment | [`deployments::Deployment`] |
//! | `w` tenant, deployment | nothing; deployments by tenant |
//! | `g` deployment, group | [`groups::Group`]: state and latest order |
//! | `s` deployment, group | what the group asks for; written once |
//! | `o` order | [`orders::Order`] with its lease |
//! | `t` order, provider | [`bids::Bid`] |
//! | `x` order, price, position | the bidder; bids of auctions by price |
//! | `l` provider, order | nothing; leases by provider |
//! | `b` provider | `ProviderStats`, published |
//! | `q` provider, nonce | nothing; quotes that were used, until their order is pruned |

pub mod absence;
pub mod bids;
mod config;
pub mod counters;
pub mod denoms;
pub mod deployments;
pub mod groups;
pub mod leases;
pub mod nonces;
pub mod notice;
pub mod orders;
pub mod provider_stats;

pub use config::{Config, Link};
