//! One action a file: load, decide by the rules, save, emit.

mod burn;
mod claim_rewards;
mod claim_unstaked;
mod distribute;
mod instantiate;
mod pay_pool;
mod settle;
mod stake;
mod unstake;
mod update_config;

pub use burn::burn;
pub use claim_rewards::claim_rewards;
pub use claim_unstaked::claim_unstaked;
pub use distribute::distribute;
pub use instantiate::instantiate;
pub use pay_pool::pay_pool;
pub use stake::stake;
pub use unstake::unstake;
pub use update_config::{Change, update_config};
