//! Storage behind functions that say what they mean; nobody else touches a map.
//!
//! | key | holds |
//! |---|---|
//! | `c` | [`Config`] |
//! | `i` denom's index | a denom's account |
//! | `e` denom's index, day | the rate of all drips that end when that day begins |
//! | `s` staker | stake and what unstakes |
//! | `r` staker, denom's index | what a staker has earned in a denom |
//! | `t` | all that is staked |

mod config;
pub mod incomes;
pub mod stakers;

pub use config::{Config, DenomIndex};
