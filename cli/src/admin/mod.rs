//! Putting a suite on a chain, comparing it with what it should be, moving it to other code.
//!
//! What is done is found by comparing: [`observe`] looks at the chain, [`plan`] says which
//! transactions are missing, [`journal`] sends one so that it is executed at most once, and then
//! the chain is looked at again. So a run that was stopped anywhere is continued by the next.

pub mod act;
pub mod artifacts;
pub mod compare;
pub mod discover;
pub mod journal;
pub mod observe;
pub mod plan;
pub use souk_client::record;
pub mod session;
pub mod target;
pub mod unsigned;
