//! One action a file: load, decide (by the pure rules), save, tell.

pub mod burn;
pub mod claim_rewards;
pub mod claim_unstaked;
pub mod config;
mod ctx;
pub mod distribute;
pub mod stake;
pub mod unstake;

pub use ctx::Ctx;
