//! The wasm module: native contract code behind wasmd's keeper rules, events and errors.
//!
//! `codes` knows native code and what an upload must look like, `records` what is stored, `keeper` the entry points,
//! `dispatch` sub-messages and replies, `querier` what contracts may ask, `call` the border to contract code.

pub mod call;
pub mod codes;
pub mod dispatch;
pub mod keeper;
pub mod querier;
pub mod records;
pub mod response;
