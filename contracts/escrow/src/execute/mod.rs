//! One action a file: load, decide (by the account's rule), save, tell.

pub mod account_close;
pub mod account_open;
pub mod config;
mod ctx;
pub mod deposit;
pub mod fees;
pub mod receive;
pub mod refund;
pub mod reserve;
pub mod stream_close;
pub mod stream_open;
pub mod withdraw;
pub mod withdraw_deposit;

pub use ctx::{Ctx, Paid};
