//! The rules: pure, no storage and no messages.

pub mod drip;
pub mod income;
pub mod reward;
pub mod settings;
pub mod shares;
pub mod stake;
