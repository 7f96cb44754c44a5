//! Watching a deployment for its tenant: what is seen, and what is then told and done.
//!
//! [`decide`] is pure; whoever watches asks the chain, hands it what it saw, tells the news and takes the steps.

mod decide;
mod news;

pub use decide::{Kept, Memory, Step, Wishes, decide};
pub use news::News;
