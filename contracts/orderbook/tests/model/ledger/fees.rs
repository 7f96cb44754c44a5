//! What becomes of the fees: the distributor's part of the books.

use cosmwasm_std::{Addr, Uint128};
use cw_multi_test::{ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20QueryMsg};
use souk_api::{
    defaults::{self, Roles},
    fees::{DenomResponse, ExecuteMsg, QueryMsg, Split, StakerResponse},
};
use souk_core::{Denom, time::DAY};

use super::*;
use crate::{
    distributed::{self, Expected},
    steps::TENANTS,
};

/// Who stakes.
pub const STAKERS: [&str; distributed::STAKERS] = ["s0", "s1", "s2", "s3"];
/// Seconds over which income drips, and until unstaked coins come back.
pub const PERIOD: u64 = DAY;
pub const UNSTAKING: u64 = 2 * DAY;
const SPLIT: Split = Split { pool_bps: 4_000, stakers_bps: 5_000, burn_bps: 1_000 };
/// Tokens that each tenant and the friend begin with.
const TOKENS: u128 = 1 << 90;

pub struct Fees {
    pub distributor: Addr,
    pub token: Addr,
    pub expected: Expected,
    /// Whether the distributor was sent something since it was looked at.
    pub touched: bool,
}

impl Fees {
    /// Puts a token and a distributor into a market, to which the escrow's fees go from now on.
    pub fn set_up(market: &mut Market) -> Self {
        let token = token(market);
        let owner = market.owner.clone();
        let listed = Denom::Cw20(token.to_string());
        let msg = souk_api::fees::InstantiateMsg {
            denoms: vec![usouk(), listed.clone()],
            split: SPLIT,
            min_total_stake: amount(1_000),
            drip_period: PERIOD,
            unstaking_period: UNSTAKING,
            ..defaults::fee_distributor(Roles::default(), market.who("pool").into())
        };
        let code = market.app.store_code(souk_contract_std::code!(souk_fee_distributor));
        let distributor =
            market.app.instantiate_contract(code, owner.clone(), &msg, &[], "fees", None).unwrap();
        let to_escrow = escrow::ExecuteMsg::UpdateConfig {
            guardian: None,
            fee_collector: Some(distributor.to_string()),
            add_controller: None,
            add_cw20: Some(vec![token.to_string()]),
            delist: None,
            relist: None,
        };
        let escrow = market.escrow.clone();
        market.call(&owner, &escrow, &to_escrow, 0).unwrap();
        let msg = souk_api::orderbook::ExecuteMsg::UpdateConfig {
            guardian: None,
            denoms: Some(vec![defaults::denom_config(listed)]),
            params: None,
        };
        market.send(&owner, &msg).unwrap();
        let parts = [SPLIT.pool_bps, SPLIT.stakers_bps, SPLIT.burn_bps].map(u128::from);
        let expected = Expected::new(market.now(), 1_000, parts);
        Self { distributor, token, expected, touched: true }
    }

    /// What is counted in.
    pub fn denom(&self, held: usize) -> Denom {
        if held == COIN { usouk() } else { Denom::Cw20(self.token.to_string()) }
    }

    fn ask<T: cosmwasm_schema::serde::de::DeserializeOwned>(
        &self,
        market: &Market,
        msg: &QueryMsg,
    ) -> T {
        market.app.wrap().query_wasm_smart(&self.distributor, msg).unwrap()
    }

    /// Pool and stakers have earned what is theirs, to the unit.
    pub(super) fn expected_parts(&mut self, market: &Market, when: &str) {
        if !std::mem::take(&mut self.touched) {
            return;
        }
        for held in [COIN, TOKEN] {
            let shown: DenomResponse =
                self.ask(market, &QueryMsg::Denom { denom: self.denom(held) });
            let expected = &self.expected.denoms[held];
            let due = shown.to_pool.u128() + shown.pending_pool.u128();
            let own = expected.pool_split() + expected.pool_dripped();
            assert!(due.abs_diff(own) <= 1, "the pool's part is {due}, not {own}; {when}");
            assert_eq!(shown.pending_burn.u128(), expected.to_burn(), "to burn; {when}");
        }
        for (who, name) in STAKERS.iter().enumerate() {
            let staker = market.who(name).to_string();
            let shown: StakerResponse = self.ask(market, &QueryMsg::Staker { staker });
            for held in [COIN, TOKEN] {
                let expected = &self.expected.denoms[held];
                let earned = shown.rewards[held].amount.u128() + expected.paid[who];
                let own = expected.earned(who);
                assert!(earned.abs_diff(own) <= 1, "{name} earned {earned}, not {own}; {when}");
            }
        }
    }
}

/// A token of which tenants and friends have plenty.
fn token(market: &mut Market) -> Addr {
    let code = market.app.store_code(Box::new(ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    )));
    let holders = TENANTS.iter().chain(&["friend"]).map(|name| market.who(name).to_string());
    let amount = Uint128::new(TOKENS);
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Coin".into(),
        symbol: "COIN".into(),
        decimals: 6,
        initial_balances: holders.map(|address| Cw20Coin { address, amount }).collect(),
        mint: None,
        marketing: None,
    };
    let owner = market.owner.clone();
    market.app.instantiate_contract(code, owner, &msg, &[], "token", None).unwrap()
}

impl Ledger {
    fn balance(&self, market: &Market, held: usize, of: &str) -> u128 {
        if held == COIN {
            return market.balance(&Addr::unchecked(of));
        }
        let msg = Cw20QueryMsg::Balance { address: of.to_owned() };
        let token = &self.fees.token;
        let shown: BalanceResponse = market.app.wrap().query_wasm_smart(token, &msg).unwrap();
        shown.balance.u128()
    }

    /// What somebody has by now beyond what the books say: what a payout was that is known to the unit alone.
    fn gained(&mut self, market: &Market, held: usize, of: &str) -> u128 {
        self.balance(market, held, of) - *self.purse(held, of)
    }

    pub(super) fn of_distributor(&mut self, market: &Market, record: &Record, msg: &ExecuteMsg) {
        let (from, done) = (record.from.to_string(), record.done.is_some());
        let vault = self.fees.distributor.to_string();
        self.fees.touched = true;
        let who = STAKERS.iter().position(|name| market.who(name) == record.from);
        let held_in = |denom: &Denom| if matches!(denom, Denom::Native(_)) { COIN } else { TOKEN };
        let fine = match msg {
            ExecuteMsg::Stake {} => {
                let units = record.funds[0].amount.u128();
                self.fees.expected.stakes[who.unwrap()] += units;
                self.moves(COIN, &from, &vault, units);
                true
            }
            ExecuteMsg::Unstake { amount } => {
                self.fees.expected.unstake(who.unwrap(), amount.u128(), UNSTAKING)
            }
            ExecuteMsg::ClaimUnstaked {} => {
                let units = self.fees.expected.claim_unstaked(who.unwrap());
                self.moves(COIN, &vault, &from, units.unwrap_or(0));
                units.is_some()
            }
            ExecuteMsg::Distribute { denom } => {
                self.fees.expected.distribute(held_in(denom), PERIOD);
                true
            }
            ExecuteMsg::PayPool { denom } => {
                let (held, pool) = (held_in(denom), market.who("pool").to_string());
                let paid = self.gained(market, held, &pool);
                self.fees.expected.denoms[held].pool_paid += paid;
                self.moves(held, &vault, &pool, paid);
                true
            }
            ExecuteMsg::Burn { denom } => {
                let held = held_in(denom);
                let units = self.fees.expected.denoms[held].to_burn();
                self.fees.expected.burn(held);
                *self.purse(held, &vault) -= units;
                true
            }
            ExecuteMsg::ClaimRewards { staker, denoms } => {
                let who =
                    STAKERS.iter().position(|name| market.who(name).as_str() == staker).unwrap();
                for denom in denoms {
                    let held = held_in(denom);
                    let paid = self.gained(market, held, staker);
                    self.fees.expected.denoms[held].paid[who] += paid;
                    self.moves(held, &vault, staker, paid);
                }
                true
            }
            _ => return,
        };
        assert_eq!(done, fine, "{msg:?} of {from} at {}", self.now);
    }
}
