//! Events of the fee distributor.

use souk_core::{Amount, Denom};

use crate::admin::events;

events! {
    /// The distributor's events.
    enum FeeEvent of "souk_fees";

    /// Income was split.
    Distributed = "souk_fees_distributed" {
        /// The denom.
        denom: Denom,
        /// Put aside for the pool.
        pool: Amount,
        /// To drip to stakers.
        stakers: Amount,
        /// Put aside for burning.
        burn: Amount,
    }
    /// The pool was paid.
    PoolPaid = "souk_fees_pool_paid" {
        /// The denom.
        denom: Denom,
        /// Where it went.
        pool: String,
        /// How much.
        amount: Amount,
    }
    /// Coins were burned.
    Burned = "souk_fees_burned" {
        /// The denom.
        denom: Denom,
        /// How much.
        amount: Amount,
    }
    /// Coins were staked.
    Staked = "souk_fees_staked" {
        /// The staker.
        staker: String,
        /// How much was added.
        amount: Amount,
        /// Its stake from now on.
        stake: Amount,
    }
    /// Coins were asked back.
    Unstaked = "souk_fees_unstaked" {
        /// The staker.
        staker: String,
        /// How much.
        amount: Amount,
        /// When they can be claimed.
        claimable_at: u64,
    }
    /// Unstaked coins were paid.
    UnstakedClaimed = "souk_fees_unstaked_claimed" {
        /// The staker.
        staker: String,
        /// How much.
        amount: Amount,
    }
    /// Rewards were paid.
    RewardsClaimed = "souk_fees_rewards_claimed" {
        /// The staker.
        staker: String,
        /// The denom.
        denom: Denom,
        /// How much.
        amount: Amount,
    }
}
