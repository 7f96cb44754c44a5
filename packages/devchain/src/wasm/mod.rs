//! The wasm module: native contract code behind wasmd's keeper rules, events and errors.
//!
//! From the bottom up: `records` is what is stored, `call` the border to contract code, `querier` what contracts may
//! ask, `response` their events, `dispatch` sub-messages and replies, `keeper` the entry points.

mod call;
mod dispatch;
pub mod keeper;
mod querier;
pub mod records;
mod response;

pub use querier::{query_raw, query_smart};
