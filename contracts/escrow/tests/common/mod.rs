//! An escrow on a chain of its own, and what the tests do with it.
#![allow(dead_code)]

use std::ops::{Deref, DerefMut};

use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, Uint128, coins};
use cw_multi_test::AppResponse;
use souk_api::escrow::{
    AccountResponse, DepositsResponse, ExecuteMsg, InstantiateMsg, QueryMsg, ReserveChange,
    StreamResponse, TotalsResponse,
};
use souk_contract_std::testing::Chain;
pub use souk_contract_std::testing::who;
use souk_core::{AccountId, Amount, Denom, Price, Rate, time::HOUR};
use souk_escrow::ContractError;

pub const DENOM: &str = "usouk";
pub const START: u64 = 1_800_000_000;

pub struct Escrow {
    chain: Chain,
    pub address: Addr,
    pub code: u64,
    pub owner: Addr,
    pub controller: Addr,
    pub collector: Addr,
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn price(units: u128) -> Price {
    Price::new(units).unwrap()
}

pub fn rate(units: u128) -> Rate {
    Rate::new(units).unwrap()
}

pub fn usouk() -> Denom {
    Denom::native(DENOM)
}

impl Deref for Escrow {
    type Target = Chain;

    fn deref(&self) -> &Chain {
        &self.chain
    }
}

impl DerefMut for Escrow {
    fn deref_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }
}

impl Escrow {
    /// An escrow with one controller and a least runway of an hour.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let mut chain = Chain::default();
        chain.set_time(START);
        let code = chain.app.store_code(souk_contract_std::code!(souk_escrow));
        let (owner, controller, collector) = (who("owner"), who("orderbook"), who("fees"));
        let mut msg = InstantiateMsg {
            owner: None,
            guardian: Some(who("guardian").into()),
            fee_collector: collector.to_string(),
            min_runway: HOUR,
            controllers: vec![controller.to_string()],
            cw20_tokens: Vec::new(),
        };
        change(&mut msg);
        let address = chain.set_up(code, &owner, &msg);
        Self { chain, address, code, owner, controller, collector }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.chain.pass(seconds);
        self
    }

    pub fn balance(&self, of: &Addr) -> u128 {
        self.balance_in(of, DENOM)
    }

    /// Sends a message; coins are made for it first.
    pub fn send(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        for coin in funds {
            self.mint(sender, coin.clone());
        }
        self.send_own(sender, msg, funds)
    }

    /// Sends a message with coins that the sender has.
    pub fn send_own(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        self.chain.execute(sender, &self.address, msg, funds)
    }

    pub fn control(&mut self, msg: &ExecuteMsg) -> Result<AppResponse, ContractError> {
        let controller = self.controller.clone();
        self.send(&controller, msg, &[])
    }

    /// Opens an account of `tenant` with `units` base units.
    pub fn open(&mut self, local: u64, tenant: &Addr, units: u128) -> AccountId {
        let msg = ExecuteMsg::OpenAccount {
            local,
            tenant: tenant.to_string(),
            reserved: Rate::ZERO,
            streams: Vec::new(),
        };
        let controller = self.controller.clone();
        self.send(&controller, &msg, &coins(units, DENOM)).unwrap();
        AccountId::new(0, local).unwrap()
    }

    pub fn stream_msg(local: u64, stream: u64, payee: &Addr, rate: u128, bps: u16) -> ExecuteMsg {
        ExecuteMsg::OpenStream {
            local,
            stream,
            payee: payee.to_string(),
            rate: price(rate),
            take_bps: bps,
            reserved: ReserveChange::NONE,
            hold: 0,
        }
    }

    /// Opens a stream of `rate` base units an hour, without fee.
    pub fn stream(&mut self, local: u64, stream: u64, payee: &Addr, rate: u128) {
        self.control(&Self::stream_msg(local, stream, payee, rate, 0)).unwrap();
    }

    pub fn close_stream(&mut self, local: u64, stream: u64) {
        let (reserved, not_after) = (ReserveChange::NONE, None);
        let msg = ExecuteMsg::CloseStream { local, stream, reserved, not_after };
        self.control(&msg).unwrap();
    }

    pub fn close(&mut self, local: u64, streams: &[u64]) {
        let (streams, not_after) = (streams.to_vec(), Vec::new());
        let msg = ExecuteMsg::CloseAccount { local, streams, not_after };
        self.control(&msg).unwrap();
    }

    pub fn deposit(
        &mut self,
        account: AccountId,
        from: &Addr,
        units: u128,
    ) -> Result<AppResponse, ContractError> {
        self.send(from, &ExecuteMsg::Deposit { account }, &coins(units, DENOM))
    }

    /// A stranger lets the payee be paid; says what the payee got.
    pub fn withdraw(&mut self, account: AccountId, stream: u64, payee: &Addr) -> u128 {
        let before = self.balance(payee);
        self.send(&who("stranger"), &ExecuteMsg::Withdraw { account, stream }, &[]).unwrap();
        self.balance(payee) - before
    }

    /// A stranger lets a refund be paid; says what came to `to`.
    pub fn refund(&mut self, account: AccountId, deposit: Option<u32>, to: &Addr) -> u128 {
        let before = self.balance(to);
        let msg = ExecuteMsg::ClaimRefund { account, deposit };
        self.send(&who("stranger"), &msg, &[]).unwrap();
        self.balance(to) - before
    }

    pub fn sweep(&mut self) -> u128 {
        let collector = self.collector.clone();
        let before = self.balance(&collector);
        let msg = ExecuteMsg::SweepFees { denom: usouk() };
        self.send(&who("stranger"), &msg, &[]).unwrap();
        self.balance(&collector) - before
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.chain.query(&self.address, msg).unwrap()
    }

    pub fn account(&self, account: AccountId) -> AccountResponse {
        self.query(&QueryMsg::Account { account })
    }

    pub fn stream_of(&self, account: AccountId, stream: u64) -> StreamResponse {
        self.query(&QueryMsg::Stream { account, stream })
    }

    pub fn deposits(&self, account: AccountId) -> DepositsResponse {
        self.query(&QueryMsg::Deposits { account, start_after: None, limit: None })
    }

    pub fn totals(&self) -> TotalsResponse {
        self.query(&QueryMsg::Totals { denom: usouk() })
    }

    /// What the contract has beyond what it owes: must be zero without stray transfers.
    pub fn surplus(&self) -> i128 {
        let totals = self.totals();
        let owed = totals.held.u128() + totals.fees.u128();
        i128::try_from(self.balance(&self.address)).unwrap() - i128::try_from(owed).unwrap()
    }
}

pub fn cw20_units(units: u128) -> Uint128 {
    Uint128::new(units)
}
