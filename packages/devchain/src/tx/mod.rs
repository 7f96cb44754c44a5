//! Transactions: decoding, the checks before execution, messages, and running them all or not at all.

pub mod ante;
pub mod decode;
pub mod handlers;
pub mod msg;
pub mod run;
