//! What every action has at hand: the chain, the sender, the time, the configuration.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, StdResult};

use crate::{
    income::Income,
    stake::{Staker, Totals},
    state::{self, Config, Place},
};

/// The surroundings of one message.
pub struct Ctx<'a> {
    /// Storage, addresses, queries.
    pub deps: DepsMut<'a>,
    /// The block and this contract.
    pub env: Env,
    /// Sender and coins.
    pub info: MessageInfo,
    /// The configuration.
    pub config: Config,
}

impl<'a> Ctx<'a> {
    /// The surroundings of a message.
    pub fn load(deps: DepsMut<'a>, env: Env, info: MessageInfo) -> StdResult<Self> {
        let config = state::config(deps.storage)?;
        Ok(Self { deps, env, info, config })
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    /// The coins that came, as text.
    pub fn coins(&self) -> String {
        let coins: Vec<String> = self.info.funds.iter().map(ToString::to_string).collect();
        coins.join(",")
    }

    /// A denom's account, folded until now.
    pub fn income(&mut self, place: Place, totals: &Totals) -> StdResult<Income> {
        let stakes = self.config.stakes(totals);
        let now = self.now();
        state::folded_income(self.deps.storage, place, now, stakes)
    }

    /// Folds every denom until now: before whatever changes how they are shared.
    pub fn fold_all(&mut self, totals: &Totals) -> StdResult<()> {
        for place in self.config.places() {
            self.income(place, totals)?;
        }
        Ok(())
    }

    /// Folds every denom until now and counts what a staker has earned in each: before its
    /// stake changes, so that the new stake earns from now on and the old one until now.
    pub fn settle_staker(
        &mut self,
        address: &Addr,
        staker: &Staker,
        totals: &Totals,
    ) -> StdResult<()> {
        for place in self.config.places() {
            let income = self.income(place, totals)?;
            let mut reward = state::reward(self.deps.storage, address, place)?;
            if reward.seen != income.index.value {
                reward.settle(staker.stake, &income.index);
                state::save_reward(self.deps.storage, address, place, &reward)?;
            }
        }
        Ok(())
    }
}
