//! Answers for people and frontends, one file for each kind of question.

mod config;
mod denoms;
mod stakers;

pub use config::config;
pub use denoms::denom;
pub use stakers::{staker, stakers};
