//! Transactions: decoding, the checks before execution, messages, and running them all or not at all.

pub mod ante;
mod authz;
mod decode;
pub mod messages;
pub mod run;
