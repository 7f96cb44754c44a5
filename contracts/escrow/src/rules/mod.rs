//! The rules: pure, no storage and no messages.

pub mod account;
pub mod deposit;
pub mod settings;
pub mod stream;
pub mod totals;
