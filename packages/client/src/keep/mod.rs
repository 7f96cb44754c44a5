//! Watching a deployment for its tenant: what is seen, and what is then told and done.
//!
//! [`look`] asks the chain, [`decide`], which is pure, says what is new and what to do, and [`take`] does it.

mod act;
mod decide;
mod news;

pub use act::{look, take};
pub use decide::{Kept, Memory, Step, Wishes, decide};
pub use news::News;
