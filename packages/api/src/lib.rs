//! All that a client or another contract imports of the Souk contracts: messages,
//! responses, typed events, permissions and the records that contracts publish under raw
//! keys for one another. One module a contract.
//!
//! Conventions: addresses in messages are bech32 text; times are whole seconds since the
//! Unix epoch; prices are base units an hour; amounts are base units. Lists are paged by
//! cursor: `start_after` is the last key of the page before, `limit` is at most
//! [`paging::MAX_LIMIT`].

pub mod admin;
pub mod attestations;
pub mod defaults;
pub mod escrow;
pub mod event;
pub mod fees;
pub mod orderbook;
pub mod paging;
pub mod permission;
pub mod published;
pub mod registry;

pub use event::{EventError, TypedEvent};
pub use permission::{Message, Permission};
