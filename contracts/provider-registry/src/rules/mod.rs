//! The rules: pure, no storage and no messages.

pub mod bond;
pub mod gateway;
pub mod settings;
pub mod slashing;
