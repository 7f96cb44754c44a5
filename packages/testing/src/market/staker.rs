//! The way of fees: distribution, stakers, burn.

use cosmwasm_std::Coin;
use souk_api::{defaults::DENOM, fees::ExecuteMsg};
use souk_core::Denom;

use super::{Market, Outcome, provider::amount};

impl Market {
    /// Splits the distributor's income.
    pub fn distribute(&mut self) -> Outcome {
        self.tell_fees("anyone", &ExecuteMsg::Distribute { denom: Denom::native(DENOM) }, &[])
    }

    /// Pays the pool what was put aside for it.
    pub fn pay_pool(&mut self) -> Outcome {
        self.tell_fees("anyone", &ExecuteMsg::PayPool { denom: Denom::native(DENOM) }, &[])
    }

    /// Burns what the distributor put aside; how much is taken from its balance.
    pub fn burn(&mut self) -> Outcome {
        let before = self.balance("fee-distributor");
        let outcome =
            self.tell_fees("anyone", &ExecuteMsg::Burn { denom: Denom::native(DENOM) }, &[]);
        let burned = before.saturating_sub(self.balance("fee-distributor"));
        self.chain.note_burned(DENOM, burned);
        outcome
    }

    /// Stakes coins.
    pub fn stake(&mut self, name: &str, coin: Coin) -> Outcome {
        self.tell_fees(name, &ExecuteMsg::Stake {}, &[coin])
    }

    /// Asks staked coins back.
    pub fn unstake(&mut self, name: &str, units: u128) -> Outcome {
        self.tell_fees(name, &ExecuteMsg::Unstake { amount: amount(units) }, &[])
    }

    /// Takes what has unstaked.
    pub fn claim_unstaked(&mut self, name: &str) -> Outcome {
        self.tell_fees(name, &ExecuteMsg::ClaimUnstaked {}, &[])
    }

    /// Pays a staker its rewards.
    pub fn claim_rewards(&mut self, name: &str) -> Outcome {
        let staker = self.who(name).into();
        let msg = ExecuteMsg::ClaimRewards { staker, denoms: vec![Denom::native(DENOM)] };
        self.tell_fees("anyone", &msg, &[])
    }

    fn tell_fees(&mut self, name: &str, msg: &ExecuteMsg, coins: &[Coin]) -> Outcome {
        let (sender, fees) = (self.who(name), self.contracts.fees.clone());
        self.send(&sender, &fees, msg, coins)
    }
}
