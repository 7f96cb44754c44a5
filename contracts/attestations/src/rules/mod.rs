//! The rules: pure, no storage and no messages.

pub mod limits;
pub mod record;
