//! One action a file: load, decide by the rules, save, emit.

mod claim_refund;
mod close_account;
mod close_stream;
mod deposit;
mod instantiate;
mod open_account;
mod open_stream;
mod open_token_account;
mod receive;
mod reserve;
mod sweep_fees;
mod update_config;
mod withdraw;
mod withdraw_deposit;

pub use claim_refund::claim_refund;
pub use close_account::close_account;
pub use close_stream::close_stream;
pub use deposit::deposit;
pub use instantiate::instantiate;
pub use open_account::open_account;
pub use open_stream::{open_stream, open_streams};
pub use open_token_account::open_token_account;
pub use receive::receive;
pub use reserve::reserve;
pub use sweep_fees::sweep_fees;
pub use update_config::{Change, update_config};
pub use withdraw::withdraw;
pub use withdraw_deposit::withdraw_deposit;
