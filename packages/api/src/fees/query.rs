//! What the fee distributor is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};
use souk_core::{Amount, Denom};

use super::Split;

/// The distributor's queries.
#[cw_ownable::cw_ownable_query]
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// The configuration.
    #[returns(ConfigResponse)]
    Config {},
    /// Where a denom's income is.
    #[returns(DenomResponse)]
    Denom {
        /// The denom.
        denom: Denom,
    },
    /// One staker, rewards counted to the block's time.
    #[returns(StakerResponse)]
    Staker {
        /// Its address.
        staker: String,
    },
    /// Stakers by address.
    #[returns(StakersResponse)]
    Stakers {
        /// The last of the page before.
        start_after: Option<String>,
        /// Entries at most.
        limit: Option<u32>,
    },
}

/// The configuration.
#[cw_serde]
pub struct ConfigResponse {
    /// May stop staking.
    pub guardian: String,
    /// Where the community pool's part goes.
    pub pool: String,
    /// What is staked.
    pub stake_denom: String,
    /// Denoms in which income is taken.
    pub denoms: Vec<Denom>,
    /// How income is split.
    pub split: Split,
    /// Least total stake.
    pub min_total_stake: Amount,
    /// Seconds over which income is dripped.
    pub drip_period: u64,
    /// Seconds until unstaked coins can be claimed.
    pub unstaking_period: u64,
    /// All that is staked.
    pub total_stake: Amount,
    /// Whether staking is stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

fn nothing() -> Amount {
    Amount::ZERO
}

/// Where a denom's income is.
#[cw_serde]
pub struct DenomResponse {
    /// Arrived and not yet split, and up to 2 units that rounding left of earlier splits.
    pub undistributed: Amount,
    /// Still to be dripped to stakers.
    pub dripping: Amount,
    /// Dripped and not yet claimed.
    pub unclaimed: Amount,
    /// The pool's, and not yet paid. Distributors of the first release pay it at once.
    #[serde(default = "nothing")]
    pub pending_pool: Amount,
    /// Put aside for burning.
    pub pending_burn: Amount,
    /// Paid to the pool so far.
    pub to_pool: Amount,
    /// Burned so far.
    pub burned: Amount,
}

/// A staker.
#[cw_serde]
pub struct StakerResponse {
    /// Its address.
    pub staker: String,
    /// What it staked.
    pub stake: Amount,
    /// What unstakes.
    pub unstaking: Amount,
    /// When that can be claimed.
    pub claimable_at: Option<u64>,
    /// Rewards by denom.
    pub rewards: Vec<RewardResponse>,
}

/// A reward.
#[cw_serde]
pub struct RewardResponse {
    /// The denom.
    pub denom: Denom,
    /// What could be claimed now.
    pub amount: Amount,
}

/// A page of stakers.
#[cw_serde]
pub struct StakersResponse {
    /// By address.
    pub stakers: Vec<StakerResponse>,
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json};

    use super::*;

    #[test]
    fn answers_of_the_first_release_are_read() -> StdResult<()> {
        let old = r#"{"undistributed":"1","dripping":"2","unclaimed":"3","pending_burn":"4","to_pool":"5","burned":"6"}"#;
        let denom: DenomResponse = from_json(old)?;
        assert_eq!(denom.pending_pool, Amount::ZERO, "they pay the pool at once");
        assert_eq!(denom.to_pool.u128(), 5);

        let old = r#"{"guardian":"g","pool":"p","stake_denom":"usouk","denoms":[],"split":{"pool_bps":4000,"stakers_bps":6000,"burn_bps":0},"min_total_stake":"1","drip_period":2,"unstaking_period":3,"total_stake":"4","paused":true}"#;
        let config: ConfigResponse = from_json(old)?;
        assert_eq!((config.paused, config.pause_ends), (true, None));
        Ok(())
    }
}
