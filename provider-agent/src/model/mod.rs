//! What the agent decides, and the types that decisions are made of. Pure: no chain, no cluster,
//! no store, no clock.

pub mod agreement;
pub mod audit;
mod bid;
pub mod bidding;
mod cursor;
mod digest_key;
pub mod discretion;
pub mod health;
pub mod heartbeat;
pub mod hosts;
pub mod image;
pub mod ingress;
pub mod interfaces;
pub mod kept;
pub mod labels;
mod lease;
pub mod manifest;
mod mark;
mod market_id;
pub mod names;
pub mod networks;
mod order;
pub mod placement;
pub mod pods;
pub mod presence;
mod quote_key;
pub mod quoting;
pub mod reach;
mod reclaim;
pub mod reconcile;
pub mod scope;
pub mod upkeep;
pub mod volumes;
pub mod work_queue;

pub use bid::{Bid, BidProgress};
pub use cursor::Cursor;
pub use digest_key::DigestKey;
pub use lease::{AccountClock, Lease, Owner};
pub use mark::Mark;
pub use market_id::MarketId;
pub use order::{Order, OrderDetail};
pub use quote_key::{QuoteKey, Registered};
pub use reclaim::Reclaim;
