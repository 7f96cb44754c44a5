//! The rules: pure, no storage and no messages.

pub mod absence;
pub mod auction;
pub mod cover;
pub mod daily;
pub mod deadline;
pub mod delegate;
pub mod funds;
pub mod manifest;
pub mod opening;
pub mod price;
pub mod quote;
pub mod reason;
pub mod reclaim;
pub mod settings;
