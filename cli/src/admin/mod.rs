//! Deploying the contracts, comparing them with what they should be, migrating them.
//!
//! What is done is found by comparing: [`observe`] looks at the chain, [`plan`] says which
//! transactions are missing, [`journal`] sends one so that it is executed at most once, and then
//! the chain is looked at again. So the next run continues one that was stopped anywhere.

pub mod act;
pub mod artifacts;
pub mod compare;
pub mod discover;
pub mod journal;
pub mod observe;
pub mod plan;
pub mod proposal;
pub mod session;
pub mod target;
pub mod unsigned;
pub mod warnings;
