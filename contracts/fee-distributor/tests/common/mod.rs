//! A fee distributor on a chain of its own, and what the tests do with it.
#![allow(dead_code)]

use std::ops::{Deref, DerefMut};

use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, coin};
use cw_multi_test::AppResponse;
use souk_api::fees::{DenomResponse, ExecuteMsg, InstantiateMsg, QueryMsg, Split, StakerResponse};
use souk_contract_std::testing::Chain;
pub use souk_contract_std::testing::who;
use souk_core::{Amount, Denom, time::DAY};
use souk_fee_distributor::ContractError;

/// What is staked; also a denom of income.
pub const STAKE: &str = "usouk";
/// A denom of income alone.
pub const OTHER: &str = "uatom";
/// The beginning of a day.
pub const START: u64 = 20_000 * DAY;
pub const PERIOD: u64 = 7 * DAY;
pub const DAY_AND_PERIOD: u64 = PERIOD + DAY;
pub const UNSTAKING: u64 = 21 * DAY;

pub struct Fees {
    chain: Chain,
    pub address: Addr,
    pub code: u64,
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn split(pool: u16, stakers: u16, burn: u16) -> Split {
    Split { pool_bps: pool, stakers_bps: stakers, burn_bps: burn }
}

impl Deref for Fees {
    type Target = Chain;

    fn deref(&self) -> &Chain {
        &self.chain
    }
}

impl DerefMut for Fees {
    fn deref_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }
}

impl Fees {
    /// A fifth to the pool, half to stakers, the rest is burned; at least 100 staked.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// Everything to stakers.
    pub fn for_stakers() -> Self {
        Self::with(|msg| msg.split = split(0, 10_000, 0))
    }

    pub fn with(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let mut chain = Chain::default();
        chain.set_time(START);
        let code = chain.app.store_code(souk_contract_std::code!(souk_fee_distributor));
        let mut msg = usual();
        change(&mut msg);
        let address = chain.set_up(code, &who("owner"), &msg);
        Self { chain, address, code }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.chain.pass(seconds);
        self
    }

    pub fn mint(&mut self, to: &Addr, units: u128, denom: &str) {
        self.chain.mint(to, coin(units, denom));
    }

    pub fn balance(&self, of: &Addr, denom: &str) -> u128 {
        self.balance_in(of, denom)
    }

    pub fn supply(&self, denom: &str) -> u128 {
        self.app.wrap().query_supply(denom).unwrap().amount.u128()
    }

    /// Sends a message; coins are made for it first.
    pub fn send(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        for coin in funds {
            self.chain.mint(sender, coin.clone());
        }
        self.chain.execute(sender, &self.address, msg, funds)
    }

    /// Fees arrive and are split.
    pub fn income(&mut self, units: u128, denom: &str) -> &mut Self {
        let address = self.address.clone();
        self.mint(&address, units, denom);
        self.distribute(denom)
    }

    /// Income is split, and the pool is paid.
    pub fn distribute(&mut self, denom: &str) -> &mut Self {
        let denom = Denom::native(denom);
        for msg in [ExecuteMsg::Distribute { denom: denom.clone() }, ExecuteMsg::PayPool { denom }]
        {
            self.send(&who("stranger"), &msg, &[]).unwrap();
        }
        self
    }

    pub fn burn(&mut self, denom: &str) -> &mut Self {
        let msg = ExecuteMsg::Burn { denom: Denom::native(denom) };
        self.send(&who("stranger"), &msg, &[]).unwrap();
        self
    }

    pub fn stake(&mut self, name: &str, units: u128) -> &mut Self {
        self.send(&who(name), &ExecuteMsg::Stake {}, &[coin(units, STAKE)]).unwrap();
        self
    }

    pub fn unstake(&mut self, name: &str, units: u128) -> &mut Self {
        let msg = ExecuteMsg::Unstake { amount: amount(units) };
        self.send(&who(name), &msg, &[]).unwrap();
        self
    }

    /// A stranger lets someone be paid its rewards; says what came.
    pub fn claim(&mut self, name: &str, denom: &str) -> u128 {
        let before = self.balance(&who(name), denom);
        let denoms = vec![Denom::native(denom)];
        let msg = ExecuteMsg::ClaimRewards { staker: who(name).into(), denoms };
        self.send(&who("stranger"), &msg, &[]).unwrap();
        self.balance(&who(name), denom) - before
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.chain.query(&self.address, msg).unwrap()
    }

    pub fn denom(&self, denom: &str) -> DenomResponse {
        self.query(&QueryMsg::Denom { denom: Denom::native(denom) })
    }

    pub fn staker(&self, name: &str) -> StakerResponse {
        self.query(&QueryMsg::Staker { staker: who(name).into() })
    }

    /// What someone could claim now.
    pub fn reward(&self, name: &str, denom: &str) -> u128 {
        let rewards = self.staker(name).rewards;
        let denom = Denom::native(denom);
        let reward = rewards.iter().find(|reward| reward.denom == denom).unwrap();
        reward.amount.u128()
    }
}

pub fn usual() -> InstantiateMsg {
    InstantiateMsg {
        owner: None,
        guardian: Some(who("guardian").into()),
        pool: who("pool").into(),
        stake_denom: STAKE.into(),
        denoms: vec![Denom::native(STAKE), Denom::native(OTHER)],
        split: split(2_000, 5_000, 3_000),
        min_total_stake: amount(100),
        drip_period: PERIOD,
        unstaking_period: UNSTAKING,
    }
}
