//! What the agent decides, and the types that decisions are made of. Pure: no chain, no cluster,
//! no store, no clock.

pub mod bidding;
pub mod labels;
pub mod manifest;
pub mod names;
pub mod placement;
pub mod reconcile;
pub mod scope;
pub mod upkeep;
