//! Messages to the fee distributor.

use cosmwasm_schema::cw_serde;
use souk_core::{Amount, Denom};

use crate::{Message, Permission};

/// Sets the distributor up. The sender becomes its owner unless one is named.
#[cw_serde]
pub struct InstantiateMsg {
    /// The owner; the sender if none.
    pub owner: Option<String>,
    /// May stop staking; the owner if none.
    pub guardian: Option<String>,
    /// Where the community pool's part goes, such as a DAO.
    pub pool: String,
    /// The native denom that is staked.
    pub stake_denom: String,
    /// Denoms in which income is taken; 16 at most.
    pub denoms: Vec<Denom>,
    /// How income is split.
    pub split: Split,
    /// Below this total stake the stakers' part goes to the pool; at least 1.
    pub min_total_stake: Amount,
    /// Seconds over which income is dripped to stakers, a day to 90 days.
    pub drip_period: u64,
    /// Seconds until unstaked coins can be claimed, at most 90 days.
    pub unstaking_period: u64,
}

/// Migrates to the code's version; there is nothing to say.
#[cw_serde]
pub struct MigrateMsg {}

/// Parts in hundredths of a per cent; they sum to 10000. What rounding leaves of a part is its
/// own and counts at the next split.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Split {
    /// The community pool's part.
    pub pool_bps: u16,
    /// The stakers' part.
    pub stakers_bps: u16,
    /// The part that is burned.
    pub burn_bps: u16,
}

/// The distributor's messages.
#[cw_ownable::cw_ownable_execute]
#[cw_serde]
pub enum ExecuteMsg {
    /// Splits all income since the last time: puts the pool's and the burn's part aside, sets
    /// the stakers' part to drip.
    Distribute {
        /// The denom.
        denom: Denom,
    },
    /// Pays the pool what was put aside for it.
    PayPool {
        /// The denom.
        denom: Denom,
    },
    /// Burns what was put aside.
    Burn {
        /// The denom.
        denom: Denom,
    },
    /// Stakes the coins sent.
    Stake {},
    /// Asks staked coins back. One pending unstaking for each staker; adding to it restarts
    /// its delay.
    Unstake {
        /// How much.
        amount: Amount,
    },
    /// Pays the sender what has unstaked.
    ClaimUnstaked {},
    /// Pays a staker its rewards.
    ClaimRewards {
        /// The staker.
        staker: String,
        /// In which denoms; each listed one at most once.
        denoms: Vec<Denom>,
    },
    /// Changes the configuration; what is not given stays.
    UpdateConfig {
        /// The guardian.
        guardian: Option<String>,
        /// Where the community pool's part goes.
        pool: Option<String>,
        /// How income is split.
        split: Option<Split>,
        /// Denoms in which income is taken from now on, too.
        add_denoms: Option<Vec<Denom>>,
        /// Least total stake.
        min_total_stake: Option<Amount>,
    },
    /// Stops staking.
    Pause {},
    /// Allows it again.
    Unpause {},
}

impl Message for ExecuteMsg {
    fn permission(&self) -> Permission {
        match self {
            Self::Distribute { .. }
            | Self::PayPool { .. }
            | Self::Burn { .. }
            | Self::ClaimRewards { .. } => Permission::Anyone,
            Self::Stake {} | Self::Unstake { .. } | Self::ClaimUnstaked {} => Permission::Self_,
            Self::UpdateConfig { .. } | Self::Unpause {} => Permission::Owner,
            Self::Pause {} => Permission::Guardian,
            // cw-ownable checks owner and pending owner itself.
            Self::UpdateOwnership(_) => Permission::Anyone,
        }
    }
    fn takes_coins(&self) -> bool {
        matches!(self, Self::Stake {})
    }

    fn is_new_business(&self) -> bool {
        matches!(self, Self::Stake {})
    }
}
